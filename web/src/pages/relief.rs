//! What stands where only the office's module has a screen, until that has come.

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::components::{Button, Empty, Glyph, Look, Skeleton};
use crate::hooks::{browser, relief, use_app};

#[component]
pub fn Relief() -> Html {
    let app = use_app();
    let words = app.words();
    let is_failed = use_state(|| false);
    // Who has gone back to the till meanwhile may have a sale open, and stays there.
    let is_wanted = use_mut_ref(|| true);
    {
        let (app, is_failed) = (app.clone(), is_failed.clone());
        use_effect_with((), move |()| {
            let wanted = is_wanted.clone();
            spawn_local(async move {
                match relief::fetch().await {
                    Ok(start) if *wanted.borrow() => relief::hand_over(&app, &start),
                    Ok(_) => {}
                    Err(_) => is_failed.set(true),
                }
            });
            move || {
                is_wanted.replace(false);
            }
        });
    }
    if *is_failed {
        return html! {
            <Empty is_page=true glyph={Glyph::RefreshCw} title={words.no_screen_yet()} hint={words.no_screen_yet_hint()}>
                <Button label={words.reload()} look={Look::Primary} onclick={|()| browser::reload(None)} />
            </Empty>
        };
    }
    html! { <Skeleton /> }
}

//! Ctrl-K: go anywhere by typing the beginning of its name.

use std::rc::Rc;

use yew::prelude::*;
use yew_router::prelude::*;

use super::open_screens;
use crate::components::{Button, Dialog, Field, Look};
use crate::hooks::use_app;
use crate::protocol::Session;
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub struct PaletteProps {
    pub session: Rc<Session>,
    /// Asks for the sheet of keys.
    pub onhelp: Callback<()>,
    pub onclose: Callback<()>,
}

#[component]
pub fn Palette(props: &PaletteProps) -> Html {
    let words = use_app().words();
    let navigator = use_navigator();
    let typed = use_state(String::new);
    let wanted = typed.trim().to_lowercase();
    let mut commands: Vec<(Route, String)> = open_screens(&props.session)
        .into_iter()
        .map(|route| (route, route.title(words).to_string()))
        .collect();
    for (route, name) in [
        (Route::VoucherList, words.all_vouchers()),
        (Route::Import, words.import_vouchers()),
        (Route::NewPerson, words.add_person()),
        (Route::NewPackage, words.add_package()),
        (Route::NewSite, words.add_site()),
    ] {
        if route.is_open_to(&props.session) {
            commands.push((route, name.to_string()));
        }
    }
    commands.retain(|(_, name)| name.to_lowercase().contains(&wanted));
    let go = {
        let onclose = props.onclose.clone();
        move |route: Route| {
            onclose.emit(());
            if let Some(navigator) = &navigator {
                navigator.push(&route);
            }
        }
    };
    let onsubmit = {
        let (go, first) = (go.clone(), commands.first().map(|(route, _)| *route));
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(route) = first {
                go(route);
            }
        })
    };
    let help = {
        let (onclose, onhelp) = (props.onclose.clone(), props.onhelp.clone());
        Callback::from(move |()| {
            onclose.emit(());
            onhelp.emit(());
        })
    };
    let oninput = {
        let typed = typed.clone();
        Callback::from(move |text| typed.set(text))
    };
    html! {
        <Dialog title={words.palette()} onclose={props.onclose.clone()}>
            <form {onsubmit}>
                <Field id="palette" kind="search" label={words.palette()} inside_label=true autofocus=true value={(*typed).clone()} {oninput} />
            </form>
            <ul class="rows">
                { for commands.iter().map(|(route, name)| {
                    let (go, route) = (go.clone(), *route);
                    html! { <li><button type="button" class="row" onclick={move |_| go(route)}>{ name }</button></li> }
                }) }
            </ul>
            if commands.is_empty() { <p class="muted">{ words.palette_empty() }</p> }
            <div class="actions desk-only"><Button label={words.keys_open()} look={Look::Quiet} onclick={help} /></div>
        </Dialog>
    }
}

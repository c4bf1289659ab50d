//! A dialog on the browser's own `<dialog>`, which keeps the focus inside and gives it back. A sheet on phones.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use super::button::{Button, Look};
use super::icon::Glyph;
use crate::hooks::{browser, use_app};

#[derive(Properties, PartialEq)]
pub struct DialogProps {
    pub title: AttrValue,
    pub onclose: Callback<()>,
    pub children: Html,
}

/// It is open as long as it is rendered.
#[component]
pub fn Dialog(props: &DialogProps) -> Html {
    let node = use_node_ref();
    let words = use_app().words();
    // It ends by leaving the page, which gives no focus back by itself.
    use_effect_with((), |()| {
        let before = browser::focused();
        move || {
            if let Some(before) = before.filter(|before| before.is_connected()) {
                let _ = before.focus();
            }
        }
    });
    use_effect_with(node.clone(), |node| {
        if let Some(dialog) = node.cast::<HtmlDialogElement>()
            && !dialog.open()
        {
            // It fails only for an element that is not in the page.
            let _ = dialog.show_modal();
        }
    });
    let oncancel = {
        let onclose = props.onclose.clone();
        Callback::from(move |event: Event| {
            event.prevent_default();
            onclose.emit(());
        })
    };
    html! {
        <dialog ref={node} class="sheet" aria-label={props.title.clone()} {oncancel}>
            <div class="sheet-box">
                <div class="sheet-head">
                    <h2>{ &props.title }</h2>
                    <Button label={words.close()} glyph={Glyph::X} icon_only=true look={Look::Quiet} onclick={props.onclose.clone()} />
                </div>
                { props.children.clone() }
            </div>
        </dialog>
    }
}

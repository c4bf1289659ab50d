//! A button that opens a small panel; Escape, a choice or a tap elsewhere closes it.

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, Node};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MenuProps {
    /// For screen readers.
    pub label: AttrValue,
    /// What the button shows.
    pub button: Html,
    #[prop_or_default]
    pub class: Classes,
    pub children: Html,
}

#[component]
pub fn Menu(props: &MenuProps) -> Html {
    let is_open = use_state(|| false);
    let node = use_node_ref();
    let toggle = {
        let is_open = is_open.clone();
        Callback::from(move |_: MouseEvent| is_open.set(!*is_open))
    };
    {
        let (node, is_open_handle) = (node.clone(), is_open.clone());
        use_effect_with(*is_open, move |is_open| {
            let document = web_sys::window()
                .and_then(|window| window.document())
                .filter(|_| *is_open);
            let listener = document.map(|document| {
                EventListener::new(&document, "pointerdown", move |event| {
                    let target = event
                        .target()
                        .and_then(|target| target.dyn_into::<Node>().ok());
                    let is_inside = node
                        .cast::<Element>()
                        .is_some_and(|menu| menu.contains(target.as_ref()));
                    if !is_inside {
                        is_open_handle.set(false);
                    }
                })
            });
            move || drop(listener)
        });
    }
    let onkeydown = {
        let (node, is_open) = (node.clone(), is_open.clone());
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && *is_open {
                event.stop_propagation();
                is_open.set(false);
                let button = node
                    .cast::<Element>()
                    .and_then(|menu| menu.query_selector("button").ok().flatten());
                if let Some(button) =
                    button.and_then(|button| button.dyn_into::<HtmlElement>().ok())
                {
                    let _ = button.focus();
                }
            }
        })
    };
    // A choice closes the panel; a field inside it does not.
    let onclick = {
        let is_open = is_open.clone();
        Callback::from(move |event: MouseEvent| {
            let target = event
                .target()
                .and_then(|target| target.dyn_into::<Element>().ok());
            if target.is_some_and(|target| {
                target
                    .closest("[data-closes]")
                    .is_ok_and(|found| found.is_some())
            }) {
                is_open.set(false);
            }
        })
    };
    html! {
        <div ref={node} class={classes!("menu-root", props.class.clone())} {onkeydown}>
            <button type="button" class="menu-button" aria-label={&props.label}
                aria-expanded={if *is_open { "true" } else { "false" }} onclick={toggle}>
                { props.button.clone() }
            </button>
            if *is_open { <div class="menu-panel" {onclick}>{ props.children.clone() }</div> }
        </div>
    }
}

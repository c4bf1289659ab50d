//! `?`: the keys there are.

use std::rc::Rc;

use yew::prelude::*;

use crate::components::Dialog;
use crate::hooks::keys::SCREENS;
use crate::hooks::use_app;
use crate::protocol::Session;
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub struct KeySheetProps {
    pub session: Rc<Session>,
    pub here: Route,
    pub onclose: Callback<()>,
}

#[component]
pub fn KeySheet(props: &KeySheetProps) -> Html {
    let words = use_app().words();
    let new = format!("{}: {}", words.key_new(), props.here.new_one().title(words));
    let mut keys: Vec<(String, String)> = [
        ("Ctrl K", words.key_palette()),
        ("/", words.key_search()),
        ("n", new.as_str()),
        ("↑ ↓ Enter", words.key_list()),
        ("Esc", words.key_close()),
        ("?", words.key_help()),
    ]
    .map(|(key, what)| (key.to_string(), what.to_string()))
    .to_vec();
    keys.extend(
        SCREENS
            .into_iter()
            .filter(|(_, route)| route.is_open_to(&props.session))
            .map(|(letter, route)| (format!("g {letter}"), words.key_go(route.title(words)))),
    );
    html! {
        <Dialog title={words.keys_title()} onclose={props.onclose.clone()}>
            <dl class="keys">
                { for keys.into_iter().map(|(key, what)| html! { <><dt><kbd>{ key }</kbd></dt><dd>{ what }</dd></> }) }
            </dl>
        </Dialog>
    }
}

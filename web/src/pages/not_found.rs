//! No such page, no right to open it, and no rights at all yet.

use yew::prelude::*;

use crate::components::badge::role_name;
use crate::components::{Empty, Glyph, Look, Tap};
use crate::hooks::use_app;
use crate::route::Route;

#[component]
pub fn NotFound() -> Html {
    let words = use_app().words();
    html! {
        <Empty is_page=true glyph={Glyph::Search} title={words.not_found()} hint={words.not_found_hint()}>
            <Tap to={Route::Home} label={words.go_home()} look={Look::Primary} />
        </Empty>
    }
}

#[derive(Properties, PartialEq)]
pub struct NoPermissionProps {
    pub route: Route,
}

#[component]
pub fn NoPermission(props: &NoPermissionProps) -> Html {
    let words = use_app().words();
    let roles: Vec<&str> = props
        .route
        .roles()
        .map(|role| role_name(words, role))
        .collect();
    html! {
        <Empty is_page=true glyph={Glyph::Lock} title={words.no_permission()} hint={words.no_permission_who(&roles.join(", "))}>
            <Tap to={Route::Home} label={words.go_home()} look={Look::Primary} />
        </Empty>
    }
}

/// Signed in, but no right is known here: before the first sync, or when the last role was taken away.
#[component]
pub fn FirstSync() -> Html {
    let words = use_app().words();
    html! {
        <Empty is_page=true glyph={Glyph::RefreshCw} title={words.first_sync()} hint={words.first_sync_hint()}>
            <Tap to={Route::Sync} label={words.sync()} look={Look::Primary} />
        </Empty>
    }
}

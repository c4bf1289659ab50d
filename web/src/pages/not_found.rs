//! No such page, no right to open it, and no rights at all yet.

use yew::prelude::*;

use crate::components::badge::role_name;
use crate::components::{Empty, Glyph, Look, Skeleton, Tap};
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

/// Not even the rights of who is signed in are here: before the first sync, or when the last role was taken away.
#[component]
pub fn FirstSync() -> Html {
    let app = use_app();
    let words = app.words();
    if app.is_fetching() {
        return html! {
            <div class="narrow" data-testid="fetching">
                <div class="page-head"><h1>{ words.fetching() }</h1></div>
                <p class="summary">{ words.fetching_hint() }</p>
                <Skeleton rows=6 />
            </div>
        };
    }
    if app.state.pill.as_ref().is_some_and(|pill| pill.is_new) {
        return html! {
            <Empty is_page=true glyph={Glyph::RefreshCw} title={words.not_fetched()} hint={words.not_fetched_hint()}>
                <Tap to={Route::Sync} label={words.sync()} look={Look::Primary} />
            </Empty>
        };
    }
    html! {
        <Empty is_page=true glyph={Glyph::RefreshCw} title={words.first_sync()} hint={words.first_sync_hint()}>
            <Tap to={Route::Sync} label={words.sync()} look={Look::Primary} />
        </Empty>
    }
}

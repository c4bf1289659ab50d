//! The frame around every screen: navigation by role, site, sync pill, person; bottom bar on phones, sidebar on desks.

use crdt_model::capability::Capability;
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::{Glyph, Icon, Menu};
use crate::hooks::form::set;
use crate::hooks::keys::{Wish, use_keys};
use crate::hooks::place::use_place;
use crate::hooks::use_app;
use crate::protocol::Session;
use crate::route::Route;

mod key_sheet;
mod palette;
mod person_menu;
mod pill;
mod site_menu;

pub use person_menu::{LanguageChoice, ThemeChoice};
pub use pill::{pill_text, pill_tone};

/// Screens by how often a phone needs them.
const PHONE_ORDER: [Route; 12] = [
    Route::Sell,
    Route::Stock,
    Route::Sales,
    Route::Clients,
    Route::Day,
    Route::Vouchers,
    Route::Staff,
    Route::Home,
    Route::Packages,
    Route::Sites,
    Route::Settings,
    Route::Sync,
];
/// What fits 360 pixels with words under the icons.
const PHONE_ITEMS_MAX: usize = 5;

#[derive(Properties, PartialEq)]
pub struct ShellProps {
    pub route: Route,
    pub children: Html,
}

#[component]
pub fn Shell(props: &ShellProps) -> Html {
    let app = use_app();
    let words = app.words();
    let navigator = use_navigator();
    let is_palette_open = use_state(|| false);
    let is_helping = use_state(|| false);
    let session = app.session();
    let wish = {
        let is_open = is_palette_open.clone();
        let is_helping = is_helping.clone();
        use_callback(
            (session.clone(), props.route),
            move |wish: Wish, (session, here)| {
                let route = match wish {
                    Wish::Palette => return is_open.set(true),
                    Wish::Help => return is_helping.set(true),
                    Wish::New => here.new_one(),
                    Wish::Go(route) => route,
                };
                if let (Some(navigator), Some(session)) = (&navigator, session)
                    && route.is_open_to(session)
                {
                    navigator.push(&route);
                }
            },
        )
    };
    use_keys(wish);
    use_place(props.route);
    let Some(session) = session else {
        return Html::default();
    };
    // Rights come with the first data. A menu that grew then would move under the finger.
    let screens = if app.is_fetching() && session.grants.is_empty() {
        Vec::new()
    } else {
        open_screens(&session)
    };
    let open_palette = {
        let is_open = is_palette_open.clone();
        Callback::from(move |_: MouseEvent| is_open.set(true))
    };
    let close_palette = {
        let is_open = is_palette_open.clone();
        Callback::from(move |()| is_open.set(false))
    };
    html! {
        <div class="shell">
            <a class="skip" href="#main">{ words.skip_to_content() }</a>
            <Sidebar here={props.route.section()} screens={screens.clone()} />
            <header class="topbar">
                <site_menu::SiteMenu />
                <button type="button" class="topbar-search" onclick={open_palette}>
                    <Icon glyph={Glyph::Search} /><span>{ words.palette() }</span><kbd>{ "Ctrl K" }</kbd>
                </button>
                <pill::Pill />
                <person_menu::PersonMenu />
            </header>
            <main id="main" class="content" tabindex="-1">{ props.children.clone() }</main>
            <BottomBar here={props.route.section()} {screens} />
            if *is_palette_open { <palette::Palette session={session.clone()} onhelp={set(&is_helping, true)} onclose={close_palette} /> }
            if *is_helping { <key_sheet::KeySheet {session} here={props.route} onclose={set(&is_helping, false)} /> }
        </div>
    }
}

/// What the menu shows a person: only what the role may open.
pub fn open_screens(session: &Session) -> Vec<Route> {
    let starts_at_till = session.may(Capability::Sell) && !session.may(Capability::SalesAll);
    // Language and look, which everybody may choose, are in the person's menu too.
    let has_settings = session.may(Capability::SettingsManage);
    PHONE_ORDER
        .into_iter()
        // One start screen each.
        .filter(|route| {
            let other = if starts_at_till {
                Route::Home
            } else {
                Route::Day
            };
            route.is_open_to(session) && *route != other
        })
        .filter(|route| has_settings || *route != Route::Settings)
        .collect()
}

const fn glyph(route: Route) -> Glyph {
    match route {
        Route::Sell => Glyph::HandCoins,
        Route::Stock => Glyph::Layers,
        Route::Sales => Glyph::ReceiptText,
        Route::Vouchers => Glyph::Ticket,
        Route::Clients => Glyph::User,
        Route::Staff => Glyph::Users,
        Route::Packages => Glyph::Package,
        Route::Sites => Glyph::MapPin,
        Route::Sync => Glyph::RefreshCw,
        Route::Settings => Glyph::Settings,
        _ => Glyph::House,
    }
}

#[derive(Properties, PartialEq)]
struct BarProps {
    here: Route,
    screens: Vec<Route>,
}

#[component]
fn BottomBar(props: &BarProps) -> Html {
    let words = use_app().words();
    let screens = &props.screens;
    let shown = if screens.len() > PHONE_ITEMS_MAX {
        PHONE_ITEMS_MAX - 1
    } else {
        screens.len()
    };
    let (items, rest) = screens.split_at(shown);
    html! {
        <nav class="bottombar" aria-label={words.navigation()}>
            { for items.iter().map(|route| item(*route, props.here)) }
            if !rest.is_empty() {
                <Menu class="bottombar-more" label={words.more()} button={html! {
                    <><Icon glyph={Glyph::Ellipsis} /><span>{ words.more() }</span></>
                }}>
                    { for rest.iter().map(|route| item(*route, props.here)) }
                </Menu>
            }
        </nav>
    }
}

#[component]
fn Sidebar(props: &BarProps) -> Html {
    let words = use_app().words();
    let screens = &props.screens;
    let groups: [(Option<&str>, &[Route]); 7] = [
        (None, &[Route::Home, Route::Day]),
        (
            Some(words.group_sell()),
            &[Route::Sell, Route::Stock, Route::Vouchers, Route::Packages],
        ),
        (Some(words.clients()), &[Route::Clients]),
        (Some(words.group_network()), &[Route::Sites]),
        (Some(words.group_money()), &[Route::Sales]),
        (Some(words.group_team()), &[Route::Staff]),
        (None, &[Route::Settings, Route::Sync]),
    ];
    let groups = groups.into_iter().filter_map(|(title, routes)| {
        let routes: Vec<Route> = routes.iter().copied().filter(|route| screens.contains(route)).collect();
        (!routes.is_empty()).then(|| {
            html! {
                <div class="sidebar-group">
                    if let Some(title) = title { <p class="sidebar-title" aria-hidden="true">{ title }</p> }
                    { for routes.into_iter().map(|route| item(route, props.here)) }
                </div>
            }
        })
    });
    html! {
        <nav class="sidebar" aria-label={words.navigation()}>
            <p class="brand">{ words.app_name() }</p>
            { for groups }
        </nav>
    }
}

#[derive(Properties, PartialEq)]
struct NavItemProps {
    route: Route,
    is_here: bool,
}

/// Written by hand, because a router's link cannot say that it is the current page.
#[component]
fn NavItem(props: &NavItemProps) -> Html {
    let words = use_app().words();
    let navigator = use_navigator();
    let route = props.route;
    let onclick = Callback::from(move |event: MouseEvent| {
        // With a modifier the browser opens a tab.
        if event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        if let Some(navigator) = &navigator {
            event.prevent_default();
            navigator.push(&route);
        }
    });
    html! {
        <span class={classes!("nav-item", props.is_here.then_some("nav-here"))} data-closes="">
            <a href={route.to_path()} {onclick} aria-current={props.is_here.then_some("page")}>
                <Icon glyph={glyph(route)} /><span>{ route.title(words) }</span>
            </a>
        </span>
    }
}

fn item(route: Route, here: Route) -> Html {
    html! { <NavItem key={route.to_path()} {route} is_here={route == here} /> }
}

//! The root of the UI: takes the worker, listens to it, and shows the screen that fits address and person.
//!
//! Both modules of the UI are this root with other screens; `hooks::relief` says how one takes the other's place.

use std::rc::Rc;

use crdt_model::capability::Capability;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::toast::ToastRegion;
use crate::components::{Empty, Glyph, Skeleton};
use crate::hooks::app::{AppState, Theme};
use crate::hooks::worker::{Told, WorkerHandle};
use crate::hooks::{App, AppAction, Phase, browser, relief, update, use_app, use_signal};
use crate::pages;
use crate::protocol::{Answer, Event, Request};
use crate::route::Route;

/// The screens of this module; none for what only the whole app shows.
pub type Pages = fn(Route) -> Option<Html>;

/// Mounts the app into `<div id="app">`.
///
/// # Panics
/// When the page is not ours: it has no such element.
pub fn run(pages: Pages) {
    let root = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.get_element_by_id("app"))
        .expect("index.html has #app");
    let props = RootProps { pages };
    let app = yew::Renderer::<Root>::with_root_and_props(root, props).render();
    relief::on_duty(app);
}

#[derive(Properties)]
pub struct RootProps {
    pages: Pages,
}

impl PartialEq for RootProps {
    /// One module has the same screens for ever.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[component]
pub fn Root(props: &RootProps) -> Html {
    let state = use_reducer(AppState::new);
    let worker = use_state(|| None::<WorkerHandle>);
    {
        let (dispatch, worker) = (state.dispatcher(), worker.clone());
        use_effect_with((), move |()| {
            let told = {
                let dispatch = dispatch.clone();
                Callback::from(move |told| hear(&dispatch, told))
            };
            if let Some(left) = relief::take_over() {
                // What was known when it was left comes before what the worker has said since.
                dispatch.dispatch(AppAction::Phase(left.phase));
                if let Some(pill) = left.pill {
                    dispatch.dispatch(AppAction::Pill(pill));
                }
                match WorkerHandle::adopt(&left.worker, told) {
                    Some(adopted) => worker.set(Some(adopted)),
                    None => dispatch.dispatch(AppAction::Phase(Phase::Broken)),
                }
                return;
            }
            match WorkerHandle::take(told) {
                Some(started) => {
                    worker.set(Some(started.clone()));
                    spawn_local(async move { start(&started, &dispatch).await });
                }
                None => dispatch.dispatch(AppAction::Phase(Phase::Broken)),
            }
        });
    }
    use_effect_with(state.phase.clone(), relief::remember);
    let is_signed_in = matches!(state.phase, Phase::SignedIn(_));
    use_signal((*worker).clone().filter(|_| is_signed_in));
    use_effect_with(state.site, |site| {
        if let Some(site) = site {
            browser::keep_setting("site", Some(&site.to_string()));
        }
    });
    use_effect_with(state.lang, |lang| {
        browser::set_root_attribute("lang", Some(lang.code()))
    });
    use_effect_with(state.theme, |theme| {
        let name = (*theme != Theme::System).then(|| theme.code());
        browser::set_root_attribute("data-theme", name);
    });
    let app = App {
        state,
        worker: (*worker).clone(),
    };
    html! {
        <ContextProvider<App> context={app}>
            <BrowserRouter>
                <Screens pages={props.pages} />
                <ToastRegion />
            </BrowserRouter>
        </ContextProvider<App>>
    }
}

/// Several people use one browser, and each has stores of their own.
const SENTINEL: &str = "sentinel.";

/// The first question: who is here?
async fn start(worker: &WorkerHandle, dispatch: &UseReducerDispatcher<AppState>) {
    let request = Request::Start {
        sentinels: browser::settings(SENTINEL),
        unlock_ticket: browser::unlock_ticket(),
    };
    let phase = match worker.call(request).await {
        Ok(Answer::Started(start)) => match start.session.clone() {
            Some(session) => {
                browser::keep_unlock_ticket(start.unlock_ticket.as_deref());
                Phase::SignedIn(Rc::new(session))
            }
            None => Phase::SignedOut(Rc::new(start)),
        },
        Ok(_) | Err(_) => Phase::Broken,
    };
    dispatch.dispatch(AppAction::Phase(phase));
}

fn hear(dispatch: &UseReducerDispatcher<AppState>, told: Told) {
    match told {
        Told::Event(Event::Changed) => dispatch.dispatch(AppAction::Changed),
        Told::Event(Event::Import(progress)) => dispatch.dispatch(AppAction::Import(progress)),
        Told::Event(Event::Sync(pill)) => dispatch.dispatch(AppAction::Pill(pill)),
        Told::Event(Event::Sentinel { store, text }) => {
            let kept = Some(text.as_str()).filter(|text| !text.is_empty());
            browser::keep_setting(&format!("{SENTINEL}{store}"), kept);
        }
        Told::Event(Event::Session(session)) => {
            dispatch.dispatch(AppAction::Phase(Phase::SignedIn(Rc::new(session))));
        }
        Told::Event(Event::Locked) => {
            browser::keep_unlock_ticket(None);
            // With its memory, what was on screen goes too.
            browser::reload(None);
        }
        Told::Broken => dispatch.dispatch(AppAction::Phase(Phase::Broken)),
    }
}

#[component]
fn Screens(props: &RootProps) -> Html {
    let app = use_app();
    let page = |route| (props.pages)(route).unwrap_or_else(|| html! { <pages::relief::Relief /> });
    let words = app.words();
    let route = use_route::<Route>().unwrap_or(Route::NotFound);
    let title = match &app.state.phase {
        Phase::SignedOut(_) if !matches!(route, Route::SetUp | Route::Invite) => words.sign_in(),
        _ => route.title(words),
    };
    use_effect_with(title, |title| {
        browser::set_title(&format!("{title} · ViorNet"))
    });
    // Who sells all day is never anywhere but at the till; nobody sells on the sign-in screen.
    let is_signed_out = matches!(app.state.phase, Phase::SignedOut(_));
    use_effect_with(
        (route.section(), is_signed_out),
        |(section, is_signed_out)| {
            if *section != Route::Sell || *is_signed_out {
                update::activate_waiting();
            }
        },
    );
    match &app.state.phase {
        Phase::Starting | Phase::Leaving => html! {
            <main class="gate" id="main"><h1 class="brand">{ words.app_name() }</h1><Skeleton rows=3 /></main>
        },
        Phase::Broken => html! {
            <main class="gate" id="main">
                <Empty is_page=true glyph={Glyph::TriangleAlert} title={words.no_worker()} hint={words.no_worker_hint()} />
            </main>
        },
        Phase::SignedOut(start) => match route {
            Route::SetUp | Route::Invite => page(route),
            _ => html! { <pages::sign_in::SignInPage start={start.clone()} /> },
        },
        Phase::SignedIn(session) => match route {
            Route::Invite => page(route),
            Route::SetUp => html! { <Redirect<Route> to={Route::Home} /> },
            // Who only sells starts at the till.
            Route::Home if session.may(Capability::Sell) && !session.may(Capability::SalesAll) => {
                // Rights have just come. The header is the same before and after, and a menu that is open there stays.
                html! {
                    <pages::shell::Shell route={Route::Sell}><Redirect<Route> to={Route::Sell} /></pages::shell::Shell>
                }
            }
            // Rights are data too. Until all that one may read is here, a screen would show zeros as if they were true.
            route
                if route != Route::Sync
                    && (session.grants.is_empty()
                        || app.state.pill.as_ref().is_some_and(|pill| pill.is_new)) =>
            {
                html! {
                    <pages::shell::Shell {route}><pages::not_found::FirstSync /></pages::shell::Shell>
                }
            }
            route if !route.is_open_to(session) => html! {
                <pages::shell::Shell {route}><pages::not_found::NoPermission {route} /></pages::shell::Shell>
            },
            route => html! { <pages::shell::Shell {route}>{ page(route) }</pages::shell::Shell> },
        },
    }
}

//! The person's menu: language, theme, lock, sign out.

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::browser::within;
use crate::components::{Button, Dialog, Glyph, Icon, Look, Menu};
use crate::hooks::app::Theme;
use crate::hooks::{App, AppAction, Phase, browser, use_app};
use crate::i18n::{Lang, Words};
use crate::protocol::Request;

/// The worker gives itself two seconds. One that is busy for longer ends with the page.
const WORKER_MILLIS: u32 = 4_000;

/// One batch is sealed for others to send. It holds 256 changes, of which hardly anything that waits needs more than two.
const SURELY_SENT: u32 = 128;

#[component]
pub fn PersonMenu() -> Html {
    let app = use_app();
    let words = app.words();
    let is_asking = use_state(|| false);
    let Some(session) = app.session() else {
        return Html::default();
    };
    let pending = app.state.pill.as_ref().map_or(0, |pill| pill.pending);
    let lock = {
        let app = app.clone();
        Callback::from(move |_: MouseEvent| leave(&app, Request::Lock, None))
    };
    let sign_out = {
        let app = app.clone();
        Callback::from(move |()| leave(&app, Request::SignOut, Some("/")))
    };
    let ask = {
        let (is_asking, sign_out) = (is_asking.clone(), sign_out.clone());
        Callback::from(move |_: MouseEvent| {
            if pending > 0 {
                is_asking.set(true)
            } else {
                sign_out.emit(())
            }
        })
    };
    let close = {
        let is_asking = is_asking.clone();
        Callback::from(move |()| is_asking.set(false))
    };
    html! {
        <>
            <Menu class="person-menu" label={words.person_menu(&session.name)} button={html! {
                <span class="avatar" data-initials={initials(&session.name)}></span>
            }}>
                <p class="menu-head"><strong>{ &session.name }</strong><span class="muted">{ &session.organisation }</span></p>
                <LanguageChoice />
                <ThemeChoice />
                <button type="button" class="menu-item" data-closes="" onclick={lock}><Icon glyph={Glyph::Lock} />{ words.lock() }</button>
                <button type="button" class="menu-item" data-closes="" onclick={ask}><Icon glyph={Glyph::LogOut} />{ words.sign_out() }</button>
            </Menu>
            if *is_asking {
                <Dialog title={words.sign_out_title()} onclose={close.clone()}>
                    <p>{ words.sign_out_pending(pending) }</p>
                    if pending > SURELY_SENT { <p>{ words.sign_out_many() }</p> }
                    <div class="actions">
                        <Button label={words.sign_out()} look={Look::Primary} onclick={sign_out} />
                        <Button label={words.cancel()} look={Look::Quiet} onclick={close} />
                    </div>
                </Dialog>
            }
        </>
    }
}

/// Locking and signing out take everything off the screen at the tap. Then the worker ends, and the page's memory with it.
fn leave(app: &App, request: Request, to: Option<&'static str>) {
    browser::keep_unlock_ticket(None);
    app.state.dispatch(AppAction::Phase(Phase::Leaving));
    let worker = app.worker.clone();
    spawn_local(async move {
        if let Some(worker) = worker {
            let _ = within(WORKER_MILLIS, worker.call(request)).await;
        }
        browser::reload(to);
    });
}

fn initials(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().next())
        .take(2)
        .flat_map(char::to_uppercase)
        .collect()
}

#[component]
pub fn LanguageChoice() -> Html {
    let app = use_app();
    let choose = |lang: Lang| {
        let state = app.state.clone();
        Callback::from(move |_: MouseEvent| {
            browser::keep_setting("language", Some(lang.code()));
            state.dispatch(AppAction::Lang(lang));
        })
    };
    html! {
        <div class="choice" role="group" aria-label={app.words().language()}>
            { for Lang::ALL.map(|lang| html! {
                <button type="button" lang={lang.code()} aria-pressed={pressed(lang == app.state.lang)} onclick={choose(lang)}>
                    { lang.own_name() }
                </button>
            }) }
        </div>
    }
}

#[component]
pub fn ThemeChoice() -> Html {
    let app = use_app();
    let choose = |theme: Theme| {
        let state = app.state.clone();
        Callback::from(move |_: MouseEvent| {
            browser::keep_setting("theme", Some(theme.code()));
            state.dispatch(AppAction::Theme(theme));
        })
    };
    html! {
        <div class="choice" role="group" aria-label={app.words().theme()}>
            { for Theme::ALL.map(|theme| html! {
                <button type="button" aria-pressed={pressed(theme == app.state.theme)} onclick={choose(theme)}>
                    { theme_name(app.words(), theme) }
                </button>
            }) }
        </div>
    }
}

fn theme_name(words: Words, theme: Theme) -> &'static str {
    match theme {
        Theme::System => words.theme_system(),
        Theme::Light => words.theme_light(),
        Theme::Dark => words.theme_dark(),
    }
}

const fn pressed(is_on: bool) -> &'static str {
    if is_on { "true" } else { "false" }
}

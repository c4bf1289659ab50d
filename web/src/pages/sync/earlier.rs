//! Work of before a password was forgotten: opened with that password, or discarded.

use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{Button, Dialog, Field, Glyph, Icon, Look, Notice, Tone};
use crate::hooks::form::{bind, set, submit};
use crate::hooks::{browser, use_act, use_app};
use crate::i18n::{self, Words};
use crate::protocol::{Answer, Failure, Request, SealedView};
use crate::route::Route;

const KILOBYTE: u64 = 1_000;

#[derive(Properties, PartialEq)]
pub struct EarlierProps {
    pub stores: Vec<SealedView>,
}

#[component]
pub fn EarlierWork(props: &EarlierProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let password = use_state(String::new);
    // It stays when what it tells of has gone.
    let outcome = use_state(|| None::<(Tone, String)>);
    let onsubmit = {
        let (app, act, password, outcome) =
            (app.clone(), act.clone(), password.clone(), outcome.clone());
        submit(move || {
            let (app, typed, outcome) = (app.clone(), password.clone(), outcome.clone());
            outcome.set(None);
            let request = Request::OpenSealed {
                password: (*password).clone(),
            };
            act.run(request, move |answer| {
                if let Answer::Opened {
                    waiting,
                    known,
                    is_whole,
                } = answer
                {
                    typed.set(String::new());
                    outcome.set(Some(told(app.words(), waiting, known, is_whole)));
                }
            });
        })
    };
    let wrong = act.failure == Some(Failure::WrongPassword);
    let told = (*outcome).clone().map(|(tone, text)| {
        html! { <Notice {tone} testid="earlier-told">{ text }</Notice> }
    });
    if props.stores.is_empty() {
        return html! { <div role="status">{ for told }</div> };
    }
    html! {
        <section class="card-box" data-testid="earlier">
            <h2>{ words.earlier() }</h2>
            <p class="muted">{ words.earlier_hint(browser::device_word()) }</p>
            <div role="status">{ for told }</div>
            <form class="form" {onsubmit} novalidate=true>
                <Field id="earlier-password" kind="password" label={words.old_password()} autocomplete="off"
                    value={(*password).clone()} oninput={bind(&password)} error={wrong.then(|| words.fail_earlier_password())} />
                if !wrong { <FailureNote failure={act.failure.clone()} /> }
                <Button label={words.earlier_open()} look={Look::Primary} submit=true busy={act.is_busy} />
            </form>
            <ul class="rows">{ for props.stores.iter().map(|store| html! { <StoreRow key={store.store.clone()} store={store.clone()} /> }) }</ul>
        </section>
    }
}

fn told(words: Words, waiting: u32, known: u32, is_whole: bool) -> (Tone, String) {
    let text = match (waiting, known) {
        (0, 0) => words.earlier_was_empty().to_string(),
        (0, _) => words.earlier_was_safe().to_string(),
        (waiting, 0) => words.earlier_opened(waiting),
        (waiting, _) => format!(
            "{} {}",
            words.earlier_opened(waiting),
            words.earlier_rest_safe()
        ),
    };
    if is_whole {
        (Tone::Safe, text)
    } else {
        (
            Tone::Attention,
            format!("{text} {}", words.earlier_partly()),
        )
    }
}

/// What is known of a store from outside.
fn size(words: Words, store: &SealedView) -> String {
    let kilobytes = i18n::grouped(store.bytes.div_ceil(KILOBYTE));
    words.earlier_size(store.entries_max, &kilobytes)
}

#[derive(Properties, PartialEq)]
struct StoreProps {
    store: SealedView,
}

#[component]
fn StoreRow(props: &StoreProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let is_asking = use_state(|| false);
    let size = size(words, &props.store);
    let discard = {
        let (app, act, store, is_asking) = (
            app.clone(),
            act.clone(),
            props.store.store.clone(),
            is_asking.clone(),
        );
        Callback::from(move |()| {
            let (app, is_asking) = (app.clone(), is_asking.clone());
            let request = Request::DiscardSealed {
                store: store.clone(),
            };
            act.run(request, move |_| {
                is_asking.set(false);
                app.toast(app.words().earlier_discarded());
            });
        })
    };
    html! {
        <li class="row">
            <span class="row-main">{ &size }</span>
            <Button label={words.earlier_discard()} look={Look::Quiet} onclick={set(&is_asking, true)} />
            if *is_asking {
                <Dialog title={words.earlier_discard_title()} onclose={set(&is_asking, false)}>
                    <p>{ words.earlier_discard_consequence(browser::device_word()) }</p>
                    <p><strong>{ size }</strong></p>
                    <FailureNote failure={act.failure.clone()} />
                    <div class="actions">
                        <Button label={words.earlier_discard()} look={Look::Danger} busy={act.is_busy} onclick={discard} />
                        <Button label={words.cancel()} look={Look::Quiet} onclick={set(&is_asking, false)} />
                    </div>
                </Dialog>
            }
        </li>
    }
}

/// A quiet word on the screens where somebody is every day.
#[component]
pub fn EarlierNote() -> Html {
    let app = use_app();
    let words = app.words();
    if !app.state.pill.as_ref().is_some_and(|pill| pill.has_sealed) {
        return Html::default();
    }
    html! {
        <p class="muted till-note" data-testid="earlier-note">
            <Icon glyph={Glyph::Lock} />
            <span>{ words.earlier_note(browser::device_word()) }{ " " }<Link<Route> classes="link-line" to={Route::Sync}>{ words.earlier_note_link() }</Link<Route>></span>
        </p>
    }
}

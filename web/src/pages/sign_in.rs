//! Who is here: people known on this device unlock offline with their password, others sign in with the server.

use std::rc::Rc;

use yew::prelude::*;
use yew_router::prelude::*;

use super::shell::LanguageChoice;
use crate::components::failure::{self, FailureNote};
use crate::components::{Button, Field, Glyph, Icon, Look, Notice, Tone};
use crate::hooks::form::{bind, set, submit};
use crate::hooks::{use_act, use_app};
use crate::protocol::{Failure, KnownPerson, OldPassword, Request, Start};
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub struct SignInProps {
    pub start: Rc<Start>,
}

#[component]
pub fn SignInPage(props: &SignInProps) -> Html {
    let words = use_app().words();
    let people = &props.start.people;
    // One person alone on a phone is asked for the password at once.
    let chosen = use_state(|| (people.len() == 1).then(|| people[0].clone()));
    let is_other = use_state(|| people.is_empty());
    let back = {
        let (chosen, is_other) = (chosen.clone(), is_other.clone());
        Callback::from(move |()| {
            chosen.set(None);
            is_other.set(false);
        })
    };
    let other = {
        let (chosen, is_other) = (chosen.clone(), is_other.clone());
        Callback::from(move |()| {
            chosen.set(None);
            is_other.set(true);
        })
    };
    let body = if *is_other {
        html! { <OtherPerson /> }
    } else if let Some(person) = &*chosen {
        html! { <UnlockForm key={person.id.to_string()} person={person.clone()} /> }
    } else {
        html! {
            <ul class="rows">
                { for people.iter().map(|person| {
                    let choose = set(&chosen, Some(person.clone()));
                    html! {
                        <li>
                            <button type="button" class="row row-person" onclick={move |_| choose.emit(())}>
                                <span class="avatar" aria-hidden="true"><Icon glyph={Glyph::User} /></span>
                                <span><strong>{ &person.name }</strong><span class="muted">{ &person.organisation }</span></span>
                                <Icon glyph={Glyph::ChevronRight} />
                            </button>
                        </li>
                    }
                }) }
            </ul>
        }
    };
    let is_list = !*is_other && chosen.is_none();
    html! {
        <Gate title={if is_list { words.sign_in_who() } else { words.sign_in() }}>
            if props.start.needs_set_up == Some(true) && people.is_empty() {
                <Notice tone={Tone::Plain}>
                    <p>{ words.needs_set_up() }</p><Link<Route> to={Route::SetUp}>{ words.setup_title() }</Link<Route>>
                </Notice>
            }
            { body }
            <div class="actions">
                if !is_list && !people.is_empty() && (*is_other || people.len() > 1) {
                    <Button label={words.back()} look={Look::Quiet} glyph={Glyph::ArrowLeft} onclick={back} />
                }
                if !*is_other { <Button label={words.another_person()} look={Look::Quiet} onclick={other} /> }
            </div>
        </Gate>
    }
}

#[derive(Properties, PartialEq)]
pub struct GateProps {
    pub title: AttrValue,
    pub children: Html,
}

/// The frame of the screens before the app: set-up, sign-in, invite.
#[component]
pub fn Gate(props: &GateProps) -> Html {
    let words = use_app().words();
    html! {
        <main class="gate" id="main" tabindex="-1">
            <div class="gate-head"><p class="brand">{ words.app_name() }</p><LanguageChoice /></div>
            <h1>{ &props.title }</h1>
            { props.children.clone() }
        </main>
    }
}

#[derive(Properties, PartialEq)]
struct UnlockProps {
    person: KnownPerson,
}

#[component]
fn UnlockForm(props: &UnlockProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let password = use_state(String::new);
    let onsubmit = {
        let (app, act, password, person) =
            (app.clone(), act.clone(), password.clone(), props.person.id);
        submit(move || {
            let app = app.clone();
            act.run(
                Request::Unlock {
                    person,
                    password: (*password).clone(),
                },
                move |answer| app.enter(answer),
            );
        })
    };
    // The password is wrong here, not the name: nobody typed one.
    let wrong = act.failure == Some(Failure::WrongPassword);
    html! {
        <form class="form" {onsubmit} novalidate=true>
            <p class="gate-person"><strong>{ &props.person.name }</strong><span class="muted">{ &props.person.organisation }</span></p>
            <input type="text" class="sr-only" autocomplete="username" value={props.person.login.clone()} readonly=true tabindex="-1" aria-hidden="true" />
            <Field id="password" kind="password" label={words.password()} autocomplete="current-password" autofocus=true
                value={(*password).clone()} oninput={bind(&password)} error={wrong.then(|| words.fail_wrong_unlock())} />
            if !wrong { <FailureNote failure={act.failure.clone()} /> }
            <Button label={words.unlock()} look={Look::Primary} class="btn-block" submit=true busy={act.is_busy} />
        </form>
    }
}

#[component]
fn OtherPerson() -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let login = use_state(String::new);
    let password = use_state(String::new);
    let onsubmit = {
        let (app, act, login, password) =
            (app.clone(), act.clone(), login.clone(), password.clone());
        submit(move || {
            let app = app.clone();
            let request = Request::SignIn {
                login: login.trim().to_string(),
                password: (*password).clone(),
                old: OldPassword::NotAsked,
            };
            act.run(request, move |answer| app.enter(answer));
        })
    };
    if let Some(Failure::OldPassword { .. }) = act.failure {
        let (login, password) = (login.trim().to_string(), (*password).clone());
        return html! { <OldPasswordForm {login} {password} /> };
    }
    let wrong = (act.failure == Some(Failure::WrongPassword))
        .then(|| failure::text(&app, &Failure::WrongPassword));
    html! {
        <form class="form" {onsubmit} novalidate=true>
            <p class="muted">{ words.another_person_hint() }</p>
            <Field id="login" label={words.login()} hint={words.login_hint()} autocomplete="username" autofocus=true
                value={(*login).clone()} oninput={bind(&login)} />
            <Field id="password" kind="password" label={words.password()} autocomplete="current-password"
                value={(*password).clone()} oninput={bind(&password)} error={wrong.clone()} />
            if wrong.is_none() { <FailureNote failure={act.failure.clone()} /> }
            <Button label={words.sign_in()} look={Look::Primary} class="btn-block" submit=true busy={act.is_busy} />
        </form>
    }
}

#[derive(Properties, PartialEq, Clone)]
pub struct OldPasswordProps {
    pub login: String,
    /// The new one, which the server takes.
    pub password: String,
    #[prop_or_default]
    pub onenter: Callback<()>,
}

/// The password was changed elsewhere: the old one opens what this device has not sent yet.
#[component]
pub fn OldPasswordForm(props: &OldPasswordProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let typed = use_state(String::new);
    let enter = {
        let (app, act, props) = (app.clone(), act.clone(), props.clone());
        Callback::from(move |old: OldPassword| {
            let (app, onenter) = (app.clone(), props.onenter.clone());
            let request = Request::SignIn {
                login: props.login.clone(),
                password: props.password.clone(),
                old,
            };
            act.run(request, move |answer| {
                app.enter(answer);
                onenter.emit(());
            });
        })
    };
    let onsubmit = {
        let (enter, typed) = (enter.clone(), typed.clone());
        submit(move || enter.emit(OldPassword::Known((*typed).clone())))
    };
    let forgotten = Callback::from(move |()| enter.emit(OldPassword::Forgotten));
    let wrong = act.failure == Some(Failure::OldPassword { was_wrong: true });
    html! {
        <form class="form" {onsubmit} novalidate=true data-testid="old-password-form">
            <Notice tone={Tone::Attention}>{ words.old_password_hint() }</Notice>
            <Field id="old-password" kind="password" label={words.old_password()} autocomplete="off" autofocus=true
                value={(*typed).clone()} oninput={bind(&typed)} error={wrong.then(|| words.fail_old_password())} />
            if !wrong { <FailureNote failure={act.failure.clone()} /> }
            <Button label={words.sign_in()} look={Look::Primary} class="btn-block" submit=true busy={act.is_busy} />
            <p class="muted">{ words.old_password_forgotten_hint() }</p>
            <Button label={words.old_password_forgotten()} look={Look::Quiet} class="btn-block" busy={act.is_busy} onclick={forgotten} />
        </form>
    }
}

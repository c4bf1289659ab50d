//! A new member of staff accepts an invitation, from its one-time link `/invite#token`.

use crdt_model::time::Timestamp;
use yew::prelude::*;
use yew_router::prelude::*;

use super::set_up::is_weak;
use super::sign_in::{Gate, OldPasswordForm};
use crate::components::failure::FailureNote;
use crate::components::{Button, Field, Look, Notice, Skeleton, Tap, TimeLeft, Tone};
use crate::hooks::form::{bind, submit};
use crate::hooks::{browser, use_act, use_app};
use crate::protocol::{Answer, Failure, Request};
use crate::route::Route;

/// What the link says of itself.
#[derive(Clone, PartialEq)]
struct Seen {
    organisation: String,
    name: String,
    invited_by: String,
    expires_at: Timestamp,
    /// They signed in before: the link gives a new password.
    is_known: bool,
}

/// Asking again would change nothing: expired, used, withdrawn.
fn is_final(failure: Option<&Failure>) -> bool {
    matches!(failure, Some(Failure::Server { problem }) if problem.starts_with("link-"))
}

#[component]
pub fn InvitePage() -> Html {
    let app = use_app();
    let words = app.words();
    let navigator = use_navigator();
    let (look, accept) = (use_act(), use_act());
    let token = use_memo((), |()| browser::fragment());
    let invite = use_state(|| None::<Seen>);
    let login = use_state(String::new);
    let password = use_state(String::new);
    let is_checked = use_state(|| false);
    let ask = {
        let (look, invite, token) = (look.clone(), invite.clone(), (*token).clone());
        let login = login.clone();
        Callback::from(move |()| {
            let (Some(token), invite, login) = (token.clone(), invite.clone(), login.clone())
            else {
                return;
            };
            look.choose(Request::LookInvite { token }, move |answer| {
                if let Answer::Invite {
                    organisation,
                    name,
                    invited_by,
                    expires_at,
                    login: known,
                } = answer
                {
                    if let Some(known) = &known {
                        login.set(known.clone());
                    }
                    invite.set(Some(Seen {
                        organisation,
                        name,
                        invited_by,
                        expires_at,
                        is_known: known.is_some(),
                    }));
                }
            });
        })
    };
    {
        let ask = ask.clone();
        use_effect_with(app.worker.is_some(), move |is_ready| {
            if *is_ready {
                ask.emit(());
            }
        });
    }
    let Some(token) = (*token).clone() else {
        return html! {
            <Gate title={words.invite_join()}><Notice tone={Tone::Attention}>{ words.invite_no_token() }</Notice></Gate>
        };
    };
    let Some(seen) = (*invite).clone() else {
        return html! {
            <Gate title={words.invite_join()}>
                if look.failure.is_some() {
                    <FailureNote failure={look.failure.clone()} />
                    if !is_final(look.failure.as_ref()) {
                        <Button label={words.try_again()} look={Look::Primary} busy={look.is_busy} onclick={ask} />
                    }
                    <Tap to={Route::Home} label={words.sign_in()} />
                } else {
                    <Skeleton rows=3 />
                }
            </Gate>
        };
    };
    if let Some(Failure::OldPassword { .. }) = accept.failure {
        let (login, password) = (login.trim().to_string(), (*password).clone());
        let onenter = Callback::from(move |()| {
            if let Some(navigator) = &navigator {
                navigator.replace(&Route::Home);
            }
        });
        return html! {
            <Gate title={words.sign_in()}><OldPasswordForm {login} {password} {onenter} /></Gate>
        };
    }
    let (weak, nameless) = (is_weak(&password), login.trim().is_empty());
    let onsubmit = {
        let (app, accept, is_checked) = (app.clone(), accept.clone(), is_checked.clone());
        let request = Request::AcceptInvite {
            token,
            login: login.trim().to_string(),
            password: (*password).clone(),
        };
        submit(move || {
            is_checked.set(true);
            if weak || nameless {
                return;
            }
            let (app, navigator) = (app.clone(), navigator.clone());
            accept.run(request.clone(), move |answer| {
                app.enter(answer);
                if let Some(navigator) = &navigator {
                    navigator.replace(&Route::Home);
                }
            });
        })
    };
    html! {
        <Gate title={words.invite_title(&seen.organisation)}>
            <p>{ if seen.is_known { words.invite_back(&seen.name) } else { words.invite_welcome(&seen.name) } }</p>
            <p class="muted" data-testid="invited-by">{ words.invited_by(&seen.invited_by) }{ " " }<TimeLeft until={seen.expires_at} /></p>
            <form class="form" {onsubmit} novalidate=true>
                <Field id="login" label={words.login()} hint={words.login_hint()} autocomplete="username" autofocus=true
                    value={(*login).clone()} oninput={bind(&login)} error={(*is_checked && nameless).then(|| words.fail_needed())} />
                <Field id="password" kind="password" label={words.password()} hint={words.password_new_hint()} autocomplete="new-password"
                    value={(*password).clone()} oninput={bind(&password)} error={(*is_checked && weak).then(|| words.fail_password_weak())} />
                <FailureNote failure={accept.failure.clone()} />
                <Button label={if seen.is_known { words.set_new_password() } else { words.invite_join() }} look={Look::Primary} class="btn-block"
                    submit=true busy={accept.is_busy} />
            </form>
        </Gate>
    }
}

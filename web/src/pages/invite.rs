//! A new member of staff accepts an invitation, from its one-time link `/invite#token`.

use yew::prelude::*;
use yew_router::prelude::*;

use super::set_up::is_weak;
use super::sign_in::Gate;
use crate::components::failure::FailureNote;
use crate::components::{Button, Field, Look, Notice, Skeleton, Tone};
use crate::hooks::form::{bind, submit};
use crate::hooks::{browser, use_act, use_app};
use crate::protocol::{Answer, Request};
use crate::route::Route;

#[component]
pub fn InvitePage() -> Html {
    let app = use_app();
    let words = app.words();
    let navigator = use_navigator();
    let (look, accept) = (use_act(), use_act());
    let token = use_memo((), |()| browser::fragment());
    let invite = use_state(|| None::<(String, String)>);
    let login = use_state(String::new);
    let password = use_state(String::new);
    let is_checked = use_state(|| false);
    let ask = {
        let (look, invite, token) = (look.clone(), invite.clone(), (*token).clone());
        Callback::from(move |()| {
            let (Some(token), invite) = (token.clone(), invite.clone()) else {
                return;
            };
            look.run(Request::LookInvite { token }, move |answer| {
                if let Answer::Invite { organisation, name } = answer {
                    invite.set(Some((organisation, name)));
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
    let Some((organisation, name)) = (*invite).clone() else {
        return html! {
            <Gate title={words.invite_join()}>
                if look.failure.is_some() {
                    <FailureNote failure={look.failure.clone()} />
                    <Button label={words.try_again()} look={Look::Primary} busy={look.is_busy} onclick={ask} />
                } else {
                    <Skeleton rows=3 />
                }
            </Gate>
        };
    };
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
        <Gate title={words.invite_title(&organisation)}>
            <p>{ words.invite_welcome(&name) }</p>
            <form class="form" {onsubmit} novalidate=true>
                <Field id="login" label={words.login()} hint={words.login_hint()} autocomplete="username" autofocus=true
                    value={(*login).clone()} oninput={bind(&login)} error={(*is_checked && nameless).then(|| words.fail_needed())} />
                <Field id="password" kind="password" label={words.password()} hint={words.password_new_hint()} autocomplete="new-password"
                    value={(*password).clone()} oninput={bind(&password)} error={(*is_checked && weak).then(|| words.fail_password_weak())} />
                <FailureNote failure={accept.failure.clone()} />
                <Button label={words.invite_join()} look={Look::Primary} class="btn-block" submit=true busy={accept.is_busy} />
            </form>
        </Gate>
    }
}

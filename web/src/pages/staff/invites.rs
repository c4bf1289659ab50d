//! The links that can still be used, as the server knows them.

use crdt_model::ids::PersonId;
use yew::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{Button, Look, TimeLeft};
use crate::hooks::{use_act, use_app};
use crate::protocol::{Answer, InviteView, Request};

#[derive(Properties, PartialEq)]
pub struct OpenInvitesProps {
    /// The names on this screen.
    pub name_of: Callback<PersonId, Option<String>>,
}

#[component]
pub fn OpenInvites(props: &OpenInvitesProps) -> Html {
    let app = use_app();
    let words = app.words();
    let (load, revoke) = (use_act(), use_act());
    let open = use_state(Vec::<InviteView>::new);
    let ask = {
        let (load, open) = (load.clone(), open.clone());
        Callback::from(move |()| {
            let open = open.clone();
            load.choose(Request::Invites, move |answer| {
                if let Answer::Invites(invites) = answer {
                    open.set(invites.open());
                }
            });
        })
    };
    {
        let ask = ask.clone();
        use_effect_with(app.is_online(), move |is_online| {
            if *is_online {
                ask.emit(());
            }
        });
    }
    if open.is_empty() {
        return Html::default();
    }
    let withdraw = |person: PersonId| {
        let (app, revoke, ask) = (app.clone(), revoke.clone(), ask.clone());
        Callback::from(move |()| {
            let (app, ask) = (app.clone(), ask.clone());
            revoke.run(Request::RevokeInvite { person }, move |_| {
                app.toast(app.words().invite_withdrawn());
                ask.emit(());
            });
        })
    };
    html! {
        <section class="card-box">
            <h2>{ words.open_invites() }</h2>
            <FailureNote failure={revoke.failure.clone()} />
            <ul class="rows" data-testid="open-invites">
                { for open.iter().map(|invite| html! {
                    <li class="row" key={invite.person.to_string()}>
                        <span class="row-main">
                            <strong>{ props.name_of.emit(invite.person).unwrap_or_default() }</strong>
                            <span class="muted"><TimeLeft until={invite.expires_at} /></span>
                        </span>
                        <Button label={words.withdraw()} look={Look::Quiet} busy={revoke.is_busy} onclick={withdraw(invite.person)} />
                    </li>
                }) }
            </ul>
        </section>
    }
}

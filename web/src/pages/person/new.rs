//! Adding a person: name, first role, how to reach them.

use crdt_model::capability::Grant;
use crdt_model::staff::Contacts;
use yew::prelude::*;
use yew_router::prelude::*;

use super::contacts::{ContactFields, use_draft};
use super::roles::{RoleFields, first_choice, grant_of};
use crate::components::failure::FailureNote;
use crate::components::{Button, Failed, Field, Glyph, Look, Skeleton, Tap};
use crate::hooks::form::{bind, filled, submit};
use crate::hooks::{Load, use_act, use_app, use_query};
use crate::protocol::{Answer, Order, Query};
use crate::route::Route;

#[component]
pub fn NewPersonPage() -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Grantable));
    let body = match &load {
        Load::Waiting => html! { <Skeleton rows=3 /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Grantable(grantable) => html! { <NewPerson grantable={grantable.to_vec()} /> },
            _ => Html::default(),
        },
    };
    html! {
        <div class="narrow">
            <div class="page-head">
                <h1>{ words.add_person() }</h1>
                <Tap to={Route::Staff} label={words.staff()} glyph={Glyph::ArrowLeft} look={Look::Quiet} />
            </div>
            { body }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct NewPersonProps {
    grantable: Vec<Grant>,
}

#[component]
fn NewPerson(props: &NewPersonProps) -> Html {
    let app = use_app();
    let words = app.words();
    let navigator = use_navigator();
    let act = use_act();
    let first = first_choice(&app, &props.grantable);
    let name = use_state(String::new);
    let role = use_state(|| first.0.clone());
    let place = use_state(|| first.1.clone());
    let draft = use_draft(&Contacts::default());
    let is_checked = use_state(|| false);
    let onsubmit = {
        let (app, act, is_checked) = (app.clone(), act.clone(), is_checked.clone());
        let grants: Vec<Grant> = grant_of(&role, &place).into_iter().collect();
        let (name, contacts) = (filled(&name), draft.parse(&app));
        submit(move || {
            is_checked.set(true);
            let (Some(name), Some(contacts)) = (name.clone(), contacts.clone()) else {
                return;
            };
            let (app, navigator) = (app.clone(), navigator.clone());
            let order = Order::AddStaff {
                name: name.clone(),
                grants: grants.clone(),
                contacts,
            };
            act.order(order, move |answer| {
                app.toast(app.words().person_added(&name));
                let id = match answer {
                    Answer::Made { id } => id.parse().ok(),
                    _ => None,
                };
                if let Some(navigator) = &navigator {
                    navigator.push(&id.map_or(Route::Staff, |person| Route::Person { person }));
                }
            });
        })
    };
    html! {
        <form class="form" {onsubmit} novalidate=true>
            <Field id="name" label={words.name()} value={(*name).clone()} oninput={bind(&name)} autofocus=true
                error={(*is_checked && name.trim().is_empty()).then(|| words.fail_needed())} />
            <RoleFields grantable={props.grantable.clone()} role={(*role).clone()} place={(*place).clone()} onrole={bind(&role)} onplace={bind(&place)} />
            <ContactFields draft={draft.clone()} is_checked={*is_checked} />
            <FailureNote failure={act.failure.clone()} />
            <div class="actions actions-bottom"><Button label={words.add_person()} look={Look::Primary} submit=true busy={act.is_busy} /></div>
        </form>
    }
}

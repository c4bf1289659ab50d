//! One member of staff: contacts, roles, sign-in and devices, active or not.

use crdt_model::contested::Contested;
use crdt_model::ids::PersonId;
use serde::Serialize;
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{
    Button, Chip, ContestedNote, Empty, Failed, Glyph, Icon, Look, Skeleton, Tap, Tone,
};
use crate::hooks::form::set;
use crate::hooks::{App, Load, use_act, use_app, use_query};
use crate::protocol::{Answer, Order, PersonView, Query};
use crate::route::Route;

mod contacts;
mod new;
mod roles;
mod sign_in;

pub use new::NewPersonPage;

#[derive(Properties, PartialEq)]
pub struct PersonPageProps {
    pub person: PersonId,
}

#[component]
pub fn PersonPage(props: &PersonPageProps) -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Person {
        person: props.person,
    }));
    let body = match &load {
        Load::Waiting => html! { <Skeleton rows=3 /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Person(Some(view)) => html! { <Person view={(**view).clone()} /> },
            _ => html! { <Empty glyph={Glyph::Users} title={words.person_not_found()} /> },
        },
    };
    html! {
        <div class="narrow">
            <div class="page-head"><Tap to={Route::Staff} label={words.staff()} glyph={Glyph::ArrowLeft} look={Look::Quiet} /></div>
            { body }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PersonProps {
    view: PersonView,
}

#[component]
fn Person(props: &PersonProps) -> Html {
    let app = use_app();
    let words = app.words();
    let is_editing = use_state(|| false);
    let view = &props.view;
    let person = &view.staff;
    html! {
        <>
            <div class="page-head">
                <h1>{ &person.name }</h1>
                if person.active { <Chip tone={Tone::Safe} label={words.active()} testid="standing" /> }
                else { <Chip tone={Tone::Plain} label={words.inactive()} testid="standing" /> }
                if person.can_manage {
                    <Button label={words.edit()} glyph={Glyph::Pencil} onclick={set(&is_editing, true)} />
                }
            </div>
            { for view.contested.iter().map(|field| html! {
                <ContestedNote key={field.key.clone()} field={field.clone()} label={field_name(&app, field)} can_choose={person.can_manage} />
            }) }
            if let Some(contacts) = &view.contacts { <contacts::ContactsCard contacts={contacts.clone()} /> }
            <roles::Roles view={view.clone()} />
            <WorkCard view={view.clone()} />
            if person.can_manage && (person.active || person.is_me) {
                <sign_in::SignIn person={person.clone()} />
            }
            if person.can_manage { <Standing view={view.clone()} /> }
            if *is_editing { <contacts::EditPerson view={view.clone()} onclose={set(&is_editing, false)} /> }
        </>
    }
}

fn field_name(app: &App, field: &Contested) -> String {
    let words = app.words();
    match field.field() {
        "name" => words.name().into(),
        "phone" => words.phone().into(),
        "email" => words.email().into(),
        "note" => words.note().into(),
        "active" => words.active().into(),
        grant => grant
            .parse()
            .map(|grant| super::staff::grant_name(app, grant))
            .unwrap_or_else(|_| grant.to_string()),
    }
}

/// What one person's sales are filtered by.
#[derive(Serialize)]
struct OfPerson {
    person: String,
}

#[derive(Properties, PartialEq)]
struct ViewProps {
    view: PersonView,
}

/// What the person holds and has sold, as far as this device knows.
#[component]
fn WorkCard(props: &ViewProps) -> Html {
    let app = use_app();
    let words = app.words();
    let navigator = use_navigator();
    let view = &props.view;
    let opens = |route: Route| {
        app.session()
            .is_some_and(|session| route.is_open_to(&session))
    };
    let sales = {
        let person = view.staff.person.to_string();
        Callback::from(move |_: MouseEvent| {
            if let Some(navigator) = &navigator {
                let filter = OfPerson {
                    person: person.clone(),
                };
                // A filter that cannot be written shows all sales.
                let _ = navigator.push_with_query(&Route::Sales, &filter);
            }
        })
    };
    html! {
        <section class="card-box">
            <h2>{ words.work() }</h2>
            <ul class="rows">
                <li>
                    <button type="button" class="row" onclick={sales} disabled={!opens(Route::Sales)} data-testid="person-sales">
                        <span class="row-main">{ words.sales_count(view.sales) }</span><Icon glyph={Glyph::ChevronRight} />
                    </button>
                </li>
                <li>
                    if opens(Route::Vouchers) {
                        <Link<Route> to={Route::Vouchers} classes="row">
                            <span class="row-main">{ words.holds_vouchers(view.vouchers) }</span><Icon glyph={Glyph::ChevronRight} />
                        </Link<Route>>
                    } else {
                        <p class="row"><span class="row-main">{ words.holds_vouchers(view.vouchers) }</span></p>
                    }
                </li>
            </ul>
        </section>
    }
}

/// Active or not. There is a way back, so nobody is asked twice.
#[component]
fn Standing(props: &ViewProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let person = &props.view.staff;
    let id = person.person;
    let set_active = |active: bool| {
        let (app, act, name) = (app.clone(), act.clone(), person.name.clone());
        Callback::from(move |()| {
            let (app, back, name) = (app.clone(), act.clone(), name.clone());
            let order = move |active| Order::SetStaffActive { person: id, active };
            act.order(order(active), move |_| {
                let back = back.clone();
                let undo = Callback::from(move |()| back.undo(order(!active)));
                let words = app.words();
                let text = match active {
                    true => words.activated(&name),
                    false => words.deactivated(&name),
                };
                app.toast_with_undo(text, undo);
            });
        })
    };
    let why_not = match (person.active, person.is_me, props.view.is_last_owner) {
        (true, true, _) => Some(words.fail_not_yourself()),
        (true, false, true) => Some(words.fail_last_owner()),
        _ => None,
    };
    html! {
        <section class="card-box">
            <FailureNote failure={act.failure.clone()} />
            if let Some(why) = why_not {
                <p class="muted">{ why }</p>
            } else if person.active {
                <p class="muted">{ words.deactivate_consequence(&person.name) }</p>
                <div class="actions"><Button label={words.deactivate()} busy={act.is_busy} onclick={set_active(false)} /></div>
            } else {
                <p class="muted">{ words.activate_consequence(&person.name) }</p>
                <div class="actions"><Button label={words.activate()} look={Look::Primary} busy={act.is_busy} onclick={set_active(true)} /></div>
            }
        </section>
    }
}

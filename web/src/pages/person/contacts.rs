//! How to reach a person, and the form that changes it and the name.

use crdt_model::staff::{Contacts, NOTE_LENGTH_MAX};
use yew::prelude::*;

use crate::components::failure::{self, FailureNote};
use crate::components::{Button, Dialog, Field, Look};
use crate::drafts::contacts::{ContactsDraft, Read};
use crate::format::country;
use crate::hooks::form::{bind, filled, submit};
use crate::hooks::{App, use_act, use_app};
use crate::protocol::{Order, PersonView};

#[derive(Properties, PartialEq)]
pub struct ContactsCardProps {
    pub contacts: Contacts,
}

#[component]
pub fn ContactsCard(props: &ContactsCardProps) -> Html {
    let words = use_app().words();
    let contacts = &props.contacts;
    html! {
        <section class="card-box" data-testid="contacts">
            <h2>{ words.contacts() }</h2>
            if *contacts == Contacts::default() { <p class="muted">{ words.no_contacts() }</p> }
            if let Some(phone) = &contacts.phone {
                <p><a class="link-line" href={format!("tel:{phone}")}>{ phone.to_string() }</a></p>
            }
            if let Some(email) = &contacts.email {
                <p><a class="link-line" href={format!("mailto:{email}")}>{ email }</a></p>
            }
            if let Some(note) = &contacts.note { <p>{ note }</p> }
        </section>
    }
}

/// Phone, e-mail and note as they are typed.
#[derive(Clone, PartialEq)]
pub struct Draft {
    pub phone: UseStateHandle<String>,
    pub email: UseStateHandle<String>,
    pub note: UseStateHandle<String>,
}

#[hook]
pub fn use_draft(contacts: &Contacts) -> Draft {
    let ContactsDraft { phone, email, note } = ContactsDraft::of(contacts);
    Draft {
        phone: use_state(|| phone),
        email: use_state(|| email),
        note: use_state(|| note),
    }
}

impl Draft {
    fn read(&self, app: &App) -> Read {
        let typed = ContactsDraft {
            phone: (*self.phone).clone(),
            email: (*self.email).clone(),
            note: (*self.note).clone(),
        };
        typed.read(country(app.currency()))
    }

    /// What was typed, or nothing while something is wrong with it.
    pub fn parse(&self, app: &App) -> Option<Contacts> {
        self.read(app).contacts()
    }
}

#[derive(Properties, PartialEq)]
pub struct ContactFieldsProps {
    pub draft: Draft,
    pub is_checked: bool,
}

#[component]
pub fn ContactFields(props: &ContactFieldsProps) -> Html {
    let app = use_app();
    let words = app.words();
    let draft = &props.draft;
    let read = draft.read(&app);
    let checked = |problem: Option<&'static str>| problem.filter(|_| props.is_checked);
    let phone = read.phone.as_ref().err();
    let phone = phone.map(|error| failure::phone(words, error));
    let email = read.email.is_none().then(|| words.fail_email());
    let is_long = props.is_checked && read.note.is_none();
    html! {
        <>
            <Field id="phone" kind="tel" inputmode="tel" label={words.phone()} optional=true value={(*draft.phone).clone()}
                oninput={bind(&draft.phone)} error={checked(phone)} />
            <Field id="email" kind="email" inputmode="email" label={words.email()} optional=true value={(*draft.email).clone()}
                oninput={bind(&draft.email)} error={checked(email)} />
            <Field id="note" label={words.note()} optional=true value={(*draft.note).clone()} oninput={bind(&draft.note)}
                error={is_long.then(|| words.fail_text(&NOTE_LENGTH_MAX.to_string()))} />
        </>
    }
}

#[derive(Properties, PartialEq)]
pub struct EditPersonProps {
    pub view: PersonView,
    pub onclose: Callback<()>,
}

#[component]
pub fn EditPerson(props: &EditPersonProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    // What the form was opened with: a change that arrives meanwhile is not undone by saving.
    let before = use_state(|| props.view.clone());
    let old_contacts = before.contacts.clone().unwrap_or_default();
    let name = use_state(|| before.staff.name.clone());
    let draft = use_draft(&old_contacts);
    let is_checked = use_state(|| false);
    let contacts = draft.parse(&app);
    let onsubmit = {
        let (app, act, is_checked, onclose) = (
            app.clone(),
            act.clone(),
            is_checked.clone(),
            props.onclose.clone(),
        );
        let (old_name, person) = (before.staff.name.clone(), before.staff.person);
        let name = filled(&name);
        submit(move || {
            is_checked.set(true);
            let (Some(name), Some(to)) = (name.clone(), contacts.clone()) else {
                return;
            };
            let mut orders = Vec::new();
            if to != old_contacts {
                orders.push(Order::SetContacts {
                    person,
                    from: old_contacts.clone(),
                    to,
                });
            }
            if name != old_name {
                orders.push(Order::RenameStaff { person, name });
            }
            let (app, onclose) = (app.clone(), onclose.clone());
            let done = Callback::from(move |()| {
                app.toast(app.words().saved());
                onclose.emit(());
            });
            run_all(&act, orders, done);
        })
    };
    html! {
        <Dialog title={words.edit_person(&before.staff.name)} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <Field id="name" label={words.name()} value={(*name).clone()} oninput={bind(&name)} autofocus=true
                    error={(*is_checked && name.trim().is_empty()).then(|| words.fail_needed())} />
                <ContactFields draft={draft.clone()} is_checked={*is_checked} />
                <FailureNote failure={act.failure.clone()} />
                <div class="actions"><Button label={words.save()} look={Look::Primary} submit=true busy={act.is_busy} /></div>
            </form>
        </Dialog>
    }
}

/// One order after the other; what is refused stops the rest and is shown.
fn run_all(act: &crate::hooks::Act, mut orders: Vec<Order>, done: Callback<()>) {
    let Some(order) = orders.pop() else {
        done.emit(());
        return;
    };
    let next = act.clone();
    act.order(order, move |_| run_all(&next, orders.clone(), done.clone()));
}

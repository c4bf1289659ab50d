//! Registering a client, and editing one: the fields that a person may write, and only those that changed are.

use crdt_model::capability::Capability;
use crdt_model::client::{
    ADDRESS_LENGTH_MAX, CLIENT_NAME_LENGTH_MAX, Client, ClientDetails, NOTES_LENGTH_MAX,
};
use crdt_model::ids::{ClientId, SiteId};
use crdt_model::package::Connection;
use crdt_model::phone::Phone;
use yew::prelude::*;
use yew_router::prelude::*;

use super::one::NoSuchClient;
use crate::components::failure::{self, FailureNote};
use crate::components::{
    Button, Check, Empty, Failed, Field, Glyph, Look, Notice, Select, Skeleton, Tap, TextArea, Tone,
};
use crate::drafts::client::ClientDraft;
use crate::format;
use crate::hooks::form::{Draft, bind, submit, write};
use crate::hooks::{Load, use_act, use_app, use_query};
use crate::protocol::{Answer, Order, Query};
use crate::route::Route;

#[component]
pub fn NewClientPage() -> Html {
    let app = use_app();
    let words = app.words();
    let body = match app.site() {
        Some(site) => html! { <ClientForm client={None} {site} /> },
        None => {
            html! { <Empty glyph={Glyph::MapPin} title={words.no_site()} hint={words.no_site_hint()} /> }
        }
    };
    html! {
        <div class="narrow">
            <div class="page-head">
                <h1>{ words.register_client() }</h1>
                <Tap to={Route::Clients} label={words.clients()} glyph={Glyph::ArrowLeft} look={Look::Quiet} />
            </div>
            { body }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct EditClientPageProps {
    pub client: ClientId,
}

#[component]
pub fn EditClientPage(props: &EditClientPageProps) -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Client {
        client: props.client,
    }));
    let body = match &load {
        Load::Waiting => html! { <Skeleton rows=4 /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Client(Some(view)) if view.may_edit => {
                let client = &view.client;
                html! { <ClientForm client={Some(client.clone())} site={client.site} /> }
            }
            Answer::Client(Some(_)) => {
                html! { <Notice tone={Tone::Attention}>{ words.client_not_yours() }</Notice> }
            }
            _ => html! { <NoSuchClient /> },
        },
    };
    html! {
        <div class="narrow">
            <div class="page-head">
                <h1>{ words.edit_client() }</h1>
                <Tap to={Route::Client { client: props.client }} label={words.client()} glyph={Glyph::ArrowLeft} look={Look::Quiet} />
            </div>
            { body }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ClientFormProps {
    /// `None`: a new one.
    client: Option<Client>,
    site: SiteId,
}

#[component]
fn ClientForm(props: &ClientFormProps) -> Html {
    let app = use_app();
    let words = app.words();
    let country = format::country(app.currency());
    let navigator = use_navigator();
    let act = use_act();
    // What the person saw: only what differs from it is written.
    let before = use_state(|| {
        let known = props.client.as_ref().map(|client| client.details.clone());
        known.unwrap_or_default()
    });
    let draft = use_reducer(|| Draft(ClientDraft::of(&before, country)));
    let is_checked = use_state(|| false);
    let site = use_state(|| props.site.to_string());
    let session = app.session();
    let chosen: SiteId = site.parse().unwrap_or(props.site);
    let may_all = session
        .as_ref()
        .is_some_and(|session| session.may_at(Capability::ClientsEdit, chosen));

    let field = &draft.0;
    let read = field.read(country);
    let details = read.details();
    let onsubmit = {
        let (app, act, is_checked) = (app.clone(), act.clone(), is_checked.clone());
        let (details, before) = (details.clone(), (*before).clone());
        let id = props.client.as_ref().map(|client| client.id);
        submit(move || {
            is_checked.set(true);
            let Some(details) = details.clone() else {
                return;
            };
            let order = order(id, chosen, details, &before);
            let (app, navigator) = (app.clone(), navigator.clone());
            act.order(order, move |answer| {
                app.toast(app.words().client_saved());
                let made = match answer {
                    Answer::Made { id } => id.parse().ok(),
                    _ => id,
                };
                if let (Some(navigator), Some(client)) = (&navigator, made) {
                    navigator.replace(&Route::Client { client });
                }
            });
        })
    };
    let checked = |problem: Option<String>| problem.filter(|_| *is_checked);
    let needed = |is_bad: bool, text: &str| checked(is_bad.then(|| text.to_string()));
    let kinds = std::iter::once(("".into(), words.not_known().into()))
        .chain(
            Connection::ALL
                .map(|kind| (kind.code().into(), format::connection(words, kind).into())),
        )
        .collect::<Vec<_>>();
    let sites: Vec<(AttrValue, AttrValue)> = session.map_or_else(Vec::new, |session| {
        let sites = session.sites.iter();
        sites
            .map(|site| (site.id.to_string().into(), site.name.clone().into()))
            .collect()
    });
    let remind = write(&draft, |draft| &mut draft.sms_reminder);
    let remind = Callback::from(move |wanted: bool| {
        remind.emit(if wanted { "yes".into() } else { String::new() });
    });
    html! {
        <form class="form" {onsubmit} novalidate=true>
            <Field id="client-name" label={words.name()} value={field.name.clone()} oninput={write(&draft, |draft| &mut draft.name)} autofocus={props.client.is_none()}
                error={checked(read.name.is_none().then(|| if field.name.trim().is_empty() { words.fail_needed().into() } else { words.fail_name(&CLIENT_NAME_LENGTH_MAX.to_string()) }))} />
            <Field id="client-phone" kind="tel" inputmode="tel" label={words.phone()} optional=true value={field.phone.clone()} oninput={write(&draft, |draft| &mut draft.phone)}
                error={checked(read.phone.as_ref().err().map(|error| failure::phone(words, error).to_string()))} />
            if let Ok(Some(phone)) = &read.phone { <SameNumber phone={phone.clone()} except={props.client.as_ref().map(|client| client.id)} /> }
            <Field id="client-email" kind="email" inputmode="email" label={words.email()} optional=true value={field.email.clone()} oninput={write(&draft, |draft| &mut draft.email)}
                error={needed(read.email.is_none(), words.fail_email())} />
            <Field id="client-address" label={words.address()} optional=true value={field.address.clone()} oninput={write(&draft, |draft| &mut draft.address)}
                error={checked(read.address.is_none().then(|| words.fail_too_long(&ADDRESS_LENGTH_MAX.to_string())))} />
            if props.client.is_none() && sites.len() > 1 {
                <Select id="client-site" label={words.site()} value={(*site).clone()} options={sites} onchange={bind(&site)} />
            }
            if may_all {
                <div class="pair">
                    <Field id="client-expires" kind="date" label={words.expires_on()} optional=true value={field.expires_on.clone()} oninput={write(&draft, |draft| &mut draft.expires_on)}
                        error={needed(read.expires_on.is_none(), words.fail_date())} />
                    <Field id="client-registered" kind="date" label={words.registered_on()} optional=true value={field.registered_on.clone()} oninput={write(&draft, |draft| &mut draft.registered_on)}
                        error={needed(read.registered_on.is_none(), words.fail_date())} />
                </div>
                <div class="pair">
                    <Select id="client-connection" label={words.connection()} value={field.connection.clone()} options={kinds} onchange={write(&draft, |draft| &mut draft.connection)} />
                    <Field id="client-mac" label={words.mac_address()} optional=true value={field.mac.clone()} oninput={write(&draft, |draft| &mut draft.mac)}
                        error={needed(read.mac.is_none(), words.fail_mac())} />
                </div>
            }
            <Check label={words.sms_reminder_wanted()} checked={!field.sms_reminder.is_empty()} onchange={remind} />
            <TextArea id="client-notes" label={words.notes()} optional=true value={field.notes.clone()} oninput={write(&draft, |draft| &mut draft.notes)}
                error={checked(read.notes.is_none().then(|| words.fail_too_long(&NOTES_LENGTH_MAX.to_string())))} />
            <FailureNote failure={act.failure.clone()} />
            <div class="actions actions-bottom"><Button label={words.save()} look={Look::Primary} submit=true busy={act.is_busy} /></div>
        </form>
    }
}

fn order(
    id: Option<ClientId>,
    site: SiteId,
    details: ClientDetails,
    before: &ClientDetails,
) -> Order {
    match id {
        Some(client) => Order::EditClient {
            client,
            edits: details.edits_from(before),
        },
        None => Order::RegisterClient { site, details },
    }
}

#[derive(Properties, PartialEq)]
pub struct SameNumberProps {
    pub phone: Phone,
    /// Whose number it may be.
    #[prop_or_default]
    pub except: Option<ClientId>,
}

/// Who else has this number, before somebody is registered twice.
#[component]
pub fn SameNumber(props: &SameNumberProps) -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::ClientsWithPhone {
        phone: props.phone.clone(),
        except: props.except,
    }));
    let Load::Ready(answer) = &load else {
        return Html::default();
    };
    match &**answer {
        Answer::Clients(view) if !view.rows.is_empty() => html! {
            <Notice tone={Tone::Attention} testid="same-number">
                { for view.rows.iter().map(|client| html! {
                    <p>{ words.has_this_number(&client.name) }{ " " }
                        <Link<Route> to={Route::Client { client: client.id }}>{ words.open_client() }</Link<Route>></p>
                }) }
            </Notice>
        },
        _ => Html::default(),
    }
}

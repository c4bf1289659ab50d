//! Whose sale it is: a walk-in, somebody known, or somebody new who is registered by the same tap that sells.

use crdt_model::client::index::ClientFilter;
use crdt_model::client::{ClientDetails, ClientError};
use crdt_model::ids::SiteId;
use crdt_model::sale::Buyer;
use yew::prelude::*;

use crate::components::{Button, Dialog, Field, Glyph, Icon, Look, failure};
use crate::drafts::client::ClientDraft;
use crate::format::{self, country};
use crate::hooks::form::{bind, set, submit};
use crate::hooks::{Load, use_app, use_query};
use crate::i18n::Words;
use crate::pages::clients::edit::SameNumber;
use crate::protocol::{Answer, ClientView, Query};

const SHOWN: u32 = 8;

#[derive(Debug, Clone, PartialEq)]
pub enum ChosenClient {
    WalkIn,
    Known(ClientView),
    New(ClientDetails),
}

impl ChosenClient {
    pub fn name(&self, words: Words) -> String {
        match self {
            Self::WalkIn => words.walk_in().to_string(),
            Self::Known(client) => client.name.clone(),
            Self::New(details) => details.name.clone(),
        }
    }

    pub fn buyer(&self) -> Buyer {
        match self {
            Self::WalkIn => Buyer::WalkIn,
            Self::Known(client) => Buyer::Known(client.id),
            Self::New(details) => Buyer::New(details.clone()),
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct ClientDialogProps {
    pub site: SiteId,
    pub onchoose: Callback<ChosenClient>,
    pub onclose: Callback<()>,
}

#[component]
pub fn ClientDialog(props: &ClientDialogProps) -> Html {
    let app = use_app();
    let words = app.words();
    let search = use_state(String::new);
    let is_new = use_state(|| false);
    let query = Query::Clients {
        filter: ClientFilter {
            site: Some(props.site),
            search: search.trim().to_string(),
            ..ClientFilter::all(app.zone().today(app.now()))
        },
        offset: 0,
        limit: SHOWN,
    };
    let load = use_query(Some(query));
    if *is_new {
        return html! {
            <Dialog title={words.new_client()} onclose={props.onclose.clone()}>
                <NewClient name={(*search).clone()} onchoose={props.onchoose.clone()} />
            </Dialog>
        };
    }
    let found = match &load {
        Load::Ready(answer) => match &**answer {
            Answer::Clients(view) => view.rows.clone(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let row = |who: ChosenClient, note: Option<String>| {
        let (onchoose, name) = (props.onchoose.clone(), who.name(words));
        html! {
            <li>
                <button type="button" class="row" onclick={move |_| onchoose.emit(who.clone())}>
                    <Icon glyph={Glyph::User} /><span>{ name }</span>
                    if let Some(note) = note { <span class="muted">{ note }</span> }
                </button>
            </li>
        }
    };
    html! {
        <Dialog title={words.choose_client()} onclose={props.onclose.clone()}>
            <Field id="client-search" kind="search" label={words.search()} inside_label=true value={(*search).clone()} oninput={bind(&search)} />
            <ul class="rows">
                { row(ChosenClient::WalkIn, None) }
                { for found.iter().map(|client| row(ChosenClient::Known(client.clone()), client.phone.as_ref().map(|phone| format::phone(phone, app.currency())))) }
            </ul>
            if found.is_empty() && !search.trim().is_empty() { <p class="muted">{ words.no_client_found() }</p> }
            <div class="actions"><Button label={words.new_client()} glyph={Glyph::Plus} onclick={set(&is_new, true)} /></div>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
struct NewClientProps {
    name: String,
    onchoose: Callback<ChosenClient>,
}

#[component]
fn NewClient(props: &NewClientProps) -> Html {
    let app = use_app();
    let words = app.words();
    let name = {
        let typed = props.name.clone();
        use_state(move || typed)
    };
    let phone = use_state(String::new);
    let email = use_state(String::new);
    let is_checked = use_state(|| false);
    let draft = ClientDraft {
        name: (*name).clone(),
        phone: (*phone).clone(),
        email: (*email).clone(),
        ..ClientDraft::default()
    };
    // What the sale would refuse, this form refuses already.
    let read = draft.read(country(app.currency()));
    let onsubmit = {
        let (details, is_checked) = (read.details(), is_checked.clone());
        let onchoose = props.onchoose.clone();
        submit(move || {
            is_checked.set(true);
            if let Some(details) = details.clone() {
                onchoose.emit(ChosenClient::New(details));
            }
        })
    };
    let bad_name = match (&read.name, name.trim().is_empty()) {
        (Some(_), _) => None,
        (None, true) => Some(words.fail_needed().to_string()),
        (None, false) => Some(failure::client(words, ClientError::Name)),
    };
    let checked = |problem: Option<&'static str>| problem.filter(|_| *is_checked);
    html! {
        <form class="form" {onsubmit} novalidate=true>
            <Field id="client-name" label={words.name()} value={(*name).clone()} oninput={bind(&name)} autofocus=true
                error={bad_name.filter(|_| *is_checked)} />
            <Field id="client-phone" kind="tel" inputmode="tel" label={words.phone()} optional=true value={(*phone).clone()} oninput={bind(&phone)}
                error={checked(read.phone.as_ref().err().map(|error| failure::phone(words, error)))} />
            if let Ok(Some(phone)) = &read.phone { <SameNumber phone={phone.clone()} /> }
            <Field id="client-email" kind="email" inputmode="email" label={words.email()} optional=true value={(*email).clone()} oninput={bind(&email)}
                error={checked(read.email.is_none().then(|| words.fail_email()))} />
            <Button label={words.use_client()} look={Look::Primary} class="btn-block" submit=true />
        </form>
    }
}

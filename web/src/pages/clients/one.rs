//! One client: how to reach them, how their service stands, and what they bought.

use crdt_model::client::ClientEdit;
use crdt_model::document::Scalar;
use crdt_model::ids::ClientId;
use crdt_model::phone::Phone;
use yew::prelude::*;
use yew_router::prelude::*;

use super::standing_chip;
use crate::components::contested::plainly;
use crate::components::failure::FailureNote;
use crate::components::{
    Amount, Button, ContestedNote, Empty, Failed, Glyph, Icon, Look, Notice, Skeleton, Tap, Tone,
};
use crate::format;
use crate::hooks::{Act, App, Load, use_act, use_app, use_query};
use crate::i18n::Words;
use crate::protocol::{Answer, ClientPageView, Order, PurchaseView, Query};
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub struct ClientPageProps {
    pub client: ClientId,
}

#[component]
pub fn ClientPage(props: &ClientPageProps) -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Client {
        client: props.client,
    }));
    let body = match &load {
        Load::Waiting => html! { <Skeleton rows=4 /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Client(Some(view)) => html! { <ClientBody view={(**view).clone()} /> },
            _ => html! { <NoSuchClient /> },
        },
    };
    html! {
        <div class="narrow">
            <div class="page-head"><Tap to={Route::Clients} label={words.clients()} glyph={Glyph::ArrowLeft} look={Look::Quiet} /></div>
            { body }
        </div>
    }
}

#[component]
pub fn NoSuchClient() -> Html {
    let words = use_app().words();
    html! {
        <Empty glyph={Glyph::User} title={words.client_not_found()} hint={words.client_not_found_hint()}>
            <Tap to={Route::Clients} label={words.clients()} />
        </Empty>
    }
}

#[derive(Properties, PartialEq)]
struct ClientBodyProps {
    view: ClientPageView,
}

#[component]
fn ClientBody(props: &ClientBodyProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let view = &props.view;
    let client = &view.client;
    let details = &client.details;
    let today = app.zone().today(app.now());
    let set_active = {
        let (app, act, view) = (app.clone(), act.clone(), view.clone());
        Callback::from(move |()| set_active(&app, &act, &view))
    };
    let day = |date| format::day(words, date, today);
    let rows: Vec<(&str, Option<String>)> = vec![
        (
            words.phone(),
            details.phone.as_ref().map(|phone| shown(&app, phone)),
        ),
        (words.email(), details.email.clone()),
        (words.address(), details.address.clone()),
        (words.site(), Some(view.site_name.clone())),
        (words.agent(), Some(view.owner_name.clone())),
        (
            words.connection(),
            details
                .connection
                .map(|kind| format::connection(words, kind).into()),
        ),
        (words.mac_address(), details.mac.map(|mac| mac.to_string())),
        (
            words.registered_on(),
            Some(day(format::registered_on(client, &app.zone()))),
        ),
        (words.expires_on(), details.expires_on.map(day)),
        (
            words.sms_reminder(),
            Some(
                if details.sms_reminder {
                    words.yes()
                } else {
                    words.no()
                }
                .into(),
            ),
        ),
        (words.notes(), details.notes.clone()),
    ];
    html! {
        <>
            <div class="page-head">
                <h1 data-testid="client-name">{ &details.name }</h1>
                if view.may_edit { <Tap to={Route::EditClient { client: client.id }} label={words.edit()} glyph={Glyph::Pencil} /> }
            </div>
            <p>{ standing_chip(words, client.standing(today)) }</p>
            if let Some(phone) = &details.phone { <Reach phone={phone.clone()} /> }
            { for client.contested.iter().map(|field| html! {
                <ContestedNote key={field.key.clone()} field={field.clone()} label={field_name(words, field.field())} can_choose={view.may_edit}
                    say={let app = app.clone(); let name = field.field().to_string(); Callback::from(move |value| say(&app, &name, &value))} />
            }) }
            <dl class="details" data-testid="client-details">
                { for rows.into_iter().filter_map(|(name, value)| Some(html! { <div><dt>{ name }</dt><dd>{ value? }</dd></div> })) }
            </dl>
            <Purchases view={view.clone()} />
            <FailureNote failure={act.failure.clone()} />
            if view.may_edit_all {
                <div class="actions">
                    <Button look={Look::Quiet} busy={act.is_busy} onclick={set_active}
                        label={if client.active { words.deactivate_client() } else { words.activate_client() }} />
                </div>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ReachProps {
    phone: Phone,
}

/// Call and message, by whatever the device has for it.
#[component]
fn Reach(props: &ReachProps) -> Html {
    let words = use_app().words();
    let phone = props.phone.as_str();
    html! {
        <div class="actions">
            <a class={Look::Primary.class()} href={format!("tel:{phone}")}><Icon glyph={Glyph::Smartphone} /><span>{ words.call() }</span></a>
            <a class={Look::Plain.class()} href={format!("sms:{phone}")}><Icon glyph={Glyph::Share2} /><span>{ words.send_sms() }</span></a>
        </div>
    }
}

#[component]
fn Purchases(props: &ClientBodyProps) -> Html {
    let app = use_app();
    let words = app.words();
    let view = &props.view;
    let Some(latest) = view.purchases.first() else {
        return html! { <Notice tone={Tone::Plain}>{ words.no_purchases() }</Notice> };
    };
    let terms = latest
        .terms
        .as_ref()
        .map(|details| format::terms(words, details).join(" · "));
    html! {
        <>
            <section class="card-box">
                <h2>{ words.latest_purchase() }</h2>
                <p><strong>{ what(latest) }</strong>{ " · " }{ app.when(latest.at) }</p>
                if let Some(terms) = terms { <p class="muted">{ terms }</p> }
            </section>
            <h2>{ words.purchases() }</h2>
            <p class="summary"><span data-testid="purchases-count">{ words.sales_count(view.purchases_count) }</span>{ " · " }<Amount amount={view.purchases_total} /></p>
            <ul class="rows" data-testid="purchases">
                { for view.purchases.iter().map(|purchase| html! {
                    <li key={purchase.sale.to_string()}>
                        <Link<Route> to={Route::Sale { sale: purchase.sale }} classes="row">
                            <span class="row-main"><strong>{ what(purchase) }</strong>
                                <span class="muted">{ format!("{} · {} · {}", app.when(purchase.at), purchase.person_name, purchase.receipt) }</span></span>
                            <Amount amount={purchase.total} />
                            <Icon glyph={Glyph::ChevronRight} />
                        </Link<Route>>
                    </li>
                }) }
            </ul>
        </>
    }
}

/// `2 × 1 Week, 1 Day`.
fn what(purchase: &PurchaseView) -> String {
    let parts: Vec<String> = purchase
        .packages
        .iter()
        .map(|(name, many)| match many {
            1 => name.clone(),
            many => format!("{many} × {name}"),
        })
        .collect();
    parts.join(", ")
}

fn shown(app: &App, phone: &Phone) -> String {
    phone.for_reader(format::country(app.currency()))
}

/// Deactivates a client, or takes them back, with a way to undo it.
fn set_active(app: &App, act: &Act, view: &ClientPageView) {
    let words = app.words();
    let client = &view.client;
    let order = |active| Order::SetClientActive {
        client: client.id,
        active,
    };
    let name = &client.details.name;
    let text = if client.active {
        words.client_deactivated(name)
    } else {
        words.client_activated(name)
    };
    let (undo_act, undo) = (act.clone(), order(client.active));
    let undo = Callback::from(move |()| undo_act.undo(undo.clone()));
    let app = app.clone();
    act.order(order(!client.active), move |_| {
        app.toast_with_undo(text.clone(), undo.clone());
    });
}

/// A field of the record, as the screens call it.
pub fn field_name(words: Words, field: &str) -> &'static str {
    match field {
        "phone" => words.phone(),
        "email" => words.email(),
        "address" => words.address(),
        "mac" => words.mac_address(),
        "connection" => words.connection(),
        "registered_on" => words.registered_on(),
        "expires_on" => words.expires_on(),
        "sms_reminder" => words.sms_reminder(),
        "notes" => words.notes(),
        "active" => words.client_is_served(),
        _ => words.name(),
    }
}

fn say(app: &App, field: &str, value: &Scalar) -> String {
    let words = app.words();
    let today = app.zone().today(app.now());
    match ClientEdit::read(field, value) {
        Some(ClientEdit::Phone(Some(phone))) => shown(app, &phone),
        Some(ClientEdit::Connection(Some(kind))) => format::connection(words, kind).into(),
        Some(ClientEdit::RegisteredOn(Some(date)) | ClientEdit::ExpiresOn(Some(date))) => {
            format::day(words, date, today)
        }
        _ => plainly(words, value),
    }
}

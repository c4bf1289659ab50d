//! Registering a whole client list: choose a file, see what it comes to line by line, then register.

use std::rc::Rc;

use crdt_model::import::ImportLimits;
use crdt_model::import::clients::{ClientPlan, ClientRefusal};
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::failure::{self, FailureNote};
use crate::components::file_button::{ChosenFile, FileButton};
use crate::components::{Button, Glyph, Look, Notice, Tap, Tone};
use crate::format;
use crate::hooks::{use_act, use_app};
use crate::i18n::Words;
use crate::protocol::{Answer, Order, Request};
use crate::route::Route;

/// So many bad rows are listed at once; a file of nothing else is the wrong file.
const BAD_SHOWN: usize = 200;
const GOOD_SHOWN: usize = 5;

#[component]
pub fn ImportClientsPage() -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let plan = use_state(|| None::<Rc<ClientPlan>>);
    let onchoose = {
        let (plan, act) = (plan.clone(), act.clone());
        Callback::from(move |()| {
            plan.set(None);
            act.clear();
        })
    };
    let onread = {
        let (act, plan, site) = (act.clone(), plan.clone(), app.site());
        Callback::from(move |ChosenFile { bytes, .. }| {
            let plan = plan.clone();
            act.run(Request::ReadClients { bytes, site }, move |answer| {
                if let Answer::ClientPlan(read) = answer {
                    plan.set(Some(Rc::new(read.open())));
                }
            });
        })
    };
    let is_chosen = plan.is_some();
    html! {
        <div class="narrow">
            <div class="page-head">
                <h1>{ words.import_clients() }</h1>
                <Tap to={Route::Clients} label={words.clients()} glyph={Glyph::ArrowLeft} look={Look::Quiet} />
            </div>
            <FileButton id="file" hint={words.import_clients_hint()} accept=".csv,.txt,text/csv,text/plain"
                label={if is_chosen { words.other_file() } else { words.choose_file() }}
                look={if is_chosen { Look::Plain } else { Look::Primary }}
                bytes_max={ImportLimits::default().bytes_max} too_large={words.file_too_large()} {onchoose} {onread}
                is_busy={act.is_busy} />
            if act.is_busy { <p role="status">{ words.import_reading() }</p> }
            <FailureNote failure={act.failure.clone()} />
            if let Some(plan) = (*plan).clone() { <Preview {plan} /> }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PreviewProps {
    plan: Rc<ClientPlan>,
}

#[component]
fn Preview(props: &PreviewProps) -> Html {
    let app = use_app();
    let words = app.words();
    let navigator = use_navigator();
    let act = use_act();
    let plan = &props.plan;
    let count = u64::try_from(plan.ready.len()).unwrap_or(0);
    let register = {
        let (app, act, plan) = (app.clone(), act.clone(), plan.clone());
        Callback::from(move |()| {
            let (app, navigator) = (app.clone(), navigator.clone());
            let clients = plan.ready.clone();
            act.order(Order::RegisterClients { clients }, move |_| {
                app.toast(app.words().clients_imported(count));
                if let Some(navigator) = &navigator {
                    navigator.push(&Route::Clients);
                }
            });
        })
    };
    let refused = &plan.refused;
    html! {
        <>
            if !refused.is_empty() {
                <details class="card-box" open=true data-testid="import-bad">
                    <summary>{ words.import_bad(u64::try_from(refused.len()).unwrap_or(0)) }</summary>
                    <ul class="rows">
                        { for refused.iter().take(BAD_SHOWN).map(|row| html! {
                            <li class="row" key={row.line}>
                                <span class="row-main">
                                    <span><strong>{ words.import_line(&row.line.to_string()) }</strong>{ ": " }{ reason(words, &row.reason) }</span>
                                    <code class="raw">{ &row.raw }</code>
                                </span>
                            </li>
                        }) }
                    </ul>
                </details>
            }
            <Notice tone={if count == 0 { Tone::Attention } else { Tone::Safe }} testid="import-good">{ words.import_clients_good(count) }</Notice>
            if count > 0 {
                <section class="card-box">
                    <h2>{ words.import_clients_preview() }</h2>
                    <ul class="rows">
                        { for plan.ready.iter().take(GOOD_SHOWN).map(|row| html! {
                            <li class="row" key={row.line}><span class="row-main"><strong>{ &row.details.name }</strong>
                                <span class="muted">{ row.details.phone.as_ref().map(|phone| format::phone(phone.as_str(), app.currency())) }</span></span>
                                <span class="muted">{ app.site_name(row.site) }</span></li>
                        }) }
                    </ul>
                </section>
                <FailureNote failure={act.failure.clone()} />
                <div class="actions actions-bottom"><Button label={words.register_clients(count)} look={Look::Primary} busy={act.is_busy} onclick={register} /></div>
            }
        </>
    }
}

fn reason(words: Words, reason: &ClientRefusal) -> String {
    match reason {
        ClientRefusal::Details(error) => failure::client(words, *error),
        ClientRefusal::Phone(error) => failure::phone(words, error).into(),
        ClientRefusal::Mac => words.fail_mac().into(),
        ClientRefusal::Date { text } => words.bad_date(text),
        ClientRefusal::YesOrNo { text } => words.bad_yes_or_no(text),
        ClientRefusal::Connection { text } => words.bad_connection(text),
        ClientRefusal::Formula => words.bad_formula().into(),
        ClientRefusal::BadQuotes => words.bad_quotes().into(),
        ClientRefusal::Columns { found, expected } => {
            words.bad_columns(&expected.to_string(), &found.to_string())
        }
        ClientRefusal::TwiceInFile { first_line } => {
            words.bad_twice_number(&first_line.to_string())
        }
        ClientRefusal::Registered { name } => words.has_this_number(name),
        ClientRefusal::NoSuchSite { name } if name.is_empty() => words.bad_no_site().into(),
        ClientRefusal::NoSuchSite { name } => words.bad_site(name),
        ClientRefusal::NotAtSite { name } => words.bad_not_at_site(name),
    }
}

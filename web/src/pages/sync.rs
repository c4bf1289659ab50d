//! What is only on this device, what needs somebody, and the way out when nothing connects.

mod earlier;
mod held;
mod rescue;

use crdt_model::fact::HoldReason;
use yew::prelude::*;

pub use earlier::EarlierNote;
use earlier::EarlierWork;
use held::HeldEdits;
use rescue::{CarryRescue, SaveRescue};

use super::shell::{pill_text, pill_tone};
use crate::components::failure::FailureNote;
use crate::components::{Button, Dialog, Failed, Field, Glyph, Look, Notice, Skeleton, Tone};
use crate::format;
use crate::hooks::form::{bind, filled, set, submit};
use crate::hooks::{App, Load, browser, use_act, use_app, use_query};
use crate::i18n::Words;
use crate::protocol::{
    Answer, HeldView, NeedsYou, NeedsYouView, Order, PendingView, Query, Request, ShutOut,
    StoreWarning, Summary, SyncView,
};

/// Less is not worth a word.
const CLOCK_OFF_MILLIS_MIN: i64 = 120_000;

pub fn warning(words: Words, warning: StoreWarning) -> &'static str {
    match warning {
        StoreWarning::DatabaseFailed => words.warn_database(),
        StoreWarning::JournalFailed => words.warn_journal(),
        StoreWarning::Recovering => words.warn_recovering(),
    }
}

fn summary(app: &App, summary: &Summary) -> String {
    let words = app.words();
    match summary {
        Summary::Sale { receipt, total } => {
            format!("{} · {}", words.what_sale(receipt), app.money(*total))
        }
        Summary::Replacement => words.what_replacement().into(),
        Summary::Client { name } => words.what_client(name),
        Summary::Package { name } => words.what_package(name),
        Summary::Staff { name } => words.what_staff(name),
        Summary::Site { name } => words.what_site(name),
        Summary::Batch { label, codes } => words.what_batch(*codes, label),
        Summary::ImportPart { codes } => words.what_import_part(*codes),
        Summary::UndoBatch { label } => words.what_undo_batch(label),
        Summary::Lease { name } => words.what_lease(name),
        Summary::Recall => words.what_recall().into(),
        Summary::HandOver { vouchers } => words.what_hand_over(*vouchers),
        Summary::HandOverWithdrawn => words.what_hand_over_withdrawn().into(),
        Summary::HandOverTaken { code } => words.what_hand_over_taken(code),
        Summary::StockAsk { package, quantity } => words.what_stock_ask(*quantity, package),
        Summary::StockAskOver => words.what_stock_ask_over().into(),
        Summary::Decision => words.what_decision().into(),
        Summary::Other => words.what_other().into(),
    }
}

fn hold_reason(words: Words, reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::NotAllowed => words.held_not_allowed(),
        HoldReason::DeviceRevoked => words.held_revoked(),
        HoldReason::Later => words.held_of_later(),
    }
}

#[component]
pub fn SyncPage() -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Sync));
    let body = match &load {
        Load::Waiting => html! { <Skeleton /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Sync(view) => html! { <SyncBody view={view.clone()} /> },
            _ => Html::default(),
        },
    };
    html! { <div class="narrow"><div class="page-head"><h1>{ words.sync() }</h1><SyncNow /></div>{ body }</div> }
}

#[component]
fn SyncNow() -> Html {
    let app = use_app();
    let act = use_act();
    let onclick = {
        let (app, act) = (app.clone(), act.clone());
        Callback::from(move |()| {
            let app = app.clone();
            act.run(Request::SyncNow, move |_| {
                app.toast(app.words().sync_started())
            });
        })
    };
    html! {
        <>
            <Button label={app.words().sync_now()} glyph={Glyph::RefreshCw} busy={act.is_busy} {onclick} />
            <FailureNote failure={act.failure.clone()} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct SyncBodyProps {
    view: SyncView,
}

#[component]
fn SyncBody(props: &SyncBodyProps) -> Html {
    let app = use_app();
    let words = app.words();
    let view = &props.view;
    let contact = view
        .last_contact
        .map_or_else(|| words.never().to_string(), |at| app.when(at));
    html! {
        <>
            <Notice tone={pill_tone(Some(&view.pill))} testid="sync-state">
                <strong>{ pill_text(&app) }</strong>
                if let Some(why) = view.pill.shut_out { <ShutOutNote {why} /> }
            </Notice>
            if let Some(problem) = view.pill.store_warning { <Notice tone={Tone::Attention}>{ warning(words, problem) }</Notice> }
            <p class="muted">{ format!("{}: {contact}", words.last_contact()) }</p>
            if view.clock_offset_millis.abs() > CLOCK_OFF_MILLIS_MIN {
                <Notice tone={Tone::Attention}>{ words.clock_off(&format::duration(words, view.clock_offset_millis)) }</Notice>
            }
            if !view.storage_is_persistent { <p class="muted">{ words.warn_not_persistent() }</p> }
            if !view.needs_you.is_empty() {
                <section class="card-box" data-testid="needs-you">
                    <h2>{ words.needs_you() }</h2>
                    <ul class="rows">{ for view.needs_you.iter().map(|item| html! { <NeedsYouRow key={item.intent.to_string()} item={item.clone()} /> }) }</ul>
                </section>
            }
            if !view.to_decide.is_empty() {
                <section class="card-box" data-testid="to-decide">
                    <h2>{ words.to_decide() }</h2>
                    <p class="muted">{ words.to_decide_hint() }</p>
                    <ul class="rows">{ for view.to_decide.iter().map(|item| html! { <HeldRow key={item.hold.to_string()} item={item.clone()} /> }) }</ul>
                </section>
            }
            <EarlierWork stores={view.sealed.clone()} />
            <section class="card-box" data-testid="pending">
                <h2>{ words.pending(browser::device_word()) }</h2>
                if view.pending.is_empty() { <p class="muted">{ words.pending_none() }</p> }
                else {
                    <p class="muted">{ words.pending_hint() }</p>
                    <ul class="rows">{ for view.pending.iter().map(|item| pending_row(&app, item)) }</ul>
                    <SaveRescue />
                }
            </section>
            <CarryRescue />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ShutOutProps {
    why: ShutOut,
}

/// What happened, what is safe, and the way back in: nothing has to be closed for it.
#[component]
fn ShutOutNote(props: &ShutOutProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let password = use_state(String::new);
    let device = browser::device_word();
    let text = match props.why {
        ShutOut::SignedOut => words.signed_out(device),
        ShutOut::PasswordRefused => words.password_refused(device),
        ShutOut::DeviceRefused => return html! { <p>{ words.device_refused(device) }</p> },
    };
    let onsubmit = {
        let (app, act, password) = (app.clone(), act.clone(), password.clone());
        submit(move || {
            let app = app.clone();
            let request = Request::SignInAgain {
                password: (*password).clone(),
            };
            act.run(request, move |_| app.toast(app.words().signed_in_again()));
        })
    };
    html! {
        <>
            <p>{ text }</p>
            <form class="form" {onsubmit} novalidate=true>
                <Field id="again-password" kind="password" label={words.password()} autocomplete="current-password"
                    value={(*password).clone()} oninput={bind(&password)} />
                <FailureNote failure={act.failure.clone()} />
                <Button label={words.sign_in()} look={Look::Primary} submit=true busy={act.is_busy} />
            </form>
        </>
    }
}

fn pending_row(app: &App, item: &PendingView) -> Html {
    html! {
        <li class="row" key={item.intent.to_string()}>
            <span class="row-main">{ summary(app, &item.summary) }</span>
            <span class="muted">{ format::age(app.words(), item.at, app.now()) }</span>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct NeedsYouProps {
    item: NeedsYouView,
}

#[component]
fn NeedsYouRow(props: &NeedsYouProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let item = &props.item;
    let (why, can_dismiss) = match &item.why {
        NeedsYou::Held { reason } => (
            format!("{}. {}", hold_reason(words, *reason), words.held_waiting()),
            false,
        ),
        NeedsYou::Declined {
            by,
            reason: Some(reason),
        } => (words.declined_reason(by, reason), true),
        NeedsYou::Declined { by, reason: None } => (words.declined_by(by), true),
        NeedsYou::Refused { code } => (words.refused_code(code), true),
        NeedsYou::TooMuchHeld => (words.refused_much_held().into(), true),
        NeedsYou::TooManyDocuments => (words.refused_many_begun().into(), true),
        NeedsYou::OfLater => (words.refused_of_later().into(), true),
    };
    let keeps_codes = matches!(item.summary, Summary::Sale { .. } | Summary::Replacement);
    let dismiss = {
        let (act, intent) = (act.clone(), item.intent);
        Callback::from(move |()| act.run(Request::Dismiss { intent }, |_| {}))
    };
    html! {
        <li class="row row-held">
            <span class="row-main">
                <strong>{ summary(&app, &item.summary) }</strong>
                <span>{ why }</span>
                if can_dismiss && keeps_codes {
                    <span class="muted">{ words.dismiss_keeps() }</span>
                }
                <span class="muted">{ app.when(item.at) }</span>
                <FailureNote failure={act.failure.clone()} />
            </span>
            if can_dismiss { <Button label={words.dismiss()} look={Look::Quiet} busy={act.is_busy} onclick={dismiss} /> }
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct HeldProps {
    item: HeldView,
}

#[component]
fn HeldRow(props: &HeldProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let is_declining = use_state(|| false);
    let reason = use_state(String::new);
    let is_checked = use_state(|| false);
    let item = &props.item;
    let decide = {
        let (app, act, is_open) = (app.clone(), act.clone(), is_declining.clone());
        let (till, hold, told) = (item.till, item.hold, item.told);
        Callback::from(move |reason: Option<String>| {
            let accepted = reason.is_none();
            let order = Order::DecideHeld {
                till,
                hold,
                accepted,
                reason,
                told,
            };
            let (app, is_open) = (app.clone(), is_open.clone());
            act.order(order, move |_| {
                is_open.set(false);
                app.toast(if accepted {
                    app.words().accepted()
                } else {
                    app.words().declined()
                });
            });
        })
    };
    let accept = {
        let decide = decide.clone();
        Callback::from(move |()| decide.emit(None))
    };
    let onsubmit = {
        let (reason, is_checked) = (filled(&reason), is_checked.clone());
        submit(move || {
            is_checked.set(true);
            if reason.is_some() {
                decide.emit(reason.clone());
            }
        })
    };
    let (first, more) = match (item.facts.split_first(), item.edits.first()) {
        (Some((first, more)), _) => (summary(&app, first), more),
        (None, Some(edit)) => (held::what(&app, edit), &[][..]),
        (None, None) => (words.what_other().to_string(), &[][..]),
    };
    html! {
        <li class="row row-held">
            <span class="row-main">
                <strong>{ first }</strong>
                { for more.iter().map(|fact| html! { <strong data-testid="held-fact">{ summary(&app, fact) }</strong> }) }
                <span>{ words.sent_by(&item.person_name) }{ " · " }{ app.when(item.at) }</span>
                <HeldEdits edits={item.edits.clone()} more={item.more_edits} />
                <span class="muted">{ hold_reason(words, item.reason) }</span>
                if item.is_given { <span>{ words.held_given() }</span> }
                if !*is_declining { <FailureNote failure={act.failure.clone()} /> }
            </span>
            <span class="actions">
                if !item.is_given {
                    <Button label={words.accept()} look={Look::Primary} busy={act.is_busy} onclick={accept} />
                }
                <Button label={words.decline()} look={Look::Quiet} onclick={set(&is_declining, true)} />
            </span>
            if *is_declining {
                <Dialog title={words.decline_title()} onclose={set(&is_declining, false)}>
                    <form class="form" {onsubmit} novalidate=true>
                        <p>{ words.decline_consequence(&item.person_name) }</p>
                        <Field id="decline-reason" label={words.reason()} value={(*reason).clone()} oninput={bind(&reason)} autofocus=true
                            error={(*is_checked && reason.trim().is_empty()).then(|| words.fail_reason())} />
                        <FailureNote failure={act.failure.clone()} />
                        <div class="actions">
                            <Button label={words.decline()} look={Look::Danger} submit=true busy={act.is_busy} />
                            <Button label={words.cancel()} look={Look::Quiet} onclick={set(&is_declining, false)} />
                        </div>
                    </form>
                </Dialog>
            }
        </li>
    }
}

//! The till: choose a tile, tap "Cash paid".

use crdt_model::fact::PaymentMethod;
use crdt_model::ids::PackageId;
use crdt_model::money::Money;
use crdt_model::sale::{LINES_PER_SALE_MAX, SellOrder};
use yew::prelude::*;
use yew_router::prelude::*;

use super::sales::method_name;
use super::stock::AskDialog;
use crate::components::failure::FailureNote;
use crate::components::{
    Amount, Button, Dialog, Empty, Failed, Field, Glyph, Icon, Look, Notice, Skeleton, Tap, Tone,
};
use crate::format;
use crate::hooks::form::{bind, filled, set, submit};
use crate::hooks::{Act, AppAction, Load, use_act, use_app, use_query, use_today};
use crate::i18n::Words;
use crate::protocol::{Answer, CashInHand, Order, PackageChoice, Query, SellView, Tile};
use crate::route::Route;

mod client;

use client::{ChosenClient, ClientDialog};

#[component]
pub fn SellPage() -> Html {
    let app = use_app();
    let words = app.words();
    let Some(site) = app.site() else {
        return html! { <Empty glyph={Glyph::MapPin} title={words.no_site()} hint={words.no_site_hint()} /> };
    };
    html! { <Till key={site.to_string()} {site} /> }
}

#[derive(Properties, PartialEq)]
struct TillProps {
    site: crdt_model::ids::SiteId,
}

#[component]
fn Till(props: &TillProps) -> Html {
    let app = use_app();
    let words = app.words();
    let today = use_today();
    let load = use_query(Some(Query::Sell {
        site: props.site,
        today,
    }));
    let view = match &load {
        Load::Waiting => return html! { <><h1>{ words.sell() }</h1><Skeleton rows=3 /></> },
        Load::Failed(failure) => return html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Sell(view) => view.clone(),
            _ => return Html::default(),
        },
    };
    if view.tiles.is_empty() {
        let may_add = app
            .session()
            .is_some_and(|session| Route::NewPackage.is_open_to(&session));
        return html! {
            <>
                <h1>{ words.sell() }</h1>
                if may_add {
                    <Empty glyph={Glyph::Package} title={words.sell_no_packages()} hint={words.sell_no_packages_hint()}>
                        <Tap to={Route::Packages} label={words.packages()} look={Look::Primary} />
                    </Empty>
                } else {
                    <Empty glyph={Glyph::Ticket} title={words.sell_empty()} hint={words.sell_empty_hint()} />
                }
            </>
        };
    }
    html! { <Counter site={props.site} {view} /> }
}

#[derive(Properties, PartialEq)]
struct CounterProps {
    site: crdt_model::ids::SiteId,
    view: SellView,
}

#[component]
fn Counter(props: &CounterProps) -> Html {
    let app = use_app();
    let words = app.words();
    let navigator = use_navigator();
    let act = use_act();
    // After "Sell again" the same package is chosen: one tap repeats the sale.
    let chosen = {
        let last = app.state.last_sale.clone();
        use_state(move || {
            let line = last.as_ref()?.lines.first()?;
            Some((line.package.as_ref()?.id, line.price))
        })
    };
    let quantity = use_state(|| 1_u32);
    let client = use_state(|| ChosenClient::WalkIn);
    let is_choosing_client = use_state(|| false);
    let paying_by = use_state(|| None::<PaymentMethod>);
    let shows_more = use_state(|| false);
    let tile = props
        .view
        .tiles
        .iter()
        .find(|tile| Some(key(tile)) == *chosen);
    let most = tile.map_or(1, |tile| {
        tile.left
            .min(u32::try_from(LINES_PER_SALE_MAX).unwrap_or(1))
    });

    let pay = {
        let (app, act) = (app.clone(), act.clone());
        let order = tile.filter(|tile| tile.left > 0).map(|tile| SellOrder {
            site: props.site,
            package: tile.package.id,
            price: tile.price,
            quantity: *quantity,
            method: PaymentMethod::Cash,
            reference: None,
            client: client.buyer(),
        });
        Callback::from(
            move |(method, reference): (PaymentMethod, Option<String>)| {
                let Some(order) = order.clone() else { return };
                let (app, navigator) = (app.clone(), navigator.clone());
                act.order(
                    Order::Sell(SellOrder {
                        method,
                        reference,
                        ..order
                    }),
                    move |answer| {
                        if let (Answer::Sold(sale), Some(navigator)) = (answer, &navigator) {
                            let route = Route::Receipt { sale: sale.id };
                            app.state.dispatch(AppAction::Sold(sale.into()));
                            navigator.push(&route);
                        }
                    },
                );
            },
        )
    };
    let choose = {
        let (chosen, quantity, act) = (chosen.clone(), quantity.clone(), act.clone());
        Callback::from(move |key| {
            chosen.set(Some(key));
            quantity.set(1);
            act.clear();
        })
    };
    let can_pay = tile.is_some_and(|tile| tile.left > 0);
    let total = tile.map_or(Money::ZERO, |tile| (0..*quantity).map(|_| tile.price).sum());
    let cash = {
        let pay = pay.clone();
        Callback::from(move |()| pay.emit((PaymentMethod::Cash, None)))
    };
    let close_payment = {
        let (paying_by, act) = (paying_by.clone(), act.clone());
        Callback::from(move |()| {
            paying_by.set(None);
            act.clear();
        })
    };
    let step = |by: i32, label: &'static str, glyph: Glyph| {
        let next = quantity.saturating_add_signed(by);
        html! {
            <Button {label} {glyph} icon_only=true look={Look::Quiet} onclick={set(&quantity, next)}
                disabled={next < 1 || next > most} />
        }
    };
    let other = |method: PaymentMethod| {
        html! {
            <Button label={method_name(words, method)} disabled={!can_pay} onclick={set(&paying_by, Some(method))} />
        }
    };
    html! {
        <div class="till">
            <div class="page-head">
                <h1>{ words.sell() }</h1>
                <p class="till-sums">
                    <span>{ words.cash_in_hand() }{ " " }<Amount amount={props.view.cash.all} testid="cash-in-hand" /></span>
                    <CashWaiting cash={props.view.cash} />
                    <span>{ words.sold_today() }{ " " }<strong data-testid="sold-today">{ props.view.sold_today }</strong></span>
                </p>
            </div>
            <TillWarnings />
            <super::home::StockNeeds offered_only=true />
            if props.view.tiles.iter().all(|tile| tile.left == 0) { <NothingToSell /> }
            <div class="tiles" role="group" aria-label={words.choose_package()}>
                { for props.view.tiles.iter().map(|tile| html! {
                    <TileButton tile={tile.clone()} is_chosen={Some(key(tile)) == *chosen} onchoose={choose.clone()} />
                }) }
            </div>
            if let Some(tile) = tile.filter(|tile| tile.is_low) { <AskForStock tile={tile.clone()} /> }
            <div class="paybar">
                <div class="paybar-row">
                    <Button label={words.client_button(&client.name(words))} glyph={Glyph::User} look={Look::Quiet} onclick={set(&is_choosing_client, true)} />
                    <div class="stepper" role="group" aria-label={words.quantity()}>
                        { step(-1, words.quantity_fewer(), Glyph::Minus) }
                        <output data-testid="quantity">{ format!("× {}", *quantity) }</output>
                        { step(1, words.quantity_more(), Glyph::Plus) }
                    </div>
                    if can_pay { <Amount class="paybar-total" amount={total} testid="total" /> }
                </div>
                if paying_by.is_none() { <FailureNote failure={act.failure.clone()} /> }
                <div class="paybar-buttons">
                    <Button label={words.cash_paid()} glyph={Glyph::Banknote} look={Look::Primary} class="paybar-cash" disabled={!can_pay}
                        busy={act.is_busy} onclick={cash} />
                    { other(PaymentMethod::Mpesa) }
                    <Button label={if *shows_more { words.less() } else { words.more() }} look={Look::Quiet} onclick={set(&shows_more, !*shows_more)} />
                </div>
                if *shows_more {
                    <div class="paybar-buttons" role="group" aria-label={words.other_methods()}>
                        { for [PaymentMethod::Bank, PaymentMethod::Card, PaymentMethod::Other].map(other) }
                    </div>
                }
            </div>
            if *is_choosing_client {
                <ClientDialog site={props.site} onclose={set(&is_choosing_client, false)} onchoose={
                    let (client, is_open) = (client.clone(), is_choosing_client.clone());
                    Callback::from(move |who| { client.set(who); is_open.set(false); })
                } />
            }
            if let Some(method) = *paying_by {
                <PaymentDialog {method} {total} act={act.clone()} onclose={close_payment} onpaid={pay} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct CashWaitingProps {
    pub cash: CashInHand,
}

/// How much of the cash beside it is of sales about which somebody must decide, and of those that the server did not take.
#[component]
pub fn CashWaiting(props: &CashWaitingProps) -> Html {
    let app = use_app();
    let words = app.words();
    let CashInHand {
        waiting, refused, ..
    } = props.cash;
    html! {
        <>
            if waiting != Money::ZERO {
                <span class="muted" data-testid="cash-waiting">{ words.cash_waiting(&app.money(waiting)) }</span>
            }
            if refused != Money::ZERO {
                <span class="muted" data-testid="cash-refused">{ words.cash_refused(&app.money(refused)) }</span>
            }
        </>
    }
}

fn key(tile: &Tile) -> (PackageId, Money) {
    (tile.package.id, tile.price)
}

#[derive(Properties, PartialEq)]
struct TileProps {
    tile: Tile,
    is_chosen: bool,
    onchoose: Callback<(PackageId, Money)>,
}

#[component]
fn TileButton(props: &TileProps) -> Html {
    let words = use_app().words();
    let tile = &props.tile;
    let (onchoose, key) = (props.onchoose.clone(), key(tile));
    html! {
        <button type="button" class={classes!("tile", (tile.left == 0).then_some("tile-none"))}
            aria-pressed={if props.is_chosen { "true" } else { "false" }} onclick={move |_| onchoose.emit(key)}>
            <span class="tile-name">{ &tile.package.details.name }</span>
            <Amount class="tile-price" amount={tile.price} />
            <span class={classes!("tile-left", tile.is_low.then_some("tile-low"))}>{ left_text(words, tile) }</span>
            <span class="tile-terms">{ format::validity(words, &tile.package.details) }</span>
        </button>
    }
}

/// "48 left", "6 left · ask for more", "none left · asked for".
fn left_text(words: Words, tile: &Tile) -> String {
    let left = if tile.left == 0 {
        words.none_left().to_string()
    } else {
        words.left(tile.left)
    };
    match (tile.is_low, tile.is_asked) {
        (true, true) => format!("{left} · {}", words.asked_for()),
        (true, false) if tile.left > 0 => format!("{left} · {}", words.ask_for_more()),
        _ => left,
    }
}

/// What could cost a sale later is said before it is made.
#[component]
fn TillWarnings() -> Html {
    let app = use_app();
    let words = app.words();
    let warning = app.state.pill.as_ref().and_then(|pill| pill.store_warning);
    let is_risky = !app.is_online()
        && app
            .session()
            .is_some_and(|session| !session.storage_is_persistent);
    html! {
        <>
            if let Some(warning) = warning { <Notice tone={Tone::Attention}>{ super::sync::warning(words, warning) }</Notice> }
            <super::sync::EarlierNote />
            if is_risky { <p class="muted till-note"><Icon glyph={Glyph::TriangleAlert} />{ words.warn_not_persistent() }</p> }
        </>
    }
}

/// Whoever leases blocks takes one; everybody else asks.
#[component]
fn NothingToSell() -> Html {
    let app = use_app();
    let words = app.words();
    let may_lease = app
        .session()
        .is_some_and(|session| Route::Vouchers.is_open_to(&session));
    html! {
        <Notice tone={Tone::Attention}>
            <p><strong>{ words.sell_empty() }</strong></p>
            if may_lease {
                <p>{ words.sell_empty_office_hint() }</p>
                <Tap to={Route::Vouchers} label={words.vouchers()} glyph={Glyph::Ticket} />
            } else { <p>{ words.sell_empty_hint() }</p> }
        </Notice>
    }
}

#[derive(Properties, PartialEq)]
struct AskProps {
    tile: Tile,
}

/// Nothing or little left: more is asked for in the app, so that the office sees it.
#[component]
fn AskForStock(props: &AskProps) -> Html {
    let words = use_app().words();
    let is_asking = use_state(|| false);
    let tile = &props.tile;
    let packages = vec![PackageChoice {
        package: tile.package.id,
        name: tile.package.details.name.clone(),
    }];
    html! {
        <Notice tone={Tone::Attention}>
            if tile.left == 0 { <p>{ words.none_left_here() }</p> } else { <p>{ words.little_left_here() }</p> }
            if tile.is_asked { <p>{ words.ask_open_hint() }</p> }
            else { <Button label={words.ask_for_stock()} glyph={Glyph::Plus} onclick={set(&is_asking, true)} /> }
            if *is_asking { <AskDialog {packages} package={Some(tile.package.id)} onclose={set(&is_asking, false)} /> }
        </Notice>
    }
}

#[derive(Properties, PartialEq)]
struct PaymentProps {
    method: PaymentMethod,
    total: Money,
    act: Act,
    onclose: Callback<()>,
    onpaid: Callback<(PaymentMethod, Option<String>)>,
}

/// Another method than cash asks for its reference; a mobile or bank payment always has one.
#[component]
fn PaymentDialog(props: &PaymentProps) -> Html {
    let words = use_app().words();
    let reference = use_state(String::new);
    let is_checked = use_state(|| false);
    let is_needed = matches!(props.method, PaymentMethod::Mpesa | PaymentMethod::Bank);
    let is_missing = is_needed && reference.trim().is_empty();
    let onsubmit = {
        let (reference, is_checked, onpaid) =
            (reference.clone(), is_checked.clone(), props.onpaid.clone());
        let method = props.method;
        submit(move || {
            is_checked.set(true);
            if !is_missing {
                onpaid.emit((method, filled(&reference)));
            }
        })
    };
    let name = method_name(words, props.method);
    html! {
        <Dialog title={name} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <Amount class="paybar-total" amount={props.total} />
                <Field id="reference" label={words.reference()} hint={words.reference_hint()} autofocus=true optional={!is_needed}
                    value={(*reference).clone()} oninput={bind(&reference)} error={(*is_checked && is_missing).then(|| words.fail_needed())} />
                <FailureNote failure={props.act.failure.clone()} />
                <Button label={words.paid_by(name)} look={Look::Primary} class="btn-block" submit=true busy={props.act.is_busy} />
            </form>
        </Dialog>
    }
}

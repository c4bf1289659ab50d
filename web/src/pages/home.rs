//! The start: today's figures and seven days as bars. For the office also first steps and the latest sales; for those
//! who only sell what they hold and what needs them.

use std::rc::Rc;

use crdt_model::capability::Capability;
use crdt_model::money::Money;
use crdt_model::time::Timestamp;
use yew::prelude::*;
use yew_router::prelude::*;

use super::sales::SaleRows;
use super::sell::CashWaiting;
use crate::components::{
    Amount, Bar, Bars, Failed, Glyph, Icon, Look, Notice, Skeleton, Tap, Tone,
};
use crate::format;
use crate::hooks::{App, AppAction, Load, use_app, use_query, use_today};
use crate::protocol::{Answer, Query, SalesFilter, SiteNeedsView};
use crate::route::Route;

const LATEST: u32 = 5;
/// Sites at which something waits, listed one by one.
const SITES_SHOWN: usize = 6;

#[component]
pub fn HomePage() -> Html {
    let app = use_app();
    let words = app.words();
    let session = app.session();
    let may = |capability| {
        session
            .as_ref()
            .is_some_and(|session| session.may(capability))
    };
    let sees_sales = may(Capability::SalesAll) || may(Capability::Sell);
    let today = use_today();
    let filter = SalesFilter {
        from: Some(today),
        ..SalesFilter::default()
    };
    let sales = use_query(sees_sales.then_some(Query::Sales {
        filter,
        offset: 0,
        limit: LATEST,
    }));
    let days = use_days(today, sees_sales);
    let packages = use_query(may(Capability::PackagesManage).then_some(Query::Packages));
    let staff = use_query(may(Capability::StaffManage).then_some(Query::Staff));
    let site = app.site();
    let vouchers = use_query(
        site.filter(|_| may(Capability::VouchersCreate))
            .map(|site| Query::Vouchers { site }),
    );
    let Some(session) = session else {
        return Html::default();
    };

    let is_empty = |load: &Load| match load {
        Load::Ready(answer) => match &**answer {
            Answer::Packages(view) => view.packages.is_empty(),
            Answer::Vouchers(view) => view.batches.is_empty(),
            Answer::Staff(people) => people.len() < 2,
            _ => false,
        },
        _ => false,
    };
    let steps: Vec<(Route, &str, Glyph)> = [
        (
            &packages,
            Route::Packages,
            words.step_packages(),
            Glyph::Package,
        ),
        (
            &vouchers,
            Route::Import,
            words.step_vouchers(),
            Glyph::Ticket,
        ),
        (&staff, Route::NewPerson, words.step_staff(), Glyph::Users),
    ]
    .into_iter()
    .filter(|(load, ..)| is_empty(load))
    .map(|(_, route, label, glyph)| (route, label, glyph))
    .collect();
    let sales = match &sales {
        _ if !sees_sales => Html::default(),
        Load::Waiting => html! { <Skeleton rows=3 /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Sales(view) => html! {
                <>
                    <div class="day">
                        <dl class="figures">
                            <div class="figure"><dt>{ words.sales_today() }</dt><dd data-testid="sales-today">{ view.count }</dd></div>
                            <div class="figure"><dt>{ words.total() }</dt><dd><Amount amount={view.revenue} testid="revenue-today" /></dd></div>
                        </dl>
                        { seven_days(&app, today, &days) }
                    </div>
                    if !view.rows.is_empty() {
                        <div class="section-head">
                            <h2>{ words.latest_sales() }</h2><Link<Route> to={Route::Sales}>{ words.see_all() }</Link<Route>>
                        </div>
                        <SaleRows sales={view.rows.clone()} />
                    }
                </>
            },
            _ => Html::default(),
        },
    };
    html! {
        <>
            <div class="page-head">
                <h1>{ words.hello(session.name.split_whitespace().next().unwrap_or(&session.name)) }</h1>
                if session.may(Capability::Sell) { <Tap to={Route::Sell} label={words.sell()} glyph={Glyph::HandCoins} look={Look::Primary} /> }
            </div>
            <super::sync::EarlierNote />
            <StockNeeds />
            if !steps.is_empty() {
                <section class="card-box">
                    <h2>{ words.first_steps() }</h2>
                    <ol class="rows">
                        { for steps.into_iter().map(|(route, label, glyph)| html! {
                            <li><Link<Route> to={route} classes="row"><Icon {glyph} /><span>{ label }</span><Icon glyph={Glyph::ChevronRight} /></Link<Route>></li>
                        }) }
                    </ol>
                </section>
            }
            { sales }
        </>
    }
}

#[derive(Properties, PartialEq)]
pub struct StockNeedsProps {
    /// At the till: what somebody hands over, and no work of the office.
    #[prop_or_default]
    pub offered_only: bool,
}

/// What waits at the vouchers of any site.
#[component]
pub fn StockNeeds(props: &StockNeedsProps) -> Html {
    let app = use_app();
    let words = app.words();
    let load = use_query(Some(Query::StockNeeds));
    let needs = match &load {
        Load::Ready(answer) => match &**answer {
            Answer::StockNeeds(needs) => needs.clone().open(),
            _ => return Html::default(),
        },
        _ => return Html::default(),
    };
    let sites = match props.offered_only {
        true => &[][..],
        false => &needs.sites[..],
    };
    if needs.offered == 0 && sites.is_empty() {
        return Html::default();
    }
    let (first, more) = sites.split_at(sites.len().min(SITES_SHOWN));
    html! {
        <section class="card-box" data-testid="stock-needs">
            <h2>{ words.stock_needs() }</h2>
            <ul class="rows">
                if needs.offered > 0 { <li>{ need(Route::Stock, words.need_offered(needs.offered)) }</li> }
                { for first.iter().map(|needs| site_needs(&app, needs)) }
            </ul>
            if !more.is_empty() {
                <details>
                    <summary>{ words.needs_more_sites(u64::try_from(more.len()).unwrap_or(0)) }</summary>
                    <ul class="rows">{ for more.iter().map(|needs| site_needs(&app, needs)) }</ul>
                </details>
            }
        </section>
    }
}

fn need(to: Route, label: String) -> Html {
    html! {
        <Link<Route> {to} classes="row"><Icon glyph={Glyph::Layers} /><span>{ label }</span><Icon glyph={Glyph::ChevronRight} /></Link<Route>>
    }
}

/// What waits at one site, which is chosen on the way there.
fn site_needs(app: &App, needs: &SiteNeedsView) -> Html {
    let words = app.words();
    let parts = [
        (needs.asks, words.need_asks(needs.asks)),
        (needs.returns, words.need_returns(needs.returns)),
        (needs.low, words.need_low(needs.low)),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, text)| text)
        .collect();
    let has_others = app.session().is_some_and(|session| session.sites.len() > 1);
    let label = match has_others {
        true => format!("{}: {}", needs.name, parts.join(" · ")),
        false => parts.join(" · "),
    };
    let choose = {
        let (state, site) = (app.state.clone(), needs.site);
        Callback::from(move |_: MouseEvent| state.dispatch(AppAction::Site(site)))
    };
    // The link's own click comes up to here.
    html! { <li key={needs.site.to_string()} onclick={choose}>{ need(Route::Vouchers, label) }</li> }
}

const DAYS: i64 = 7;
/// Noon belongs to its day in every zone.
const NOON_MILLIS: i64 = 43_200_000;

/// The last seven days, today last.
#[hook]
fn use_days(today: Timestamp, is_wanted: bool) -> Option<Rc<Answer>> {
    let zone = use_app().zone();
    let starts = use_memo((zone, today), |(zone, today)| zone.last_days(*today, DAYS));
    let load = use_query(is_wanted.then(|| Query::Day {
        starts: (*starts).clone(),
    }));
    match load {
        Load::Ready(answer) => Some(answer),
        _ => None,
    }
}

fn seven_days(app: &App, today: Timestamp, days: &Option<Rc<Answer>>) -> Html {
    let words = app.words();
    let Some(Answer::Day(view)) = days.as_deref() else {
        return html! { <Skeleton rows=2 /> };
    };
    let (zone, currency) = (app.zone(), app.currency());
    let bars: Vec<Bar> = view
        .days
        .iter()
        .map(|day| Bar {
            label: if day.start == today {
                words.period_today().into()
            } else {
                format::weekday(words, day.start.plus_millis(NOON_MILLIS), &zone).into()
            },
            figure: format::short(day.total, currency).into(),
            full: format!(
                "{}, {}",
                words.sales_count(day.sales),
                format::money(day.total, currency)
            )
            .into(),
            value: day.total.minor(),
        })
        .collect();
    html! {
        <section class="card-box">
            <h2>{ words.seven_days() }</h2>
            <Bars title={words.seven_days()} heads={(words.day().into(), words.total().into())} {bars} />
        </section>
    }
}

/// The day of who only sells: what they hold, what they sold, what is left, what needs them.
#[component]
pub fn DayPage() -> Html {
    let app = use_app();
    let words = app.words();
    let midnight = use_today();
    let days = use_days(midnight, true);
    let needs_you = app.state.pill.as_ref().map_or(0, |pill| pill.needs_you);
    let figures = match days.as_deref() {
        Some(Answer::Day(view)) => {
            let today = view.days.iter().find(|day| day.start == midnight);
            let today = today.copied().unwrap_or_default();
            html! {
                <dl class="figures">
                    <div class="figure"><dt>{ words.cash_to_hand_over() }</dt><dd><Amount amount={view.cash.all} testid="day-cash" /></dd>
                        if view.cash.waiting > Money::ZERO || view.cash.refused > Money::ZERO { <dd class="figure-note"><CashWaiting cash={view.cash} /></dd> }
                    </div>
                    <div class="figure"><dt>{ words.sold_today() }</dt><dd data-testid="day-sold">{ today.sales }</dd></div>
                    <div class="figure"><dt>{ words.total() }</dt><dd><Amount amount={today.total} testid="day-total" /></dd></div>
                    <div class="figure"><dt>{ words.stock_left_figure() }</dt><dd data-testid="day-stock">{ view.stock_left }</dd></div>
                </dl>
            }
        }
        _ => html! { <Skeleton rows=3 /> },
    };
    html! {
        <>
            <div class="page-head">
                <h1>{ words.my_day() }</h1>
                <Tap to={Route::Sell} label={words.sell()} glyph={Glyph::HandCoins} look={Look::Primary} />
            </div>
            if needs_you > 0 {
                <Notice tone={Tone::Danger} testid="day-needs-you">
                    <strong>{ words.pill_needs_you(needs_you) }</strong>
                    <Tap to={Route::Sync} label={words.needs_you_open()} />
                </Notice>
            } else {
                <p class="muted">{ words.nothing_needs_you() }</p>
            }
            <div class="day">{ figures }{ seven_days(&app, midnight, &days) }</div>
        </>
    }
}

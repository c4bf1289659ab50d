//! What is sold: the list, and the four first packages while there are none.

use std::cell::Cell;
use std::rc::Rc;

use crdt_model::capability::Capability;
use crdt_model::package::{Connection, Package, PackageDetails};
use serde::{Deserialize, Serialize};
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{
    Amount, Button, Chip, Empty, Failed, Field, Glyph, Icon, Look, Select, Skeleton, Tap, Tone,
};
use crate::format;
use crate::hooks::{Act, App, Load, use_act, use_app, use_query};
use crate::protocol::{Answer, Order, PackageUse, Query};
use crate::route::Route;

/// What the address says after `?`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Filters {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    q: String,
    /// `on` or `off` sale; empty: all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    sale: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    kind: String,
}

impl Filters {
    fn wants(&self, package: &Package) -> bool {
        let details = &package.details;
        let search = self.q.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&search);
        (has(&details.name) || details.description.as_deref().is_some_and(has))
            && (self.sale.is_empty() || package.active == (self.sale == "on"))
            && (self.kind.is_empty() || details.kind.code() == self.kind)
    }
}

#[component]
pub fn PackagesPage() -> Html {
    let app = use_app();
    let words = app.words();
    let load = use_query(Some(Query::Packages));
    let used = use_query(Some(Query::PackageUse));
    let may_manage = app
        .session()
        .is_some_and(|session| session.may(Capability::PackagesManage));
    let body = match &load {
        Load::Waiting => html! { <Skeleton /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Packages(view) if view.packages.is_empty() && !may_manage => html! {
                <Empty glyph={Glyph::Package} title={words.packages_empty()} hint={words.sell_no_packages_hint()} />
            },
            Answer::Packages(view) if view.packages.is_empty() => {
                html! { <Offered offered={view.offered.clone()} /> }
            }
            Answer::Packages(view) => {
                let used = match &used {
                    Load::Ready(answer) => match &**answer {
                        Answer::PackageUse(used) => used.to_vec(),
                        _ => Vec::new(),
                    },
                    _ => Vec::new(),
                };
                html! { <PackageList packages={view.packages.clone()} {used} {may_manage} /> }
            }
            _ => Html::default(),
        },
    };
    html! {
        <>
            <div class="page-head">
                <h1>{ words.packages() }</h1>
                if may_manage { <Tap to={Route::NewPackage} label={words.add_package()} glyph={Glyph::Plus} look={Look::Plain} /> }
            </div>
            { body }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PackageListProps {
    packages: Vec<Package>,
    used: Vec<PackageUse>,
    may_manage: bool,
}

#[component]
fn PackageList(props: &PackageListProps) -> Html {
    let words = use_app().words();
    let navigator = use_navigator();
    let filters = use_location()
        .and_then(|location| location.query::<Filters>().ok())
        .unwrap_or_default();
    let change = {
        let filters = filters.clone();
        move |edit: fn(&mut Filters, String)| {
            let (filters, navigator) = (filters.clone(), navigator.clone());
            Callback::from(move |value: String| {
                let mut next = filters.clone();
                edit(&mut next, value);
                if let Some(navigator) = &navigator {
                    // The address only names filters; one that cannot be written is not kept.
                    let _ = navigator.replace_with_query(&Route::Packages, &next);
                }
            })
        }
    };
    let clear = {
        let change = change(|filters, _| *filters = Filters::default());
        Callback::from(move |()| change.emit(String::new()))
    };
    let sales = vec![
        ("".into(), words.all_packages().into()),
        ("on".into(), words.on_sale().into()),
        ("off".into(), words.not_on_sale().into()),
    ];
    let mut kinds: Vec<(AttrValue, AttrValue)> = vec![("".into(), words.all_connections().into())];
    kinds.extend(
        Connection::ALL.map(|kind| (kind.code().into(), format::connection(words, kind).into())),
    );
    let shown: Vec<&Package> = props
        .packages
        .iter()
        .filter(|package| filters.wants(package))
        .collect();
    let used_of = |id| props.used.iter().find(|used| used.package == id).cloned();
    html! {
        <>
            <div class="filters" role="search">
                <Field id="packages-search" kind="search" label={words.search_packages()} inside_label=true value={filters.q.clone()}
                    oninput={change(|filters, text| filters.q = text)} />
                <Select id="sale" label={words.state()} hidden_label=true value={filters.sale.clone()}
                    options={sales} onchange={change(|filters, sale| filters.sale = sale)} />
                <Select id="kind" label={words.connection()} hidden_label=true value={filters.kind.clone()}
                    options={kinds} onchange={change(|filters, kind| filters.kind = kind)} />
            </div>
            if shown.is_empty() {
                <Empty glyph={Glyph::Search} title={words.packages_none_match()}><Button label={words.clear_filters()} onclick={clear} /></Empty>
            }
            <ul class="rows" data-testid="packages">
                { for shown.into_iter().map(|package| html! {
                    <PackageRow key={package.id.to_string()} package={package.clone()} used={used_of(package.id)} may_manage={props.may_manage} />
                }) }
            </ul>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PackageRowProps {
    package: Package,
    used: Option<PackageUse>,
    may_manage: bool,
}

#[component]
fn PackageRow(props: &PackageRowProps) -> Html {
    let words = use_app().words();
    let package = &props.package;
    let cells = html! {
        <>
                <span class="row-main">
                    <strong>{ &package.details.name }</strong>
                    <span class="muted">{ format::validity_sentence(words, package) }</span>
                    if let Some(used) = &props.used {
                        <span class="muted" data-testid="package-use">{ format!("{} · {}", words.sold_count(used.sold), words.clients_count(used.clients)) }</span>
                    }
                    if !package.contested.is_empty() { <Chip tone={Tone::Attention} label={words.contested()} /> }
                </span>
                if !package.active { <Chip tone={Tone::Plain} label={words.not_on_sale()} /> }
                <Amount amount={package.details.price} />
        </>
    };
    html! {
        <li>
            if props.may_manage {
                <Link<Route> to={Route::Package { package: package.id }} classes="row">{ cells }<Icon glyph={Glyph::ChevronRight} /></Link<Route>>
            } else {
                <div class="row">{ cells }</div>
            }
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct OfferedProps {
    offered: Vec<PackageDetails>,
}

#[component]
fn Offered(props: &OfferedProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let count = u64::try_from(props.offered.len()).unwrap_or(0);
    let add = {
        let (app, act, offered) = (app.clone(), act.clone(), props.offered.clone());
        Callback::from(move |()| add_all(&app, &act, offered.clone().into(), Rc::new(Cell::new(0))))
    };
    html! {
        <Empty glyph={Glyph::Package} title={words.packages_empty()} hint={words.packages_empty_hint()}>
            <ul class="rows">
                { for props.offered.iter().map(|details| html! {
                    <li class="row"><strong class="row-main">{ &details.name }</strong><Amount amount={details.price} /></li>
                }) }
            </ul>
            <FailureNote failure={act.failure.clone()} />
            if count > 0 { <Button label={words.add_these(count)} look={Look::Primary} busy={act.is_busy} onclick={add} /> }
        </Empty>
    }
}

/// One order after the other, each saved before the next; a failure stops and says why.
fn add_all(app: &App, act: &Act, offered: Rc<[PackageDetails]>, next: Rc<Cell<usize>>) {
    let Some(details) = offered.get(next.get()) else {
        app.toast(app.words().packages_added());
        return;
    };
    let (app, again, left) = (app.clone(), act.clone(), offered.clone());
    act.order(Order::AddPackage(details.clone()), move |_| {
        next.set(next.get() + 1);
        add_all(&app, &again, left.clone(), next.clone());
    });
}

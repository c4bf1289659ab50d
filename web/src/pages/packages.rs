//! What is sold: the list, and the four first packages while there are none.

use std::cell::Cell;
use std::rc::Rc;

use crdt_model::capability::Capability;
use crdt_model::package::{Connection, Package, PackageDetails};
use serde::{Deserialize, Serialize};
use yew::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{
    Amount, Button, Chip, Empty, Failed, FewRows, Field, Glyph, Look, Select, Skeleton, Table, Tap,
    Tone,
};
use crate::format;
use crate::hooks::{Act, App, Load, use_act, use_app, use_filters, use_query};
use crate::protocol::{Answer, Order, PackageUse, Query};
use crate::route::Route;

/// What the address says after `?`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Filters {
    #[serde(skip_serializing_if = "String::is_empty")]
    q: String,
    /// `on` or `off` sale; empty: all.
    #[serde(skip_serializing_if = "String::is_empty")]
    sale: String,
    #[serde(skip_serializing_if = "String::is_empty")]
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
    let filters = use_filters::<Filters>(Route::Packages);
    let sales = vec![
        ("".into(), words.all_packages().into()),
        ("on".into(), words.on_sale().into()),
        ("off".into(), words.not_on_sale().into()),
    ];
    let mut kinds: Vec<(AttrValue, AttrValue)> = vec![("".into(), words.all_connections().into())];
    kinds.extend(
        Connection::ALL.map(|kind| (kind.code().into(), format::connection(words, kind).into())),
    );
    let used_of = |id| props.used.iter().find(|used| used.package == id).cloned();
    let shown = props
        .packages
        .iter()
        .filter(|package| filters.wants(package));
    let rows: Vec<Rc<Line>> = shown
        .map(|package| {
            Rc::new(Line {
                package: package.clone(),
                used: used_of(package.id),
                may_manage: props.may_manage,
            })
        })
        .collect();
    html! {
        <>
            <div class="filters" role="search">
                <Field id="packages-search" kind="search" label={words.search_packages()} inside_label=true value={filters.q.clone()}
                    oninput={filters.change(|filters, text| filters.q = text)} />
                <Select id="sale" label={words.state()} hidden_label=true value={filters.sale.clone()}
                    options={sales} onchange={filters.change(|filters, sale| filters.sale = sale)} />
                <Select id="kind" label={words.connection()} hidden_label=true value={filters.kind.clone()}
                    options={kinds} onchange={filters.change(|filters, kind| filters.kind = kind)} />
            </div>
            if rows.is_empty() {
                <Empty glyph={Glyph::Search} title={words.packages_none_match()}><Button label={words.clear_filters()} onclick={filters.clear()} /></Empty>
            }
            if !rows.is_empty() { <FewRows<Packages> class="list-packages" label={words.packages()} testid="packages" {rows} /> }
        </>
    }
}

/// A package, what became of it, and whether it opens.
#[derive(Clone, PartialEq)]
struct Line {
    package: Package,
    used: Option<PackageUse>,
    may_manage: bool,
}

/// The packages, for [`FewRows`].
#[derive(PartialEq)]
struct Packages;

impl Table for Packages {
    type Row = Line;

    fn key(line: &Line) -> String {
        line.package.id.to_string()
    }

    fn route(line: &Line) -> Option<Route> {
        line.may_manage.then_some(Route::Package {
            package: line.package.id,
        })
    }

    fn head(app: &App) -> Html {
        let words = app.words();
        html! {
            <>
                <span>{ words.name() }</span><span>{ words.package_gives() }</span><span>{ words.sold() }</span>
                <span>{ words.state() }</span><span class="right">{ words.price() }</span>
            </>
        }
    }

    fn cells(app: &App, line: &Line) -> Html {
        let words = app.words();
        let package = &line.package;
        html! {
            <>
                <strong class="package-name">{ &package.details.name }</strong>
                <span class="package-gives muted">{ format::validity_sentence(words, package) }</span>
                <span class="package-used muted">
                    if let Some(used) = &line.used {
                        <span data-testid="package-use">{ format!("{} · {}", words.sold_count(used.sold), words.clients_count(used.clients)) }</span>
                    }
                </span>
                <span class="package-state">
                    if !package.contested.is_empty() { <Chip tone={Tone::Attention} label={words.contested()} /> }
                    if package.active { <Chip tone={Tone::Safe} label={words.on_sale()} /> }
                    else { <Chip tone={Tone::Plain} label={words.not_on_sale()} /> }
                </span>
                <Amount class="package-price right" amount={package.details.price} />
            </>
        }
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

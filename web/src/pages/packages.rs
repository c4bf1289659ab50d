//! What is sold: the list, and the four first packages while there are none.

use std::cell::Cell;
use std::rc::Rc;

use crdt_model::package::{Package, PackageDetails};
use yew::prelude::*;
use yew_router::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{
    Amount, Button, Chip, Empty, Failed, Glyph, Icon, Look, Skeleton, Tap, Tone,
};
use crate::format;
use crate::hooks::{Act, App, Load, use_act, use_app, use_query};
use crate::protocol::{Answer, Order, Query};
use crate::route::Route;

#[component]
pub fn PackagesPage() -> Html {
    let words = use_app().words();
    let load = use_query(Some(Query::Packages));
    let body = match &load {
        Load::Waiting => html! { <Skeleton /> },
        Load::Failed(failure) => html! { <Failed failure={failure.clone()} /> },
        Load::Ready(answer) => match &**answer {
            Answer::Packages(view) if view.packages.is_empty() => {
                html! { <Offered offered={view.offered.clone()} /> }
            }
            Answer::Packages(view) => html! {
                <ul class="rows" data-testid="packages">
                    { for view.packages.iter().map(|package| html! { <PackageRow key={package.id.to_string()} package={package.clone()} /> }) }
                </ul>
            },
            _ => Html::default(),
        },
    };
    html! {
        <>
            <div class="page-head">
                <h1>{ words.packages() }</h1>
                <Tap to={Route::NewPackage} label={words.add_package()} glyph={Glyph::Plus} look={Look::Plain} />
            </div>
            { body }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PackageRowProps {
    package: Package,
}

#[component]
fn PackageRow(props: &PackageRowProps) -> Html {
    let words = use_app().words();
    let package = &props.package;
    html! {
        <li>
            <Link<Route> to={Route::Package { package: package.id }} classes="row">
                <span class="row-main">
                    <strong>{ &package.details.name }</strong>
                    <span class="muted">{ format::validity_sentence(words, package) }</span>
                    if !package.contested.is_empty() { <Chip tone={Tone::Attention} label={words.contested()} /> }
                </span>
                if !package.active { <Chip tone={Tone::Plain} label={words.not_on_sale()} /> }
                <Amount amount={package.details.price} />
                <Icon glyph={Glyph::ChevronRight} />
            </Link<Route>>
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

//! Asking the worker from a component: views that stay up to date, and acts with their outcome.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::app::use_app;
use crate::protocol::{Answer, Failure, Order, Query, Request};
use crate::turns::{IfBusy, Turns};

/// A view on its way.
#[derive(Debug, Clone, PartialEq)]
pub enum Load {
    Waiting,
    Ready(Rc<Answer>),
    Failed(Failure),
}

/// The answer to a query, asked again whenever it may have changed. While a newer answer is on its way the one
/// before stays on screen, and a failure does not hide what is known.
#[hook]
pub fn use_query(query: Option<Query>) -> Load {
    let app = use_app();
    let load = use_state(|| Load::Waiting);
    let is_known = use_mut_ref(|| false);
    let deps = (query, app.state.revision);
    let worker = app.worker;
    {
        let load = load.clone();
        use_effect_with(deps, move |(query, _)| {
            let is_current = Rc::new(Cell::new(true));
            if let (Some(query), Some(worker)) = (query.clone(), worker) {
                let is_current = is_current.clone();
                spawn_local(async move {
                    let result = worker.call(Request::Query(query)).await;
                    if !is_current.get() {
                        return;
                    }
                    match result {
                        Ok(answer) => {
                            *is_known.borrow_mut() = true;
                            load.set(Load::Ready(Rc::new(answer)));
                        }
                        Err(failure) if !*is_known.borrow() => load.set(Load::Failed(failure)),
                        Err(_) => {}
                    }
                });
            }
            move || is_current.set(false)
        });
    }
    (*load).clone()
}

/// A request, and who takes its answer.
type Asked = (Request, Callback<Answer>);

/// One thing a person does: it is under way, or it failed and says why.
#[derive(Clone, PartialEq)]
pub struct Act {
    pub is_busy: bool,
    pub failure: Option<Failure>,
    run: Callback<(Asked, IfBusy)>,
    clear: Callback<()>,
}

impl Act {
    /// For what shows that it is busy: while one is under way another tap does nothing.
    pub fn run(&self, request: Request, then: impl Fn(Answer) + 'static) {
        self.ask(request, IfBusy::Ignore, then);
    }

    pub fn order(&self, order: Order, then: impl Fn(Answer) + 'static) {
        self.run(Request::Do(order), then);
    }

    /// For what is read as it was chosen last: while one is under way the latest waits, and takes the place of its answer.
    pub fn choose(&self, request: Request, then: impl Fn(Answer) + 'static) {
        self.ask(request, IfBusy::Supersede, then);
    }

    /// The way back of a message: it can be tapped while something else is under way, and comes after that.
    pub fn undo(&self, order: Order) {
        self.ask(Request::Do(order), IfBusy::Wait, |_| {});
    }

    fn ask(&self, request: Request, if_busy: IfBusy, then: impl Fn(Answer) + 'static) {
        self.run.emit(((request, Callback::from(then)), if_busy));
    }

    pub fn clear(&self) {
        self.clear.emit(());
    }
}

/// An act of this component.
#[hook]
pub fn use_act() -> Act {
    let app = use_app();
    let is_busy = use_state(|| false);
    let failure = use_state(|| None::<Failure>);
    // The state above is as old as the last render; two taps can come between two renders.
    let turns = use_mut_ref(Turns::<Asked>::default);
    let run = {
        let (is_busy, failure, worker) = (is_busy.clone(), failure.clone(), app.worker);
        Callback::from(move |(asked, if_busy): (Asked, IfBusy)| {
            let Some(worker) = worker.clone() else { return };
            let mut next = turns.borrow_mut().ask(asked, if_busy);
            if next.is_none() {
                return;
            }
            is_busy.set(true);
            failure.set(None);
            let (is_busy, failure, turns) = (is_busy.clone(), failure.clone(), turns.clone());
            spawn_local(async move {
                while let Some((request, then)) = next {
                    let result = worker.call(request).await;
                    let (is_wanted, after) = turns.borrow_mut().end();
                    next = after;
                    if next.is_none() {
                        is_busy.set(false);
                    }
                    match result {
                        _ if !is_wanted => {}
                        Ok(answer) => then.emit(answer),
                        Err(error) => failure.set(Some(error)),
                    }
                }
            });
        })
    };
    let clear = {
        let failure = failure.clone();
        Callback::from(move |()| failure.set(None))
    };
    Act {
        is_busy: *is_busy,
        failure: (*failure).clone(),
        run,
        clear,
    }
}

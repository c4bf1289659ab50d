//! The last step: what was made, and the way back.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::Step;
use crate::components::failure::{self, FailureNote};
use crate::components::{Button, Look, Notice, Tap, Tone};
use crate::hooks::use_app;
use crate::protocol::{Failure, ImportEnd, ImportSaved, Order, Request};
use crate::route::Route;
use crate::views::import::outcome;

#[derive(Properties, PartialEq)]
pub struct DoneStepProps {
    pub saved: Rc<ImportSaved>,
    pub go: Callback<Step>,
}

#[derive(Clone, PartialEq)]
enum Undo {
    Not,
    Running,
    Done,
    Failed(Failure),
}

#[component]
pub fn DoneStep(props: &DoneStepProps) -> Html {
    let app = use_app();
    let words = app.words();
    let undo = use_state(|| Undo::Not);
    let batches = &props.saved.batches;
    let on_undo = {
        let (app, undo, saved) = (app.clone(), undo.clone(), props.saved.clone());
        Callback::from(move |()| {
            let Some(worker) = app.worker.clone() else {
                return;
            };
            undo.set(Undo::Running);
            let (undo, saved) = (undo.clone(), saved.clone());
            spawn_local(async move {
                for made in &saved.batches {
                    let order = Order::UndoBatch {
                        site: saved.site,
                        batch: made.batch,
                    };
                    if let Err(failure) = worker.call(Request::Do(order)).await {
                        return undo.set(Undo::Failed(failure));
                    }
                }
                undo.set(Undo::Done);
            });
        })
    };
    let again = {
        let go = props.go.clone();
        Callback::from(move |()| go.emit(Step::File))
    };
    let (tone, testid) = match &props.saved.ended {
        ImportEnd::Done => (Tone::Safe, "import-done"),
        ImportEnd::Stopped => (Tone::Attention, "import-stopped"),
        ImportEnd::Failed { .. } => (Tone::Danger, "import-failed"),
    };
    let end = if *undo == Undo::Done {
        html! { <Notice tone={Tone::Attention} testid="import-undone">{ words.import_undone() }</Notice> }
    } else {
        let lines = outcome(words, &props.saved, |failure| failure::text(&app, failure));
        html! { <Notice {tone} {testid}>{ for lines.into_iter().map(|line| html! { <p>{ line }</p> }) }</Notice> }
    };
    let failed = match &*undo {
        Undo::Failed(failure) => Some(failure.clone()),
        _ => None,
    };
    let may_undo = !batches.is_empty() && *undo != Undo::Done;
    html! {
        <div class="form" data-took={props.saved.took_millis.to_string()} data-longest={props.saved.longest_slice_millis.to_string()} data-testid="import-end">
            { end }
            if !batches.is_empty() && *undo != Undo::Done {
                <section class="card-box">
                    <ul class="rows">
                        { for batches.iter().map(|batch| html! {
                            <li class="row" key={batch.batch.to_string()}>
                                <span class="row-main"><strong>{ &batch.label }</strong></span>
                                <span class="muted">{ words.vouchers_count(batch.vouchers) }</span>
                            </li>
                        }) }
                    </ul>
                </section>
                <p class="muted">{ words.import_duplicates_hint() }</p>
            }
            <FailureNote failure={failed} />
            <div class="actions actions-bottom">
                <Tap to={Route::Vouchers} label={words.vouchers()} look={Look::Primary} />
                if may_undo { <Button label={words.undo_import()} look={Look::Danger} onclick={on_undo} busy={*undo == Undo::Running} testid="import-undo" /> }
                <Button label={words.import_again()} look={Look::Quiet} onclick={again} />
            </div>
        </div>
    }
}

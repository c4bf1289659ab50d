//! Importing vouchers, step by step: file, columns where they are not known, packages, check, done. The file stays in
//! the worker; what is shown are counts, samples and pages of what is refused.

mod check;
mod columns;
mod done;
mod file;
mod packages;
mod reasons;
pub mod undo;

use std::rc::Rc;

use crdt_model::import::Grouping;
use crdt_model::package::Package;
use yew::prelude::*;

use crate::components::{Glyph, Look, Notice, Skeleton, Tap, Tone};
use crate::drafts::import::GroupDraft;
use crate::hooks::{Load, use_app, use_query};
use crate::i18n::Words;
use crate::protocol::{Answer, ImportCall, ImportSaved, OpenedFile, Query, ReadFile, Request};
use crate::route::Route;

use check::CheckStep;
use columns::ColumnsStep;
use done::DoneStep;
use file::FileStep;
use packages::PackagesStep;

/// What one agent sells in a day or two.
const BLOCK_SIZE: &str = "50";

/// Where the wizard is.
#[derive(Clone, PartialEq)]
enum Step {
    File,
    Columns(Rc<OpenedFile>),
    Packages(Rc<ReadFile>),
    Check(Rc<ReadFile>),
    Done(Rc<ImportSaved>),
}

impl Step {
    const fn number(&self) -> u32 {
        match self {
            Self::File | Self::Columns(_) => 1,
            Self::Packages(_) => 2,
            Self::Check(_) => 3,
            Self::Done(_) => 4,
        }
    }
}

/// What a person chose for the file as a whole.
#[derive(Clone, PartialEq)]
struct Choices {
    groups: Vec<GroupDraft>,
    grouping: Grouping,
    block_size: String,
}

#[component]
pub fn ImportPage() -> Html {
    let app = use_app();
    let words = app.words();
    let step = use_state(|| Step::File);
    let name = use_state(String::new);
    let choices = use_state(|| Choices {
        groups: Vec::new(),
        grouping: Grouping::Package,
        block_size: BLOCK_SIZE.to_owned(),
    });
    let loaded = use_query(Some(Query::Packages));
    {
        // What is left behind when the page goes is of no use to anybody.
        let worker = app.worker.clone();
        use_effect_with((), move |()| {
            move || {
                if let Some(worker) = worker {
                    wasm_bindgen_futures::spawn_local(async move {
                        let _ = worker.call(Request::Import(ImportCall::Close)).await;
                    });
                }
            }
        });
    }
    let packages: Vec<Package> = match &loaded {
        Load::Waiting => return html! { <><h1>{ words.import_title() }</h1><Skeleton /></> },
        Load::Ready(answer) => match &**answer {
            Answer::Packages(view) => view
                .packages
                .iter()
                .filter(|package| package.active)
                .cloned()
                .collect(),
            _ => Vec::new(),
        },
        Load::Failed(_) => Vec::new(),
    };
    let go = {
        let step = step.clone();
        Callback::from(move |next: Step| step.set(next))
    };
    let on_read = {
        let (step, choices, name) = (step.clone(), choices.clone(), name.clone());
        let (packages, currency) = (packages.clone(), app.currency());
        Callback::from(move |read: Rc<ReadFile>| {
            choices.set(Choices {
                groups: GroupDraft::all(&read.groups, &packages, &name, currency),
                ..(*choices).clone()
            });
            step.set(Step::Packages(read));
        })
    };
    let set_choices = {
        let choices = choices.clone();
        Callback::from(move |next: Choices| choices.set(next))
    };
    let body = match &*step {
        Step::File => {
            let on_name = {
                let name = name.clone();
                Callback::from(move |chosen: String| name.set(chosen))
            };
            html! { <FileStep go={go.clone()} {on_read} {on_name} /> }
        }
        Step::Columns(opened) => {
            html! { <ColumnsStep opened={opened.clone()} go={go.clone()} {on_read} /> }
        }
        Step::Packages(read) => html! {
            <PackagesStep read={read.clone()} {packages} choices={(*choices).clone()} {set_choices} go={go.clone()} />
        },
        Step::Check(read) => html! {
            <CheckStep read={read.clone()} {packages} choices={(*choices).clone()} name={(*name).clone()} go={go.clone()} />
        },
        Step::Done(saved) => html! { <DoneStep saved={saved.clone()} go={go.clone()} /> },
    };
    html! {
        <div class="narrow">
            <div class="page-head">
                <h1>{ words.import_title() }</h1>
                <Tap to={Route::Vouchers} label={words.vouchers()} glyph={Glyph::ArrowLeft} look={Look::Quiet} />
            </div>
            { steps(words, step.number()) }
            if app.site().is_none() { <Notice tone={Tone::Attention}>{ words.no_site_hint() }</Notice> }
            else { { body } }
        </div>
    }
}

fn steps(words: Words, at: u32) -> Html {
    let names = [
        words.import_step_file(),
        words.import_step_packages(),
        words.import_step_check(),
        words.import_step_done(),
    ];
    html! {
        <ol class="steps-line" data-testid="import-steps">
            { for (1..).zip(names).map(|(number, name)| html! {
                <li class={classes!((number <= at).then_some("step-reached"))} aria-current={(number == at).then_some("step")}>{ name }</li>
            }) }
        </ol>
    }
}

//! The first step: choose a file, see what it seems to be, say otherwise if it is not.

use std::rc::Rc;

use crdt_model::import::{ImportLimits, Kind, Layout};
use yew::prelude::*;

use super::Step;
use crate::components::failure::{self, FailureNote};
use crate::components::file_button::{ChosenFile, FileButton};
use crate::components::{Button, Look, Notice, Select, Tone};
use crate::hooks::{use_act, use_app};
use crate::i18n::{Words, grouped};
use crate::protocol::{Answer, ImportCall, ImportStep, OpenedFile, ReadFile, Request};

#[derive(Properties, PartialEq)]
pub struct FileStepProps {
    pub go: Callback<Step>,
    pub on_read: Callback<Rc<ReadFile>>,
    pub on_name: Callback<String>,
}

#[component]
pub fn FileStep(props: &FileStepProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let opened = use_state(|| None::<Rc<OpenedFile>>);
    let onchoose = {
        let (opened, act) = (opened.clone(), act.clone());
        // Until this file is here, the button that reads must not read the one before.
        Callback::from(move |()| {
            opened.set(None);
            act.clear();
        })
    };
    let onread = {
        let (act, opened, on_name) = (act.clone(), opened.clone(), props.on_name.clone());
        Callback::from(move |ChosenFile { name, bytes }| {
            let opened = opened.clone();
            on_name.emit(name.clone());
            let call = ImportCall::Open { name, bytes };
            act.run(Request::Import(call), move |answer| {
                if let Answer::ImportOpened(file) = answer {
                    opened.set(Some(Rc::new(file.open())));
                }
            });
        })
    };
    let on_kind = {
        let (act, opened) = (act.clone(), opened.clone());
        Callback::from(move |value: String| {
            let opened = opened.clone();
            let call = ImportCall::Detect {
                kind: kind_of(&value),
                header: None,
            };
            act.run(Request::Import(call), move |answer| {
                if let Answer::ImportOpened(file) = answer {
                    opened.set(Some(Rc::new(file.open())));
                }
            });
        })
    };
    let to_columns = |file: Rc<OpenedFile>| {
        let go = props.go.clone();
        Callback::from(move |()| go.emit(Step::Columns(file.clone())))
    };
    let is_chosen = opened.is_some();
    html! {
        <>
            <FileButton id="file" hint={words.import_file_hint()} accept=".csv,.txt,.rsc,text/csv,text/plain"
                label={if is_chosen { words.other_file() } else { words.choose_file() }}
                look={if is_chosen { Look::Plain } else { Look::Primary }}
                bytes_max={ImportLimits::default().bytes_max} too_large={words.file_too_large()} {onchoose} {onread}
                is_busy={act.is_busy} />
            if let Some(file) = (*opened).clone() {
                <section class="card-box form" data-testid="import-detected">
                    <Select id="kind" label={words.import_kind()} hint={words.import_kind_hint()} value={kind_value(file.detected.kind)} onchange={on_kind}
                        options={kinds(words)} />
                    if let Some(layout) = &file.detected.layout { <p class="muted">{ columns_text(words, layout) }</p> }
                    if let Some(problem) = &file.problem {
                        <Notice tone={Tone::Attention}>{ failure::file(words, problem) }</Notice>
                        <div class="actions actions-bottom"><Button label={words.import_choose_columns()} look={Look::Primary} onclick={to_columns(file.clone())} testid="to-columns" /></div>
                    } else {
                        <ReadButton {file} on_read={props.on_read.clone()} go={props.go.clone()} />
                    }
                </section>
            }
            <FailureNote failure={act.failure.clone()} />
        </>
    }
}

#[derive(Properties, PartialEq)]
pub struct ReadButtonProps {
    pub file: Rc<OpenedFile>,
    pub on_read: Callback<Rc<ReadFile>>,
    pub go: Callback<Step>,
}

/// Reads the rows, with progress and a way to end it.
#[component]
pub fn ReadButton(props: &ReadButtonProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let onclick = {
        let (act, on_read) = (act.clone(), props.on_read.clone());
        let detected = props.file.detected.clone();
        Callback::from(move |()| {
            let on_read = on_read.clone();
            let call = ImportCall::Read {
                kind: detected.kind,
                layout: detected.layout.clone(),
            };
            act.run(Request::Import(call), move |answer| {
                if let Answer::ImportRead(read) = answer {
                    on_read.emit(Rc::new(read.open()));
                }
            });
        })
    };
    let to_columns = {
        let (go, file) = (props.go.clone(), props.file.clone());
        Callback::from(move |()| go.emit(Step::Columns(file.clone())))
    };
    html! {
        <>
            <FailureNote failure={act.failure.clone()} />
            if act.is_busy { <Progress /> }
            <div class="actions actions-bottom">
                <Button label={words.import_read()} look={Look::Primary} {onclick} busy={act.is_busy} testid="read-file" />
                if props.file.detected.layout.is_some() && !act.is_busy {
                    <Button label={words.import_choose_columns()} look={Look::Quiet} onclick={to_columns} testid="to-columns" />
                }
            </div>
        </>
    }
}

/// How far it is, and a way to end it.
#[component]
pub fn Progress() -> Html {
    let app = use_app();
    let words = app.words();
    let stop = use_act();
    let onclick = {
        let stop = stop.clone();
        Callback::from(move |()| stop.run(Request::Import(ImportCall::Stop), |_| {}))
    };
    let (text, done, total) = match app.state.import {
        None => (words.import_reading().to_owned(), 0, 1),
        Some(progress) => {
            let part = format!(
                "{} / {}",
                grouped(u64::from(progress.done)),
                grouped(u64::from(progress.total))
            );
            let text = match progress.step {
                ImportStep::Reading => {
                    let percent = u64::from(progress.done) * 100 / u64::from(progress.total.max(1));
                    format!("{} {percent} %", words.import_reading())
                }
                ImportStep::Comparing => words.import_comparing().to_owned(),
                ImportStep::Saving => words.import_saving(&part),
            };
            (text, progress.done, progress.total)
        }
    };
    html! {
        <div class="progress-box" data-testid="import-progress">
            <p role="status">{ text }</p>
            <progress max={total.max(1).to_string()} value={done.to_string()} aria-label={words.import_title()} />
            <Button label={words.import_stop()} look={Look::Quiet} {onclick} testid="import-stop" />
        </div>
    }
}

fn kinds(words: Words) -> Vec<(AttrValue, AttrValue)> {
    [Kind::Mikhmon, Kind::RouterOs, Kind::Csv]
        .map(|kind| {
            let name = match kind {
                Kind::Mikhmon => words.kind_mikhmon(),
                Kind::RouterOs => words.kind_router(),
                Kind::Csv => words.kind_csv(),
            };
            (kind_value(kind).into(), name.into())
        })
        .to_vec()
}

const fn kind_value(kind: Kind) -> &'static str {
    match kind {
        Kind::Mikhmon => "mikhmon",
        Kind::RouterOs => "router",
        Kind::Csv => "csv",
    }
}

fn kind_of(value: &str) -> Kind {
    match value {
        "mikhmon" => Kind::Mikhmon,
        "router" => Kind::RouterOs,
        _ => Kind::Csv,
    }
}

/// `Username = user name, Profile = profile`.
fn columns_text(words: Words, layout: &Layout) -> String {
    let known: Vec<String> = layout
        .columns
        .iter()
        .filter_map(|known| {
            let meaning = failure::column(words, known.column?);
            Some(match known.name.as_str() {
                "" => meaning.to_owned(),
                name => format!("{name} = {meaning}"),
            })
        })
        .collect();
    known.join(" · ")
}

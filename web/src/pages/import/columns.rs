//! What each column of the file means, beside its first cells.

use std::rc::Rc;

use crdt_model::import::Column;
use yew::prelude::*;

use super::Step;
use super::file::ReadButton;
use crate::components::failure::{self, FailureNote};
use crate::components::{Button, Check, Look, Notice, Select, Tone};
use crate::hooks::{use_act, use_app};
use crate::i18n::Words;
use crate::protocol::{Answer, ImportCall, OpenedFile, ReadFile, Request};

#[derive(Properties, PartialEq)]
pub struct ColumnsStepProps {
    pub opened: Rc<OpenedFile>,
    pub go: Callback<Step>,
    pub on_read: Callback<Rc<ReadFile>>,
}

#[component]
pub fn ColumnsStep(props: &ColumnsStepProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let file = use_state(|| (*props.opened).clone());
    let Some(layout) = file.detected.layout.clone() else {
        return Html::default();
    };
    let on_header = {
        let (act, file) = (act.clone(), file.clone());
        Callback::from(move |has_header: bool| {
            let call = ImportCall::Detect {
                kind: file.detected.kind,
                header: Some(has_header),
            };
            let file = file.clone();
            act.choose(Request::Import(call), move |answer| {
                if let Answer::ImportOpened(opened) = answer {
                    file.set(opened.open());
                }
            });
        })
    };
    let choose = |at: usize| {
        let file = file.clone();
        Callback::from(move |value: String| {
            let mut next = (*file).clone();
            if let Some(layout) = &mut next.detected.layout
                && let Some(column) = layout.columns.get_mut(at)
            {
                column.column = value
                    .parse::<usize>()
                    .ok()
                    .and_then(|place| Column::ALL.get(place).copied());
            }
            file.set(next);
        })
    };
    let twice = Column::ALL.into_iter().find(|column| {
        let same = layout
            .columns
            .iter()
            .filter(|known| known.column == Some(*column));
        same.count() > 1
    });
    let has_code = layout.has(Column::Code) || layout.has(Column::Username);
    let options = options(words);
    let back = {
        let go = props.go.clone();
        Callback::from(move |()| go.emit(Step::File))
    };
    html! {
        <div class="form" data-testid="import-columns">
            <p>{ words.import_columns_hint() }</p>
            <Check label={words.import_header()} checked={layout.has_header} onchange={on_header} />
            { for layout.columns.iter().enumerate().map(|(at, column)| {
                let cells: Vec<&str> = file.sample.rows.iter()
                    .filter_map(|row| row.get(at)).map(String::as_str)
                    .filter(|cell| !cell.is_empty()).take(3).collect();
                let number = (at + 1).to_string();
                let label = if column.name.is_empty() { words.import_column(&number) } else { column.name.clone() };
                let value = column.column.and_then(|column| Column::ALL.iter().position(|known| *known == column));
                html! {
                    <Select key={at} id={format!("column-{at}")} {label} hint={cells.join(" · ")}
                        value={value.map(|place| place.to_string()).unwrap_or_default()} onchange={choose(at)} options={options.clone()} />
                }
            }) }
            if let Some(column) = twice { <Notice tone={Tone::Attention}>{ words.file_column_twice(failure::column(words, column)) }</Notice> }
            else if !has_code { <Notice tone={Tone::Attention}>{ words.import_needs_code() }</Notice> }
            else { <ReadButton file={Rc::new((*file).clone())} on_read={props.on_read.clone()} go={props.go.clone()} /> }
            <FailureNote failure={act.failure.clone()} />
            <div class="actions"><Button label={words.back()} look={Look::Quiet} onclick={back} /></div>
        </div>
    }
}

fn options(words: Words) -> Vec<(AttrValue, AttrValue)> {
    let mut options: Vec<(AttrValue, AttrValue)> = vec![("".into(), words.import_ignore().into())];
    options.extend(Column::ALL.iter().enumerate().map(|(at, column)| {
        let name = match column {
            Column::Validity => words.import_validity_column(),
            column => failure::column(words, *column),
        };
        (at.to_string().into(), name.into())
    }));
    options
}

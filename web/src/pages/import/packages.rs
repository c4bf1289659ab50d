//! The second step: what each group of the file is sold as.

use std::rc::Rc;

use crdt_model::capability::Capability;
use crdt_model::command::NAME_LENGTH_MAX;
use crdt_model::import::{Group, Grouping, Tally};
use crdt_model::package::{Package, Unit, Validity};
use crdt_model::voucher::CODES_PER_BLOCK_MAX;
use yew::prelude::*;

use super::{Choices, Step};
use crate::components::{Button, Field, Look, MoneyField, Notice, Select, Tone};
use crate::drafts::import::{GroupDraft, LEAVE_OUT, NEW};
use crate::format;
use crate::hooks::form::submit;
use crate::hooks::use_app;
use crate::i18n::{Words, grouped};
use crate::protocol::ReadFile;

#[derive(Properties, PartialEq)]
pub struct PackagesStepProps {
    pub read: Rc<ReadFile>,
    pub packages: Vec<Package>,
    pub choices: Choices,
    pub set_choices: Callback<Choices>,
    pub go: Callback<Step>,
}

#[component]
pub fn PackagesStep(props: &PackagesStepProps) -> Html {
    let app = use_app();
    let words = app.words();
    let currency = app.currency();
    let is_checked = use_state(|| false);
    let may_make = app
        .session()
        .is_some_and(|session| session.may(Capability::PackagesManage));
    let choices = &props.choices;
    let change = {
        let (choices, set) = (choices.clone(), props.set_choices.clone());
        Callback::from(move |(at, draft): (usize, GroupDraft)| {
            let mut next = choices.clone();
            if let Some(known) = next.groups.get_mut(at) {
                *known = draft;
            }
            set.emit(next);
        })
    };
    let on_size = {
        let (choices, set) = (choices.clone(), props.set_choices.clone());
        Callback::from(move |block_size: String| {
            set.emit(Choices {
                block_size,
                ..choices.clone()
            });
        })
    };
    let on_grouping = {
        let (choices, set) = (choices.clone(), props.set_choices.clone());
        Callback::from(move |value: String| {
            let grouping = match value.as_str() {
                "tag" => Grouping::Tag,
                _ => Grouping::Package,
            };
            set.emit(Choices {
                grouping,
                ..choices.clone()
            });
        })
    };
    let is_size = size(&choices.block_size).is_some();
    let groups = props.read.groups.iter().zip(&choices.groups);
    let is_whole = is_size
        && groups
            .clone()
            .all(|(group, draft)| draft.parsed(currency, group).is_some())
        && choices.groups.iter().any(|draft| draft.choice != LEAVE_OUT);
    let onsubmit = {
        let (go, read, is_checked) = (props.go.clone(), props.read.clone(), is_checked.clone());
        submit(move || {
            is_checked.set(true);
            if is_whole {
                go.emit(Step::Check(read.clone()));
            }
        })
    };
    let back = {
        let go = props.go.clone();
        Callback::from(move |()| go.emit(Step::File))
    };
    let tags: u32 = props.read.groups.iter().map(|group| group.tags).sum();
    html! {
        <form class="form" {onsubmit} novalidate=true data-testid="import-packages" data-took={props.read.took_millis.to_string()} data-longest={props.read.longest_slice_millis.to_string()}>
            <Notice tone={if props.read.good == 0 { Tone::Attention } else { Tone::Safe }} testid="import-good">{ words.import_good(u64::from(props.read.good)) }</Notice>
            { no_passwords(words, &props.read) }
            if props.read.refused > 0 { <p class="muted" data-testid="import-bad-count">{ words.import_bad(u64::from(props.read.refused)) }</p> }
            { for groups.enumerate().map(|(at, (group, draft))| {
                let change = change.reform(move |draft: GroupDraft| (at, draft));
                html! {
                    <GroupCard key={at} {at} group={group.clone()} draft={draft.clone()} packages={props.packages.clone()} {may_make} is_checked={*is_checked} {change} />
                }
            }) }
            if props.read.good > 0 {
                if tags > 1 {
                    <Select id="grouping" label={words.import_grouping()} value={if choices.grouping == Grouping::Tag { "tag" } else { "package" }} onchange={on_grouping}
                        options={vec![("package".into(), words.import_by_package().into()), ("tag".into(), words.import_by_tag(u64::from(tags)).into())]} />
                }
                <Field id="block-size" label={words.block_size()} hint={words.block_size_hint()} inputmode="numeric" value={choices.block_size.clone()} oninput={on_size}
                    error={(*is_checked && !is_size).then(|| words.fail_number(&grouped(CODES_PER_BLOCK_MAX as u64), "1"))} />
            }
            if *is_checked && !is_whole { <Notice tone={Tone::Attention}>{ words.import_choose_all() }</Notice> }
            <div class="actions actions-bottom">
                if props.read.good > 0 { <Button label={words.next()} look={Look::Primary} submit=true testid="to-check" /> }
                <Button label={words.back()} look={Look::Quiet} onclick={back} />
            </div>
        </form>
    }
}

/// Whoever sells what the file shows of these vouchers may sell codes that nobody can log in with.
pub fn no_passwords(words: Words, read: &ReadFile) -> Html {
    match read.has_no_passwords {
        true => html! {
            <Notice tone={Tone::Attention} testid="import-no-passwords">{ words.import_no_passwords() }</Notice>
        },
        false => Html::default(),
    }
}

pub fn size(text: &str) -> Option<u32> {
    text.trim()
        .parse::<u32>()
        .ok()
        .filter(|size| (1..=CODES_PER_BLOCK_MAX).contains(&(*size as usize)))
}

#[derive(Properties, PartialEq)]
struct GroupCardProps {
    at: usize,
    group: Group,
    draft: GroupDraft,
    packages: Vec<Package>,
    may_make: bool,
    is_checked: bool,
    change: Callback<GroupDraft>,
}

#[component]
fn GroupCard(props: &GroupCardProps) -> Html {
    let app = use_app();
    let words = app.words();
    let currency = app.currency();
    let (at, group, draft) = (props.at, &props.group, &props.draft);
    let with = |set: fn(&mut GroupDraft, String)| {
        let (draft, change) = (draft.clone(), props.change.clone());
        Callback::from(move |text: String| {
            let mut next = draft.clone();
            set(&mut next, text);
            change.emit(next);
        })
    };
    let on_choice = {
        let (draft, change, packages) =
            (draft.clone(), props.change.clone(), props.packages.clone());
        let group = group.clone();
        Callback::from(move |choice: String| {
            change.emit(draft.sold_as(choice, &group, &packages, currency));
        })
    };
    let mut options: Vec<(AttrValue, AttrValue)> = vec![
        ("".into(), words.choose_package_option().into()),
        (LEAVE_OUT.into(), words.import_leave_out().into()),
    ];
    if props.may_make {
        options.push((NEW.into(), words.import_new_package().into()));
    }
    options.extend(props.packages.iter().map(|known| {
        let text = format!(
            "{} · {}",
            known.details.name,
            app.money(known.details.price)
        );
        (known.id.to_string().into(), text.into())
    }));
    let is_new = draft.choice == NEW;
    let is_taken = !draft.choice.is_empty() && draft.choice != LEAVE_OUT;
    let missing = |is_missing: bool| {
        (props.is_checked && is_missing).then(|| words.fail_needed().to_string())
    };
    let units = Unit::ALL
        .map(|unit| (unit.code().into(), unit_name(words, unit).into()))
        .to_vec();
    html! {
        <fieldset class="card-box form" data-testid="group">
            <legend class="field-label">{ group_name(words, group) }</legend>
            <p class="muted">{ group_text(&app, group) }</p>
            <p class="muted">{ words.import_samples(&group.samples.join(" · ")) }</p>
            <Select id={format!("group-{at}-choice")} label={words.import_sold_as()} value={draft.choice.clone()} onchange={on_choice} {options}
                error={missing(draft.choice.is_empty())} />
            if is_new {
                <Field id={format!("group-{at}-name")} label={words.name()} value={draft.name.clone()} oninput={with(|draft, text| draft.name = text)}
                    error={missing(draft.name.trim().is_empty())} />
                <div class="pair">
                    <Field id={format!("group-{at}-count")} label={words.validity_count()} inputmode="numeric" value={draft.count.clone()} oninput={with(|draft, text| draft.count = text)}
                        error={missing(draft.validity().is_none())} />
                    <Select id={format!("group-{at}-unit")} label={words.validity_unit()} value={draft.unit.clone()} options={units} onchange={with(|draft, text| draft.unit = text)} />
                </div>
            }
            if is_taken {
                <div class="pair">
                    <MoneyField id={format!("group-{at}-price")} label={words.price()} {currency} value={draft.price.clone()} oninput={with(|draft, text| draft.price = text)}
                        error={(props.is_checked && draft.amount(currency).is_none()).then(|| words.fail_amount())} />
                    <Field id={format!("group-{at}-label")} label={words.batch_name()} value={draft.label.clone()} oninput={with(|draft, text| draft.label = text)}
                        error={(props.is_checked && draft.label().is_none()).then(|| words.fail_name(&NAME_LENGTH_MAX.to_string()))} />
                </div>
            }
        </fieldset>
    }
}

/// `1-SIKU (137)`.
fn group_name(words: Words, group: &Group) -> String {
    let name = match group.key.profile.as_str() {
        "" => words.import_no_profile(),
        name => name,
    };
    let name = match &group.key.price {
        Some(price) => format!("{name} · {price}"),
        None => name.to_owned(),
    };
    words.import_profile(u64::from(group.count), &name)
}

/// What the file says about the group.
fn group_text(app: &crate::hooks::App, group: &Group) -> String {
    let words = app.words();
    let mut parts = Vec::new();
    if let Some(validity) = group
        .key
        .validity
        .or_else(|| group.known.as_ref().and_then(|known| known.validity))
    {
        parts.push(words.from_first_login(&count_of(words, validity)));
    }
    if let Some(known) = &group.known {
        if let (Some(up), Some(down)) = (known.upload_kbps, known.download_kbps) {
            parts.push(words.import_speed(&rate(down), &rate(up)));
        }
        if let Some(users) = known.shared_users {
            parts.push(words.import_devices(u64::from(users)));
        }
    }
    parts.extend(tally(words, &group.uptimes, |seconds| {
        let millis = i64::try_from(seconds)
            .unwrap_or(i64::MAX / 1000)
            .saturating_mul(1000);
        words.time_online(&format::duration(words, millis))
    }));
    parts.extend(tally(words, &group.quotas, |bytes| {
        words.data_volume(&format::volume(bytes))
    }));
    parts.join(" · ")
}

fn count_of(words: Words, validity: Validity) -> String {
    match validity.unit {
        Unit::Minute => words.minutes(validity.count),
        Unit::Hour => words.hours(validity.count),
        Unit::Day => words.days(validity.count),
        Unit::Week => words.days(validity.count.saturating_mul(7)),
        Unit::Month => words.months(validity.count),
    }
}

/// Each limit with its count, unless all have the same.
fn tally(words: Words, tally: &Tally, text: impl Fn(u64) -> String) -> Vec<String> {
    if let Some(value) = tally.common() {
        return vec![text(value)];
    }
    let mut parts: Vec<String> = tally
        .counts
        .iter()
        .filter_map(|(value, count)| {
            Some(format!(
                "{} ({})",
                text((*value)?),
                grouped(u64::from(*count))
            ))
        })
        .collect();
    if tally.others > 0 {
        parts.push(words.import_other_limits(u64::from(tally.others)));
    }
    parts
}

fn unit_name(words: Words, unit: Unit) -> &'static str {
    match unit {
        Unit::Minute => words.unit_minutes(),
        Unit::Hour => words.unit_hours(),
        Unit::Day => words.unit_days(),
        Unit::Week => words.unit_weeks(),
        Unit::Month => words.unit_months(),
    }
}

fn rate(kbps: u32) -> String {
    if kbps >= 1_000 && kbps.is_multiple_of(1_000) {
        format!("{} Mbit/s", kbps / 1_000)
    } else {
        format!("{kbps} kbit/s")
    }
}

//! Form fields: label, hint and error belong to the input by `aria-describedby`.

use crdt_model::money::Currency;
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::button::Look;
use super::icon::{Glyph, Icon};
use crate::format::symbol;
use crate::hooks::use_app;

#[derive(Properties, PartialEq)]
pub struct FieldProps {
    /// Unique on the page.
    pub id: AttrValue,
    pub label: AttrValue,
    pub value: AttrValue,
    pub oninput: Callback<String>,
    #[prop_or_default]
    pub hint: Option<AttrValue>,
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// `text`, `password`, `search`, `tel`, `email`.
    #[prop_or(AttrValue::Static("text"))]
    pub kind: AttrValue,
    #[prop_or_default]
    pub inputmode: Option<AttrValue>,
    #[prop_or(AttrValue::Static("off"))]
    pub autocomplete: AttrValue,
    #[prop_or_default]
    pub optional: bool,
    #[prop_or_default]
    pub autofocus: bool,
    /// The label is for screen readers only, and stands in the empty field.
    #[prop_or_default]
    pub inside_label: bool,
    /// Stands before the input: a currency.
    #[prop_or_default]
    pub prefix: Option<AttrValue>,
}

#[component]
pub fn Field(props: &FieldProps) -> Html {
    let words = use_app().words();
    let node = use_node_ref();
    let is_shown = use_state(|| false);
    let is_password = props.kind == "password";
    use_effect_with((node.clone(), props.autofocus), |(node, autofocus)| {
        if let (true, Some(input)) = (*autofocus, node.cast::<HtmlInputElement>()) {
            let _ = input.focus();
        }
    });
    let oninput = {
        let emit = props.oninput.clone();
        Callback::from(move |event: InputEvent| {
            emit.emit(event.target_unchecked_into::<HtmlInputElement>().value())
        })
    };
    let toggle = {
        let is_shown = is_shown.clone();
        Callback::from(move |_: MouseEvent| is_shown.set(!*is_shown))
    };
    let kind = if is_password && *is_shown {
        AttrValue::Static("text")
    } else {
        props.kind.clone()
    };
    html! {
        <div class="field">
            <Label id={&props.id} label={&props.label} optional={props.optional} hidden={props.inside_label} />
            <div class={classes!("field-box", props.error.is_some().then_some("field-bad"))}>
                if let Some(prefix) = &props.prefix { <span class="field-prefix" aria-hidden="true">{ prefix }</span> }
                if props.kind == "search" { <Icon glyph={Glyph::Search} /> }
                <input
                    ref={node}
                    id={&props.id}
                    name={&props.id}
                    type={kind}
                    value={&props.value}
                    {oninput}
                    placeholder={props.inside_label.then(|| props.label.clone())}
                    inputmode={props.inputmode.clone()}
                    autocomplete={&props.autocomplete}
                    autocapitalize={(is_password || props.autocomplete == "username").then_some("none")}
                    aria-invalid={props.error.is_some().then_some("true")}
                    aria-describedby={described_by(&props.id, props.hint.as_ref(), props.error.as_ref())}
                />
                if is_password {
                    <button type="button" class={classes!(Look::Quiet.class(), "btn-square", "field-eye")} onclick={toggle}
                        aria-label={if *is_shown { words.password_hide() } else { words.password_show() }}>
                        <Icon glyph={if *is_shown { Glyph::EyeOff } else { Glyph::Eye }} />
                    </button>
                }
            </div>
            <Notes id={&props.id} hint={props.hint.clone()} error={props.error.clone()} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct MoneyFieldProps {
    pub id: AttrValue,
    pub label: AttrValue,
    pub value: AttrValue,
    pub oninput: Callback<String>,
    pub currency: Currency,
    #[prop_or_default]
    pub hint: Option<AttrValue>,
    #[prop_or_default]
    pub error: Option<AttrValue>,
}

/// An amount as people type it; parsed by the page.
#[component]
pub fn MoneyField(props: &MoneyFieldProps) -> Html {
    html! {
        <Field id={&props.id} label={&props.label} value={&props.value} oninput={props.oninput.clone()}
            hint={props.hint.clone()} error={props.error.clone()} inputmode="decimal" prefix={symbol(props.currency)} />
    }
}

#[derive(Properties, PartialEq)]
pub struct SelectProps {
    pub id: AttrValue,
    pub label: AttrValue,
    pub value: AttrValue,
    /// Value and words of each choice.
    pub options: Vec<(AttrValue, AttrValue)>,
    pub onchange: Callback<String>,
    #[prop_or_default]
    pub hint: Option<AttrValue>,
    #[prop_or_default]
    pub error: Option<AttrValue>,
    #[prop_or_default]
    pub hidden_label: bool,
}

#[component]
pub fn Select(props: &SelectProps) -> Html {
    let onchange = {
        let emit = props.onchange.clone();
        Callback::from(move |event: Event| {
            emit.emit(event.target_unchecked_into::<HtmlSelectElement>().value())
        })
    };
    let options = props.options.iter().map(|(value, words)| {
        html! { <option value={value} selected={*value == props.value}>{ words }</option> }
    });
    html! {
        <div class="field">
            <Label id={&props.id} label={&props.label} optional=false hidden={props.hidden_label} />
            <div class={classes!("field-box", props.error.is_some().then_some("field-bad"))}>
                <select id={&props.id} name={&props.id} {onchange}
                    aria-invalid={props.error.is_some().then_some("true")}
                    aria-describedby={described_by(&props.id, props.hint.as_ref(), props.error.as_ref())}>
                    { for options }
                </select>
                <Icon glyph={Glyph::ChevronDown} class="field-arrow" />
            </div>
            <Notes id={&props.id} hint={props.hint.clone()} error={props.error.clone()} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct TextAreaProps {
    pub id: AttrValue,
    pub label: AttrValue,
    pub value: AttrValue,
    pub oninput: Callback<String>,
    #[prop_or_default]
    pub error: Option<AttrValue>,
    #[prop_or_default]
    pub optional: bool,
}

/// Several lines.
#[component]
pub fn TextArea(props: &TextAreaProps) -> Html {
    let oninput = {
        let emit = props.oninput.clone();
        Callback::from(move |event: InputEvent| {
            emit.emit(event.target_unchecked_into::<HtmlTextAreaElement>().value())
        })
    };
    html! {
        <div class="field">
            <Label id={&props.id} label={&props.label} optional={props.optional} hidden=false />
            <div class={classes!("field-box", "field-tall", props.error.is_some().then_some("field-bad"))}>
                <textarea id={&props.id} name={&props.id} rows="3" value={props.value.to_string()} {oninput}
                    aria-invalid={props.error.is_some().then_some("true")}
                    aria-describedby={described_by(&props.id, None, props.error.as_ref())} />
            </div>
            <Notes id={&props.id} hint={None::<AttrValue>} error={props.error.clone()} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct CheckProps {
    pub label: AttrValue,
    pub checked: bool,
    pub onchange: Callback<bool>,
}

#[component]
pub fn Check(props: &CheckProps) -> Html {
    let onchange = {
        let emit = props.onchange.clone();
        Callback::from(move |event: Event| {
            emit.emit(event.target_unchecked_into::<HtmlInputElement>().checked())
        })
    };
    html! {
        <label class="check">
            <input type="checkbox" class="checkbox" checked={props.checked} {onchange} />
            <span>{ &props.label }</span>
        </label>
    }
}

#[derive(Properties, PartialEq)]
struct LabelProps {
    id: AttrValue,
    label: AttrValue,
    optional: bool,
    hidden: bool,
}

#[component]
fn Label(props: &LabelProps) -> Html {
    let words = use_app().words();
    html! {
        <label for={&props.id} class={if props.hidden { "sr-only" } else { "field-label" }}>
            { &props.label }
            if props.optional { <span class="field-optional">{ format!(" ({})", words.optional()) }</span> }
        </label>
    }
}

#[derive(Properties, PartialEq)]
struct NotesProps {
    id: AttrValue,
    hint: Option<AttrValue>,
    error: Option<AttrValue>,
}

#[component]
fn Notes(props: &NotesProps) -> Html {
    html! {
        <>
            if let Some(hint) = &props.hint { <p id={format!("{}-hint", props.id)} class="field-hint">{ hint }</p> }
            if let Some(error) = &props.error {
                <p id={format!("{}-error", props.id)} class="field-error"><Icon glyph={Glyph::TriangleAlert} />{ error }</p>
            }
        </>
    }
}

fn described_by(
    id: &str,
    hint: Option<&AttrValue>,
    error: Option<&AttrValue>,
) -> Option<AttrValue> {
    match (hint, error) {
        (None, None) => None,
        (Some(_), None) => Some(format!("{id}-hint").into()),
        (None, Some(_)) => Some(format!("{id}-error").into()),
        (Some(_), Some(_)) => Some(format!("{id}-error {id}-hint").into()),
    }
}

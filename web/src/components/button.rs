//! Buttons, and links that look like them.

use yew::prelude::*;
use yew_router::prelude::*;

use super::icon::{Glyph, Icon};
use crate::route::Route;

/// How loud it is. One primary a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    Primary,
    #[default]
    Plain,
    /// No border: beside others, or in a row.
    Quiet,
    /// Loses something.
    Danger,
}

impl Look {
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn btn-primary",
            Self::Plain => "btn btn-outline",
            Self::Quiet => "btn btn-ghost",
            Self::Danger => "btn btn-error",
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct ButtonProps {
    pub label: AttrValue,
    #[prop_or_default]
    pub onclick: Callback<()>,
    #[prop_or_default]
    pub look: Look,
    #[prop_or_default]
    pub glyph: Option<Glyph>,
    /// The label is for screen readers only; the icon says it to the eye.
    #[prop_or_default]
    pub icon_only: bool,
    #[prop_or_default]
    pub submit: bool,
    #[prop_or_default]
    pub disabled: bool,
    /// Under way: it stays in place and takes no second tap.
    #[prop_or_default]
    pub busy: bool,
    #[prop_or_default]
    pub class: Classes,
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

#[component]
pub fn Button(props: &ButtonProps) -> Html {
    let onclick = {
        let (emit, busy) = (props.onclick.clone(), props.busy);
        Callback::from(move |_: MouseEvent| {
            if !busy {
                emit.emit(());
            }
        })
    };
    html! {
        <button
            type={if props.submit { "submit" } else { "button" }}
            class={classes!(props.look.class(), props.icon_only.then_some("btn-square"), props.class.clone())}
            disabled={props.disabled}
            aria-busy={props.busy.then_some("true")}
            aria-label={props.icon_only.then(|| props.label.clone())}
            data-testid={props.testid.clone()}
            {onclick}
        >
            if props.busy {
                <span class="busy" aria-hidden="true"></span>
            } else if let Some(glyph) = props.glyph {
                <Icon {glyph} />
            }
            if !props.icon_only { <span>{ &props.label }</span> }
        </button>
    }
}

#[derive(Properties, PartialEq)]
pub struct TapProps {
    pub to: Route,
    pub label: AttrValue,
    #[prop_or_default]
    pub look: Look,
    #[prop_or_default]
    pub glyph: Option<Glyph>,
    #[prop_or_default]
    pub class: Classes,
}

/// A link to a screen that looks like a button.
#[component]
pub fn Tap(props: &TapProps) -> Html {
    html! {
        <Link<Route> to={props.to} classes={classes!(props.look.class(), props.class.clone())}>
            if let Some(glyph) = props.glyph { <Icon {glyph} /> }
            <span>{ &props.label }</span>
        </Link<Route>>
    }
}

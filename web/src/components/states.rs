//! The states every screen has: empty, on its way, failed, and a notice about what is partial.

use yew::prelude::*;

use super::button::{Button, Look};
use super::failure;
use super::icon::{Glyph, Icon};
use crate::hooks::{browser, use_app};

use crate::protocol::Failure;

#[derive(Properties, PartialEq)]
pub struct EmptyProps {
    pub glyph: Glyph,
    pub title: AttrValue,
    #[prop_or_default]
    pub hint: Option<AttrValue>,
    /// It is the whole screen, so its title is the screen's.
    #[prop_or_default]
    pub is_page: bool,
    /// The one action.
    #[prop_or_default]
    pub children: Html,
}

#[component]
pub fn Empty(props: &EmptyProps) -> Html {
    html! {
        <div class="empty">
            <Icon glyph={props.glyph} />
            if props.is_page { <h1>{ &props.title }</h1> } else { <h2>{ &props.title }</h2> }
            if let Some(hint) = &props.hint { <p>{ hint }</p> }
            { props.children.clone() }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct SkeletonProps {
    #[prop_or(4)]
    pub rows: usize,
}

/// It shows itself only after 300 ms; what is quicker never flickers.
#[component]
pub fn Skeleton(props: &SkeletonProps) -> Html {
    let words = use_app().words();
    html! {
        <div class="bones" role="status" aria-label={words.loading()}>
            { for (0..props.rows).map(|_| html! { <div class="skeleton bone"></div> }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct FailedProps {
    pub failure: Failure,
}

/// A whole screen that could not be shown.
#[component]
pub fn Failed(props: &FailedProps) -> Html {
    let app = use_app();
    let words = app.words();
    html! {
        <Empty glyph={Glyph::TriangleAlert} title={words.error_title()} hint={failure::text(&app, &props.failure)}>
            <Button label={words.reload()} look={Look::Primary} onclick={|()| browser::reload(None)} />
        </Empty>
    }
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Attention,
    Danger,
    Safe,
    Plain,
}

impl Tone {
    pub const fn class(self) -> &'static str {
        match self {
            Self::Attention => "tone-attention",
            Self::Danger => "tone-danger",
            Self::Safe => "tone-safe",
            Self::Plain => "tone-plain",
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct NoticeProps {
    pub tone: Tone,
    pub children: Html,
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

#[component]
pub fn Notice(props: &NoticeProps) -> Html {
    let (glyph, role) = match props.tone {
        Tone::Attention => (Glyph::TriangleAlert, None),
        Tone::Danger => (Glyph::OctagonAlert, Some("alert")),
        Tone::Safe => (Glyph::CircleCheck, None),
        Tone::Plain => (Glyph::ChevronRight, None),
    };
    html! {
        <div class={classes!("notice", props.tone.class())} {role} data-testid={props.testid.clone()}>
            <Icon {glyph} />
            <div>{ props.children.clone() }</div>
        </div>
    }
}

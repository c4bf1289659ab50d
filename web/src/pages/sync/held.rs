//! Which records would be edited by accepting what is held.

use yew::prelude::*;

use super::summary;
use crate::hooks::{App, use_app};
use crate::pages::clients::one::field_name;
use crate::protocol::{HeldEditView, Summary};

/// Records listed at once: more would push the buttons off a phone's screen.
const EDITS_SHOWN: usize = 5;

#[derive(Properties, PartialEq)]
pub(super) struct HeldEditsProps {
    pub edits: Vec<HeldEditView>,
    /// Those that the server counted and did not list.
    pub more: u32,
}

/// The records that accepting would edit: the first of them, and the others folded away behind their number.
#[component]
pub(super) fn HeldEdits(props: &HeldEditsProps) -> Html {
    let app = use_app();
    let words = app.words();
    let line = |edit: &HeldEditView| html! { <span data-testid="held-edit">{ edit_text(&app, edit) }</span> };
    let (shown, folded) = props.edits.split_at(EDITS_SHOWN.min(props.edits.len()));
    let unlisted = u64::from(props.more);
    let more = u64::try_from(folded.len())
        .unwrap_or(0)
        .saturating_add(unlisted);
    html! {
        <>
            { for shown.iter().map(line) }
            if !folded.is_empty() {
                <details data-testid="held-more">
                    <summary>{ words.held_more(more) }</summary>
                    <div class="held-folded">
                        { for folded.iter().map(line) }
                        if unlisted > 0 { <span class="muted">{ words.held_unlisted(unlisted) }</span> }
                    </div>
                </details>
            } else if unlisted > 0 {
                <span class="muted" data-testid="held-more">{ words.held_more(unlisted) }</span>
            }
        </>
    }
}

/// `Client Mama Neema: Phone, Notes`
fn edit_text(app: &App, edit: &HeldEditView) -> String {
    let words = app.words();
    let what = match &edit.what {
        Summary::Client { name } if name.is_empty() => words.what_new_client().into(),
        what => summary(app, what),
    };
    // Only of clients do field names stand on a screen as they are in the record.
    if !matches!(edit.what, Summary::Client { .. }) {
        return what;
    }
    let mut fields: Vec<&str> = Vec::new();
    for field in &edit.fields {
        let name = field_name(words, field);
        if !fields.contains(&name) {
            fields.push(name);
        }
    }
    format!("{what}: {}", fields.join(", "))
}

//! Which records would be edited by accepting what is held.

use yew::prelude::*;

use super::summary;
use crate::hooks::{App, use_app};
use crate::pages::clients::one::field_name;
use crate::protocol::{HeldEditView, Summary};

/// Lines shown at once: more would push the buttons off a phone's screen.
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
    let lines = same_together(&app, &props.edits);
    let line = |(text, count): &(String, u64)| {
        let text = if *count > 1 {
            format!("{text} × {count}")
        } else {
            text.clone()
        };
        html! { <span data-testid="held-edit">{ text }</span> }
    };
    let (shown, folded) = lines.split_at(EDITS_SHOWN.min(lines.len()));
    let unlisted = u64::from(props.more);
    let more = folded
        .iter()
        .map(|(_, count)| count)
        .fold(unlisted, |sum, count| sum.saturating_add(*count));
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

/// The texts, each once, in the order in which they come first; and how many records say the same. A list of new clients
/// that nobody has accepted yet has no names.
fn same_together(app: &App, edits: &[HeldEditView]) -> Vec<(String, u64)> {
    let mut lines: Vec<(String, u64)> = Vec::new();
    for edit in edits {
        let text = edit_text(app, edit);
        match lines.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => lines.push((text, 1)),
        }
    }
    lines
}

/// `Client Mama Neema`, or `New client`.
pub(super) fn what(app: &App, edit: &HeldEditView) -> String {
    match &edit.what {
        Summary::Client { name } if name.is_empty() => app.words().what_new_client().into(),
        what => summary(app, what),
    }
}

/// `Client Mama Neema: Phone, Notes`
fn edit_text(app: &App, edit: &HeldEditView) -> String {
    let words = app.words();
    let what = what(app, edit);
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

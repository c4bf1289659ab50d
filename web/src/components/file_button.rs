//! A file that somebody chooses, read whole.

use js_sys::Uint8Array;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::button::Look;
use super::icon::{Glyph, Icon};
use super::states::{Notice, Tone};
use crate::hooks::use_app;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

#[derive(Properties, PartialEq)]
pub struct FileButtonProps {
    pub id: AttrValue,
    pub label: AttrValue,
    pub hint: AttrValue,
    /// As in HTML: `.csv,text/csv`.
    pub accept: AttrValue,
    #[prop_or_default]
    pub look: Look,
    /// A larger one is not read at all.
    pub bytes_max: usize,
    /// What is said of a larger one, where there is something to do about it.
    #[prop_or_default]
    pub too_large: Option<AttrValue>,
    /// Something is done with the file before: no other can be chosen meanwhile.
    #[prop_or_default]
    pub is_busy: bool,
    /// Whatever comes of this file, what the one before came to is no longer meant.
    #[prop_or_default]
    pub onchoose: Callback<()>,
    pub onread: Callback<ChosenFile>,
}

#[derive(Clone, Copy, PartialEq)]
enum Unread {
    TooLarge,
    /// Taken away meanwhile, or not ours to read.
    Failed,
}

#[component]
pub fn FileButton(props: &FileButtonProps) -> Html {
    let words = use_app().words();
    let unread = use_state(|| None::<Unread>);
    let is_reading = use_state(|| false);
    let onchange = {
        let (unread, bytes_max) = (unread.clone(), props.bytes_max);
        let is_reading = is_reading.clone();
        let (onchoose, onread) = (props.onchoose.clone(), props.onread.clone());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let Some(chosen) = input.files().and_then(|files| files.get(0)) else {
                return;
            };
            onchoose.emit(());
            // Exact: a file of 2⁵³ bytes is none.
            if chosen.size() > bytes_max as f64 {
                input.set_value("");
                unread.set(Some(Unread::TooLarge));
                return;
            }
            let (unread, onread) = (unread.clone(), onread.clone());
            let is_reading = is_reading.clone();
            is_reading.set(true);
            spawn_local(async move {
                let read = JsFuture::from(chosen.array_buffer()).await;
                is_reading.set(false);
                // Chosen again after an edit, the same file is read again.
                input.set_value("");
                unread.set(read.is_err().then_some(Unread::Failed));
                if let Ok(buffer) = read {
                    onread.emit(ChosenFile {
                        name: chosen.name(),
                        bytes: Uint8Array::new(&buffer).to_vec(),
                    });
                }
            });
        })
    };
    let id = &props.id;
    html! {
        <>
            <div class="field">
                <label class={classes!(props.look.class(), "file-button")} for={id}>
                    <Icon glyph={Glyph::Upload} /><span>{ &props.label }</span>
                </label>
                <input {id} class="file-input" type="file" accept={&props.accept} aria-label={&props.label}
                    disabled={props.is_busy || *is_reading} aria-describedby={format!("{id}-hint")} {onchange} />
                <p class="field-hint" id={format!("{id}-hint")}>{ &props.hint }</p>
            </div>
            if let Some(unread) = *unread {
                <Notice tone={Tone::Danger}>
                    { match unread {
                        Unread::TooLarge => props.too_large.clone().unwrap_or_else(|| words.file_is_too_large().into()),
                        Unread::Failed => words.file_not_read().into(),
                    } }
                </Notice>
            }
        </>
    }
}

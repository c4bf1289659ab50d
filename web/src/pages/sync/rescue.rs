//! The rescue file: saved on a device that cannot connect, sent from another that can.

use crdt_model::sync::rescue::RESCUE_BYTES_MAX;
use yew::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::file_button::{ChosenFile, FileButton};
use crate::components::{Button, Glyph, Notice, Tone};
use crate::hooks::{browser, use_act, use_app};
use crate::i18n::Words;
use crate::protocol::{Answer, Request, RescueCarried};

#[component]
pub fn SaveRescue() -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let onclick = {
        let (app, act) = (app.clone(), act.clone());
        Callback::from(move |()| {
            let app = app.clone();
            act.run(Request::RescueFile, move |answer| {
                if let Answer::RescueFile { name, bytes } = answer {
                    let saved = browser::download(&name, &bytes).is_ok();
                    let words = app.words();
                    app.toast(if saved {
                        words.rescue_saved()
                    } else {
                        words.fail_unexpected()
                    });
                }
            });
        })
    };
    html! {
        <div class="rescue">
            <h3>{ words.rescue_title() }</h3>
            <p class="muted">{ words.rescue_hint(browser::device_word()) }</p>
            <Button label={words.rescue_save()} glyph={Glyph::Download} busy={act.is_busy} {onclick} />
            <FailureNote failure={act.failure.clone()} />
        </div>
    }
}

#[component]
pub fn CarryRescue() -> Html {
    let words = use_app().words();
    let act = use_act();
    let carried = use_state(|| None::<RescueCarried>);
    let onread = {
        let (act, carried) = (act.clone(), carried.clone());
        Callback::from(move |ChosenFile { bytes, .. }| {
            let result = carried.clone();
            carried.set(None);
            act.run(Request::CarryRescue { bytes }, move |answer| {
                if let Answer::RescueCarried(counts) = answer {
                    result.set(Some(counts));
                }
            });
        })
    };
    html! {
        <details class="card-box" data-testid="carry-rescue">
            <summary>{ words.rescue_carry() }</summary>
            <FileButton id="rescue-file" label={words.choose_file()} hint={words.rescue_carry_hint()} accept=".vrn" bytes_max={RESCUE_BYTES_MAX} {onread} />
            if act.is_busy { <p role="status">{ words.rescue_sending() }</p> }
            <FailureNote failure={act.failure.clone()} />
            if let Some(carried) = *carried { { outcome(words, carried) } }
        </details>
    }
}

fn outcome(words: Words, carried: RescueCarried) -> Html {
    let RescueCarried { safe, held, left } = carried;
    let tone = if left > 0 {
        Tone::Danger
    } else if held > 0 {
        Tone::Attention
    } else {
        Tone::Safe
    };
    html! {
        <Notice {tone} testid="rescue-carried">
            if safe > 0 { <p>{ words.rescue_safe(safe) }</p> }
            if held > 0 { <p>{ words.rescue_held(held) }</p> }
            if left > 0 { <p>{ words.rescue_left(left) }</p> }
        </Notice>
    }
}

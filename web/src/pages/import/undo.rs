//! On the screen of vouchers: undoing a batch, and what an import that was cut short left behind.

use crdt_model::capability::Capability;
use crdt_model::fact::KeptReason;
use crdt_model::ids::SiteId;
use yew::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{Button, Chip, Dialog, Look, Notice, Tone};
use crate::hooks::form::set;
use crate::hooks::{use_act, use_app};
use crate::protocol::{BatchView, Order, UndoView, UnfinishedView};

#[derive(Properties, PartialEq)]
pub struct BatchUndoProps {
    pub site: SiteId,
    pub batch: BatchView,
}

/// Undone, kept all the same, or the button that undoes it.
#[component]
pub fn BatchUndo(props: &BatchUndoProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let is_asked = use_state(|| false);
    let may = app
        .session()
        .is_some_and(|session| session.may_at(Capability::VouchersCreate, props.site));
    let close = set(&is_asked, false);
    let onclick = {
        let (app, act, close) = (app.clone(), act.clone(), close.clone());
        let (site, batch) = (props.site, props.batch.batch);
        Callback::from(move |()| {
            let (app, close) = (app.clone(), close.clone());
            act.order(Order::UndoBatch { site, batch }, move |_| {
                app.toast(app.words().undo_batch_done());
                close.emit(());
            });
        })
    };
    match props.batch.undo {
        UndoView::Undone => {
            html! { <Chip tone={Tone::Plain} label={words.batch_undone()} testid="batch-undone" /> }
        }
        UndoView::Kept(reason) => {
            let label = match reason {
                KeptReason::Leased => words.batch_kept_leased(),
                KeptReason::Sold => words.batch_kept_sold(),
            };
            html! { <Chip tone={Tone::Attention} {label} testid="batch-kept" /> }
        }
        UndoView::Possible if may => html! {
            <>
                <Button label={words.undo_batch()} look={Look::Quiet} onclick={set(&is_asked, true)} testid="batch-undo" />
                if *is_asked {
                    <Dialog title={words.undo_batch_title(&props.batch.label)} onclose={close.clone()}>
                        <Notice tone={Tone::Attention}>{ words.undo_batch_consequence() }</Notice>
                        <FailureNote failure={act.failure.clone()} />
                        <div class="actions">
                            <Button label={words.undo_batch()} look={Look::Danger} {onclick} busy={act.is_busy} testid="batch-undo-yes" />
                            <Button label={words.cancel()} look={Look::Quiet} onclick={close} />
                        </div>
                    </Dialog>
                }
            </>
        },
        UndoView::Possible | UndoView::NotNow => Html::default(),
    }
}

#[derive(Properties, PartialEq)]
pub struct UnfinishedProps {
    pub site: SiteId,
    pub found: UnfinishedView,
}

/// An import that was cut short: finish it with what is there, or discard it.
#[component]
pub fn Unfinished(props: &UnfinishedProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let found = &props.found;
    let (site, batch) = (props.site, found.batch);
    let run = |order: Order, done: fn(crate::i18n::Words) -> &'static str| {
        let (app, act) = (app.clone(), act.clone());
        Callback::from(move |()| {
            let app = app.clone();
            act.order(order.clone(), move |_| app.toast(done(app.words())));
        })
    };
    let label = format!("{} · {}", found.package_name, app.when(found.at));
    let finish = run(Order::FinishBatch { site, batch, label }, |words| {
        words.unfinished_finished()
    });
    let discard = run(Order::UndoBatch { site, batch }, |words| {
        words.unfinished_discarded()
    });
    html! {
        <Notice tone={Tone::Attention} testid="unfinished">
            <p><strong>{ words.unfinished_title() }</strong></p>
            <p>{ words.unfinished_text(u64::from(found.vouchers), &found.package_name, &app.when(found.at)) }</p>
            if found.is_mine {
                <div class="actions">
                    <Button label={words.unfinished_finish(u64::from(found.vouchers))} onclick={finish} busy={act.is_busy} testid="unfinished-finish" />
                    <Button label={words.unfinished_discard()} look={Look::Danger} onclick={discard} busy={act.is_busy} testid="unfinished-discard" />
                </div>
            }
            <FailureNote failure={act.failure.clone()} />
        </Notice>
    }
}

//! The first screen comes before everything else that a start does; and a till that starts from a brief shows it before
//! the rest is read.

use std::rc::Rc;

use crdt_model::capability::Capability;
use crdt_model::sync::device::{Effect, Event};
use crdt_model::time::Month;
use wasm_bindgen_futures::spawn_local;

use super::{Desk, Input, Lost, Shared, Turn, tick};
use crate::protocol::{Query, Request};
use crate::worker::account::now;
use crate::worker::log;

/// By then the first screen is there, even on a slow phone.
pub(super) const CONFIRM_AFTER_MILLIS: u32 = 2_000;

/// Who has the first screen is left to paint it before the rest is read, sealed and sent.
pub(super) const REST_AFTER_MILLIS: u32 = 250;

/// Every sale since then is on the first screen of a till: it counts those of today.
pub(super) const RECENT_MILLIS: i64 = 36 * 60 * 60 * 1_000;

pub(super) async fn set_out_after(shared: Rc<Shared>, millis: u32) {
    gloo_timers::future::TimeoutFuture::new(millis).await;
    shared.tell(Input::SetOut);
}

pub(super) async fn confirm_soon(shared: Rc<Shared>) {
    gloo_timers::future::TimeoutFuture::new(CONFIRM_AFTER_MILLIS).await;
    shared.tell(Input::Confirm);
}

/// What is answered before anything else is done: whatever is asked of a replica that is whole, and of a brief what it is
/// made for.
pub(super) const fn is_first_screen(turn: &Turn, is_whole: bool) -> bool {
    match turn {
        Turn::Input(Some(Input::Ask {
            request: Request::Query(query),
            ..
        })) => is_whole || matches!(query, Query::Sell { .. }),
        _ => false,
    }
}

impl Desk {
    /// Makes the replica whole, which then may write and meets the relay.
    pub(super) async fn set_out(&mut self) -> Result<(), Lost> {
        if !self.device.replica.is_whole() {
            self.complete().await?;
        }
        self.is_set_out = true;
        // A batch that was ready before the restart is made anew.
        let effects = self.device.handle(Event::Stored(0), now(), &mut self.rng);
        self.later.extend(effects);
        spawn_local(tick(self.shared.clone()));
        Ok(())
    }

    /// Reads what the brief stood for.
    async fn complete(&mut self) -> Result<(), Lost> {
        let replica = &mut self.device.replica;
        let completed = match self.stores.load_left_out(&replica.left_out()).await {
            Ok(entries) => replica.complete(entries).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = completed {
            log(&format!("what a brief stood for cannot be read: {error}"));
            // The next start does without, and if it cannot read that either, it recovers.
            if let Err(error) = self.stores.keep_brief(&[]).await {
                log(&format!("the brief: {error}"));
            }
            return Err(Lost);
        }
        Ok(())
    }

    /// Keeps a brief for the next start of who only sells: other first screens read everything.
    pub(super) async fn keep_brief(&mut self) -> Result<(), Lost> {
        let sells = self.session.may(Capability::Sell) && !self.session.may(Capability::SalesAll);
        if !sells || self.database_behind.is_some() {
            return Ok(());
        }
        let before = Month::of(self.around().now.plus_millis(-RECENT_MILLIS));
        let made = self.device.replica.make_brief(before, &mut self.rng);
        let Some((bytes, commit)) = made else {
            return Ok(());
        };
        if let Err(error) = self.stores.keep_brief(&bytes).await {
            // Its mark is in a commit that others will build on, and finds no brief at the next start.
            log(&format!("the brief: {error}"));
        }
        self.run(vec![Effect::Commit(commit)]).await.map(drop)
    }
}

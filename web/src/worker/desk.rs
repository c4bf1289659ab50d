//! The desk of whoever is unlocked: the one task that changes the replica, keeps its commits and answers the page.

mod answer;
mod brief;
mod earlier;
mod keep;
mod open;
mod server;
mod shared;

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use crdt_model::sync::device::{Device, Effect, Event};
use futures::channel::mpsc;
use futures::{FutureExt, StreamExt, select_biased};
use wasm_bindgen_futures::spawn_local;

use self::brief::{REST_AFTER_MILLIS, is_first_screen, set_out_after};
pub use self::open::open;
use self::server::{ask_server, is_for_server};
pub use self::shared::{Handle, Input, Shared};
use super::account::now;
use super::link::Link;
use super::page::Page;
use crate::browser::{build, others_first};
use crate::keys::BrowserRng;
use crate::lock::Writer;
use crate::lock::relay::Asked;
use crate::protocol::{self, Request, SealedView, Session, ShutOut, StoreWarning, wire};
use crate::store::person::PersonStores;
use crate::views::{self, Indexes, Surroundings};

/// What a follower asks first: anything whose answer is the session.
pub const SESSION_CALL: Request = Request::SyncNow;

/// The connection is tried, pinged and given up by the second.
const TICK_MILLIS: u32 = 1_000;

struct Desk {
    shared: Rc<Shared>,
    page: Page,
    stores: PersonStores,
    device: Device,
    writer: Writer,
    link: Option<Link>,
    links: u64,
    warning: Option<StoreWarning>,
    /// Commits were lost to the database: the next one writes everything, and deletes these keys.
    database_behind: Option<BTreeSet<String>>,
    /// Entries were lost to the journal: the next commit writes all of them.
    journal_behind: bool,
    is_persistent: bool,
    shut_out: Option<ShutOut>,
    session: Session,
    indexes: Indexes,
    changed: bool,
    /// A tab wants to hear how things are, and what is on screen is not out of date for that.
    is_asked_how: bool,
    /// The first screen has its answer: from now on the relay is met, and all else that nobody waits for is done.
    is_set_out: bool,
    /// Work of this person that is still locked.
    sealed: Vec<SealedView>,
    /// What follows from commits that are durable, and that nobody waits for: signing, sealing, sending.
    later: VecDeque<Effect>,
    rng: BrowserRng,
}

/// Another tab has the stores.
struct Lost;

async fn tick(shared: Rc<Shared>) {
    while !shared.ended.get() {
        shared.tell(Input::Tick);
        gloo_timers::future::TimeoutFuture::new(TICK_MILLIS).await;
    }
}

enum Turn {
    Input(Option<Input>),
    Asked(Option<Asked>),
    Lost,
}

impl Desk {
    async fn work(mut self, mut queue: mpsc::UnboundedReceiver<Input>) {
        loop {
            let turn = {
                let Writer { incoming, lost, .. } = &mut self.writer;
                select_biased! {
                    _ = (&mut *lost).fuse() => Turn::Lost,
                    input = queue.next() => Turn::Input(input),
                    asked = incoming.next_asked().fuse() => Turn::Asked(asked),
                }
            };
            // Locked: what was asked before that and not begun is not done any more.
            if self.shared.ended.get() {
                return;
            }
            let is_before = !self.is_set_out;
            let is_first_screen = is_first_screen(&turn, self.device.replica.is_whole());
            if is_before && !is_first_screen && self.set_out().await.is_err() {
                self.page.event(protocol::Event::Locked);
                return;
            }
            let outcome = match turn {
                Turn::Lost => Err(Lost),
                Turn::Input(None | Some(Input::End)) => return,
                Turn::Input(Some(Input::Ask { request, reply })) if is_for_server(&request) => {
                    let shared = self.shared.clone();
                    spawn_local(async move { drop(reply.send(ask_server(shared, request).await)) });
                    Ok(())
                }
                Turn::Input(Some(Input::Ask { request, reply })) => {
                    let outcome = self.answer(request).await;
                    let outcome = outcome.map(|answer| drop(reply.send(answer)));
                    // The page gets it first: what is told below makes it draw and ask again.
                    others_first().await;
                    outcome
                }
                Turn::Input(Some(input)) => self.hear(input).await,
                Turn::Asked(Some(asked)) => match wire::from_tab(build(), &asked.bytes) {
                    Some(request) if is_for_server(&request) => {
                        let (shared, relay) = (self.shared.clone(), self.writer.relay.clone());
                        spawn_local(async move {
                            let answer = ask_server(shared, request).await;
                            relay.answer(&asked, wire::for_tabs(build(), &answer));
                        });
                        Ok(())
                    }
                    Some(request) => {
                        let outcome = self.answer(request).await;
                        outcome.map(|answer| {
                            let bytes = wire::for_tabs(build(), &answer);
                            self.writer.relay.answer(&asked, bytes);
                        })
                    }
                    // Of another build: an empty answer tells it to reload.
                    None => {
                        self.writer.relay.answer(&asked, Vec::new());
                        Ok(())
                    }
                },
                // Locked in another tab.
                Turn::Asked(None) => Err(Lost),
            };
            if outcome.is_err() {
                self.page.event(protocol::Event::Locked);
                return;
            }
            self.tell_changes();
            if is_before && is_first_screen {
                spawn_local(set_out_after(self.shared.clone(), REST_AFTER_MILLIS));
                continue;
            }
            // The answer is on its way; now what nobody waits for.
            if self.run(Vec::new()).await.is_err() {
                self.page.event(protocol::Event::Locked);
                return;
            }
            self.tell_changes();
        }
    }

    async fn hear(&mut self, input: Input) -> Result<(), Lost> {
        let event = match input {
            Input::Link { number, event } if number == self.links => event,
            // Of a connection that was given up.
            Input::Link { .. } | Input::Ask { .. } | Input::End => return Ok(()),
            Input::NewDevice(device) => {
                let commit = self.device.replica.change_device(device, &mut self.rng);
                return self.run(vec![Effect::Commit(commit)]).await.map(drop);
            }
            Input::SetOut => return Ok(()),
            Input::Brief => return self.keep_brief().await,
            Input::Confirm => {
                self.confirm().await;
                return self.keep_brief().await;
            }
            Input::Replaced => return Err(Lost),
            Input::Sealed { sealed, gone } => {
                self.see_sealed(sealed, gone);
                return Ok(());
            }
            Input::Inherit { left, reply } => {
                // Nobody may wait for it any more.
                let _ = reply.send(self.inherit(left).await?);
                return Ok(());
            }
            Input::Welcome(shut_out) => {
                self.changed |= self.shut_out != shut_out;
                self.shut_out = shut_out;
                return Ok(());
            }
            Input::Posted(answer) => Event::Posted(answer),
            Input::Tick => Event::Tick,
        };
        if let Event::Closed = event {
            self.link = None;
        }
        let effects = self.device.handle(event, now(), &mut self.rng);
        self.run(effects).await.map(drop)
    }

    fn around(&self) -> Surroundings {
        Surroundings {
            now: self.device.replica.present(now()),
            online: self.device.is_online(),
            store_warning: self.warning,
            storage_is_persistent: self.is_persistent,
            is_fetching: self.device.is_fetching(),
            shut_out: self.shut_out,
            has_sealed: !self.sealed.is_empty(),
        }
    }

    /// Tells this tab and the others what may be out of date.
    fn tell_changes(&mut self) {
        let is_asked_how = std::mem::take(&mut self.is_asked_how);
        let has_changed = std::mem::take(&mut self.changed);
        if !has_changed && !is_asked_how {
            return;
        }
        let pill = views::pill(&self.device.replica, self.around());
        let session = views::session(&self.device.replica, self.is_persistent);
        let mut events = vec![protocol::Event::Sync(pill)];
        if session != self.session {
            self.session = session.clone();
            events.push(protocol::Event::Session(session));
        }
        let changed = has_changed.then_some(&protocol::Event::Changed);
        for event in events.iter().chain(changed) {
            self.writer.relay.broadcast(wire::for_tabs(build(), event));
        }
        // Until then nothing on its screen is older than this.
        if has_changed && self.is_set_out {
            events.push(protocol::Event::Changed);
        }
        self.page.events(events);
    }
}

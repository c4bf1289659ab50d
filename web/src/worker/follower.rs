//! A tab that does not write: its page's requests go to the tab that does, and its events come from there. When that
//! tab ends or falls silent, this one opens the stores itself.

use std::pin::pin;
use std::rc::Rc;

use futures::channel::{mpsc, oneshot};
use futures::{FutureExt, StreamExt, select_biased};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;

use super::account::Unlocked;
use super::{Seat, Worker, log};
use crate::browser::{build, within};
use crate::lock::relay::Relay;
use crate::lock::{self, Follower, Role, SILENCE_MS};
use crate::protocol::{Answer, Event, Failure, Request, wire};

/// How long who asks waits until this tab has the stores. A tab that was stopped in the middle of a transaction can hold
/// them for longer; then it is said, and the task goes on.
const TAKE_OVER_MS: u32 = 10_000;

#[derive(Clone)]
pub struct Handle {
    pub person: String,
    relay: Relay,
    /// Asks the task to take the stores over. Dropping the last one ends the task.
    rob: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

/// The writer does not answer: it is frozen, or has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silent {
    /// It was not asked, so nothing happened.
    Before,
    /// It fell silent over the request. Whether it was carried out, the stores tell.
    During,
}

impl Handle {
    pub async fn ask(&self, request: &Request) -> Result<Result<Answer, Failure>, Silent> {
        // A request that waits for a frozen tab would be carried out when nobody expects it any more.
        if !self.relay.writer_answers(SILENCE_MS).await {
            return Err(Silent::Before);
        }
        let answer = self.relay.request(wire::for_tabs(build(), request)).fuse();
        let mut answer = pin!(answer);
        loop {
            select_biased! {
                answer = answer => return match answer {
                    Ok(bytes) => Ok(wire::from_tab(build(), &bytes).unwrap_or(Err(Failure::Unexpected))),
                    Err(_) if self.relay.writer_answers(SILENCE_MS).await => Ok(Err(Failure::Busy)),
                    Err(_) => Err(Silent::During),
                },
                () = TimeoutFuture::new(SILENCE_MS).fuse() => {
                    if !self.relay.writer_answers(SILENCE_MS).await {
                        return Err(Silent::During);
                    }
                }
            }
        }
    }

    /// Ends the task, and locks this person's other tabs.
    pub fn leave(&self) {
        self.relay.lock_others();
        self.rob.close_channel();
    }

    /// Returns when this tab has the stores, or has failed to take them; false where neither can be said yet.
    pub async fn take_over(&self) -> bool {
        let (done, ended) = oneshot::channel();
        // Dropped with the task.
        self.rob.unbounded_send(done).is_err() || within(TAKE_OVER_MS, ended).await.is_some()
    }
}

pub fn start(worker: &Rc<Worker>, unlocked: Unlocked, mut follower: Follower) -> Handle {
    let (rob, mut robbing) = mpsc::unbounded::<oneshot::Sender<()>>();
    let handle = Handle {
        person: unlocked.person.id.clone(),
        relay: follower.relay.clone(),
        rob,
    };
    let worker = worker.clone();
    spawn_local(async move {
        // Whoever waits for the take-over, until the end of the task.
        let mut _waiting = None;
        let held = loop {
            let turn = {
                let Follower { incoming, .. } = &mut follower;
                select_biased! {
                    robbing = robbing.next() => Turn::Rob(robbing),
                    event = incoming.next_event().fuse() => Turn::Event(event),
                    () = TimeoutFuture::new(200).fuse() => Turn::Look,
                }
            };
            match turn {
                Turn::Rob(Some(done)) => {
                    _waiting = Some(done);
                    break follower.rob().await;
                }
                Turn::Event(Some(bytes)) => {
                    if let Some(event) = wire::from_tab::<Event>(build(), &bytes) {
                        worker.page.event(event);
                    }
                }
                Turn::Rob(None) => return,
                // Locked in another tab.
                Turn::Event(None) => return worker.lost_seat(),
                Turn::Look => {
                    if let Some(held) = follower.writer_gone().now_or_never() {
                        break held;
                    }
                }
            }
        };
        let Ok(held) = held else {
            return worker.lost_seat();
        };
        // Each attempt below joins the others anew; who locks between two of them means this tab too.
        let Ok(mut ear) = lock::Ear::listen(&unlocked.person.store) else {
            return worker.lost_seat();
        };
        let mut writer = follower.promote(held);
        // Until the desk is there, requests find no writer and wait for the end of this task.
        loop {
            match worker.open_desk(unlocked.clone(), writer).await {
                Ok(_) if ear.has_heard() => return worker.lost_seat(),
                Ok(session) => {
                    worker.page.event(Event::Session(session));
                    worker.page.event(Event::Changed);
                    return;
                }
                Err(Failure::Busy) => {}
                Err(_) => return worker.lost_seat(),
            }
            loop {
                match robbing.try_recv() {
                    Ok(done) => _waiting = Some(done),
                    Err(mpsc::TryRecvError::Empty) => break,
                    // The screen was locked.
                    Err(mpsc::TryRecvError::Closed) => return,
                }
            }
            // The stores are held, or another tab was quicker.
            let role = lock::acquire(&unlocked.person.store).await;
            if ear.has_heard() {
                return worker.lost_seat();
            }
            match role {
                Ok(Role::Writer(again)) => writer = again,
                Ok(Role::Follower(follower)) => {
                    let handle = start(&worker, unlocked, follower);
                    *worker.seat.borrow_mut() = Seat::Follower(handle);
                    return;
                }
                Err(error) => {
                    log(&format!("the writer's lock: {error}"));
                    return worker.lost_seat();
                }
            }
        }
    });
    handle
}

enum Turn {
    Rob(Option<oneshot::Sender<()>>),
    Event(Option<Vec<u8>>),
    Look,
}

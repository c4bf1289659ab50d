//! A tab that does not write: its page's requests go to the tab that does, and its events come from there. When that
//! tab ends, this one opens the stores itself.

use std::rc::Rc;

use crdt_model::codec;
use futures::channel::mpsc;
use futures::{FutureExt, StreamExt, select_biased};
use wasm_bindgen_futures::spawn_local;

use super::account::Unlocked;
use super::{Seat, Worker};
use crate::lock::Follower;
use crate::lock::relay::Relay;
use crate::protocol::{Answer, Event, Failure, Request};

#[derive(Clone)]
pub struct Handle {
    pub person: String,
    relay: Relay,
    /// Dropping the last one ends the task.
    _alive: mpsc::UnboundedSender<()>,
}

impl Handle {
    pub async fn ask(&self, request: Request) -> Result<Answer, Failure> {
        let answer = self
            .relay
            .request(codec::encode(&request))
            .await
            .map_err(|_| Failure::Busy)?;
        codec::decode::<Result<Answer, Failure>>(&answer).unwrap_or(Err(Failure::Unexpected))
    }
}

pub fn start(worker: &Rc<Worker>, unlocked: Unlocked, mut follower: Follower) -> Handle {
    let (alive, mut ended) = mpsc::unbounded::<()>();
    let handle = Handle {
        person: unlocked.person.id.clone(),
        relay: follower.relay.clone(),
        _alive: alive,
    };
    let worker = worker.clone();
    spawn_local(async move {
        let held = loop {
            let turn = {
                let Follower { incoming, .. } = &mut follower;
                select_biased! {
                    _ = ended.next() => return,
                    event = incoming.next_event().fuse() => Turn::Event(event),
                    () = gloo_timers::future::TimeoutFuture::new(200).fuse() => Turn::Look,
                }
            };
            match turn {
                Turn::Event(Some(bytes)) => {
                    if let Ok(event) = codec::decode::<Event>(&bytes) {
                        worker.page.event(event);
                    }
                }
                Turn::Event(None) => return,
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
        let writer = follower.promote(held);
        *worker.seat.borrow_mut() = Seat::Nobody;
        match worker.open_desk(unlocked, writer).await {
            Ok(session) => {
                worker.page.event(Event::Session(session));
                worker.page.event(Event::Changed);
            }
            Err(_) => worker.lost_seat(),
        }
    });
    handle
}

enum Turn {
    Event(Option<Vec<u8>>),
    Look,
}

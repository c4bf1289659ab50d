//! One connection to the relay: gets a ticket, opens the socket, carries frames both ways until it ends.

use std::rc::Rc;

use crdt_model::sync::device::Event;
use futures::channel::mpsc;
use futures::{FutureExt, StreamExt, select_biased};
use wasm_bindgen_futures::spawn_local;

use super::desk::{Input, Shared};
use super::log;
use crate::browser::worker_scope;
use crate::socket::{Socket, SocketEvent};

/// Dropping it closes the socket.
pub struct Link {
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
}

impl Link {
    /// Starts connecting; what happens is told to the desk, last of all [`Event::Closed`].
    pub fn open(shared: Rc<Shared>, number: u64) -> Self {
        let (outgoing, frames) = mpsc::unbounded();
        spawn_local(async move {
            carry(&shared, number, frames).await;
            shared.tell(Input::Link {
                number,
                event: Event::Closed,
            });
        });
        Self { outgoing }
    }

    pub fn send(&self, frame: Vec<u8>) {
        // A link that has just ended is told of by `Closed`.
        let _ = self.outgoing.unbounded_send(frame);
    }
}

async fn carry(shared: &Rc<Shared>, number: u64, mut frames: mpsc::UnboundedReceiver<Vec<u8>>) {
    let ticket = match shared.ticket().await {
        Ok(ticket) => ticket,
        Err(failure) => {
            if !matches!(failure, crate::protocol::Failure::Offline) {
                log(&format!("no ticket for the socket: {failure:?}"));
                // Signed out, deactivated or revoked: what was sold here still gets to the office, which decides.
                shared.post_ready().await;
            }
            return;
        }
    };
    let location = worker_scope().location();
    let scheme = if location.protocol() == "https:" {
        "wss"
    } else {
        "ws"
    };
    let mut socket = match Socket::connect(&format!("{scheme}://{}/sync", location.host())) {
        Ok(socket) => socket,
        Err(error) => {
            log(&format!("the socket: {error}"));
            return;
        }
    };
    let mut ticket = Some(ticket);
    loop {
        // The two futures are made anew in each turn: both only look at queues, so nothing is lost.
        let turn = select_biased! {
            event = socket.next().fuse() => Turn::Socket(event),
            frame = frames.next() => Turn::Frame(frame),
        };
        match turn {
            Turn::Socket(Some(SocketEvent::Opened)) => {
                if let Some(ticket) = ticket.take() {
                    shared.tell(Input::Link {
                        number,
                        event: Event::Opened { ticket },
                    });
                }
            }
            Turn::Socket(Some(SocketEvent::Message(bytes))) => {
                shared.tell(Input::Link {
                    number,
                    event: Event::Frame(bytes),
                });
            }
            Turn::Socket(Some(SocketEvent::Closed { .. }) | None) => {
                // The server answers, and yet no socket opens: a proxy or a carrier is in the way.
                if ticket.is_some() {
                    shared.post_ready().await;
                }
                return;
            }
            Turn::Frame(Some(frame)) => {
                if let Err(error) = socket.send(&frame) {
                    log(&format!("sending: {error}"));
                    return;
                }
            }
            Turn::Frame(None) => {
                socket.close(1000, "");
                return;
            }
        }
    }
}

enum Turn {
    Socket(Option<SocketEvent>),
    Frame(Option<Vec<u8>>),
}

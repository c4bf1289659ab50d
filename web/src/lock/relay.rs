//! Carries bytes between the workers of one person's tabs: requests to the writer, answers back, events to all.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use futures::{
    StreamExt,
    channel::{mpsc, oneshot},
};
use js_sys::Uint8Array;
use rand_core::Rng;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

use super::Message;
use crate::{browser::within, keys::browser_rng};

/// How long a writer may take for one request before a follower gives up on it.
const ANSWER_TIMEOUT_MS: u32 = 30_000;

/// A request relayed from a follower's UI; answer it once.
pub struct Asked {
    pub bytes: Vec<u8>,
    /// Milliseconds of this tab's clock.
    at: f64,
    from: u64,
    id: u64,
}

/// The writer died or was replaced before it answered. Whether the request was carried out is not known:
/// repeat it with the same intent id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the writing tab did not answer")]
pub struct NoAnswer;

/// One tab's end of the channel; it stays open through changes of role.
#[derive(Clone)]
pub struct Relay {
    inner: Rc<Inner>,
}

type OnMessage = Closure<dyn FnMut(MessageEvent)>;

struct Inner {
    channel: BroadcastChannel,
    me: u64,
    next_id: Cell<u64>,
    is_writer: Cell<bool>,
    waiting: RefCell<HashMap<u64, oneshot::Sender<Vec<u8>>>>,
    /// Whoever asked whether there is a writer.
    pongs: RefCell<Vec<oneshot::Sender<()>>>,
    asked: mpsc::UnboundedSender<Option<Asked>>,
    events: mpsc::UnboundedSender<Option<Vec<u8>>>,
    on_message: RefCell<Option<OnMessage>>,
}

/// What arrives at this tab: requests if it is the writer, events if it follows. In both queues, none where the person
/// has locked the screen in another tab: then this one must lock too.
pub struct Incoming {
    asked: mpsc::UnboundedReceiver<Option<Asked>>,
    events: mpsc::UnboundedReceiver<Option<Vec<u8>>>,
}

impl Incoming {
    /// The next request of a follower that still waits. One that gave up told its person so; an order carried out after
    /// that would be made a second time by hand. None: lock.
    pub async fn next_asked(&mut self) -> Option<Asked> {
        loop {
            let asked = self.asked.next().await.flatten()?;
            if js_sys::Date::now() - asked.at < f64::from(ANSWER_TIMEOUT_MS) {
                return Some(asked);
            }
        }
    }

    /// Passes over the events that have come, up to the word that this tab must lock.
    pub(super) fn is_locked(&mut self) -> bool {
        while let Ok(event) = self.events.try_recv() {
            if event.is_none() {
                return true;
            }
        }
        false
    }

    /// The next event of the writer. None: lock.
    pub async fn next_event(&mut self) -> Option<Vec<u8>> {
        self.events.next().await.flatten()
    }
}

impl Relay {
    /// Joins the channel of `name`; `None` if the browser has no such channels.
    pub(super) fn join(name: &str) -> Option<(Self, Incoming)> {
        let channel = BroadcastChannel::new(name).ok()?;
        let (asked, asked_receiver) = mpsc::unbounded();
        let (events, events_receiver) = mpsc::unbounded();
        let inner = Rc::new(Inner {
            channel,
            me: browser_rng().next_u64(),
            next_id: Cell::new(0),
            is_writer: Cell::new(false),
            waiting: RefCell::default(),
            pongs: RefCell::default(),
            asked,
            events,
            on_message: RefCell::default(),
        });
        let weak = Rc::downgrade(&inner);
        let on_message = OnMessage::new(move |event: MessageEvent| {
            let Some(inner) = weak.upgrade() else { return };
            let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else {
                return;
            };
            if let Some(message) = Message::decode(&bytes.to_vec()) {
                inner.receive(message);
            }
        });
        inner
            .channel
            .set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        *inner.on_message.borrow_mut() = Some(on_message);
        let incoming = Incoming {
            asked: asked_receiver,
            events: events_receiver,
        };
        Some((Self { inner }, incoming))
    }

    /// Asks the writer; for followers.
    pub async fn request(&self, bytes: Vec<u8>) -> Result<Vec<u8>, NoAnswer> {
        let id = self.inner.next_id.replace(self.inner.next_id.get() + 1);
        let (sender, receiver) = oneshot::channel();
        self.inner.waiting.borrow_mut().insert(id, sender);
        self.inner.post(&Message::Request {
            from: self.inner.me,
            id,
            bytes,
        });
        let answer = within(ANSWER_TIMEOUT_MS, receiver).await;
        self.inner.waiting.borrow_mut().remove(&id);
        answer.and_then(Result::ok).ok_or(NoAnswer)
    }

    /// Answers a follower; for the writer.
    pub fn answer(&self, asked: &Asked, bytes: Vec<u8>) {
        self.inner.post(&Message::Answer {
            to: asked.from,
            id: asked.id,
            bytes,
        });
    }

    /// Tells every follower; for the writer.
    pub fn broadcast(&self, bytes: Vec<u8>) {
        self.inner.post(&Message::Event { bytes });
    }

    /// Has all other tabs of this person lock.
    pub fn lock_others(&self) {
        self.inner.post(&Message::Locked);
    }

    pub(super) fn set_writer(&self, is_writer: bool) {
        self.inner.is_writer.set(is_writer);
        if is_writer {
            // Whoever was asked is gone; the callers repeat their requests to this tab.
            self.inner.waiting.borrow_mut().clear();
        }
    }

    /// Whether a writer answers in time. It is asked twice: when the machine was asleep, the first wait may be over
    /// before an answer could be read.
    pub async fn writer_answers(&self, milliseconds: u32) -> bool {
        self.answers_ping(milliseconds / 2).await || self.answers_ping(milliseconds / 2).await
    }

    async fn answers_ping(&self, milliseconds: u32) -> bool {
        let (sender, receiver) = oneshot::channel();
        {
            let mut pongs = self.inner.pongs.borrow_mut();
            // Those that waited in vain.
            pongs.retain(|pong| !pong.is_canceled());
            pongs.push(sender);
        }
        self.inner.post(&Message::Ping {
            from: self.inner.me,
        });
        matches!(within(milliseconds, receiver).await, Some(Ok(())))
    }
}

impl Inner {
    fn post(&self, message: &Message) {
        // It throws only on a closed channel, and this one closes when nobody can post any more.
        let _ = self
            .channel
            .post_message(&Uint8Array::from(message.encode().as_slice()));
    }

    fn receive(&self, message: Message) {
        match message {
            Message::Ping { from } if self.is_writer.get() => {
                self.post(&Message::Pong { to: from })
            }
            Message::Pong { to } if to == self.me => {
                for pong in self.pongs.take() {
                    let _ = pong.send(());
                }
            }
            Message::Request { from, id, bytes } if self.is_writer.get() => {
                let _ = self.asked.unbounded_send(Some(Asked {
                    bytes,
                    at: js_sys::Date::now(),
                    from,
                    id,
                }));
            }
            Message::Answer { to, id, bytes } if to == self.me => {
                if let Some(waiting) = self.waiting.borrow_mut().remove(&id) {
                    let _ = waiting.send(bytes);
                }
            }
            Message::Event { bytes } if !self.is_writer.get() => {
                let _ = self.events.unbounded_send(Some(bytes));
            }
            Message::Locked => {
                // Whichever it is by the time that it reads them.
                let _ = self.asked.unbounded_send(None);
                let _ = self.events.unbounded_send(None);
            }
            _ => {}
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}

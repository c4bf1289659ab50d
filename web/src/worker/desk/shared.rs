//! What the tasks around the desk share, and the ways to it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crdt_model::ids::DeviceId;
use crdt_model::sync::device::Event;
use futures::channel::{mpsc, oneshot};
use futures::future;
use wasm_bindgen_futures::spawn_local;

use crate::keys::DataKey;
use crate::lock::relay::Relay;
use crate::protocol::{Answer, Failure, Request, SealedView, ShutOut};
use crate::store::profile::Person;
use crate::store::profile::browser::Profile;
use crate::worker::account::Account;
use crate::worker::{log, ready};

/// What the desk works through, one after the other.
pub enum Input {
    Ask {
        request: Request,
        reply: oneshot::Sender<Result<Answer, Failure>>,
    },
    Link {
        number: u64,
        event: Event,
    },
    /// What the relay answered to the sealed batch, sent by POST.
    Posted(Vec<u8>),
    /// The relay knows this device under a new id.
    NewDevice(DeviceId),
    /// The start is over; time for the sentinels.
    Confirm,
    /// The first screen has had its time.
    SetOut,
    /// Time to see whether another one is wanted.
    Brief,
    /// The server gave a ticket, or says that it will not.
    Welcome(Option<ShutOut>),
    /// What is still locked, as far as it can be seen from outside, and the stores that are gone for good.
    Sealed {
        sealed: Vec<SealedView>,
        gone: Vec<String>,
    },
    /// The unsent work of a store that was opened after all.
    Inherit {
        left: Vec<Vec<u8>>,
        reply: oneshot::Sender<Result<Taken, Failure>>,
    },
    /// Somewhere else this browser went on with another store of the person.
    Replaced,
    Tick,
    End,
}

/// What became of inherited work.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    pub waiting: u32,
    pub known: u32,
    pub kept_twice: bool,
}

/// What the tasks around the desk share.
pub struct Shared {
    pub(super) inputs: mpsc::UnboundedSender<Input>,
    pub(super) profile: Rc<Profile>,
    pub(super) person: RefCell<Person>,
    pub(super) account: Account,
    pub(super) data_key: DataKey,
    pub(super) ended: Cell<bool>,
    /// The sealed batch is on its way by POST.
    pub(super) is_posting: Cell<bool>,
}

impl Shared {
    pub fn tell(&self, input: Input) {
        // Nobody listens once the desk has ended.
        let _ = self.inputs.unbounded_send(input);
    }

    /// Sends the sealed batch by HTTPS POST, where something on the way lets no socket through.
    pub async fn post_ready(&self) {
        // It may take longer than the next try to connect waits, and twice the same at once would take twice as long.
        if self.is_posting.replace(true) {
            return;
        }
        self.post().await;
        self.is_posting.set(false);
    }

    async fn post(&self) {
        let store = self.person.borrow().store.clone();
        let Ok(Some(batch)) = self.profile.ready_batch(&store).await else {
            return;
        };
        match crate::http::Call::post("/api/push")
            .upload(batch.sealed)
            .fetch_bytes()
            .await
        {
            Ok(answer) => self.tell(Input::Posted(answer)),
            Err(error) => log(&format!("the sealed batch stays here for now: {error}")),
        }
    }

    /// Takes the record as it was saved, if it was. What was copied before may be older than what is here by now.
    pub fn has_edited(&self, person: Person, before: u64) {
        if person.revision > before {
            *self.person.borrow_mut() = person;
        }
    }

    /// A ticket for the socket; notices when the device had to be registered anew.
    pub async fn ticket(&self) -> Result<String, Failure> {
        let mut person = self.person.borrow().clone();
        let (before, revision) = (person.device.clone(), person.revision);
        let ticket = self.account.ticket(&self.profile, &mut person).await;
        match &ticket {
            Ok(_) => {
                self.tell(Input::Welcome(None));
                let (profile, store) = (self.profile.clone(), person.store.clone());
                // The others of this phone may be away for long.
                spawn_local(async move { ready::send(&profile, Some(&store)).await });
            }
            Err(Failure::Locked) => self.tell(Input::Replaced),
            Err(failure) => {
                if let Some(why) = shut_out(failure) {
                    self.tell(Input::Welcome(Some(why)));
                }
            }
        }
        if person.device != before
            && let Some(device) = person.device.as_ref().and_then(|id| id.parse().ok())
        {
            self.tell(Input::NewDevice(device));
        }
        self.has_edited(person, revision);
        ticket
    }
}

/// A server that is away or too busy will be back by itself; these wait for somebody.
fn shut_out(failure: &Failure) -> Option<ShutOut> {
    let Failure::Server { problem } = failure else {
        return None;
    };
    match problem.as_str() {
        "device-refused" => Some(ShutOut::DeviceRefused),
        "session-ended" | "not-signed-in" => Some(ShutOut::SignedOut),
        "wrong-login" => Some(ShutOut::PasswordRefused),
        _ => None,
    }
}

/// The way to the desk; it ends with its last handle.
#[derive(Clone)]
pub struct Handle {
    pub person: String,
    pub(super) ends: Rc<Ends>,
    pub(super) relay: Relay,
    pub(super) over: Over,
}

/// Resolves when the desk has ended.
pub type Over = future::Shared<oneshot::Receiver<()>>;

pub(super) struct Ends(pub(super) Rc<Shared>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.ended.set(true);
        self.0.tell(Input::End);
    }
}

impl Handle {
    /// The key of the person who is unlocked.
    pub fn data_key(&self) -> DataKey {
        self.ends.0.data_key.clone()
    }

    pub async fn ask(&self, request: Request) -> Result<Answer, Failure> {
        let (reply, answer) = oneshot::channel();
        self.ends.0.tell(Input::Ask { request, reply });
        answer.await.unwrap_or(Err(Failure::Locked))
    }

    /// Ends the desk whoever still waits for it, and locks this person's other tabs. What it is in the middle of, such as
    /// sealing what was just sold, it brings to an end.
    pub fn leave(&self) -> Over {
        self.relay.lock_others();
        self.ends.0.ended.set(true);
        self.ends.0.tell(Input::End);
        self.over.clone()
    }
}

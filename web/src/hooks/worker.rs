//! The UI's end of the worker: questions with their answers, and what it tells by itself.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::channel::oneshot;
use gloo_events::EventListener;
use js_sys::{Array, ArrayBuffer, Function, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Worker};
use yew::Callback;

use crate::protocol::{Answer, Call, Event, Failure, FromWorker, Request, wire};

/// The loader's: the worker, and a function for who listens.
const STARTED: &str = "viornetWorker";
/// The loader's too: keeps what a worker says while nobody listens, and answers such a pair.
const KEEP: &str = "viornetKeep";

type Result<T> = std::result::Result<T, Failure>;

/// What reaches the UI without being asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    Event(Event),
    /// The worker ended or could not start.
    Broken,
}

/// A running worker; clones speak to the same one.
#[derive(Clone)]
pub struct WorkerHandle(Rc<Inner>);

struct Inner {
    worker: Worker,
    last_id: Cell<u32>,
    waiting: RefCell<BTreeMap<u32, oneshot::Sender<Result<Answer>>>>,
    listeners: RefCell<Vec<EventListener>>,
}

impl PartialEq for WorkerHandle {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl WorkerHandle {
    /// Takes the worker that the loader started (web/loader.js); none if the browser gave it none.
    pub fn take(told: Callback<Told>) -> Option<Self> {
        let window = web_sys::window()?;
        let started: Array = Reflect::get(&window, &STARTED.into())
            .ok()?
            .dyn_into()
            .ok()?;
        let _ = Reflect::set(&window, &STARTED.into(), &JsValue::UNDEFINED);
        Self::go_on(&started, 0, told)
    }

    /// Goes on with a worker that another module of the UI started and left.
    pub fn adopt(left: &Array, told: Callback<Told>) -> Option<Self> {
        // Answers to what the other asked are nobody's here.
        Self::go_on(left, u32::MAX / 2, told)
    }

    fn go_on(kept: &Array, last_id: u32, told: Callback<Told>) -> Option<Self> {
        let handle = Self::listen(kept.get(0).dyn_into().ok()?, last_id, told);
        // Now what it said while there was nobody to hear it.
        let heard: Function = kept.get(1).dyn_into().ok()?;
        let _ = heard.call0(&JsValue::UNDEFINED);
        Some(handle)
    }

    fn listen(worker: Worker, last_id: u32, told: Callback<Told>) -> Self {
        let inner = Rc::new(Inner {
            worker,
            last_id: Cell::new(last_id),
            waiting: RefCell::default(),
            listeners: RefCell::default(),
        });
        let weak = Rc::downgrade(&inner);
        let on_event = told.clone();
        let message = EventListener::new(&inner.worker, "message", move |event| {
            let (Some(inner), Some(event)) = (weak.upgrade(), event.dyn_ref::<MessageEvent>())
            else {
                return;
            };
            match bytes_of(&event.data()).map(|bytes| wire::decode(&bytes)) {
                Some(Ok(FromWorker::Reply { id, result })) => {
                    if let Some(waiting) = inner.waiting.borrow_mut().remove(&id) {
                        // The page that asked may be gone; then nobody wants the answer.
                        let _ = waiting.send(result.map(|answer| *answer));
                    }
                }
                Some(Ok(FromWorker::Events(events))) => {
                    for event in events {
                        on_event.emit(Told::Event(event));
                    }
                }
                Some(Err(_)) | None => {
                    web_sys::console::error_1(&"unreadable message from the worker".into())
                }
            }
        });
        let weak = Rc::downgrade(&inner);
        let error = EventListener::new(&inner.worker, "error", move |event| {
            web_sys::console::error_2(&"the worker ended".into(), event);
            if let Some(inner) = weak.upgrade() {
                // Dropping the senders answers every open question with `Unexpected`.
                inner.waiting.borrow_mut().clear();
            }
            told.emit(Told::Broken);
        });
        inner.listeners.borrow_mut().extend([message, error]);
        Self(inner)
    }

    /// Hears nothing more, and gives the worker away, with what it says until somebody [`adopts`](Self::adopt) it: the
    /// other module needs a moment to start, and rights or the pill may come in it.
    pub fn leave(&self) -> Option<Array> {
        let window = web_sys::window()?;
        let keep = Reflect::get(&window, &KEEP.into()).ok()?;
        let keep: Function = keep.dyn_into().ok()?;
        let this = Array::of1(&self.0.worker);
        let kept = keep.apply(&JsValue::UNDEFINED, &this).ok()?;
        self.0.listeners.borrow_mut().clear();
        kept.dyn_into().ok()
    }

    /// Asks, and waits for the one answer.
    pub async fn call(&self, request: Request) -> Result<Answer> {
        let id = self.0.last_id.get().wrapping_add(1);
        self.0.last_id.set(id);
        let (sender, receiver) = oneshot::channel();
        self.0.waiting.borrow_mut().insert(id, sender);
        let bytes = Uint8Array::from(wire::encode(&Call { id, request }).as_slice());
        if self.0.worker.post_message(&bytes).is_err() {
            self.0.waiting.borrow_mut().remove(&id);
            return Err(Failure::Unexpected);
        }
        receiver.await.unwrap_or(Err(Failure::Unexpected))
    }
}

fn bytes_of(data: &JsValue) -> Option<Vec<u8>> {
    data.dyn_ref::<Uint8Array>()
        .map(Uint8Array::to_vec)
        .or_else(|| {
            data.dyn_ref::<ArrayBuffer>()
                .map(|buffer| Uint8Array::new(buffer).to_vec())
        })
}

//! The page on the other end of `postMessage`.

use std::rc::Rc;

use futures::channel::mpsc;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::browser::worker_scope;
use crate::protocol::{Answer, Call, Event, Failure, FromWorker, wire};

#[derive(Clone)]
pub struct Page {
    scope: DedicatedWorkerGlobalScope,
    _on_message: Rc<Closure<dyn FnMut(MessageEvent)>>,
}

impl Page {
    /// Starts listening.
    pub fn connect() -> (Self, mpsc::UnboundedReceiver<Call>) {
        let scope: DedicatedWorkerGlobalScope = worker_scope().unchecked_into();
        let (sender, receiver) = mpsc::unbounded();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let bytes = Uint8Array::new(&event.data()).to_vec();
            match wire::decode::<Call>(&bytes) {
                Ok(call) => drop(sender.unbounded_send(call)),
                Err(error) => super::log(&format!("a call from the page {error}")),
            }
        });
        scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        (
            Self {
                scope,
                _on_message: Rc::new(on_message),
            },
            receiver,
        )
    }

    pub fn reply(&self, id: u32, result: Result<Answer, Failure>) {
        self.post(&FromWorker::Reply {
            id,
            result: result.map(Box::new),
        });
    }

    pub fn event(&self, event: Event) {
        self.events(vec![event]);
    }

    pub fn events(&self, events: Vec<Event>) {
        self.post(&FromWorker::Events(events));
    }

    fn post(&self, message: &FromWorker) {
        let bytes = Uint8Array::from(wire::encode(message).as_slice());
        // It fails only when the page is gone, and the worker with it.
        let _ = self.scope.post_message(&bytes);
    }
}

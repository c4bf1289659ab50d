//! A signal that comes back: the device tries at once, and not only when its wait is over, which may be a minute.

use gloo_events::EventListener;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::worker::WorkerHandle;
use crate::protocol::Request;

/// Listens while `worker` is somebody's who is signed in.
#[hook]
pub fn use_signal(worker: Option<WorkerHandle>) {
    use_effect_with(worker, |worker| {
        let worker = worker.clone();
        let listener = worker.zip(web_sys::window()).map(|(worker, window)| {
            EventListener::new(&window, "online", move |_| {
                let worker = worker.clone();
                // Where it fails the device tries again by itself.
                spawn_local(async move { drop(worker.call(Request::SyncNow).await) });
            })
        });
        move || drop(listener)
    });
}

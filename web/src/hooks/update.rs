//! A new version of the app waits until no sale is open; then it takes over, and the next start runs it.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ServiceWorkerRegistration, window};

/// Lets a waiting version take over. Called between sales: everything this page needs is already loaded.
pub fn activate_waiting() {
    let Some(window) = window() else { return };
    let navigator = window.navigator();
    // Over plain HTTP there is none, and asking for it would throw.
    if !Reflect::get(&navigator, &"serviceWorker".into()).is_ok_and(|found| found.is_object()) {
        return;
    }
    let registration = navigator.service_worker().get_registration();
    spawn_local(async move {
        let Ok(found) = JsFuture::from(registration).await else {
            return;
        };
        let Ok(registration) = found.dyn_into::<ServiceWorkerRegistration>() else {
            return;
        };
        if let Some(waiting) = registration.waiting() {
            let message = Object::new();
            let _ = Reflect::set(&message, &"type".into(), &"activate".into());
            // A worker that has just gone needs no message.
            let _ = waiting.post_message(&message);
        }
    });
}

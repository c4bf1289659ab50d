//! How the office's module takes the till's place on a page.
//!
//! The UI is built twice from one crate: `till` has the screens of a phone that sells and is all that a first visit waits
//! for; `office` has every screen. A page starts with the till. At an address that it does not know it fetches the
//! office (from the service worker's cache when offline), leaves worker and session to it, and ends. There is no way
//! back until the page is loaded again, and none is needed. Where the last one at work was of the office, the loader
//! starts with that.

use std::cell::RefCell;

use crdt_model::capability::Capability;
use js_sys::{Function, Promise, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::window;
use yew::AppHandle;

use super::app::App;
use super::{Phase, browser};
use crate::app::Root;
use crate::protocol::{Session, Start, SyncPill, wire};

/// The loader's: fetches the office and answers a function that starts it.
const FETCH: &str = "viornetOffice";
/// What the till left.
const LEFT: &str = "viornetLeft";
/// The setting that the loader reads.
const PART: &str = "part";

thread_local! {
    static ON_DUTY: RefCell<Option<AppHandle<Root>>> = const { RefCell::new(None) };
}

/// What one module leaves to the other.
pub struct Left {
    /// For [`WorkerHandle::adopt`](super::worker::WorkerHandle::adopt).
    pub worker: js_sys::Array,
    pub phase: Phase,
    pub pill: Option<SyncPill>,
}

#[derive(Serialize, Deserialize)]
struct Note {
    session: Option<Session>,
    start: Option<Start>,
    pill: Option<SyncPill>,
}

/// Keeps the running app, so that it can end.
pub fn on_duty(app: AppHandle<Root>) {
    ON_DUTY.set(Some(app));
}

/// For the next start of this browser: whose screens will be wanted?
pub fn remember(phase: &Phase) {
    const OFFICE: [Capability; 5] = [
        Capability::BatchesView,
        Capability::ClientsView,
        Capability::SalesAll,
        Capability::SitesManage,
        Capability::StaffManage,
    ];
    if let Phase::SignedIn(session) = phase {
        let is_office = OFFICE.iter().any(|one| session.may(*one));
        browser::keep_setting(PART, is_office.then_some("office"));
    }
}

/// Fetches the office. The answer starts it.
///
/// # Errors
/// What JavaScript threw: no connection and nothing in the cache, or no memory.
pub async fn fetch() -> Result<Function, JsValue> {
    let window = window().ok_or(JsValue::NULL)?;
    let fetch: Function = Reflect::get(&window, &FETCH.into())?.dyn_into()?;
    let fetched: Promise = fetch.call0(&JsValue::UNDEFINED)?.dyn_into()?;
    JsFuture::from(fetched).await?.dyn_into()
}

/// Leaves worker and session to the office, ends this app and starts the other.
pub fn hand_over(app: &App, start: &Function) {
    let (Some(window), Some(worker)) = (window(), &app.worker) else {
        return;
    };
    let (session, signed_out) = match &app.state.phase {
        Phase::SignedIn(session) => (Some((**session).clone()), None),
        Phase::SignedOut(start) => (None, Some((**start).clone())),
        Phase::Starting | Phase::Broken | Phase::Leaving => return,
    };
    let note = Note {
        session,
        start: signed_out,
        pill: app.state.pill.clone(),
    };
    let Some(worker) = worker.leave() else {
        return;
    };
    let bytes = js_sys::Uint8Array::from(wire::encode(&note).as_slice());
    let left = js_sys::Array::of2(&worker, &bytes);
    let _ = Reflect::set(&window, &LEFT.into(), &left);
    if let Some(app) = ON_DUTY.take() {
        app.destroy();
    }
    let _ = start.call0(&JsValue::UNDEFINED);
}

/// What the till left on this page, once.
pub fn take_over() -> Option<Left> {
    let window = window()?;
    let left: js_sys::Array = Reflect::get(&window, &LEFT.into()).ok()?.dyn_into().ok()?;
    let _ = Reflect::set(&window, &LEFT.into(), &JsValue::UNDEFINED);
    let bytes = js_sys::Uint8Array::new(&left.get(1)).to_vec();
    let note: Note = wire::decode(&bytes).ok()?;
    let phase = match (note.session, note.start) {
        (Some(session), _) => Phase::SignedIn(session.into()),
        (None, Some(start)) => Phase::SignedOut(start.into()),
        (None, None) => return None,
    };
    Some(Left {
        worker: left.get(0).dyn_into().ok()?,
        phase,
        pill: note.pill,
    })
}

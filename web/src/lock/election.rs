//! Takes the writer's lock, or finds out who has it.
//!
//! `web_sys` has Web Locks only behind an unstable flag, so the one method that is needed is called by name.

use std::{cell::RefCell, rc::Rc};

use futures::channel::oneshot;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{
    SILENCE_MS,
    relay::{Incoming, Relay},
};
use crate::browser::{error_text, worker_scope};

/// What this tab is, for now.
pub enum Role {
    Writer(Writer),
    Follower(Follower),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Without locks two tabs could write at once. The page must check that it is the only tab, or refuse.
    #[error("this browser has no Web Locks")]
    NotSupported,
    #[error("the lock could not be asked for: {0}")]
    Failed(String),
}

/// Holds the lock until dropped.
pub struct Writer {
    pub relay: Relay,
    pub incoming: Incoming,
    /// Resolves when another tab has stolen the lock: stop writing, lock the keys, acquire again.
    pub lost: oneshot::Receiver<()>,
    _speaks: SpeaksForAll,
    _release: Release,
}

/// While it lives, this tab answers the others.
struct SpeaksForAll(Relay);

impl Drop for SpeaksForAll {
    fn drop(&mut self) {
        self.0.set_writer(false);
    }
}

/// Another tab writes; requests go to it.
pub struct Follower {
    pub relay: Relay,
    pub incoming: Incoming,
    name: String,
    queued: oneshot::Receiver<Option<Held>>,
}

impl Follower {
    /// Waits until the writer is gone, which the browser notices.
    ///
    /// It may be polled in a loop beside other work and dropped in between: the place in the queue is kept.
    pub async fn writer_gone(&mut self) -> Result<Held, LockError> {
        let held = (&mut self.queued).await.ok().flatten();
        held.ok_or_else(|| LockError::Failed("the wait for the lock was cut".into()))
    }

    /// Takes the lock from a writer that does not answer.
    pub async fn rob(&self) -> Result<Held, LockError> {
        let locks = lock_manager().ok_or(LockError::NotSupported)?;
        steal(&locks, &self.name).await
    }

    /// Takes up the role once [`Follower::writer_gone`] or [`Follower::rob`] gave the lock.
    pub fn promote(self, held: Held) -> Writer {
        writer(self.relay, self.incoming, held)
    }
}

/// Dropping it lets the lock go.
struct Release(Option<Function>);

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(resolve) = self.0.take() {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    }
}

/// The lock, held until dropped.
pub struct Held {
    release: Release,
    lost: oneshot::Receiver<()>,
}

/// Becomes the writer for `person`, or learns that another tab is.
pub async fn acquire(person: &str) -> Result<Role, LockError> {
    let name = name_of(person);
    let locks = lock_manager().ok_or(LockError::NotSupported)?;
    let (relay, incoming) = Relay::join(&name).ok_or(LockError::NotSupported)?;

    if let Some(held) = request(&locks, &name, &[("ifAvailable", true)])?
        .await
        .ok()
        .flatten()
    {
        return Ok(Role::Writer(writer(relay, incoming, held)));
    }
    if !relay.writer_answers(SILENCE_MS).await {
        let held = steal(&locks, &name).await?;
        return Ok(Role::Writer(writer(relay, incoming, held)));
    }
    let queued = request(&locks, &name, &[])?;
    Ok(Role::Follower(Follower {
        relay,
        incoming,
        name,
        queued,
    }))
}

/// Has the tabs that have `person`'s store open lock themselves; for who has it not open. One that was stopped does it
/// when it goes on.
pub fn lock_all(person: &str) {
    if let Some((relay, _)) = Relay::join(&name_of(person)) {
        relay.lock_others();
    }
}

/// Hears of locking without a role, for who takes one up again and again: what arrives between two roles is for nobody
/// else.
pub struct Ear {
    _relay: Relay,
    incoming: Incoming,
}

impl Ear {
    pub fn listen(person: &str) -> Result<Self, LockError> {
        let (relay, incoming) = Relay::join(&name_of(person)).ok_or(LockError::NotSupported)?;
        Ok(Self {
            _relay: relay,
            incoming,
        })
    }

    /// Whether the person has locked the screen in another tab since this one listens.
    pub fn has_heard(&mut self) -> bool {
        self.incoming.is_locked()
    }
}

fn name_of(person: &str) -> String {
    format!("viornet/{person}")
}

async fn steal(locks: &JsValue, name: &str) -> Result<Held, LockError> {
    let stolen = request(locks, name, &[("steal", true)])?.await;
    let held = stolen.ok().flatten();
    held.ok_or_else(|| LockError::Failed("the lock was neither held nor given".into()))
}

fn writer(relay: Relay, incoming: Incoming, held: Held) -> Writer {
    relay.set_writer(true);
    let speaks = SpeaksForAll(relay.clone());
    Writer {
        relay,
        incoming,
        lost: held.lost,
        _speaks: speaks,
        _release: held.release,
    }
}

fn lock_manager() -> Option<JsValue> {
    let locks = Reflect::get(&worker_scope().navigator(), &"locks".into()).ok()?;
    locks.is_object().then_some(locks)
}

/// Asks for the lock. The receiver gets it once held, or none where `ifAvailable` finds it taken.
fn request(
    locks: &JsValue,
    name: &str,
    options: &[(&str, bool)],
) -> Result<oneshot::Receiver<Option<Held>>, LockError> {
    let failed = |error: JsValue| LockError::Failed(error_text(&error));
    let (granted_sender, granted) = oneshot::channel();
    let (lost_sender, lost) = oneshot::channel();

    let mut grant = Some((granted_sender, lost));
    // The browser calls it once, with the lock or null, and holds the lock until the returned promise resolves.
    let on_grant = Closure::<dyn FnMut(JsValue) -> JsValue>::new(move |lock: JsValue| {
        let Some((sender, lost)) = grant.take() else {
            return JsValue::UNDEFINED;
        };
        if lock.is_null() || lock.is_undefined() {
            let _ = sender.send(None);
            return JsValue::UNDEFINED;
        }
        let resolve_slot = Rc::new(RefCell::new(None));
        let hold = Promise::new(&mut |resolve, _| *resolve_slot.borrow_mut() = Some(resolve));
        let release = Release(resolve_slot.borrow_mut().take());
        // If nobody waits any more, dropping what cannot be sent releases the lock at once.
        let _ = sender.send(Some(Held { release, lost }));
        hold.into()
    });

    let object = Object::new();
    for (key, value) in options {
        Reflect::set(&object, &(*key).into(), &(*value).into()).map_err(failed)?;
    }
    let method: Function = Reflect::get(locks, &"request".into())
        .map_err(failed)?
        .unchecked_into();
    let promise: Promise = method
        .call3(locks, &name.into(), &object, on_grant.as_ref())
        .map_err(failed)?
        .unchecked_into();
    spawn_local(async move {
        let ended = JsFuture::from(promise).await;
        drop(on_grant);
        // It is rejected when the lock is stolen, and resolves when we let it go.
        if ended.is_err() {
            let _ = lost_sender.send(());
        }
    });
    Ok(granted)
}

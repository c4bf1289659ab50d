//! The sealed batches of everybody at this browser. They need nobody's password, so any connection carries them: a locked
//! screen's, and that of whoever unlocks next.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crdt_model::codec;
use crdt_model::sync::message::RelayMessage;

use super::log;
use crate::http::{self, HttpError};
use crate::store::profile::browser::{Profile, ReadyBatch};

thread_local! {
    static IS_SENDING: Cell<bool> = const { Cell::new(false) };
    /// By store, what the relay has answered to and is kept all the same: its person has to write of it again. Sent once
    /// more it would get the same answer.
    static ANSWERED: RefCell<BTreeMap<String, Vec<u8>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Sends what lies ready in all stores but one's own, whose session pushes it. What became of it each person's own
/// session learns: pushing again is harmless.
pub async fn send(profile: &Profile, mine: Option<&str>) {
    if IS_SENDING.replace(true) {
        return;
    }
    for batch in profile.ready_batches().await.unwrap_or_default() {
        let is_answered =
            ANSWERED.with_borrow(|answered| answered.get(&batch.store) == Some(&batch.sealed));
        if mine == Some(batch.store.as_str()) || is_answered {
            continue;
        }
        let answer = http::Call::post("/api/push")
            .upload(batch.sealed.clone())
            .fetch_bytes()
            .await;
        match answer {
            Ok(answer) if is_final(&answer) => forget(profile, &batch).await,
            Err(error) if !is_refusal(&error) => {
                log(&format!("a sealed batch stays here for now: {error}"));
            }
            Ok(_) | Err(_) => {
                ANSWERED.with_borrow_mut(|known| known.insert(batch.store, batch.sealed));
            }
        }
    }
    IS_SENDING.set(false);
}

fn is_final(answer: &[u8]) -> bool {
    codec::decode::<RelayMessage>(answer).is_ok_and(|answer| answer.is_final())
}

/// The relay itself said no, and would again.
fn is_refusal(error: &HttpError) -> bool {
    matches!(error, HttpError::Problem(_)) && !error.is_temporary()
}

/// All of it is with the relay. Its person may have come back meanwhile, and sealed more.
async fn forget(profile: &Profile, batch: &ReadyBatch) {
    if let Err(error) = profile.forget_ready_batch(batch).await {
        log(&format!("the ready slot: {error}"));
    }
}

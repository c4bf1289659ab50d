//! Carries another device's rescue file to the relay. It is sealed for the relay, so nobody's password is needed, and what
//! is there already is only answered once more.

use crdt_model::codec;
use crdt_model::sync::message::{Disposition, RelayMessage};
use crdt_model::sync::rescue::{self, RescueError};

use super::log;
use crate::http::{self, HttpError};
use crate::protocol::{Answer, Failure, RescueCarried};

/// Pushes the batches one after the other and counts what became of their changes.
pub async fn carry(file: &[u8]) -> Result<Answer, Failure> {
    let mut carried = RescueCarried::default();
    for sealed in rescue::read(file).map_err(Failure::Rescue)? {
        let answer = http::Call::post("/api/push")
            .upload(sealed)
            .fetch_bytes()
            .await
            .map_err(failure)?;
        let Ok(RelayMessage::Ack { results, .. }) = codec::decode(&answer) else {
            return Err(Failure::Unexpected);
        };
        for (_, disposition) in results {
            let count = match disposition {
                Disposition::Accepted | Disposition::Known => &mut carried.safe,
                Disposition::Held(..) => &mut carried.held,
                Disposition::Refused(_) | Disposition::Rebase => &mut carried.left,
            };
            *count += 1;
        }
    }
    Ok(Answer::RescueCarried(carried))
}

fn failure(error: HttpError) -> Failure {
    log(&format!("a rescue file: {error}"));
    match error {
        _ if error.is_temporary() => Failure::Offline,
        // It opens only what was sealed for it, by a device that it knows.
        HttpError::Problem(problem) if problem.status == 400 => {
            Failure::Rescue(RescueError::Foreign)
        }
        _ => Failure::Unexpected,
    }
}

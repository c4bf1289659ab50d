//! Which tab writes, and what the others hear.

use super::{Outcome, javascript};
use crate::browser::within;
use crate::lock::{Ear, Role, acquire};
use crate::store::contract::expect;

pub async fn election() -> Outcome {
    let Role::Writer(mut writer) = acquire("election").await.map_err(|e| e.to_string())? else {
        return Err("the first is not the writer".into());
    };
    let Role::Follower(mut follower) = acquire("election").await.map_err(|e| e.to_string())? else {
        return Err("the second does not follow".into());
    };
    let serve = async {
        let asked = writer
            .incoming
            .next_asked()
            .await
            .ok_or("nothing was asked")?;
        writer
            .relay
            .answer(&asked, [asked.bytes.as_slice(), b"!"].concat());
        writer.relay.broadcast(b"event".to_vec());
        Ok::<_, String>(())
    };
    let (served, answer) = futures::join!(serve, follower.relay.request(b"hello".to_vec()));
    served?;
    expect("answer", answer, Ok(b"hello!".to_vec()))?;
    let event = within(1_000, follower.incoming.next_event())
        .await
        .flatten();
    expect("event", event, Some(b"event".to_vec()))?;
    expect(
        "early",
        within(50, follower.writer_gone()).await.is_none(),
        true,
    )?;
    drop(writer);
    let held = within(1_000, follower.writer_gone())
        .await
        .ok_or("not promoted")?;
    let promoted = follower.promote(held.map_err(|error| error.to_string())?);
    let Role::Follower(mut third) = acquire("election").await.map_err(|e| e.to_string())? else {
        return Err("the third does not follow".into());
    };
    // Either has all others lock, whatever they wait for.
    let mut promoted = promoted;
    third.relay.lock_others();
    let asked = within(1_000, promoted.incoming.next_asked()).await;
    expect("the writer is locked", matches!(asked, Some(None)), true)?;
    promoted.relay.lock_others();
    let event = within(1_000, third.incoming.next_event()).await;
    expect("the follower is locked", event, Some(None))
}

pub async fn locking_without_a_role() -> Outcome {
    let mut ear = Ear::listen("ear").map_err(|error| error.to_string())?;
    expect("nobody has locked", ear.has_heard(), false)?;
    let Role::Writer(writer) = acquire("ear").await.map_err(|e| e.to_string())? else {
        return Err("the first is not the writer".into());
    };
    writer.relay.broadcast(b"event".to_vec());
    writer.relay.lock_others();
    drop(writer);
    let mut heard = false;
    for _ in 0..20 {
        gloo_timers::future::TimeoutFuture::new(50).await;
        heard = ear.has_heard();
        if heard {
            break;
        }
    }
    expect("heard behind an event", heard, true)?;
    expect("once", ear.has_heard(), false)
}

pub async fn stealing() -> Outcome {
    javascript(
        "navigator.locks.request('viornet/stolen', () => new Promise(() => {})).catch(() => 0)",
    )
    .await?;
    let Role::Writer(mut writer) = acquire("stolen").await.map_err(|e| e.to_string())? else {
        return Err("the silent holder kept the lock".into());
    };
    javascript(
        "navigator.locks.request('viornet/stolen', { steal: true }, () => 0).catch(() => 0)",
    )
    .await?;
    let told = within(1_000, &mut writer.lost).await;
    expect("told of the loss", matches!(told, Some(Ok(()))), true)
}

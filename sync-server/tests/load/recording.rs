//! What devices say, made beforehand and played back: a load that costs the machine under measurement next to nothing
//! but the relay's own work. The bytes are those that the device core would have sent, signed and sealed by each.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use crdt_model::codec;
use crdt_model::ids::DeviceId;
use crdt_model::sale::SellOrder;
use crdt_model::sync::device::{Effect, Event};
use crdt_model::sync::message::{DeviceMessage, Disposition, PROTOCOL, RelayMessage};
use futures::{SinkExt, StreamExt};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use serde_json::json;
use sync_server::clock::Clock;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::browser::{Browser, text};
use super::phone::{Phone, Socket, open};

const PATIENCE: Duration = Duration::from_secs(60);

/// Makes so many sales on a device that is offline and answers their sealed batch. The device then believes that the
/// relay accepted them, so that the next batch builds on this one.
pub fn record(phone: &mut Phone, order: &SellOrder, sales: usize) -> Result<Vec<u8>> {
    let random = &mut UnwrapErr(SysRng);
    let now = Clock::System.now();
    let mut last = None;
    for _ in 0..sales {
        let (_, commit) = phone.device.sell(order.clone(), now, random)?;
        for effect in phone
            .device
            .handle(Event::Stored(commit.number), now, random)
        {
            if let Effect::Seal { batch, .. } = effect {
                last = Some(batch);
            }
        }
    }
    let batch = last.context("nothing to seal")?;
    ensure!(batch.intents.len() == sales, "not all in one batch");
    let sealed = phone.key.seal(&batch, &phone.sealing_key)?;
    let full = batch.expand()?;
    let results: Vec<_> = full
        .hashes()
        .map(|hash| (hash, Disposition::Accepted))
        .collect();
    let answer = codec::encode(&RelayMessage::ack(0, &results));
    for effect in phone.device.handle(Event::Posted(answer), now, random) {
        if let Effect::Commit(commit) = effect {
            phone
                .device
                .handle(Event::Stored(commit.number), now, random);
        }
    }
    ensure!(phone.replica().outbox().count() == 0, "not acknowledged");
    Ok(sealed)
}

/// Who plays back: a connection as a device would open it.
pub struct Player {
    socket: Socket,
    number: u32,
}

impl Player {
    /// Opens a connection as that device and waits for the relay's welcome.
    pub async fn open(phone: &mut Phone) -> Result<Self> {
        let (cursor, rights) = (phone.replica().cursor(), phone.replica().rights());
        Self::open_as(&mut phone.browser, phone.identity.device, cursor, rights).await
    }

    pub async fn open_as(
        browser: &mut Browser,
        device: DeviceId,
        cursor: u64,
        rights: u64,
    ) -> Result<Self> {
        let body = json!({ "device_id": device.to_string() });
        let answer = browser.post("/api/ticket", &body).await?;
        let hello = DeviceMessage::Hello {
            protocol: PROTOCOL,
            ticket: text(&answer, "ticket")?.to_owned(),
            cursor,
            rights,
        };
        let mut player = Self {
            socket: open(browser).await?,
            number: 0,
        };
        player.send(&hello).await?;
        match player.next().await? {
            RelayMessage::Welcome {
                send_digest: false, ..
            } => Ok(player),
            other => bail!("no plain welcome: {other:?}"),
        }
    }

    async fn send(&mut self, message: &DeviceMessage) -> Result<()> {
        let frame = Message::Binary(codec::encode(message).into());
        Ok(self.socket.send(frame).await?)
    }

    /// Sends a recorded batch and says its number.
    pub async fn push(&mut self, sealed: Vec<u8>) -> Result<u32> {
        self.number += 1;
        let message = DeviceMessage::Push {
            number: self.number,
            sealed: sealed.into(),
        };
        self.send(&message).await?;
        Ok(self.number)
    }

    /// Waits for the answer to the oldest push without one; every change of it must have been accepted.
    pub async fn acknowledged(&mut self) -> Result<u32> {
        loop {
            if let RelayMessage::Ack { number, results } = self.next().await? {
                let is_accepted = |(_, disposition): &(_, Disposition)| {
                    matches!(disposition, Disposition::Accepted)
                };
                ensure!(results.iter().all(is_accepted), "not accepted: {results:?}");
                return Ok(number);
            }
        }
    }

    async fn next(&mut self) -> Result<RelayMessage> {
        loop {
            let frame = timeout(PATIENCE, self.socket.next())
                .await
                .context("the relay is silent")?
                .context("the relay hangs up")??;
            if let Message::Binary(bytes) = frame {
                return Ok(codec::decode(&bytes)?);
            }
        }
    }
}

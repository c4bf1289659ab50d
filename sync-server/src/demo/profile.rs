//! A person's device in the demo: the real device core with a registered key, connected to the relay of this very
//! process. What it makes is signed, sealed, admitted and judged like everybody's.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::extract::ws::Message;
use crdt_model::codec;
use crdt_model::command::{Command, Refusal};
use crdt_model::ids::{DeviceId, IntentId};
use crdt_model::replica::{Identity, PendingState, Replica};
use crdt_model::sale::{SellError, SellOrder};
use crdt_model::sync::device::{Device, Effect, Event};
use crdt_model::sync::message::{CloseReason, RelayMessage};
use tokio::time::{Instant, timeout_at};

use super::key::Key;
use super::random::Random;
use crate::app::SharedApp;
use crate::auth::{SignedIn, devices, tickets};
use crate::relay::admit;
use crate::relay::session;
use crate::relay::socket::{Memory, Socket, pair};

/// Longer than one exchange takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Profile {
    pub device: Device,
    pub who: SignedIn,
    pub id: DeviceId,
    app: SharedApp,
    key: Key,
    socket: Option<Memory>,
    /// The batch that a locked screen could send.
    kept: Option<Vec<u8>>,
    refused: Option<CloseReason>,
    random: Random,
}

impl Profile {
    /// Registers a device for a person who has a login.
    pub async fn register(
        app: &SharedApp,
        who: SignedIn,
        label: &str,
        mut random: Random,
    ) -> Result<Self> {
        let key = Key::generate()?;
        let request = devices::Register {
            public_key: key.public(),
            label: label.to_owned(),
            recovery: None,
            replaces: None,
        };
        let id = devices::register(app, who, &request).await?.device_id;
        let me = Identity {
            org: who.org,
            person: who.person,
            device: id,
        };
        Ok(Self {
            device: Device::new(Replica::new(me, &mut random)),
            who,
            id,
            app: app.clone(),
            key,
            socket: None,
            kept: None,
            refused: None,
            random,
        })
    }

    pub const fn replica(&self) -> &Replica {
        &self.device.replica
    }

    /// Does something, with or without a connection.
    pub async fn run(&mut self, command: Command) -> Result<IntentId> {
        let now = self.app.clock.now();
        let name = format!("{command:?}");
        let (intent, commit) = self
            .device
            .execute(command, now, &mut self.random)
            .with_context(|| format!("in the demo, {name}"))?;
        self.carry_out(vec![Effect::Commit(commit)]).await?;
        Ok(intent)
    }

    /// Sells. `None`: so many of these are not in stock here, and the client goes elsewhere.
    pub async fn sell(&mut self, order: SellOrder) -> Result<Option<IntentId>> {
        let now = self.app.clock.now();
        match self.device.sell(order, now, &mut self.random) {
            Ok((intent, commit)) => {
                self.carry_out(vec![Effect::Commit(commit)]).await?;
                Ok(Some(intent))
            }
            Err(Refusal::Sell(SellError::NothingLeft { .. })) => Ok(None),
            Err(refusal) => Err(refusal).context("a sale in the demo"),
        }
    }

    pub const fn is_connected(&self) -> bool {
        self.socket.is_some()
    }

    /// Exchanges everything, and hangs up again.
    pub async fn contact(&mut self) -> Result<()> {
        self.exchange().await?;
        self.hang_up().await
    }

    /// Connects unless it is connected, and exchanges everything.
    pub async fn exchange(&mut self) -> Result<()> {
        // A connection that was silent for long has ended meanwhile.
        for _ in 0..3 {
            if self.socket.is_none() {
                self.connect().await?;
            }
            if self.settle().await? {
                return Ok(());
            }
        }
        bail!("the relay hangs up on a device: {:?}", self.refused)
    }

    pub async fn hang_up(&mut self) -> Result<()> {
        self.socket = None;
        let effects = self.handle(Event::Closed);
        self.carry_out(effects).await
    }

    /// Sends what is kept for a locked screen, which needs no session.
    pub async fn post(&mut self) -> Result<()> {
        while let Some(sealed) = self.kept.take() {
            let admitted = admit::push(&self.app, &sealed).await?;
            let answer = codec::encode(&RelayMessage::ack(0, &admitted.results));
            let effects = self.handle(Event::Posted(answer));
            self.carry_out(effects).await?;
        }
        Ok(())
    }

    async fn connect(&mut self) -> Result<()> {
        let ask = tickets::Ask { device_id: self.id };
        let ticket = tickets::issue(&self.app, self.who, &ask).await?.ticket;
        let (ours, theirs) = pair();
        tokio::spawn(session::serve(self.app.clone(), theirs));
        self.socket = Some(ours);
        // Opens the socket, which is open.
        self.handle(Event::TryNow);
        let effects = self.handle(Event::Opened { ticket });
        self.carry_out(effects).await
    }

    /// Takes frames until everything is exchanged. False: the connection ended before.
    async fn settle(&mut self) -> Result<bool> {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_quiet() {
            let Some(socket) = &mut self.socket else {
                return Ok(false);
            };
            let received = timeout_at(deadline, socket.recv())
                .await
                .context("the relay does not answer a device of the demo")?;
            match received {
                Some(Ok(Message::Binary(bytes))) => {
                    let effects = self.handle(Event::Frame(bytes.to_vec()));
                    self.carry_out(effects).await?;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => self.hang_up().await?,
                Some(Ok(_)) => {}
            }
        }
        Ok(true)
    }

    fn is_quiet(&self) -> bool {
        let replica = self.replica();
        self.socket.is_some()
            && self.device.is_online()
            && !self.device.is_comparing()
            && replica.cursor() >= self.app.relay.organisation(self.who.org).head()
            && replica
                .outbox()
                .all(|pending| pending.state != PendingState::Waiting)
    }

    fn handle(&mut self, event: Event) -> Vec<Effect> {
        let now = self.app.clock.now();
        self.device.handle(event, now, &mut self.random)
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) -> Result<()> {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            let more = match effect {
                // Memory is all the store there is.
                Effect::Commit(commit) => self.handle(Event::Stored(commit.number)),
                Effect::Seal { number, batch } => {
                    let bytes = self.key.seal(&batch, &self.app.keys.sealing.public_key())?;
                    self.kept = Some(bytes.clone());
                    self.handle(Event::Sealed { number, bytes })
                }
                Effect::Send(bytes) => {
                    if let Some(socket) = &mut self.socket {
                        // Whether the other end is gone shows when it is read from.
                        let _ = socket.send(Message::Binary(bytes.into())).await;
                    }
                    Vec::new()
                }
                Effect::Refused(why) => {
                    self.refused = Some(why);
                    Vec::new()
                }
                Effect::Close => {
                    self.socket = None;
                    Vec::new()
                }
                Effect::NothingToSeal => {
                    self.kept = None;
                    Vec::new()
                }
                Effect::Connect | Effect::Changed => Vec::new(),
            };
            effects.extend(more);
        }
        Ok(())
    }
}

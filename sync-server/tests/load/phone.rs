//! A device: the core that runs in browsers, with a registered key, over a real WebSocket to any address.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crdt_model::command::{Command, Refusal};
use crdt_model::ids::IntentId;
use crdt_model::replica::{Identity, PendingState, Replica};
use crdt_model::sale::{SellError, SellOrder};
use crdt_model::sealing::SealingPublicKey;
use crdt_model::sync::device::{Device, Effect, Event};
use crdt_model::sync::message::CloseReason;
use futures::{SinkExt, StreamExt};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use serde_json::{Value, json};
use sync_server::clock::Clock;
use sync_server::demo::key::Key;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::browser::{Browser, text};

pub type Socket = WebSocketStream<TcpStream>;

/// How often the device core is told that time passes.
const TICK: Duration = Duration::from_millis(250);
/// How long opening a connection may take: the core would give it up after a minute.
const OPENING: Duration = Duration::from_secs(20);

/// What went over the wire, without HTTP and the framing of WebSockets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    pub frames_up: u64,
    pub bytes_up: u64,
    pub frames_down: u64,
    pub bytes_down: u64,
}

impl Traffic {
    pub const fn since(self, before: Self) -> Self {
        Self {
            frames_up: self.frames_up - before.frames_up,
            bytes_up: self.bytes_up - before.bytes_up,
            frames_down: self.frames_down - before.frames_down,
            bytes_down: self.bytes_down - before.bytes_down,
        }
    }

    pub fn json(self) -> Value {
        json!({
            "frames_up": self.frames_up,
            "bytes_up": self.bytes_up,
            "frames_down": self.frames_down,
            "bytes_down": self.bytes_down,
        })
    }
}

pub struct Phone {
    pub device: Device,
    pub browser: Browser,
    pub identity: Identity,
    pub key: Key,
    pub sealing_key: SealingPublicKey,
    pub traffic: Traffic,
    /// What the relay has confirmed, in the order in which it did.
    pub acknowledged: Vec<IntentId>,
    /// From the tap to the relay's answer, for each of these.
    pub latencies: Vec<Duration>,
    /// Why the relay ended connections.
    pub refused: Vec<CloseReason>,
    /// Connections that were opened, and attempts at it.
    pub connections: u32,
    pub attempts: u32,
    socket: Option<Socket>,
    waiting: BTreeMap<IntentId, Instant>,
    ticked: Instant,
}

impl Phone {
    /// Registers a device for whoever is signed in there.
    pub async fn register(mut browser: Browser, label: &str) -> Result<Self> {
        let key = Key::generate()?;
        let body = json!({ "public_key": key.public(), "label": label });
        let registered = browser.post("/api/devices", &body).await?;
        let me = browser.get("/api/me").await?;
        let identity = Identity {
            org: text(&registered, "org_id")?.parse()?,
            person: text(&me, "person_id")?.parse()?,
            device: text(&registered, "device_id")?.parse()?,
        };
        let sealing_key = BASE64_STANDARD.decode(text(&registered, "sealing_key")?)?;
        Ok(Self {
            device: Device::new(Replica::new(identity, &mut UnwrapErr(SysRng))),
            browser,
            identity,
            key,
            sealing_key: SealingPublicKey::from_bytes(&sealing_key)?,
            traffic: Traffic::default(),
            acknowledged: Vec::new(),
            latencies: Vec::new(),
            refused: Vec::new(),
            connections: 0,
            attempts: 0,
            socket: None,
            waiting: BTreeMap::new(),
            ticked: Instant::now(),
        })
    }

    pub const fn replica(&self) -> &Replica {
        &self.device.replica
    }

    /// Nothing waits to be acknowledged, and what others did is here as well.
    pub fn is_quiet(&self) -> bool {
        self.socket.is_some()
            && self.device.is_online()
            && !self.device.is_comparing()
            && self.replica().cursor() > 0
            && self
                .replica()
                .outbox()
                .all(|pending| pending.state != PendingState::Waiting)
    }

    pub async fn run(&mut self, command: Command) -> Result<IntentId> {
        let now = Clock::System.now();
        let (intent, commit) = self
            .device
            .execute(command, now, &mut UnwrapErr(SysRng))
            .context("a command under load")?;
        self.waiting.insert(intent, Instant::now());
        self.carry_out(vec![Effect::Commit(commit)]).await?;
        Ok(intent)
    }

    /// Sells, with or without a connection. `None`: nothing is left to sell.
    pub async fn sell(&mut self, order: SellOrder) -> Result<Option<IntentId>> {
        let now = Clock::System.now();
        match self.device.sell(order, now, &mut UnwrapErr(SysRng)) {
            Ok((intent, commit)) => {
                self.waiting.insert(intent, Instant::now());
                self.carry_out(vec![Effect::Commit(commit)]).await?;
                Ok(Some(intent))
            }
            Err(Refusal::Sell(SellError::NothingLeft { .. })) => Ok(None),
            Err(refusal) => Err(refusal).context("a sale under load"),
        }
    }

    /// Connects now and exchanges everything.
    pub async fn sync(&mut self) -> Result<()> {
        self.try_now().await?;
        self.settle().await
    }

    /// Somebody taps on Sync: no waiting for the backoff.
    pub async fn try_now(&mut self) -> Result<()> {
        self.handle(Event::TryNow).await
    }

    /// Exchanges until nothing is pending.
    pub async fn settle(&mut self) -> Result<()> {
        match self.until(Duration::from_secs(60), Self::is_quiet).await? {
            true => Ok(()),
            false => bail!("a device does not come to rest: {:?}", self.refused),
        }
    }

    pub async fn hang_up(&mut self) -> Result<()> {
        self.socket = None;
        self.handle(Event::Closed).await
    }

    /// Exchanges, and connects again when it must, until it looks so. False: it did not in time.
    pub async fn until(
        &mut self,
        patience: Duration,
        mut done: impl FnMut(&Self) -> bool,
    ) -> Result<bool> {
        let deadline = Instant::now() + patience;
        while !done(self) {
            if Instant::now() >= deadline {
                return Ok(false);
            }
            self.step(deadline).await?;
        }
        Ok(true)
    }

    /// Takes one frame, or lets a moment pass.
    pub async fn step(&mut self, deadline: Instant) -> Result<()> {
        let next_tick = self.ticked + TICK;
        let received = match &mut self.socket {
            Some(socket) => timeout_at(next_tick.min(deadline), socket.next()).await,
            None => {
                tokio::time::sleep_until(next_tick.min(deadline)).await;
                timeout(Duration::ZERO, std::future::pending()).await
            }
        };
        match received {
            Ok(Some(Ok(Message::Binary(bytes)))) => {
                self.traffic.frames_down += 1;
                self.traffic.bytes_down += bytes.len() as u64;
                self.handle(Event::Frame(bytes.to_vec())).await?;
            }
            Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => self.hang_up().await?,
            Ok(Some(Ok(_))) | Err(_) => {}
        }
        if self.ticked + TICK <= Instant::now() {
            self.ticked = Instant::now();
            self.handle(Event::Tick).await?;
        }
        Ok(())
    }

    async fn handle(&mut self, event: Event) -> Result<()> {
        let effects = self.effects_of(event);
        self.carry_out(effects).await
    }

    fn effects_of(&mut self, event: Event) -> Vec<Effect> {
        let now = Clock::System.now();
        self.device.handle(event, now, &mut UnwrapErr(SysRng))
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) -> Result<()> {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            let more = match effect {
                // Memory is all the store there is: these devices do not die.
                Effect::Commit(commit) => {
                    if !commit.settled.is_empty() {
                        self.note_acknowledged();
                    }
                    self.effects_of(Event::Stored(commit.number))
                }
                Effect::Seal { number, batch } => {
                    let bytes = self.key.seal(&batch, &self.sealing_key)?;
                    self.effects_of(Event::Sealed { number, bytes })
                }
                Effect::Send(bytes) => {
                    self.send(bytes).await;
                    Vec::new()
                }
                Effect::Connect => self.connect().await,
                Effect::Refused(why) => {
                    self.refused.push(why);
                    Vec::new()
                }
                Effect::Close => {
                    self.socket = None;
                    Vec::new()
                }
                Effect::NothingToSeal | Effect::Changed => Vec::new(),
            };
            effects.extend(more);
        }
        Ok(())
    }

    async fn send(&mut self, bytes: Vec<u8>) {
        self.traffic.frames_up += 1;
        self.traffic.bytes_up += bytes.len() as u64;
        if let Some(socket) = &mut self.socket {
            // Whether the other end is gone shows when it is read from.
            let _ = socket.send(Message::Binary(bytes.into())).await;
        }
    }

    async fn connect(&mut self) -> Vec<Effect> {
        self.attempts += 1;
        match timeout(OPENING, self.open()).await {
            Ok(Ok((socket, ticket))) => {
                self.connections += 1;
                self.socket = Some(socket);
                self.effects_of(Event::Opened { ticket })
            }
            Ok(Err(_)) | Err(_) => self.effects_of(Event::Closed),
        }
    }

    async fn open(&mut self) -> Result<(Socket, String)> {
        let body = json!({ "device_id": self.identity.device.to_string() });
        let answer = self.browser.post("/api/ticket", &body).await?;
        let ticket = text(&answer, "ticket")?.to_owned();
        Ok((open(&self.browser).await?, ticket))
    }

    /// What is no longer in the outbox is in the relay's database.
    fn note_acknowledged(&mut self) {
        let replica = &self.device.replica;
        let now = Instant::now();
        let gone: Vec<(IntentId, Instant)> = self
            .waiting
            .extract_if(.., |intent, _| replica.pending(*intent).is_none())
            .collect();
        for (intent, begun) in gone {
            self.acknowledged.push(intent);
            self.latencies.push(now - begun);
        }
    }
}

/// A socket of that browser, on which nothing was said yet.
pub async fn open(browser: &Browser) -> Result<Socket> {
    let mut request = format!("ws://{}/sync", browser.address).into_client_request()?;
    request
        .headers_mut()
        .insert("origin", browser.origin().parse()?);
    // There may be ten thousand of these in this process.
    let config = WebSocketConfig::default().read_buffer_size(4 << 10);
    let (socket, _) = tokio_tungstenite::client_async_with_config(
        request,
        browser.connect().await?,
        Some(config),
    )
    .await?;
    Ok(socket)
}

//! A person's browser profile: the real device core with a signing key, over a real WebSocket.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crdt_model::codec;
use crdt_model::command::Command;
use crdt_model::ids::{IntentId, PersonId};
use crdt_model::replica::{Commit, Identity, Replica};
use crdt_model::sale::SellOrder;
use crdt_model::sealing::{self, SealingPublicKey};
use crdt_model::sync::batch::{Batch, SignedBatch, signed_bytes};
use crdt_model::sync::device::{Device, Effect, Event};
use crdt_model::sync::message::CloseReason;
use futures::{SinkExt, StreamExt};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sync_server::clock::Clock;
use sync_server::relay::admit::SEALING_CONTEXT;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::helpers::{Browser, ORIGIN, TestApp};

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Longer than anything takes here, and shorter than patience.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves the app on a port of its own.
pub async fn listen(app: &TestApp) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener =
        axum::serve::ListenerExt::tap_io(listener, |socket| socket.set_nodelay(true).unwrap());
    let router = app.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

pub fn request(address: SocketAddr, origin: &str) -> Request {
    let mut request = format!("ws://{address}/sync")
        .into_client_request()
        .unwrap();
    request
        .headers_mut()
        .insert("origin", origin.parse().unwrap());
    request
}

pub async fn open(address: SocketAddr) -> Socket {
    let connecting =
        tokio_tungstenite::connect_async_with_config(request(address, ORIGIN), None, true);
    connecting.await.unwrap().0
}

pub struct Key {
    pair: EcdsaKeyPair,
    pkcs8: Vec<u8>,
}

impl Key {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self::read(pkcs8.as_ref().to_vec())
    }

    fn read(pkcs8: Vec<u8>) -> Self {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random);
        Self {
            pair: pair.unwrap(),
            pkcs8,
        }
    }

    pub fn public(&self) -> String {
        BASE64_STANDARD.encode(self.pair.public_key().as_ref())
    }

    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signature = self.pair.sign(&SystemRandom::new(), bytes).unwrap();
        signature.as_ref().to_vec()
    }
}

pub struct Profile {
    pub device: Device,
    pub browser: Browser,
    pub person: PersonId,
    /// Why the relay would not talk to us.
    pub refused: Vec<CloseReason>,
    /// The last batch that was sealed.
    pub sealed: Option<Vec<u8>>,
    pub key: Key,
    pub sealing_key: SealingPublicKey,
    pub socket: Option<Socket>,
    pub identity: Identity,
    /// What the commits wrote.
    store: BTreeMap<String, Vec<u8>>,
    clock: Clock,
}

impl Profile {
    /// Registers a device for whoever is signed in there.
    pub async fn register(app: &TestApp, browser: Browser) -> Self {
        Self::register_as(app, browser, json!({})).await
    }

    /// The same, saying more about the device.
    pub async fn register_as(app: &TestApp, mut browser: Browser, more: Value) -> Self {
        let key = Key::new();
        let mut body = json!({ "public_key": key.public(), "label": "a test" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let registered = browser.post(app, "/api/devices", body).await.json();
        let text = |field: &str| registered[field].as_str().unwrap().to_owned();
        let sealing_key = BASE64_STANDARD.decode(text("sealing_key")).unwrap();
        let me = browser.get(app, "/api/me").await.json();
        let identity = Identity {
            org: text("org_id").parse().unwrap(),
            person: me["person_id"].as_str().unwrap().parse().unwrap(),
            device: text("device_id").parse().unwrap(),
        };
        let replica = Replica::new(identity, &mut UnwrapErr(SysRng));
        Self {
            device: Device::new(replica),
            browser,
            person: identity.person,
            refused: Vec::new(),
            sealed: None,
            key,
            sealing_key: SealingPublicKey::from_bytes(&sealing_key).unwrap(),
            socket: None,
            identity,
            store: BTreeMap::new(),
            clock: app.app.clock.clone(),
        }
    }

    /// The same profile on another disk, as it was stored.
    pub fn copy(&self) -> Self {
        let replica = Replica::open(self.identity, self.store.clone(), &mut UnwrapErr(SysRng));
        Self {
            device: Device::new(replica.unwrap()),
            browser: self.browser.clone(),
            person: self.person,
            refused: Vec::new(),
            sealed: None,
            key: Key::read(self.key.pkcs8.clone()),
            sealing_key: self.sealing_key,
            socket: None,
            identity: self.identity,
            store: self.store.clone(),
            clock: self.clock.clone(),
        }
    }

    /// Connects and waits until everything is exchanged.
    pub async fn sync(&mut self, app: &TestApp, address: SocketAddr) {
        self.connect(app, address).await;
        self.settle().await;
    }

    pub async fn ticket(&mut self, app: &TestApp) -> String {
        let body = json!({ "device_id": self.identity.device.to_string() });
        let answer = self.browser.post(app, "/api/ticket", body).await;
        answer.json()["ticket"]
            .as_str()
            .unwrap_or_else(|| panic!("no ticket: {:?}", answer.json()))
            .to_owned()
    }

    pub async fn connect(&mut self, app: &TestApp, address: SocketAddr) {
        let effects = self.handle(Event::TryNow);
        assert_eq!(effects, [Effect::Connect]);
        self.socket = Some(open(address).await);
        let ticket = self.ticket(app).await;
        let effects = self.handle(Event::Opened { ticket });
        self.carry_out(effects).await;
    }

    /// Takes the answer to a kept batch that was sent by POST.
    pub async fn posted(&mut self, answer: Vec<u8>) {
        let effects = self.handle(Event::Posted(answer));
        self.carry_out(effects).await;
    }

    pub fn go_offline(&mut self) {
        self.socket = None;
        self.handle(Event::Closed);
    }

    /// Exchanges frames until nothing is pending and nothing has come for a moment.
    pub async fn settle(&mut self) {
        self.until(|device| {
            device.is_online()
                && device.replica.cursor() > 0
                && device
                    .replica
                    .outbox()
                    .all(|pending| pending.state != crdt_model::replica::PendingState::Waiting)
        })
        .await;
    }

    /// Exchanges frames until the device looks so.
    pub async fn until(&mut self, condition: impl Fn(&Device) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !condition(&self.device) {
            match tokio::time::timeout_at(deadline, self.receive()).await {
                Ok(true) => {}
                Ok(false) => panic!("the connection ended: {:?}", self.refused),
                Err(_) => panic!("nothing comes; cursor {}", self.device.replica.cursor()),
            }
        }
    }

    /// Exchanges frames until the connection ends, and says why it did.
    pub async fn until_closed(&mut self) -> Option<CloseReason> {
        tokio::time::timeout(PATIENCE, async { while self.receive().await {} })
            .await
            .expect("the connection should end");
        self.refused.last().copied()
    }

    /// Takes one frame. False: the connection ended.
    async fn receive(&mut self) -> bool {
        let Some(socket) = &mut self.socket else {
            return false;
        };
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => {
                let effects = self.handle(Event::Frame(bytes.to_vec()));
                self.carry_out(effects).await;
                true
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => {
                self.go_offline();
                false
            }
            Some(Ok(_)) => true,
        }
    }

    pub async fn run(&mut self, command: Command) -> IntentId {
        let now = self.clock.now();
        let (intent, commit) = self
            .device
            .execute(command, now, &mut UnwrapErr(SysRng))
            .unwrap();
        self.carry_out(vec![Effect::Commit(commit)]).await;
        intent
    }

    pub async fn sell(&mut self, order: SellOrder) -> IntentId {
        let now = self.clock.now();
        let sold = self.device.sell(order, now, &mut UnwrapErr(SysRng));
        let (intent, commit): (IntentId, Commit) = sold.unwrap();
        self.carry_out(vec![Effect::Commit(commit)]).await;
        intent
    }

    fn handle(&mut self, event: Event) -> Vec<Effect> {
        self.device
            .handle(event, self.clock.now(), &mut UnwrapErr(SysRng))
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut effects = std::collections::VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            let more = match effect {
                Effect::Commit(commit) => {
                    for (key, value) in commit.writes {
                        match value {
                            Some(value) => self.store.insert(key, value),
                            None => self.store.remove(&key),
                        };
                    }
                    self.handle(Event::Stored(commit.number))
                }
                Effect::Seal { number, batch } => {
                    let bytes = self.seal(&batch);
                    self.sealed = Some(bytes.clone());
                    self.handle(Event::Sealed { number, bytes })
                }
                Effect::Send(bytes) => {
                    if let Some(socket) = &mut self.socket {
                        let _ = socket.send(Message::Binary(bytes.into())).await;
                    }
                    Vec::new()
                }
                Effect::Refused(why) => {
                    self.refused.push(why);
                    Vec::new()
                }
                Effect::Close => {
                    self.socket = None;
                    Vec::new()
                }
                Effect::Connect | Effect::NothingToSeal | Effect::Changed => Vec::new(),
            };
            effects.extend(more);
        }
    }

    pub fn seal(&self, batch: &Batch) -> Vec<u8> {
        let encoded = batch.encode();
        let signature = self
            .key
            .sign(&signed_bytes(batch.org, batch.device, &encoded));
        let signed = SignedBatch {
            org: batch.org,
            device: batch.device,
            batch: encoded.into(),
            signature: signature.into(),
        };
        self.seal_bytes(&codec::encode(&signed))
    }

    pub fn seal_bytes(&self, plain: &[u8]) -> Vec<u8> {
        sealing::seal(
            &self.sealing_key,
            SEALING_CONTEXT,
            plain,
            &mut UnwrapErr(SysRng),
        )
        .unwrap()
    }
}

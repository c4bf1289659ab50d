//! Devices that take one frame, and the next when they like: what changes meanwhile holds for them too.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::Message;
use crdt_model::codec;
use crdt_model::document::DocumentKey;
use crdt_model::sync::message::{CloseReason, DeviceMessage, PROTOCOL, RelayMessage};
use sync_server::relay::session;
use sync_server::relay::socket::{Memory, Socket, pair};
use tokio::sync::Semaphore;

use crate::frames::hello;
use crate::profile::Profile;
use crate::relay::{Shop, wait_for_block};

/// The relay's end. What it sends waits for a permit, as it waits for the window of a socket.
struct Narrow {
    socket: Memory,
    window: Arc<Semaphore>,
}

impl Socket for Narrow {
    async fn recv(&mut self) -> Option<Result<Message, axum::Error>> {
        self.socket.recv().await
    }

    async fn send(&mut self, message: Message) -> Result<(), axum::Error> {
        self.window.acquire().await.unwrap().forget();
        self.socket.send(message).await
    }
}

struct Slow {
    socket: Memory,
    window: Arc<Semaphore>,
}

impl Slow {
    /// In a comparison in which all is due, of which one document has come.
    async fn begin(shop: &Shop, who: &mut Profile) -> Self {
        let ticket = who.ticket(&shop.app).await;
        let (socket, theirs) = pair();
        let window = Arc::new(Semaphore::new(2));
        let narrow = Narrow {
            socket: theirs,
            window: window.clone(),
        };
        tokio::spawn(session::serve(shop.app.app.clone(), narrow));
        let mut slow = Self { socket, window };
        slow.say(&hello(PROTOCOL, &ticket)).await;
        let digest = DeviceMessage::Digest {
            documents: Vec::new(),
            more: false,
        };
        let welcome = slow.hear().await;
        assert!(matches!(welcome, Some(RelayMessage::Welcome { .. })));
        slow.say(&digest).await;
        let first = slow.hear().await;
        assert!(matches!(first, Some(RelayMessage::Snapshot { .. })));
        slow
    }

    async fn say(&mut self, message: &DeviceMessage) {
        let bytes = codec::encode(message);
        self.socket
            .send(Message::Binary(bytes.into()))
            .await
            .unwrap();
    }

    async fn hear(&mut self) -> Option<RelayMessage> {
        let frame = tokio::time::timeout(Duration::from_secs(10), self.socket.recv());
        match frame.await.expect("something should come")?.unwrap() {
            Message::Binary(bytes) => Some(codec::decode(&bytes).unwrap()),
            _ => None,
        }
    }

    /// The documents that still come, and what comes after them.
    async fn rest(&mut self) -> (Vec<DocumentKey>, Option<RelayMessage>) {
        self.window.add_permits(1_000);
        let mut keys = Vec::new();
        loop {
            match self.hear().await {
                Some(RelayMessage::Snapshot { key, .. }) => keys.push(key),
                other => return (keys, other),
            }
        }
    }
}

/// An agent with more documents than are read at a time.
async fn agent_with_blocks(shop: &mut Shop) -> Profile {
    let mut asha = shop.agent("asha").await;
    for number in 0..18 {
        let block = shop.import(&[&format!("A{number}")]).await;
        shop.lease(block, asha.person).await;
        wait_for_block(&mut asha, block).await;
    }
    asha.go_offline();
    asha
}

fn is_gone(why: CloseReason, message: Option<RelayMessage>) -> bool {
    matches!(message, Some(RelayMessage::Bye { why: said, .. }) if said == why)
}

#[tokio::test]
async fn cl1_a_slow_reader_that_is_revoked_gets_no_more() {
    let mut shop = Shop::open().await;
    let mut asha = agent_with_blocks(&mut shop).await;
    let mut slow = Slow::begin(&shop, &mut asha).await;
    shop.revoke(&asha).await;
    let organisation = shop.app.app.relay.organisation(asha.identity.org);
    organisation.set_devices_revoked(1);
    let (keys, end) = slow.rest().await;
    // The one that was on its way.
    assert!(keys.len() <= 1, "{keys:?}");
    assert!(is_gone(CloseReason::DeviceRevoked, end));
}

#[tokio::test]
async fn cl1_a_stopping_server_says_so_to_a_slow_reader() {
    let mut shop = Shop::open().await;
    let mut asha = agent_with_blocks(&mut shop).await;
    let mut slow = Slow::begin(&shop, &mut asha).await;
    shop.office.go_offline();
    let (_, (keys, end)) = tokio::join!(shop.app.app.relay.shut_down(), slow.rest());
    assert!(keys.len() <= 1, "{keys:?}");
    assert!(is_gone(CloseReason::ShuttingDown, end));
}

#[tokio::test]
async fn dg7_what_may_not_be_read_any_more_does_not_come_to_a_slow_reader() {
    let mut shop = Shop::open().await;
    let mut asha = agent_with_blocks(&mut shop).await;
    let mut slow = Slow::begin(&shop, &mut asha).await;
    let leased: Vec<_> = asha.device.replica.stock().mine().map(|m| m.id).collect();
    // Blocks come last.
    shop.recall(leased[0], None).await;
    let (keys, end) = slow.rest().await;
    let of = |wanted| {
        let is_it = |key: &&DocumentKey| matches!(key, DocumentKey::Block { block, .. } if *block == wanted);
        keys.iter().filter(is_it).count()
    };
    let come: Vec<usize> = leased.iter().map(|block| of(*block)).collect();
    assert_eq!((come[0], come[1..].iter().sum()), (0, 17));
    assert!(matches!(end, Some(RelayMessage::Synced { .. })), "{end:?}");
}

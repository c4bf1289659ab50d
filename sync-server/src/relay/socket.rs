//! What a session talks through: a WebSocket, or one end of a pair in memory, by which the demo's devices speak to
//! the relay of their own process.

use axum::extract::ws::{Message, WebSocket};
use tokio::sync::mpsc;

/// Frames that may wait at one end of a pair.
const WAITING_MAX: usize = 1_024;

/// Messages in, messages out.
pub trait Socket: Send {
    /// `None`: it is closed.
    fn recv(&mut self) -> impl Future<Output = Option<Result<Message, axum::Error>>> + Send;
    fn send(&mut self, message: Message) -> impl Future<Output = Result<(), axum::Error>> + Send;
}

impl Socket for WebSocket {
    async fn recv(&mut self) -> Option<Result<Message, axum::Error>> {
        Self::recv(self).await
    }

    async fn send(&mut self, message: Message) -> Result<(), axum::Error> {
        Self::send(self, message).await
    }
}

/// One end of a pair; dropping it closes both.
#[derive(Debug)]
pub struct Memory {
    to: mpsc::Sender<Message>,
    from: mpsc::Receiver<Message>,
}

/// Two ends that are connected with each other.
pub fn pair() -> (Memory, Memory) {
    let (to_one, from_other) = mpsc::channel(WAITING_MAX);
    let (to_other, from_one) = mpsc::channel(WAITING_MAX);
    let one = Memory {
        to: to_other,
        from: from_other,
    };
    let other = Memory {
        to: to_one,
        from: from_one,
    };
    (one, other)
}

impl Socket for Memory {
    async fn recv(&mut self) -> Option<Result<Message, axum::Error>> {
        self.from.recv().await.map(Ok)
    }

    async fn send(&mut self, message: Message) -> Result<(), axum::Error> {
        self.to.send(message).await.map_err(axum::Error::new)
    }
}

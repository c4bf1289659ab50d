//! A WebSocket with binary messages, for the worker. One connection, no reconnecting: that is the sync driver's decision.

use futures::{StreamExt, channel::mpsc};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use crate::browser::error_text;

/// What happens on a connection, in order; nothing comes after `Closed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    Opened,
    Message(Vec<u8>),
    /// The other side or the browser ended it. `code` is 1006 when the connection broke without a word.
    Closed {
        code: u16,
        reason: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SocketError {
    #[error("the connection could not be started: {0}")]
    NotStarted(String),
    #[error("the connection is not open")]
    NotOpen,
    #[error("too much is waiting to be sent")]
    Congested,
}

/// Beyond this the link is not keeping up, and a bounded queue above must wait.
const BUFFERED_BYTES_MAX: u32 = 2 * 1024 * 1024;

/// A connection; dropping it closes it.
pub struct Socket {
    socket: WebSocket,
    events: mpsc::UnboundedReceiver<SocketEvent>,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Starts connecting; [`SocketEvent::Opened`] or [`SocketEvent::Closed`] follows.
    pub fn connect(url: &str) -> Result<Self, SocketError> {
        let socket =
            WebSocket::new(url).map_err(|error| SocketError::NotStarted(error_text(&error)))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let (sender, events) = mpsc::unbounded();

        let on_open = Closure::<dyn FnMut(Event)>::new({
            let sender = sender.clone();
            move |_| {
                let _ = sender.unbounded_send(SocketEvent::Opened);
            }
        });
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new({
            let sender = sender.clone();
            let socket = socket.clone();
            move |event: MessageEvent| match event.data().dyn_into::<ArrayBuffer>() {
                Ok(buffer) => {
                    let bytes = Uint8Array::new(&buffer).to_vec();
                    let _ = sender.unbounded_send(SocketEvent::Message(bytes));
                }
                // Text is not in our protocol.
                Err(_) => {
                    let _ = socket.close_with_code_and_reason(4000, "text message");
                }
            }
        });
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            let closed = SocketEvent::Closed {
                code: event.code(),
                reason: event.reason(),
            };
            let _ = sender.unbounded_send(closed);
            sender.close_channel();
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self {
            socket,
            events,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        })
    }

    /// The next event; none after `Closed`.
    pub async fn next(&mut self) -> Option<SocketEvent> {
        self.events.next().await
    }

    /// Hands a message to the browser; sent does not mean received.
    pub fn send(&self, bytes: &[u8]) -> Result<(), SocketError> {
        if self.socket.ready_state() != WebSocket::OPEN {
            return Err(SocketError::NotOpen);
        }
        if self.socket.buffered_amount() > BUFFERED_BYTES_MAX {
            return Err(SocketError::Congested);
        }
        self.socket
            .send_with_u8_array(bytes)
            .map_err(|_| SocketError::NotOpen)
    }

    /// Ends the connection with a code of 1000 or 4000 to 4999 and a reason of at most 123 bytes.
    pub fn close(&self, code: u16, reason: &str) {
        // It throws only for a code or reason outside these limits; the connection then ends on drop.
        let _ = self.socket.close_with_code_and_reason(code, reason);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

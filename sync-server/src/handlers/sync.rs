//! The two ways by which changes arrive: the WebSocket, and a POST for when there is none.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use crdt_model::admission::caps::FRAME_BYTES_MAX;
use crdt_model::codec;
use crdt_model::sync::message::RelayMessage;

use crate::app::SharedApp;
use crate::auth::origin;
use crate::problem::Problem;
use crate::relay::admit::{self, PushError};
use crate::relay::session;

/// Frames a little too long are answered by the session, with a reason; longer ones end the connection below it.
const SLACK: usize = 64 << 10;
/// A connection touches all of its buffer with the first byte it reads, and keeps it: of the usual 128 KiB, ten
/// thousand idle phones would hold more than a gigabyte. A sale takes half of this; what is longer is read in turns.
const READ_BUFFER: usize = 4 << 10;

/// `GET /sync`: a WebSocket, for our own pages. Who it is, its first message says.
pub async fn connect(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    if !origin::is_ours(&app.origins, &headers) {
        return Err(Problem::ForeignOrigin);
    }
    let upgrade = upgrade.map_err(|rejection| Problem::Malformed(rejection.body_text()))?;
    Ok(upgrade
        .read_buffer_size(READ_BUFFER)
        .max_message_size(FRAME_BYTES_MAX + SLACK)
        .max_frame_size(FRAME_BYTES_MAX + SLACK)
        .on_upgrade(move |socket| session::serve(app, socket)))
}

/// `POST /api/push`: a sealed batch. No session is needed, and no origin: the signature inside says whose it is,
/// and nothing that a foreign page could send would bear one.
pub async fn push(
    State(app): State<SharedApp>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let sealed = match body {
        Ok(sealed) => sealed,
        Err(BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_))) => {
            return Err(Problem::TooLarge {
                limit_bytes: FRAME_BYTES_MAX,
            });
        }
        // It broke off or took too long, which says nothing about what was meant to come.
        Err(BytesRejection::FailedToBufferBody(_)) => return Err(Problem::unavailable()),
        Err(rejection) => return Err(Problem::Malformed(rejection.body_text())),
    };
    let admitted = admit::push(&app, &sealed)
        .await
        .map_err(|error| match error {
            PushError::Busy | PushError::Away => Problem::unavailable(),
            PushError::Internal => Problem::Internal,
            hostile => Problem::Malformed(hostile.to_string()),
        })?;
    let ack = RelayMessage::ack(0, &admitted.results);
    Ok((
        [(header::CONTENT_TYPE, "application/cbor")],
        codec::encode(&ack),
    )
        .into_response())
}

//! One connection, as a rule a WebSocket: feeds frames to `crdt_model::sync::relay::Session` and carries out its steps, one after the other.
//!
//! Nothing is queued for a slow reader: the next rows are read when the ones before were sent, and a frame that
//! cannot be sent in time ends the session.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message};
use crdt_model::admission::may_read;
use crdt_model::codec;
use crdt_model::document::DocumentKey;
use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::sync::message::{CloseReason, DeviceMessage, RelayMessage};
use crdt_model::sync::relay::{LogEntry, Session, Step};
use tokio::sync::{SemaphorePermit, watch};
use tokio::time::{Instant, timeout};

use super::admit::{self, PushError};
use super::load::{self, LoadError};
use super::organisation::{Organisation, Pulse};
use super::page;
use super::socket::Socket;
use crate::app::SharedApp;
use crate::auth::tickets;
use crate::auth::tokens::OneTimeToken;
use crate::database;
use crate::gate::Gate;
use crate::keys::random;
use crate::problem::is_away;
use crate::store::devices;

/// A socket that never says who it is.
const GREETING_TIMEOUT: Duration = Duration::from_secs(15);
/// A device that waits for nothing asks for a sign of life every three minutes.
const SILENCE_MAX: Duration = Duration::from_secs(240);
/// 128 kB at 20 kbit/s, and some.
const SEND_TIMEOUT: Duration = Duration::from_secs(90);
const TICK: Duration = Duration::from_secs(5);
/// How long the other side may take to answer a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes of changes in one message: twenty seconds at 50 kbit/s.
const MESSAGE_BYTES: usize = 128 << 10;
/// Documents read in one transaction.
const SNAPSHOTS_PER_READ: usize = 16;

/// Whose connection this is.
struct Identified {
    organisation: Arc<Organisation>,
    pulse: watch::Receiver<Pulse>,
    person: PersonId,
    device: DeviceId,
    devices_revoked: i64,
}

struct Connection<S> {
    app: SharedApp,
    socket: S,
    session: Session,
    who: Option<Identified>,
    heard_at: Instant,
}

/// Why a session cannot go on.
#[derive(Debug)]
enum Broken {
    /// Said to the device, then closed.
    Because(CloseReason),
    /// The socket is gone.
    Gone,
}

type Outcome<T> = Result<T, Broken>;

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Self {
        match is_away(&error) {
            true => tracing::warn!(%error, "PostgreSQL is away"),
            false => tracing::error!(?error, "a query failed"),
        }
        Self::Because(CloseReason::StoreAway)
    }
}

impl From<LoadError> for Broken {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Database(error) => error.into(),
            LoadError::Stopped => Self::Because(CloseReason::ShuttingDown),
            damaged @ LoadError::Damaged { .. } => {
                tracing::error!(error = ?damaged, "a document cannot be read");
                Self::Because(CloseReason::StoreAway)
            }
        }
    }
}

/// Serves a connection until it ends.
pub async fn serve(app: SharedApp, socket: impl Socket) {
    let Some(_connected) = app.relay.connect() else {
        let mut connection = Connection::new(app, socket);
        connection.say_goodbye(CloseReason::Overloaded).await;
        return;
    };
    let _counted = Counted::new(app.clone());
    Connection::new(app, socket).run().await;
}

/// In the metrics as long as it lives, however it ends.
struct Counted(SharedApp);

impl Counted {
    fn new(app: SharedApp) -> Self {
        app.metrics.connections.inc();
        Self(app)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.metrics.connections.dec();
    }
}

impl<S: Socket> Connection<S> {
    fn new(app: SharedApp, socket: S) -> Self {
        Self {
            app,
            socket,
            session: Session::new(),
            who: None,
            heard_at: Instant::now(),
        }
    }

    async fn run(&mut self) {
        let mut stop = self.app.relay.stop.subscribe();
        let mut tick = tokio::time::interval(TICK);
        let began = Instant::now();
        loop {
            let steps = tokio::select! {
                biased;
                () = stopped(&mut stop) => Err(Broken::Because(CloseReason::ShuttingDown)),
                received = self.socket.recv() => self.received(received),
                pulse = next_pulse(&mut self.who) => self.woken(pulse).await,
                _ = tick.tick() => {
                    let silence = self.heard_at.elapsed();
                    let is_late = self.who.is_none() && began.elapsed() > GREETING_TIMEOUT;
                    match is_late || silence > SILENCE_MAX {
                        true => Err(Broken::Gone),
                        false => Ok(Vec::new()),
                    }
                }
            };
            let done = match steps {
                Ok(steps) => self.carry_out(steps).await,
                Err(broken) => Err(broken),
            };
            match done {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) | Err(Broken::Gone) => return,
                Err(Broken::Because(why)) => return self.say_goodbye(why).await,
            }
        }
    }

    fn received(&mut self, received: Option<Result<Message, axum::Error>>) -> Outcome<Vec<Step>> {
        self.heard_at = Instant::now();
        match received {
            Some(Ok(Message::Binary(bytes))) => {
                let session = &mut self.session;
                match catch_unwind(AssertUnwindSafe(|| session.frame(&bytes))) {
                    Ok(steps) => {
                        self.log_refusal(&steps, &bytes);
                        Ok(steps)
                    }
                    Err(_) => {
                        tracing::error!(bytes = bytes.len(), "a frame made the relay panic");
                        Err(Broken::Because(CloseReason::BadFrame))
                    }
                }
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Vec::new()),
            Some(Ok(Message::Text(text))) => {
                tracing::warn!(bytes = text.len(), "a session ends: a text frame");
                Err(Broken::Because(CloseReason::BadFrame))
            }
            Some(Ok(Message::Close(_))) | None => Err(Broken::Gone),
            Some(Err(error)) => {
                // Too long, or no WebSocket frame at all.
                tracing::warn!(%error, "a session ends: its frames cannot be read");
                Err(Broken::Because(CloseReason::BadFrame))
            }
        }
    }

    fn log_refusal(&self, steps: &[Step], bytes: &[u8]) {
        let Some(Step::Close(why)) = steps.last() else {
            return;
        };
        let error = codec::decode::<DeviceMessage>(bytes).err();
        let device = self.session.device();
        tracing::warn!(
            ?why,
            ?device,
            bytes = bytes.len(),
            error = error.map(tracing::field::display),
            "a session ends: bad frame"
        );
    }

    async fn woken(&mut self, pulse: Pulse) -> Outcome<Vec<Step>> {
        self.may_go_on().await?;
        Ok(self.session.woken(pulse.head))
    }

    /// Asked before anything more is read for this session: one whose reader is slow looks at nothing else meanwhile.
    async fn may_go_on(&mut self) -> Outcome<()> {
        if *self.app.relay.stop.borrow() {
            return Err(Broken::Because(CloseReason::ShuttingDown));
        }
        let Some(who) = &mut self.who else {
            return Ok(());
        };
        let devices_revoked = who.pulse.borrow().devices_revoked;
        if devices_revoked != who.devices_revoked {
            let _place = enter(&self.app.readings).await?;
            let mut tx = database::begin(&self.app.pool, who.organisation.id).await?;
            let device = devices::find(&mut tx, who.organisation.id, who.device).await?;
            if device.is_none_or(|device| device.is_revoked) {
                return Err(Broken::Because(CloseReason::DeviceRevoked));
            }
            who.devices_revoked = devices_revoked;
        }
        Ok(())
    }

    async fn carry_out(&mut self, steps: Vec<Step>) -> Outcome<ControlFlow<()>> {
        let mut steps = VecDeque::from(steps);
        while let Some(step) = steps.pop_front() {
            let more = match step {
                Step::Send(RelayMessage::Bye { why, .. }) => {
                    self.say_goodbye(why).await;
                    return Ok(ControlFlow::Break(()));
                }
                Step::Send(message) => {
                    self.send(&message).await?;
                    Vec::new()
                }
                Step::Identify {
                    ticket,
                    cursor,
                    rights,
                } => self.identify(&ticket, cursor, rights).await?,
                Step::Load { after } => {
                    self.may_go_on().await?;
                    self.load(after).await?
                }
                Step::List => self.list().await?,
                Step::SendSnapshots(keys) => {
                    self.send_snapshots(&keys).await?;
                    Vec::new()
                }
                Step::Admit { number, sealed } => self.admit(number, &sealed).await?,
                Step::Close(why) => {
                    self.say_goodbye(why).await;
                    return Ok(ControlFlow::Break(()));
                }
            };
            steps.extend(more);
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn identify(&mut self, ticket: &str, cursor: u64, rights: u64) -> Outcome<Vec<Step>> {
        let Some(ticket) = OneTimeToken::parse(ticket) else {
            return Ok(self.session.not_identified());
        };
        let org = ticket.org();
        let app = self.app.clone();
        let mut place = enter(&app.hellos).await?;
        let mut tx = database::begin_fleeting(&app.pool, org).await?;
        let now = app.clock.now();
        let Some(holder) = tickets::take(&mut tx, &ticket, now).await? else {
            return Ok(self.session.not_identified());
        };
        // Listening before reading, so that nothing falls in between.
        let organisation = app.relay.organisation(org);
        let mut pulse = organisation.pulse.subscribe();
        let devices_revoked = pulse.borrow_and_update().devices_revoked;
        let device = devices::find(&mut tx, org, holder.device).await?;
        if device.is_none_or(|device| device.is_revoked) {
            tx.commit().await?;
            return Err(Broken::Because(CloseReason::DeviceRevoked));
        }
        let replaced = devices::replaced_by(&mut tx, org, holder.device).await?;
        let waiting =
            crate::store::vouchers::sites_to_bind(&mut tx, org, holder.person, &replaced).await?;
        if !waiting.is_empty() {
            tx.commit().await?;
            // It waits for the organisation's queue, and others need not wait with it.
            drop(place);
            admit::bind(&app, org, holder.person, holder.device)
                .await
                .map_err(Broken::of_push)?;
            place = enter(&app.hellos).await?;
            tx = database::begin(&app.pool, org).await?;
        }
        // The head first: rights that change after it come again with the log.
        let head = crate::store::changes::head(&mut tx, org).await?;
        let reader = page::reader(&mut tx, org, holder.person, holder.device).await?;
        tx.commit().await?;
        drop(place);
        organisation.advance(head);
        tracing::debug!(%org, person = %holder.person, device = %holder.device, cursor, head, "connected");
        self.who = Some(Identified {
            organisation,
            pulse,
            person: holder.person,
            device: holder.device,
            devices_revoked,
        });
        Ok(self
            .session
            .identified(reader, holder.device, head, cursor, rights, now))
    }

    fn who(&self) -> Outcome<(Arc<Organisation>, OrgId, PersonId, DeviceId)> {
        let who = self
            .who
            .as_ref()
            .ok_or(Broken::Because(CloseReason::OutOfOrder))?;
        Ok((
            who.organisation.clone(),
            who.organisation.id,
            who.person,
            who.device,
        ))
    }

    async fn load(&mut self, after: u64) -> Outcome<Vec<Step>> {
        let (organisation, org, person, device) = self.who()?;
        let rows = page::rows_after(&self.app, &organisation, after).await?;
        let Some(last) = rows.last() else {
            // The log is shorter than it was: another database. A fresh session compares everything.
            tracing::error!(%org, after, "the log ends before it should");
            return Err(Broken::Because(CloseReason::StoreAway));
        };
        let touches_rights = rows
            .iter()
            .any(|row| row.key.as_ref().is_some_and(page::touches_rights));
        if touches_rights {
            let reader = {
                let _place = enter(&self.app.readings).await?;
                let mut tx = database::begin(&self.app.pool, org).await?;
                page::reader(&mut tx, org, person, device).await?
            };
            let steps = self.session.rights_changed(reader, self.app.clock.now());
            if !steps.is_empty() {
                // Not sent under the old rights; what is due comes after the comparison.
                self.session.loaded(after, Vec::new());
                return Ok(steps);
            }
        }
        let mut to = last.seq;
        let mut entries = Vec::new();
        let mut bytes = 0;
        for row in &rows {
            let readable = row.key.filter(|key| {
                self.session
                    .reader()
                    .is_some_and(|reader| may_read(reader, key))
            });
            let Some(key) = readable else { continue };
            if bytes > 0 && bytes + row.chunk.len() > MESSAGE_BYTES {
                to = row.seq - 1;
                break;
            }
            bytes += row.chunk.len();
            entries.push(LogEntry {
                seq: row.seq,
                key,
                chunk: row.chunk.clone(),
            });
        }
        Ok(self.session.loaded(to, entries))
    }

    async fn list(&mut self) -> Outcome<Vec<Step>> {
        let (_, org, person, device) = self.who()?;
        let listing = {
            let _place = enter(&self.app.readings).await?;
            page::list(&self.app, org, person, device).await?
        };
        // The comparison ends by the rights of the moment of the list.
        let now = self.app.clock.now();
        let mut steps = self.session.rights_changed(listing.reader, now);
        steps.extend(self.session.listed(&listing.documents, listing.head));
        Ok(steps)
    }

    async fn send_snapshots(&mut self, keys: &[DocumentKey]) -> Outcome<()> {
        let (_, org, person, device) = self.who()?;
        for keys in keys.chunks(SNAPSHOTS_PER_READ) {
            let (documents, reader) = {
                let _place = enter(&self.app.readings).await?;
                let mut tx = database::begin(&self.app.pool, org).await?;
                let documents = load::saved(&mut tx, org, keys).await?;
                // Rights may be others than when the documents were listed; the log will tell, and all is compared again.
                let reader = page::reader(&mut tx, org, person, device).await?;
                // Snapshots may have been left behind.
                tx.commit().await?;
                (documents, reader)
            };
            for (key, bytes) in documents {
                if !may_read(&reader, &key) {
                    continue;
                }
                self.may_go_on().await?;
                let bytes = bytes.into();
                self.send(&RelayMessage::Snapshot { key, bytes }).await?;
            }
        }
        Ok(())
    }

    async fn admit(&mut self, number: u32, sealed: &[u8]) -> Outcome<Vec<Step>> {
        let (.., device) = self.who()?;
        let admitted = admit::push(&self.app, sealed)
            .await
            .map_err(Broken::of_push)?;
        let own = admitted
            .rows
            .iter()
            .filter(|(_, author)| *author == Some(device))
            .map(|(seq, _)| *seq);
        Ok(self
            .session
            .admitted(number, &admitted.results, own, admitted.head))
    }

    async fn send(&mut self, message: &RelayMessage) -> Outcome<()> {
        let bytes = codec::encode(message);
        match timeout(
            SEND_TIMEOUT,
            self.socket.send(Message::Binary(bytes.into())),
        )
        .await
        {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Broken::Gone),
            Err(_) => Err(Broken::Because(CloseReason::TooSlow)),
        }
    }

    /// Says why, closes, and waits a moment for the other side to do the same, so that it can read it.
    async fn say_goodbye(&mut self, why: CloseReason) {
        let bye = codec::encode(&RelayMessage::Bye {
            why,
            retry_after_millis: retry_after(why),
        });
        let close = Message::Close(Some(CloseFrame {
            code: why.close_code(),
            reason: "".into(),
        }));
        let farewell = async {
            let _ = self.socket.send(Message::Binary(bye.into())).await;
            let _ = self.socket.send(close).await;
            while let Some(Ok(_)) = self.socket.recv().await {}
        };
        let _ = timeout(CLOSE_TIMEOUT, farewell).await;
    }
}

impl Broken {
    fn of_push(error: PushError) -> Self {
        Self::Because(match error {
            PushError::Busy => CloseReason::Overloaded,
            PushError::Away | PushError::Internal => CloseReason::StoreAway,
            // Logged where it was found.
            _ => CloseReason::BadFrame,
        })
    }
}

async fn enter(gate: &Gate) -> Outcome<SemaphorePermit<'_>> {
    let place = gate.enter().await;
    place.ok_or(Broken::Because(CloseReason::Overloaded))
}

/// Waits for ever while nobody is identified.
async fn next_pulse(who: &mut Option<Identified>) -> Pulse {
    if let Some(who) = who
        && who.pulse.changed().await.is_ok()
    {
        return *who.pulse.borrow_and_update();
    }
    std::future::pending().await
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// When to come back, spread, where many are told at once.
fn retry_after(why: CloseReason) -> Option<u32> {
    let spread = |least: u32, most: u32| {
        let random = u32::from_be_bytes(random());
        Some(least + random % (most - least))
    };
    match why {
        CloseReason::ShuttingDown => spread(500, 5_000),
        CloseReason::StoreAway => spread(2_000, 10_000),
        CloseReason::Overloaded => spread(5_000, 60_000),
        _ => None,
    }
}

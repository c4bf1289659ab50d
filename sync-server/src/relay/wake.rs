//! Tells sessions of this node what other nodes committed, and other nodes what this one did.
//!
//! No NOTIFY inside write transactions: it would make every commit wait for every other (measured: 8.5 times slower
//! at 64 writers). One notifier per node sends one NOTIFY for everything of the last moments, and a poll every
//! second is the safety net under it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crdt_model::ids::OrgId;
use sqlx::postgres::PgListener;
use tokio::sync::watch;

use super::Relay;
use crate::app::App;
use crate::store::changes;

const CHANNEL: &str = "viornet_changes";
const GATHER: Duration = Duration::from_millis(25);
const POLL: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_secs(1);
/// A payload has less than 8,000 bytes; an organisation takes 27.
const ORGANISATIONS_PER_NOTIFY: usize = 250;

/// Starts the three tasks. They end with the relay.
pub fn start(app: &Arc<App>) {
    let app_of = || Arc::downgrade(app);
    let stop = || app.relay.stop.subscribe();
    tokio::spawn(until_stopped(stop(), notify(app_of(), app.relay.clone())));
    tokio::spawn(until_stopped(stop(), listen(app_of())));
    tokio::spawn(until_stopped(stop(), poll(app_of())));
}

async fn until_stopped(mut stop: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    tokio::select! {
        _ = stop.wait_for(|stopped| *stopped) => {}
        () = task => {}
    }
}

async fn notify(app: Weak<App>, relay: Arc<Relay>) {
    loop {
        relay.told.notified().await;
        tokio::time::sleep(GATHER).await;
        let dirty = relay.take_dirty();
        let Some(app) = app.upgrade() else { return };
        for orgs in dirty.chunks(ORGANISATIONS_PER_NOTIFY) {
            let names: Vec<String> = orgs.iter().map(ToString::to_string).collect();
            let payload = format!("{:016x} {}", relay.node, names.join(" "));
            // Lost: the others poll.
            if let Err(error) = changes::notify(&app.pool, CHANNEL, &payload).await {
                tracing::debug!(%error, "cannot notify other nodes");
            }
        }
    }
}

async fn listen(app: Weak<App>) {
    loop {
        let Some(pool) = app.upgrade().map(|app| app.pool.clone()) else {
            return;
        };
        if let Err(error) = listen_once(&app, &pool).await {
            tracing::debug!(%error, "cannot listen to other nodes");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn listen_once(app: &Weak<App>, pool: &sqlx::PgPool) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let notification = listener.recv().await?;
        let Some(app) = app.upgrade() else {
            return Ok(());
        };
        let mut words = notification.payload().split(' ');
        if words.next() == Some(&format!("{:016x}", app.relay.node)) {
            continue;
        }
        let orgs: Vec<OrgId> = words
            .filter_map(|word| word.parse().ok())
            .filter(|org| app.relay.has_sessions(*org))
            .collect();
        refresh(&app, &orgs).await?;
    }
}

async fn poll(app: Weak<App>) {
    loop {
        tokio::time::sleep(POLL).await;
        let Some(app) = app.upgrade() else { return };
        let orgs = app.relay.with_sessions();
        if let Err(error) = refresh(&app, &orgs).await {
            tracing::debug!(%error, "cannot poll the log");
        }
        app.relay.let_go();
    }
}

/// Looks how far these organisations are; whatever was notified, the database has the last word.
async fn refresh(app: &App, orgs: &[OrgId]) -> Result<(), sqlx::Error> {
    if orgs.is_empty() {
        return Ok(());
    }
    let mut connection = app.pool.acquire().await?;
    for head in changes::heads(&mut connection, orgs).await? {
        let organisation = app.relay.organisation(head.org);
        organisation.advance(head.seq);
        organisation.set_devices_revoked(head.devices_revoked);
    }
    Ok(())
}

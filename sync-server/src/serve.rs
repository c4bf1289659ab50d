//! `viornet serve`: starts everything in order, watches the database, stops everything in reverse.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::watch;

use crate::app::{App, SharedApp};
use crate::auth::setup;
use crate::clock::Clock;
use crate::cluster::{Cluster, Durability};
use crate::config::Config;
use crate::database::{self, DatabaseError};
use crate::demo::{self, Demo, Plan};
use crate::http::{self, Deadlines};
use crate::listener::Listener;
use crate::problem::is_away;
use crate::router::router;

/// How long answers under way may take once we are told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a database that is not there yet is waited for: both may be starting with the machine.
const DATABASE_ATTEMPTS: u32 = 30;
const DATABASE_RETRY: Duration = Duration::from_secs(2);
const WATCH_EVERY: Duration = Duration::from_secs(2);

/// Runs until SIGINT or SIGTERM.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    // First, so that a taken port or a bad certificate is told before anything is started.
    let listener = Listener::bind(config.listen, config.tls.as_ref()).await?;
    let cluster = match &config.database_url {
        Some(_) => None,
        None => Some(Arc::new(
            Cluster::start(&config.data, Durability::Durable).await?,
        )),
    };
    let served = serve_with(&config, listener, cluster.clone()).await;
    if let Some(cluster) = cluster {
        match Arc::try_unwrap(cluster) {
            Ok(cluster) => cluster.stop().await?,
            Err(_) => tracing::error!("the cluster is still in use; it is left running"),
        }
    }
    served
}

async fn serve_with(
    config: &Config,
    listener: Listener,
    cluster: Option<Arc<Cluster>>,
) -> anyhow::Result<()> {
    let options = match (&config.database_url, &cluster) {
        (Some(url), _) => PgConnectOptions::from_str(url).context("reading DATABASE_URL")?,
        (None, Some(cluster)) => cluster.connect_options(),
        (None, None) => unreachable!("without a DATABASE_URL there is a cluster"),
    };
    let pool = open_database(options.clone()).await?;
    let demo = match config.demo {
        true => tokio::select! {
            demo = open_demo(options) => Some(demo?),
            () = stop_requested() => return Ok(()),
        },
        false => None,
    };
    let origins = config.origins_on(listener.address());
    let app = App::new(pool.clone(), Clock::System, origins).await?;
    announce(&app).await?;
    if let Some(demo) = demo {
        println!("{demo}");
    }

    let router = router(app.clone(), &config.web);
    let (stop, mut stopped) = watch::channel(false);
    let watcher = tokio::spawn(watch_database(app.clone(), cluster, stop.subscribe()));
    let drained = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let mut server = tokio::spawn(http::serve(listener, router, Deadlines::USUAL, drained));
    tokio::select! {
        () = stop_requested() => tracing::info!("stopping"),
        ended = &mut server => {
            ended.context("the server task failed")?;
        }
    }
    let _ = stop.send(true);
    app.relay.shut_down().await;
    if tokio::time::timeout(DRAIN_TIMEOUT, &mut server)
        .await
        .is_err()
    {
        server.abort();
    }
    watcher
        .await
        .context("the watch over the database failed")?;
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, pool.close()).await;
    Ok(())
}

/// Asks on a connection of its own: that all of the pool are busy does not mean that PostgreSQL is away.
async fn is_up(pool: &PgPool, watching: &mut Option<PgConnection>) -> Result<(), sqlx::Error> {
    if watching.is_none() {
        *watching = Some(pool.connect_options().connect().await?);
    }
    match watching {
        Some(connection) => connection.ping().await,
        None => Ok(()),
    }
}

/// Ctrl-C, or whoever supervises us.
pub async fn stop_requested() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        tracing::error!("cannot listen for signals");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

async fn open_database(options: PgConnectOptions) -> anyhow::Result<PgPool> {
    for attempt in 1.. {
        match database::open(options.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(DatabaseError::Connect(error))
                if is_away(&error) && attempt < DATABASE_ATTEMPTS =>
            {
                tracing::warn!(%error, "waiting for PostgreSQL");
                tokio::time::sleep(DATABASE_RETRY).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    unreachable!("the last attempt returns")
}

async fn open_demo(options: PgConnectOptions) -> anyhow::Result<Demo> {
    // Thousands of commits, of which each could wait for the disk. If they are lost, so is the note that the demo
    // is complete, which is the last of them.
    let quick = database::open(options.options([("synchronous_commit", "off")])).await?;
    let demo = demo::open(&quick, Clock::System.now(), &Plan::FULL).await;
    quick.close().await;
    demo
}

/// Where to point a browser. On standard output, for people and for programs that start us.
async fn announce(app: &SharedApp) -> anyhow::Result<()> {
    let address = app.origins.first().context("there is no origin")?;
    println!("ViorNet: {address}");
    if let Some(token) = setup::open_link(app).await? {
        println!("Set up here, once: {address}/setup#{token}");
    }
    Ok(())
}

/// Notices when PostgreSQL goes away and comes back; a private cluster is started again.
async fn watch_database(
    app: SharedApp,
    cluster: Option<Arc<Cluster>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut was_up = true;
    let mut watching = None;
    app.metrics.database_up.set(1);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(WATCH_EVERY) => {}
        }
        let is_up = tokio::time::timeout(WATCH_EVERY, is_up(&app.pool, &mut watching)).await;
        let is_up = is_up.is_ok_and(|asked| asked.is_ok());
        if !is_up {
            watching = None;
        }
        app.metrics.database_up.set(i64::from(is_up));
        if is_up != was_up {
            match is_up {
                true => tracing::info!("PostgreSQL is back"),
                false => tracing::error!("PostgreSQL does not answer"),
            }
            was_up = is_up;
        }
        if let (false, Some(cluster)) = (is_up, &cluster)
            && let Err(error) = cluster.ensure_running().await
        {
            tracing::error!(%error, "cannot start PostgreSQL");
        }
    }
}

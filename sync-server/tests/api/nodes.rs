//! Several servers over one database, a database that goes away, a server that stops, two organisations.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use crdt_model::sync::message::CloseReason;
use crdt_model::time::Timestamp;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sync_server::app::App;
use sync_server::clock::Clock;
use sync_server::cluster::{Cluster, Durability};
use sync_server::database;
use sync_server::relay::Relay;
use sync_server::relay::admit::{self, PushError};
use sync_server::store::{audit, changes, export};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::helpers::{Folder, TestApp};
use crate::profile::listen;
use crate::relay::{Shop, wait_for_block};

#[tokio::test]
async fn two_nodes_on_one_database_are_one_relay() {
    let mut shop = Shop::open().await;
    let other = shop.app.second_node().await;
    let other_address = listen(&other).await;
    let one = shop.import(&["A1", "A2", "A3"]).await;
    let two = shop.import(&["B1", "B2"]).await;
    let mut asha = shop.agent("asha").await;
    asha.go_offline();
    asha.sync(&other, other_address).await;
    shop.lease(one, asha.person).await;
    wait_for_block(&mut asha, one).await;
    // By turns, so that each node finds the other's rows before its own.
    for turn in 0..3 {
        asha.sell(shop.order(1)).await;
        asha.settle().await;
        shop.import(&[&format!("C{turn}")]).await;
    }
    shop.office
        .until(|device| {
            device
                .replica
                .sheets()
                .facts()
                .filter(|(key, ..)| is_till(key))
                .count()
                == 3
        })
        .await;
    assert_eq!(shop.totals().await.0, 3);
    shop.lease(two, asha.person).await;
    wait_for_block(&mut asha, two).await;
    let gaps = "select count(*) from (select seq - lag(seq, 1, 0::bigint) over (order by seq) as step from changes) s
         where step <> 1";
    assert_eq!(shop.count(gaps).await, 0);
}

const fn is_till(key: &crdt_model::document::DocumentKey) -> bool {
    matches!(key, crdt_model::document::DocumentKey::Till { .. })
}

#[tokio::test]
async fn cl1_a_stopping_server_says_so() {
    let mut shop = Shop::open().await;
    let (_, why) = tokio::join!(shop.app.app.relay.shut_down(), shop.office.until_closed());
    assert_eq!(why, Some(CloseReason::ShuttingDown));
}

#[tokio::test]
async fn when_postgresql_is_away_it_is_told_and_all_goes_on_later() {
    let folder = Folder::new("away");
    let start = || Cluster::start(&folder.0, Durability::ThrowAway);
    let cluster = start().await.unwrap();
    let clock = Clock::manual(Timestamp::from_millis(1_795_176_000_000));
    let web = Path::new("no such folder");
    let app = TestApp::start_on(cluster.connect_options(), clock, web).await;
    let mut shop = Shop::open_on(app).await;
    let block = shop.import(&["A1", "A2"]).await;
    let mut asha = shop.agent("asha").await;
    shop.lease(block, asha.person).await;
    wait_for_block(&mut asha, block).await;

    cluster.stop().await.unwrap();
    asha.sell(shop.order(1)).await;
    assert_eq!(asha.until_closed().await, Some(CloseReason::StoreAway));
    let sealed = asha.sealed.clone().unwrap();
    let push = |sealed: Vec<u8>| Request::post("/api/push").body(Body::from(sealed)).unwrap();
    let answer = shop.app.send(push(sealed.clone())).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));

    let cluster = start().await.unwrap();
    assert_eq!(shop.app.send(push(sealed)).await.status, StatusCode::OK);
    asha.sync(&shop.app, shop.address).await;
    assert_eq!(asha.device.replica.outbox().count(), 0);
    assert_eq!(shop.totals().await.0, 1);
    shop.app.app.pool.close().await;
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn another_organisation_sees_none_of_it() {
    let mut shop = Shop::open().await;
    shop.import(&["A1"]).await;
    let other = shop.app.add_organisation("Other").await;
    let mut tx = database::begin(&shop.app.app.pool, other).await.unwrap();
    for table in [
        "changes",
        "documents",
        "packages",
        "blocks",
        "vouchers",
        "sites",
        "grants",
        "verdicts",
    ] {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(count, 0, "{table}");
    }
    let touched = sqlx::query("update vouchers set username = 'X'")
        .execute(&mut *tx)
        .await;
    assert_eq!(touched.unwrap().rows_affected(), 0);
    drop(tx);
    assert_eq!(
        shop.count("select count(*) from vouchers where username = 'A1'")
            .await,
        1
    );
}

#[tokio::test]
async fn who_adds_rows_beside_a_push_does_not_wait_for_it() {
    let app = TestApp::start().await;
    let org = app.set_up().await.1.org();
    let begin = || database::begin(&app.app.pool, org);
    let now = app.app.clock.now();
    let entry = audit::Entry {
        actor: None,
        action: "Tried",
        detail: json!({}),
    };
    let mut push = begin().await.unwrap();
    changes::lock_head(&mut push, org).await.unwrap().unwrap();
    let mut other = begin().await.unwrap();
    timeout(
        Duration::from_secs(5),
        audit::append(&mut other, org, &entry, now),
    )
    .await
    .expect("an entry should not wait for a push")
    .unwrap();
    // The push has an entry to write as well, and waits for that one only.
    let (pushed, committed) =
        tokio::join!(audit::append(&mut push, org, &entry, now), other.commit());
    pushed.unwrap();
    committed.unwrap();
    // Another push still waits for this one.
    let mut second = begin().await.unwrap();
    let waits = timeout(
        Duration::from_millis(200),
        changes::lock_head(&mut second, org),
    );
    assert!(waits.await.is_err());
    push.commit().await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_is_left_alone_ends_unless_it_is_an_export() {
    let app = TestApp::start().await;
    let org = app.set_up().await.1.org();
    let mut tx = database::begin(&app.app.pool, org).await.unwrap();
    let setting = "select current_setting('idle_in_transaction_session_timeout')";
    let ask = sqlx::query_scalar::<_, String>;
    assert_eq!(ask(setting).fetch_one(&mut *tx).await.unwrap(), "30s");
    let mut tx = app.app.pool.begin().await.unwrap();
    export::one_snapshot(&mut tx).await.unwrap();
    assert_eq!(ask(setting).fetch_one(&mut *tx).await.unwrap(), "0");
}

/// A way to PostgreSQL. The first word on the line makes it silent without closing anything, the second ends what was
/// silent; what is opened later works.
fn proxy(options: &PgConnectOptions, folder: &Folder) -> (PgConnectOptions, watch::Sender<()>) {
    let line = watch::Sender::new(());
    let port = options.get_port();
    let name = format!(".s.PGSQL.{port}");
    let listener = UnixListener::bind(folder.0.join(&name)).unwrap();
    let host = options.get_host().to_owned();
    let socket = match options.get_socket() {
        Some(folder) => Some(folder.join(&name)),
        None => host
            .starts_with('/')
            .then(|| PathBuf::from(&host).join(&name)),
    };
    let words = line.clone();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let words = words.subscribe();
            match &socket {
                Some(path) => {
                    let far = UnixStream::connect(path).await.unwrap();
                    tokio::spawn(carry(near, far, words));
                }
                None => {
                    let far = TcpStream::connect((host.as_str(), port)).await.unwrap();
                    tokio::spawn(carry(near, far, words));
                }
            }
        }
    });
    (options.clone().socket(&folder.0), line)
}

async fn carry<Far: AsyncRead + AsyncWrite + Unpin>(
    mut near: UnixStream,
    mut far: Far,
    mut words: watch::Receiver<()>,
) {
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = words.changed() => {
            let _ = words.changed().await;
        }
    }
}

#[tokio::test]
async fn a_push_that_postgresql_does_not_answer_ends_and_holds_up_nobody() {
    let mut shop = Shop::open().await;
    let (mut asha, _) = shop.agent_with(&["A1"]).await;
    shop.office.go_offline();
    asha.sell(shop.order(1)).await;
    let sealed = asha.sealed.clone().unwrap();
    let folder = Folder::new("silent");
    let (options, line) = proxy(&shop.app.options, &folder);
    let mut relay = Relay::new();
    relay.answer_timeout = Duration::from_secs(2);
    let pool = database::open(options).await.unwrap();
    let clock = shop.app.app.clock.clone();
    let node = App::with_relay(pool, clock, Vec::new(), relay)
        .await
        .unwrap();

    let org = asha.identity.org;
    let mut holder = database::begin(&shop.app.app.pool, org).await.unwrap();
    changes::lock_head(&mut holder, org).await.unwrap().unwrap();
    let fall_silent = async {
        let waits = "select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'";
        while shop.count(waits).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        line.send_replace(());
        holder.rollback().await.unwrap();
    };
    let pushed = timeout(Duration::from_secs(30), admit::push(&node, &sealed));
    let (pushed, ()) = tokio::join!(pushed, fall_silent);
    let pushed = pushed.expect("a push should not wait for ever");
    assert!(matches!(pushed, Err(PushError::Away)), "{pushed:?}");

    line.send_replace(());
    let again = async {
        while admit::push(&node, &sealed).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(30), again).await.unwrap();
    assert_eq!(shop.totals().await.0, 1);
}

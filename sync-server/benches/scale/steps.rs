//! The steps of the bench, each on a PostgreSQL that has just started.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axum::extract::ws::Message;
use crdt_model::codec;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, StockAsked};
use crdt_model::ids::{IntentId, PackageId, PersonId, SiteId};
use crdt_model::sync::message::{DeviceMessage, PROTOCOL, RelayMessage};
use crdt_model::time::Month;
use futures::StreamExt;
use sqlx::{ConnectOptions, Connection};
use sync_server::app::{App, SharedApp};
use sync_server::auth::session::begin;
use sync_server::auth::{SignedIn, tickets};
use sync_server::clock::Clock;
use sync_server::cluster::{Cluster, Durability};
use sync_server::database;
use sync_server::demo::random::Random;
use sync_server::export as exports;
use sync_server::relay::socket::{Memory, Socket, pair};
use sync_server::relay::{admit, session};
use sync_server::store::SqlId;
use uuid::Uuid;

use crate::company::{self, END, ORG, Plan};
use crate::memory;
use crate::reports::{About, DASHBOARD_MILLIS, REPORT_MILLIS, REPORTS, Screen};
use crate::writer::Writer;

/// A server over the folder, on a clock that stands.
struct Server {
    cluster: Cluster,
    app: SharedApp,
}

impl Server {
    async fn start(folder: &Path, clock: Clock) -> Result<Self> {
        let cluster = Cluster::start(folder, Durability::Durable).await?;
        let pool = database::open(cluster.connect_options()).await?;
        let app = App::new(pool, clock, Vec::new()).await?;
        Ok(Self { cluster, app })
    }

    async fn stop(self) -> Result<()> {
        self.app.relay.shut_down().await;
        self.app.pool.close().await;
        Ok(self.cluster.stop().await?)
    }
}

pub async fn fill(folder: &Path, sales: u32) -> Result<()> {
    let plan = Plan::year(sales);
    let server = Server::start(folder, Clock::manual(plan.beginning())).await?;
    let app = server.app.clone();
    let mut owner = server.cluster.connect_options().connect().await?;
    let filled: i64 = sqlx::query_scalar("select count(*) from sales")
        .fetch_one(&mut owner)
        .await?;
    if filled == 0 {
        let begun = Instant::now();
        let mut company = company::found(&app, plan).await?;
        let pushed = company
            .live(&app, |week, pushed| {
                eprintln!(
                    "week {week:>2} of {}: {:>8} changes, {:>4.0} s",
                    plan.weeks,
                    pushed.accepted,
                    begun.elapsed().as_secs_f64()
                );
            })
            .await?;
        let seconds = begun.elapsed().as_secs_f64();
        println!("filling");
        println!(
            "  {} changes pushed in {} batches of {:.1} kB, {} held",
            pushed.accepted,
            pushed.batches,
            pushed.bytes as f64 / pushed.batches as f64 / 1e3,
            pushed.held
        );
        println!(
            "  {seconds:.0} s, {:.0} changes a second",
            pushed.accepted as f64 / seconds
        );
        // As autovacuum does sooner or later.
        sqlx::query("vacuum analyze").execute(&mut owner).await?;
    }
    let sizes: Vec<(String, i64, i64, i64)> = sqlx::query_as(
        r"
        select c.relname::text, greatest(c.reltuples, 0)::bigint, pg_table_size(c.oid), pg_indexes_size(c.oid)
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
        order by pg_total_relation_size(c.oid) desc
        limit 9
        ",
    )
    .fetch_all(&mut owner)
    .await?;
    println!("  table                 rows   table MB  indexes MB");
    for (name, rows, table, indexes) in sizes {
        println!(
            "  {name:<15} {rows:>10} {:>10.0} {:>11.0}",
            table as f64 / 1e6,
            indexes as f64 / 1e6
        );
    }
    owner.close().await?;
    server.stop().await
}

/// The owner, and what the reports are about: the whole year, the first seller, the first site.
async fn about(app: &SharedApp) -> Result<(SignedIn, About, PackageId)> {
    let mut tx = database::begin(&app.pool, ORG).await?;
    let one = |sql: &'static str| sqlx::query_scalar::<_, Uuid>(sql).bind(ORG.sql());
    let owner = one("select founder_id from organisations where id = $1")
        .fetch_one(&mut *tx)
        .await?;
    let person = one("select person_id from people where org_id = $1 and name = 'Seller 1'")
        .fetch_one(&mut *tx)
        .await?;
    let site = one("select site_id from sites where org_id = $1 and name = 'Site 2'")
        .fetch_one(&mut *tx)
        .await?;
    let package = one("select package_id from packages where org_id = $1 limit 1")
        .fetch_one(&mut *tx)
        .await?;
    let about = About {
        org: ORG,
        from: END.plus_millis(-52 * company::WEEK_MILLIS),
        until: END,
        person: PersonId::from_sql(person),
        site: SiteId::from_sql(site),
        page_at: 1_000,
    };
    let owner = (ORG, PersonId::from_sql(owner));
    let owner = begin(app, &mut tx, owner, app.clock.now()).await?.who;
    tx.commit().await?;
    Ok((owner, about, PackageId::from_sql(package)))
}

pub async fn reports(folder: &Path) -> Result<()> {
    println!(
        "\nreports, in milliseconds: the first time after a start, and the median of five more"
    );
    println!("  {:<26} {:>8} {:>8} {:>8}", "", "first", "again", "target");
    let server = Server::start(folder, Clock::manual(END)).await?;
    let (_, about, _) = about(&server.app).await?;
    let plans = std::env::var_os("SCALE_PLANS").map(PathBuf::from);
    let mut dashboard = 0.0;
    for report in REPORTS {
        let mut tx = database::begin(&server.app.pool, ORG).await?;
        let (first, _) = report.explain(&mut tx, &about).await?;
        let mut again = Vec::new();
        for _ in 0..5 {
            let (millis, plan) = report.explain(&mut tx, &about).await?;
            again.push(millis);
            if let Some(folder) = &plans {
                let name = format!("{}.json", report.name.replace(' ', "-"));
                std::fs::write(folder.join(name), serde_json::to_string_pretty(&plan)?)?;
            }
        }
        again.sort_by(f64::total_cmp);
        let target = match report.screen {
            Screen::Dashboard => {
                dashboard += again[2];
                DASHBOARD_MILLIS
            }
            Screen::Report => REPORT_MILLIS,
        };
        let missed = if again[2] > target { "missed" } else { "" };
        println!(
            "  {:<26} {first:>8.1} {:>8.1} {target:>8.0} {missed}",
            report.name, again[2]
        );
    }
    println!(
        "  {:<26} {:>8} {dashboard:>8.1} {DASHBOARD_MILLIS:>8.0}",
        "the whole dashboard", ""
    );
    server.stop().await
}

pub async fn export(folder: &Path) -> Result<()> {
    let server = Server::start(folder, Clock::manual(END)).await?;
    let (owner, _, _) = about(&server.app).await?;
    let before = memory::own_peak_from_now()?;
    let begun = Instant::now();
    let export = exports::begin(&server.app, owner)
        .await
        .ok()
        .context("the export is refused")?;
    let mut first = None;
    let mut bytes = 0;
    let mut pieces = export.body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        bytes += piece.context("the export broke off")?.len();
        first.get_or_insert_with(|| begun.elapsed());
    }
    println!("\nexport of everything");
    println!(
        "  {:.0} s, {:.0} MB, first bytes after {:.2} s, memory {:.0} MB over {before:.0} MB",
        begun.elapsed().as_secs_f64(),
        bytes as f64 / 1e6,
        first.unwrap_or_default().as_secs_f64(),
        memory::own_peak()? - before
    );
    server.stop().await
}

/// `viornet backup`, `--check` and `restore`, as they are delivered, over a server that does not run.
pub async fn backup(folder: &Path) -> Result<()> {
    let file = folder.join("bench.viornet");
    let target = folder.join("restored");
    let _ = std::fs::remove_file(&file);
    let _ = std::fs::remove_dir_all(&target);
    println!("\nbackup");
    println!(
        "  {:<10} {:>8} {:>12} {:>16}",
        "", "seconds", "memory MB", "PostgreSQL's MB"
    );
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let steps = [
        (
            "backup",
            vec!["backup".into(), text(&file), "--data".into(), text(folder)],
            folder,
        ),
        (
            "check",
            vec!["backup".into(), "--check".into(), text(&file)],
            folder,
        ),
        (
            "restore",
            vec![
                "restore".into(),
                text(&file),
                "--data".into(),
                text(&target),
            ],
            &target,
        ),
    ];
    for (name, arguments, data) in steps {
        let begun = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_viornet"))
            .args(&arguments)
            .env_remove("DATABASE_URL")
            .stdout(Stdio::null())
            .spawn()?;
        let (mut peak, mut postgres) = (0.0_f64, 0.0_f64);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            peak = peak.max(memory::peak_of(child.id()).unwrap_or_default());
            postgres = postgres.max(memory::postgres_of(data).unwrap_or_default());
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        ensure!(status.success(), "{name} failed");
        println!(
            "  {name:<10} {:>8.1} {peak:>12.0} {postgres:>16.0}",
            begun.elapsed().as_secs_f64()
        );
    }
    println!(
        "  the file has {:.0} MB",
        file.metadata()?.len() as f64 / 1e6
    );
    std::fs::remove_file(&file)?;
    std::fs::remove_dir_all(&target)?;
    Ok(())
}

/// A device that only counts what the relay sends it.
struct Counting {
    socket: Memory,
    bytes: BTreeMap<&'static str, (u64, u64)>,
}

impl Counting {
    async fn connect(app: &SharedApp, writer: &Writer) -> Result<Self> {
        let ask = tickets::Ask {
            device_id: writer.device,
        };
        let ticket = tickets::issue(app, writer.who, &ask)
            .await
            .ok()
            .context("no ticket")?
            .ticket;
        let (socket, theirs) = pair();
        tokio::spawn(session::serve(app.clone(), theirs));
        let mut counting = Self {
            socket,
            bytes: BTreeMap::new(),
        };
        let hello = DeviceMessage::Hello {
            protocol: PROTOCOL,
            ticket,
            cursor: 0,
            rights: 0,
        };
        counting.send(&hello).await?;
        Ok(counting)
    }

    async fn send(&mut self, message: &DeviceMessage) -> Result<()> {
        let bytes = codec::encode(message);
        Ok(self.socket.send(Message::Binary(bytes.into())).await?)
    }

    async fn next(&mut self) -> Result<(RelayMessage, u64)> {
        loop {
            match self.socket.recv().await.context("the relay hung up")?? {
                Message::Binary(bytes) => {
                    return Ok((codec::decode(&bytes)?, bytes.len() as u64));
                }
                Message::Close(_) => anyhow::bail!("the relay closed"),
                _ => {}
            }
        }
    }

    /// Takes everything that there is to read.
    async fn download(&mut self) -> Result<()> {
        loop {
            let (message, bytes) = self.next().await?;
            let what = match &message {
                RelayMessage::Welcome { send_digest, .. } => {
                    ensure!(*send_digest, "the relay wants no digest");
                    let digest = DeviceMessage::Digest {
                        documents: Vec::new(),
                        more: false,
                    };
                    self.send(&digest).await?;
                    "others"
                }
                RelayMessage::Snapshot { key, .. } => match key {
                    DocumentKey::Till { .. } => "tills",
                    DocumentKey::Block { .. } => "blocks",
                    DocumentKey::VerdictBlock { .. } => "verdicts on blocks",
                    DocumentKey::Batches(_) => "batches",
                    DocumentKey::Clients { .. } => "clients",
                    _ => "others",
                },
                RelayMessage::Synced { .. } => return Ok(()),
                _ => "others",
            };
            let (count, sum) = self.bytes.entry(what).or_default();
            *count += 1;
            *sum += bytes;
        }
    }
}

/// A new device of the owner fetches everything, twice; meanwhile a seller goes on.
pub async fn download(folder: &Path) -> Result<()> {
    let server = Server::start(folder, Clock::manual(END)).await?;
    let app = server.app.clone();
    // What was cached before would flatter the first.
    let mut superuser = server.cluster.connect_options().connect().await?;
    sqlx::query("truncate snapshots")
        .execute(&mut superuser)
        .await?;
    superuser.close().await?;
    let (owner, about, package) = about(&app).await?;
    let mut tx = database::begin(&app.pool, ORG).await?;
    let seller = (ORG, about.person);
    let seller = begin(&app, &mut tx, seller, END).await?.who;
    tx.commit().await?;
    println!("\na new device of the head office, all sites");
    let salt = |n: u8| [n ^ u8::try_from(std::process::id() % 251).unwrap_or(0); 16];
    let desk = Writer::register(&app, owner, salt(20)).await?;
    let mut phone = Writer::register(&app, seller, salt(21)).await?;
    let quiet = asks(&app, &mut phone, &about, package, Duration::from_secs(5)).await?;
    println!("  {:<34} {}", "a seller's pushes, alone", told(&quiet));
    for which in ["first download", "second download"] {
        let before = memory::own_peak_from_now()?;
        let begun = Instant::now();
        let mut device = Counting::connect(&app, &desk).await?;
        let downloading = tokio::spawn(async move {
            device.download().await?;
            anyhow::Ok((device.bytes, begun.elapsed()))
        });
        let mut pushes = Vec::new();
        while !downloading.is_finished() {
            pushes.extend(
                asks(
                    &app,
                    &mut phone,
                    &about,
                    package,
                    Duration::from_millis(500),
                )
                .await?,
            );
        }
        let (bytes, took) = downloading.await??;
        let all: u64 = bytes.values().map(|(_, bytes)| bytes).sum();
        println!(
            "  {which:<34} {:>6.1} s, {:.1} MB; the server's memory {:.0} MB over {before:.0} MB",
            took.as_secs_f64(),
            all as f64 / 1e6,
            memory::own_peak()? - before
        );
        for (what, (count, bytes)) in bytes {
            println!(
                "    {what:<32} {count:>6} messages, {:>6.1} MB",
                bytes as f64 / 1e6
            );
        }
        println!("  {:<34} {}", "a seller's pushes meanwhile", told(&pushes));
    }
    server.stop().await
}

/// A seller asks for stock, over and over; how long each time until it is committed.
async fn asks(
    app: &SharedApp,
    phone: &mut Writer,
    about: &About,
    package: PackageId,
    how_long: Duration,
) -> Result<Vec<f64>> {
    let begun = Instant::now();
    let mut waits = Vec::new();
    let mut random = Random::new(begun.elapsed().subsec_nanos().into());
    while begun.elapsed() < how_long {
        let till = DocumentKey::Till {
            site: about.site,
            person: about.person,
            month: Month::of(END),
        };
        let asked = StockAsked {
            package,
            quantity: 10,
            note: None,
        };
        let mut bytes = *IntentId::generate(END, &mut random).as_bytes();
        bytes[8..].copy_from_slice(&sync_server::keys::random::<8>());
        let id = IntentId::from_bytes(bytes);
        phone.tap(id, END, END, vec![(till, FactBody::StockAsked(asked))]);
        for sealed in phone.take() {
            let asked_at = Instant::now();
            admit::push(app, &sealed).await?;
            waits.push(asked_at.elapsed().as_secs_f64() * 1e3);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(waits)
}

fn told(waits: &[f64]) -> String {
    let mut sorted = waits.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |part: f64| {
        let place = (sorted.len() as f64 * part) as usize;
        sorted
            .get(place.min(sorted.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    format!(
        "{:>5} acknowledged; median {:.0} ms, p99 {:.0} ms, longest {:.0} ms",
        sorted.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    )
}

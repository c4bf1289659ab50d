//! A disk that takes its time: only in the long form, which wants `strace` and may trace PostgreSQL.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sync_server::cluster::Cluster;
use tokio::time::Instant;

use crate::books::Books;
use crate::crew::Crew;
use crate::load::server::{Postgres, Server, signal};
use crate::load::shop::Shop;
use crate::{Ground, complaints, is_long};

/// So long does each flush to the disk take: a hard disk under other load, a worn SD card, a card that is dying.
const FLUSHES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
];
/// So many flushes are watched at each speed.
const WATCHED: u32 = 12;
/// More than so many do not wait on one device.
const PENDING: usize = 45;

/// PostgreSQL's own calls of fsync and fdatasync, each held up by the kernel's tracer after it was done.
struct SlowDisk(Child);

impl SlowDisk {
    /// `None`: nobody may be traced here.
    async fn under(postgres: &Postgres, flush: Duration) -> Option<Self> {
        for _ in 0..5 {
            if let Some(slow) = Self::once(postgres, flush).await {
                return Some(slow);
            }
        }
        None
    }

    async fn once(postgres: &Postgres, flush: Duration) -> Option<Self> {
        let held_up = format!("delay_exit={}", flush.as_micros());
        let mut pids = vec![postgres.postmaster()?];
        pids.extend(postgres.children().iter().map(|child| child.pid));
        let mut command = Command::new("strace");
        command.args(["-f", "-q", "-o", "/dev/null"]);
        command.args(["-e", "trace=fsync,fdatasync"]);
        command.args(["-e", &format!("inject=fsync,fdatasync:{held_up}")]);
        for pid in &pids {
            command.args(["-p", &pid.to_string()]);
        }
        let slow = Self(command.stderr(Stdio::null()).spawn().ok()?);
        let begun = Instant::now();
        // Whoever is forked by one that is traced is traced; who was forked meanwhile is not.
        while begun.elapsed() < Duration::from_secs(5) {
            if pids.iter().copied().all(is_traced) {
                let mut children = postgres.children().into_iter();
                return children.all(|child| is_traced(child.pid)).then_some(slow);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }
}

impl Drop for SlowDisk {
    fn drop(&mut self) {
        // It lets go of those it holds.
        let _ = signal("TERM", &[self.0.id()]);
        let _ = self.0.wait();
    }
}

/// One that has ended since is none any more.
fn is_traced(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    status.map_or(true, |status| !status.contains("TracerPid:\t0\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_disk_loses_nothing() {
    if !is_long() {
        return;
    }
    let ground = Ground::new("slow");
    let size = 16;
    let server = Server::start(&ground.plan()).await.unwrap();
    let token = server.setup_token.clone().unwrap();
    let mut shop = Shop::found(server.address, &token).await.unwrap();
    let crew = Crew::hire(&mut shop, size, 2_000).await.unwrap();
    shop.office.hang_up().await.unwrap();
    let books = Books::new(Cluster::of_running_server(&ground.data).unwrap());
    let mut rows = Vec::new();
    for flush in FLUSHES {
        let postgres = ground.postgres();
        let slow = SlowDisk::under(&postgres, flush).await;
        let slow = slow.expect("strace may trace PostgreSQL here");
        // What was on its way was flushed by a fast disk, or waited for PostgreSQL to come back.
        crew.go_on(size as usize * PENDING).await.unwrap();
        let before = crew.ledger().latencies.len();
        let took = flush * WATCHED;
        tokio::time::sleep(took).await;
        let mut waits = crew.ledger().latencies[before..].to_vec();
        waits.sort();
        assert!(
            waits[0] >= flush,
            "{:?} for an answer, and a flush takes {flush:?}: the disk was not slow",
            waits[0]
        );
        rows.push((
            flush,
            waits.len(),
            took,
            waits[waits.len() / 2],
            waits[waits.len() * 99 / 100],
        ));
        // The power goes in the middle of a flush.
        postgres.kill_all().unwrap();
        drop(slow);
        crew.go_on(size as usize * 3).await.unwrap();
        let acknowledged = crew.ledger().acknowledged.clone();
        books.hold(&acknowledged).await.unwrap();
    }
    let (phones, ledger) = crew.come_home().await.unwrap();
    books.agree(&mut shop, &phones, &ledger).await.unwrap();
    assert_eq!(complaints(&ground.data), Vec::<String>::new());
    server.stop().await.unwrap();
    println!(
        "\na slow disk under a load of {size} devices, each time ended by kill -9 of all of PostgreSQL: {} sales, none \
         lost, none doubled",
        ledger.made.len(),
    );
    println!(
        "{:>10} {:>7} {:>9} {:>11} {:>11}",
        "each flush", "sales", "a second", "ack p50", "ack p99"
    );
    for (flush, sales, took, p50, p99) in rows {
        println!(
            "{:>8} ms {sales:>7} {:>9.1} {:>8} ms {:>8} ms",
            flush.as_millis(),
            sales as f64 / took.as_secs_f64(),
            p50.as_millis(),
            p99.as_millis(),
        );
    }
}

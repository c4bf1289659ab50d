//! kill -9 under load, of the server, of PostgreSQL, of parts of it, of all at once.

use std::collections::BTreeMap;
use std::time::Duration;

use sync_server::cluster::Cluster;
use tokio::time::Instant;

use crate::books::Books;
use crate::crew::Crew;
use crate::load::server::{Server, signal};
use crate::load::shop::Shop;
use crate::{Ground, asked_kills, complaints, start_again};

/// What dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kill {
    Server,
    /// The rest of it notices and ends.
    Postmaster,
    /// The postmaster ends all others and recovers.
    Backend,
    /// Every process of the cluster in one moment.
    Cluster,
    ServerAndCluster,
}

const KILLS: [Kill; 5] = [
    Kill::Server,
    Kill::Cluster,
    Kill::ServerAndCluster,
    Kill::Backend,
    Kill::Postmaster,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_every_kill() {
    let (count, size) = asked_kills().map_or((3, 4), |kills| (kills, 16));
    let ground = Ground::new("kills");
    let plan = ground.plan();
    let mut server = Server::start(&plan).await.unwrap();
    let address = server.address;
    let token = server.setup_token.clone().unwrap();
    let mut shop = Shop::found(address, &token).await.unwrap();
    let crew = Crew::hire(&mut shop, size, 200 + count * 60).await.unwrap();
    shop.office.hang_up().await.unwrap();
    let books = Books::new(Cluster::of_running_server(&ground.data).unwrap());
    let mut away: BTreeMap<Kill, Vec<Duration>> = BTreeMap::new();
    let mut checked = 0;

    for n in 0..count {
        let kill = KILLS[n as usize % KILLS.len()];
        crew.go_on(size as usize * 3).await.unwrap();
        let begun = Instant::now();
        let postgres = ground.postgres();
        match kill {
            Kill::Server => {
                server.kill().await.unwrap();
                server = start_again(&plan, address).await;
            }
            Kill::Postmaster => signal("KILL", &[postgres.postmaster().unwrap()]).unwrap(),
            Kill::Backend => {
                let backends = postgres.backends();
                let which = n as usize / KILLS.len() % backends.len();
                signal("KILL", &[backends[which]]).unwrap();
            }
            Kill::Cluster => postgres.kill_all().unwrap(),
            Kill::ServerAndCluster => {
                server.kill().await.unwrap();
                postgres.kill_all().unwrap();
                server = start_again(&plan, address).await;
            }
        }
        // Of what was on its way before the kill some is still read after it, but never so much.
        crew.go_on(size as usize * 3).await.unwrap();
        away.entry(kill).or_default().push(begun.elapsed());
        let acknowledged = crew.ledger().acknowledged.clone();
        books.hold(&acknowledged).await.unwrap();
        checked += acknowledged.len();
        assert!(!server.has_ended(), "the server ended by itself");
    }

    let (phones, ledger) = crew.come_home().await.unwrap();
    books.agree(&mut shop, &phones, &ledger).await.unwrap();
    assert_eq!(complaints(&ground.data), Vec::<String>::new());
    server.stop().await.unwrap();

    println!("\n{count} kills under a load of {size} devices");
    println!(
        "{:<22} {:>5} {:>14} {:>9}",
        "kill -9 of", "kills", "back after p50", "most"
    );
    for (kill, mut times) in away {
        times.sort();
        println!(
            "{:<22} {:>5} {:>12.1} s {:>7.1} s",
            format!("{kill:?}"),
            times.len(),
            times[times.len() / 2].as_secs_f64(),
            times[times.len() - 1].as_secs_f64()
        );
    }
    let connections: u32 = phones.iter().map(|phone| phone.connections).sum();
    println!(
        "{} sales, {} acknowledged, 0 lost, 0 doubled; {checked} looked up after kills; {connections} connections",
        ledger.made.len(),
        ledger.acknowledged.len(),
    );
}

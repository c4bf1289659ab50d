//! Servers that are told to stop under load, and two nodes over one database of which one dies.

use std::time::Duration;

use sync_server::cluster::{Cluster, Durability};

use crate::books::Books;
use crate::crew::Crew;
use crate::load::server::Server;
use crate::load::shop::Shop;
use crate::{Ground, asked_kills, complaints, is_long, start_again};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_under_load_loses_nothing() {
    let (count, size) = asked_kills().map_or((1, 3), |kills| (kills.div_ceil(10), 16));
    let ground = Ground::new("restarts");
    let plan = ground.plan();
    let mut server = Server::start(&plan).await.unwrap();
    let address = server.address;
    let token = server.setup_token.clone().unwrap();
    let mut shop = Shop::found(address, &token).await.unwrap();
    let crew = Crew::hire(&mut shop, size, 200 + count * 100)
        .await
        .unwrap();
    shop.office.hang_up().await.unwrap();
    let mut away = Duration::ZERO;
    let mut stopping = Duration::ZERO;
    for _ in 0..count {
        crew.go_on(size as usize * 3).await.unwrap();
        let begun = tokio::time::Instant::now();
        server.stop().await.unwrap();
        stopping = stopping.max(begun.elapsed());
        server = start_again(&plan, address).await;
        crew.go_on(1).await.unwrap();
        away = away.max(begun.elapsed());
    }
    let books = Books::new(Cluster::of_running_server(&ground.data).unwrap());
    let (phones, ledger) = crew.come_home().await.unwrap();
    books.agree(&mut shop, &phones, &ledger).await.unwrap();
    assert_eq!(complaints(&ground.data), Vec::<String>::new());
    server.stop().await.unwrap();
    println!(
        "\n{count} restarts under a load of {size} devices: {} sales, none lost; stopping took at most {:.1} s, \
         the first answer after it came within {:.1} s",
        ledger.made.len(),
        stopping.as_secs_f64(),
        away.as_secs_f64(),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_devices_of_a_node_that_dies_go_to_the_other() {
    let (count, size) = match is_long() {
        true => (20, 16),
        false => (1, 4),
    };
    let ground = Ground::new("two-nodes");
    let cluster = Cluster::start(&ground.data, Durability::Durable)
        .await
        .unwrap();
    let books = Books::new(cluster.connect_options());
    let plans: Vec<_> = ["one", "two"]
        .iter()
        .map(|name| {
            let mut plan = ground.plan();
            plan.data = ground.data.join(name);
            plan.database_url = Some(cluster.url());
            plan
        })
        .collect();
    let one = Server::start(&plans[0]).await.unwrap();
    let token = one.setup_token.clone().unwrap();
    let mut shop = Shop::found(one.address, &token).await.unwrap();
    let two = Server::start(&plans[1]).await.unwrap();
    let addresses = [one.address, two.address];
    let mut nodes = [Some(one), Some(two)];
    let crew = Crew::hire(&mut shop, size, 200 + count * 100)
        .await
        .unwrap();
    shop.office.hang_up().await.unwrap();
    crew.go_to(&addresses);
    let mut longest = Duration::ZERO;
    for n in 0..count as usize {
        let (dies, stays) = (n % 2, (n + 1) % 2);
        crew.go_on(size as usize * 3).await.unwrap();
        nodes[dies].take().unwrap().kill().await.unwrap();
        crew.go_to(&[addresses[stays]]);
        // More than those of the other node alone would have on their way.
        longest = longest.max(crew.go_on(size as usize * 3).await.unwrap());
        let acknowledged = crew.ledger().acknowledged.clone();
        books.hold(&acknowledged).await.unwrap();
        nodes[dies] = Some(start_again(&plans[dies], addresses[dies]).await);
        crew.go_to(&addresses);
    }
    let (phones, ledger) = crew.come_home().await.unwrap();
    books.agree(&mut shop, &phones, &ledger).await.unwrap();
    for (node, plan) in nodes.into_iter().zip(&plans) {
        node.unwrap().stop().await.unwrap();
        assert_eq!(complaints(&plan.data), Vec::<String>::new());
    }
    cluster.stop().await.unwrap();
    println!(
        "\none node of two killed {count} times under a load of {size} devices: {} sales, none lost, none doubled; \
         the other had taken {} sales at most {:.1} s later",
        ledger.made.len(),
        size * 3,
        longest.as_secs_f64(),
    );
}

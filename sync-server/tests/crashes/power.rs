//! The power comes back, and everybody connects in the same moment.

use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use sync_server::keys::random;
use tokio::time::Instant;

use crate::load::phone::Phone;
use crate::load::server::Server;
use crate::load::shop::Shop;
use crate::{Ground, complaints, is_long, start_again};

/// People whose devices these are: what a password costs is no part of it, their sessions go on.
const PEOPLE: usize = 10;
/// Requests at a time while everything is prepared.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_comes_back_when_the_power_does() {
    let (size, patience) = match is_long() {
        true => (5_000, Duration::from_secs(60)),
        false => (60, Duration::from_secs(60)),
    };
    let ground = Ground::new("power");
    let plan = ground.plan();
    let server = Server::start(&plan).await.unwrap();
    let address = server.address;
    let token = server.setup_token.clone().unwrap();
    let mut shop = Shop::found(address, &token).await.unwrap();
    let mut browsers = Vec::new();
    for n in 0..PEOPLE {
        let (_, browser) = shop.hire(&format!("agent-{n}"), shop.site).await.unwrap();
        browsers.push(browser);
    }
    let phones: Vec<Phone> = stream::iter(0..size)
        .map(|n| {
            let mut browser = browsers[n % PEOPLE].clone();
            browser.source = [127, 0, 1, (n % 250 + 1) as u8].into();
            async move {
                let mut phone = Phone::register(browser, "a phone").await.unwrap();
                phone.sync().await.unwrap();
                phone
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    // Those that were heard of in the last minute are connected when it happens.
    server.kill().await.unwrap();
    ground.postgres().kill_all().unwrap();
    let server = start_again(&plan, address).await;

    let begun = Instant::now();
    let tasks: Vec<_> = phones
        .into_iter()
        .map(|mut phone| {
            tokio::spawn(async move {
                phone.hang_up().await.unwrap();
                // The browser says "online" a moment after the power.
                let moment = u16::from_be_bytes(random());
                tokio::time::sleep(Duration::from_micros(u64::from(moment) * 15)).await;
                phone.try_now().await.unwrap();
                let is_back = phone.until(patience, Phone::is_quiet).await.unwrap();
                (is_back.then(|| begun.elapsed()), phone)
            })
        })
        .collect();
    let mut times = Vec::new();
    let (mut attempts, mut refused) = (0, 0);
    for task in tasks {
        let (time, phone) = task.await.unwrap();
        attempts += phone.attempts - 1;
        refused += phone.refused.len();
        times.extend(time);
    }
    times.sort();
    assert_eq!(
        times.len(),
        size,
        "some do not come back; {refused} refusals"
    );
    assert_eq!(complaints(&ground.data), Vec::<String>::new());
    server.stop().await.unwrap();
    println!(
        "\nthe power returns to {size} devices within a second: half are back after {:.1} s, 99 % after {:.1} s, all \
         after {:.1} s; {attempts} attempts, {refused} refusals, nobody for good",
        times[size / 2].as_secs_f64(),
        times[size * 99 / 100].as_secs_f64(),
        times[size - 1].as_secs_f64(),
    );
}

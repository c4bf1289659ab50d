//! What one relay does, on this machine, with its private PostgreSQL and fsync: `cargo xtask bench relay`.
//!
//! The devices' bytes are made beforehand, by the device core, and played back, so that server and PostgreSQL have the
//! machine for themselves but for reading and writing sockets. `-- --json` prints everything as one line at the end;
//! `-- --only NAME` runs one part, of `confirmed`, `unconfirmed`, `offered`, `idle`, `reconnect`, `offline`, `memory`;
//! `-- --devices N` runs with no more devices than that.

#![expect(clippy::disallowed_methods, reason = "a benchmark asks the clock")]

#[path = "../tests/load/kit.rs"]
#[expect(dead_code, reason = "the proofs use the rest")]
mod load;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use load::phone::Phone;
use load::recording::{Player, record};
use load::server::{Plan, Postgres, Server};
use load::shop::Shop;
use serde_json::{Value, json};

/// Devices that push, and of these how many in each run.
const DEVICES: [usize; 3] = [8, 32, 128];
/// Sales of each device in the run with so many devices, each confirmed before the next.
const CONFIRMED: [usize; 3] = [500, 200, 80];
/// Batches of each, with so many sales.
const UNCONFIRMED: [usize; 3] = [16, 5, 2];
const BATCH: usize = 100;
/// A relay has sold before: sales of each device before anything is measured, and time for PostgreSQL to see them.
const WARM_UP: usize = 20;
const STATISTICS: Duration = Duration::from_secs(21);
/// How long sales are offered at each part of the peak, and how many a device has ready for it.
const OFFERED_FOR: f64 = 8.0;
const OFFERED: [f64; 3] = [0.25, 0.5, 0.75];
const OFFERED_EACH: usize = 260;
const IDLE: usize = 10_000;
const IDLE_PEOPLE_DEVICES: usize = 500;
const DOCUMENTS: usize = 500;
const DOCUMENTS_READ: usize = 2_000;
/// Clock ticks of /proc in a second, on every Linux there is.
const TICKS: f64 = 100.0;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(bench())
}

struct Options {
    json: bool,
    only: Vec<String>,
    devices: usize,
}

impl Options {
    fn read() -> Self {
        let mut options = Self {
            json: false,
            only: Vec::new(),
            devices: DEVICES[2],
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => options.json = true,
                "--only" => options.only.extend(arguments.next()),
                "--devices" => {
                    let most = arguments.next().and_then(|text| text.parse().ok());
                    options.devices = most.unwrap_or(options.devices);
                }
                // What cargo says to every benchmark.
                _ => {}
            }
        }
        options
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

async fn bench() -> Result<()> {
    let options = Options::read();
    let data = std::env::temp_dir().join(format!("viornet-bench-{}", std::process::id()));
    let plan = Plan::new(PathBuf::from(env!("CARGO_BIN_EXE_viornet")), &data);
    let server = Server::start(&plan).await?;
    let measured = measure(&options, &server, &Postgres::of(&data)).await;
    server.stop().await?;
    if let Some(root) = Postgres::of(&data).folder.parent() {
        let _ = fs::remove_dir_all(root);
    }
    fs::remove_dir_all(&data)?;
    let figures = measured?;
    if options.json {
        println!("{figures}");
    }
    Ok(())
}

async fn measure(options: &Options, server: &Server, postgres: &Postgres) -> Result<Value> {
    let token = server.setup_token.as_deref().context("no set-up link")?;
    let mut shop = Shop::found(server.address, token).await?;
    let mut figures = json!({});
    let processes = Processes {
        server: server.pid,
        postgres: postgres.clone(),
    };
    let pushes = ["confirmed", "unconfirmed", "offered"]
        .iter()
        .any(|name| options.wants(name));
    if pushes {
        let mut phones = hire(&mut shop, options.devices).await?;
        if options.wants("confirmed") || options.wants("offered") {
            figures["confirmed"] = confirmed(&shop, &mut phones, &processes).await?;
        }
        if options.wants("unconfirmed") {
            figures["unconfirmed"] = unconfirmed(&shop, &mut phones, &processes).await?;
        }
        if options.wants("offered") {
            let peak = figures["confirmed"]
                .as_array()
                .and_then(|runs| runs.iter().map(rate).max_by(f64::total_cmp))
                .context("no peak")?;
            figures["offered"] = offered(&shop, &mut phones, peak).await?;
        }
    }
    if options.wants("offline") {
        figures["offline"] = offline(&mut shop).await?;
    }
    if options.wants("reconnect") {
        figures["reconnect"] = reconnect(&mut shop).await?;
    }
    if options.wants("idle") {
        figures["idle"] = idle(&mut shop, &processes).await?;
    }
    if options.wants("memory") {
        figures["memory"] = memory(&mut shop, &processes).await?;
    }
    Ok(figures)
}

fn rate(run: &Value) -> f64 {
    run["changes_per_s"].as_f64().unwrap_or_default()
}

/// All devices of the bench, with stock for all runs, offline, after their first sales.
async fn hire(shop: &mut Shop, devices: usize) -> Result<Vec<Phone>> {
    shop.block = 1_000;
    let mut phones = Vec::new();
    for n in 0..devices {
        let mut sales = OFFERED_EACH;
        for (run, devices) in DEVICES.iter().enumerate() {
            if n < *devices {
                sales += CONFIRMED[run] + UNCONFIRMED[run] * BATCH;
            }
        }
        sales += WARM_UP;
        let blocks = sales.div_ceil(shop.block as usize) as u32;
        let mut phone = shop.agent(&format!("agent-{n}"), blocks).await?;
        for _ in 0..WARM_UP {
            phone.sell(shop.order()).await?.context("sold out")?;
        }
        phone.sync().await?;
        phone.hang_up().await?;
        phones.push(phone);
    }
    shop.office.hang_up().await?;
    tokio::time::sleep(STATISTICS).await;
    Ok(phones)
}

/// Each device sends a sale when the one before is confirmed.
async fn confirmed(shop: &Shop, phones: &mut [Phone], processes: &Processes) -> Result<Value> {
    println!("\nchanges/s acknowledged (committed, fsync), each confirmed before the next");
    runs(shop, phones, processes, &CONFIRMED, 1).await
}

async fn unconfirmed(shop: &Shop, phones: &mut [Phone], processes: &Processes) -> Result<Value> {
    println!("\nthe same, with batches of {BATCH} unconfirmed");
    runs(shop, phones, processes, &UNCONFIRMED, BATCH).await
}

async fn runs(
    shop: &Shop,
    phones: &mut [Phone],
    processes: &Processes,
    batches: &[usize; 3],
    sales: usize,
) -> Result<Value> {
    println!(
        "{:>8} {:>10} {:>10} {:>10} {:>13} {:>15} {:>13}",
        "devices", "changes/s", "p50 ms", "p99 ms", "server µs CPU", "PostgreSQL µs", "the load µs"
    );
    let mut runs = Vec::new();
    for (devices, batches) in DEVICES.iter().zip(batches) {
        if *devices > phones.len() {
            continue;
        }
        let mut crew = Vec::new();
        for phone in &mut phones[..*devices] {
            // What others did before is no part of it.
            phone.sync().await?;
            phone.hang_up().await?;
            let recorded = (0..*batches)
                .map(|_| record(phone, &shop.order(), sales))
                .collect::<Result<Vec<_>>>()?;
            crew.push((Player::open(phone).await?, recorded));
        }
        let changes = (devices * batches * sales) as f64;
        let before = processes.used();
        let begun = Instant::now();
        let tasks: Vec<_> = crew
            .into_iter()
            .map(|(mut player, recorded)| {
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    for sealed in recorded {
                        let sent = Instant::now();
                        player.push(sealed).await?;
                        player.acknowledged().await?;
                        times.push(sent.elapsed());
                    }
                    anyhow::Ok(times)
                })
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await??);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let used = processes.used().since(before);
        let (p50, p99) = percentiles(&mut times);
        let each = |seconds: f64| seconds / changes * 1e6;
        println!(
            "{devices:>8} {:>10.0} {p50:>10.1} {p99:>10.1} {:>13.0} {:>15.0} {:>13.0}",
            changes / seconds,
            each(used.server),
            each(used.postgres),
            each(used.load),
        );
        runs.push(json!({
            "devices": devices,
            "changes": changes,
            "changes_per_s": changes / seconds,
            "p50_ms": p50,
            "p99_ms": p99,
            "server_cpu_us": each(used.server),
            "postgres_cpu_us": each(used.postgres),
            "load_cpu_us": each(used.load),
        }));
    }
    Ok(runs.into())
}

/// Sales come when they come, whether or not the ones before were answered; time counts from when one was due.
async fn offered(shop: &Shop, phones: &mut [Phone], peak: f64) -> Result<Value> {
    println!(
        "\nfrom a sale to its acknowledgement, with sales at random moments, {OFFERED_FOR} s each"
    );
    println!(
        "{:>16} {:>10} {:>10} {:>10} {:>10}",
        "of the peak", "changes/s", "p50 ms", "p99 ms", "most ms"
    );
    let mut loads = Vec::new();
    let mut left = OFFERED_EACH;
    for part in OFFERED {
        let offered = peak * part;
        let each = ((offered * OFFERED_FOR / phones.len() as f64).ceil() as usize).min(left);
        left -= each;
        let mut crew = Vec::new();
        for phone in phones.iter_mut() {
            let recorded = (0..each)
                .map(|_| record(phone, &shop.order(), 1))
                .collect::<Result<Vec<_>>>()?;
            crew.push((Player::open(phone).await?, recorded));
        }
        let span = (each * phones.len()) as f64 / offered;
        let begun = tokio::time::Instant::now();
        let tasks: Vec<_> = crew
            .into_iter()
            .map(|(player, recorded)| tokio::spawn(offer(player, recorded, begun, span)))
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await??);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let reached = times.len() as f64 / seconds;
        let (p50, p99) = percentiles(&mut times);
        let most = times.last().map_or(0.0, |time| time.as_secs_f64() * 1e3);
        println!(
            "{:>14.0} % {reached:>10.0} {p50:>10.1} {p99:>10.1} {most:>10.1}",
            part * 100.0
        );
        loads.push(json!({
            "part": part,
            "changes_per_s": reached,
            "p50_ms": p50,
            "p99_ms": p99,
            "most_ms": most,
        }));
    }
    Ok(loads.into())
}

/// One device: its sales at moments spread evenly at random over the span.
async fn offer(
    mut player: Player,
    recorded: Vec<Vec<u8>>,
    begun: tokio::time::Instant,
    span: f64,
) -> Result<Vec<Duration>> {
    let mut due: Vec<Duration> = recorded
        .iter()
        .map(|_| {
            let random = u32::from_be_bytes(sync_server::keys::random());
            Duration::from_secs_f64(f64::from(random) / f64::from(u32::MAX) * span)
        })
        .collect();
    due.sort();
    let mut times = Vec::new();
    let mut sent = 0;
    let mut recorded = recorded.into_iter();
    while times.len() < due.len() {
        if sent < due.len() && begun + due[sent] <= tokio::time::Instant::now() {
            player.push(recorded.next().context("a batch")?).await?;
            sent += 1;
            continue;
        }
        let next = due.get(sent).map_or(Duration::from_secs(3600), |due| *due);
        if let Ok(number) = tokio::time::timeout_at(begun + next, player.acknowledged()).await {
            let number = number? as usize;
            times.push(begun.elapsed() - due[number - 1]);
        }
    }
    Ok(times)
}

/// A hundred sales made with no signal, and then there is one.
async fn offline(shop: &mut Shop) -> Result<Value> {
    shop.block = 200;
    let mut phone = shop.agent("asha", 1).await?;
    phone.hang_up().await?;
    for _ in 0..100 {
        phone.sell(shop.order()).await?.context("sold out")?;
    }
    let before = phone.traffic;
    phone.sync().await?;
    let traffic = phone.traffic.since(before);
    println!(
        "\n100 offline sales: {} B up in {} messages, {} B down in {}",
        traffic.bytes_up, traffic.frames_up, traffic.bytes_down, traffic.frames_down
    );
    println!("  round trips: hello and welcome, push and answer");
    Ok(traffic.json())
}

/// Nothing changed since last time.
async fn reconnect(shop: &mut Shop) -> Result<Value> {
    grow(shop, DOCUMENTS).await?;
    // Whatever else the relay has to say: the place of its own last change in the log comes after the answer to it.
    let silence = Duration::from_millis(500);
    shop.office.until(silence, |_| false).await?;
    shop.office.hang_up().await?;
    let before = shop.office.traffic;
    shop.office.sync().await?;
    shop.office.until(silence, |_| false).await?;
    let traffic = shop.office.traffic.since(before);
    println!(
        "\nreconnect with {} unchanged documents: {} B up in {} messages, {} B down in {}",
        shop.office.replica().document_keys().count(),
        traffic.bytes_up,
        traffic.frames_up,
        traffic.bytes_down,
        traffic.frames_down
    );
    Ok(traffic.json())
}

/// So many documents at least.
async fn grow(shop: &mut Shop, documents: usize) -> Result<()> {
    shop.office.sync().await?;
    while shop.office.replica().document_keys().count() < documents {
        let n = shop.office.replica().document_keys().count();
        shop.add_site(&format!("Site {n}")).await?;
    }
    Ok(())
}

/// What the server keeps of documents that a new device read, when everybody is gone.
async fn memory(shop: &mut Shop, processes: &Processes) -> Result<Value> {
    grow(shop, DOCUMENTS_READ).await?;
    shop.office.hang_up().await?;
    let before = processes.resident()?;
    let mut reader = Phone::register(shop.office.browser.clone(), "reads everything").await?;
    reader.sync().await?;
    reader.hang_up().await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = processes.resident()?;
    let documents = reader.replica().document_keys().count();
    let mb = |kilobytes: i64| kilobytes as f64 / 1024.0;
    println!(
        "\nmemory: {:.0} MB before and {:.0} MB after a device read {documents} documents and everybody left",
        mb(before),
        mb(after)
    );
    Ok(json!({
        "documents": documents,
        "before_mb": mb(before),
        "after_mb": mb(after),
    }))
}

/// Connections on which nothing happens.
async fn idle(shop: &mut Shop, processes: &Processes) -> Result<Value> {
    let (_, browser) = shop.hire("idle", shop.site).await?;
    shop.office.hang_up().await?;
    let mut devices = Vec::new();
    for n in 0..IDLE_PEOPLE_DEVICES {
        let mut browser = browser.clone();
        // A connection is known by both its ends, and one address has not enough of them.
        browser.source = [127, 0, 1, (n % 250 + 1) as u8].into();
        let mut phone = Phone::register(browser, "idle").await?;
        phone.sync().await?;
        phone.hang_up().await?;
        devices.push(phone);
    }
    let before = processes.resident()?;
    let mut players = Vec::with_capacity(IDLE);
    let begun = Instant::now();
    while players.len() < IDLE {
        for phone in devices.iter_mut().take(IDLE - players.len()) {
            players.push(Player::open(phone).await?);
        }
    }
    let opening = begun.elapsed().as_secs_f64();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = processes.resident()?;
    let used = processes.used();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let used = processes.used().since(used);
    let each = (after - before) as f64 / IDLE as f64;
    println!(
        "\n{IDLE} idle connections: {each:.1} kB each ({:.0} MB before, {:.0} MB with them); opened one after the other \
         in {opening:.1} s; {:.2} s CPU in 10 s of silence",
        before as f64 / 1024.0,
        after as f64 / 1024.0,
        used.server
    );
    Ok(json!({
        "connections": IDLE,
        "kb_each": each,
        "server_mb": after / 1024,
        "server_cpu_s_in_10_s": used.server,
    }))
}

/// Sorts, and says the middle and the 99th of a hundred in milliseconds.
fn percentiles(times: &mut [Duration]) -> (f64, f64) {
    times.sort();
    let at = |part: usize| {
        let place = (times.len() * part / 100).min(times.len().saturating_sub(1));
        times
            .get(place)
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    (at(50), at(99))
}

/// The processes whose work is counted.
struct Processes {
    server: u32,
    postgres: Postgres,
}

/// Seconds of CPU.
#[derive(Debug, Clone, Copy)]
struct Used {
    server: f64,
    postgres: f64,
    load: f64,
}

impl Used {
    fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            postgres: self.postgres - before.postgres,
            load: self.load - before.load,
        }
    }
}

impl Processes {
    fn used(&self) -> Used {
        let children = self.postgres.children();
        let postgres = children
            .iter()
            .map(|child| child.pid)
            .chain(self.postgres.postmaster());
        Used {
            server: cpu_seconds(self.server),
            postgres: postgres.map(cpu_seconds).sum(),
            load: cpu_seconds(std::process::id()),
        }
    }

    /// Memory of the server, in kB.
    fn resident(&self) -> Result<i64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let text = line.context("no VmRSS")?.trim().trim_end_matches(" kB");
        Ok(text.trim().parse()?)
    }
}

/// In user and kernel, with its children that have ended.
fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, fields)) = stat.rsplit_once(')') else {
        return 0.0;
    };
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / TICKS
}

//! Devices that sell as long as they are told to, each in a task of its own, and the ledger of what they were told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use crdt_model::ids::IntentId;
use crdt_model::replica::PendingState;
use crdt_model::sale::SellOrder;
use sync_server::keys::random;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::load::phone::Phone;
use crate::load::shop::{BLOCK, Shop};

/// Sales that a device lets wait before it sells on.
const PENDING_MAX: usize = 40;
/// Somebody whose phone shows "offline" taps on Sync about then.
const TAP_AFTER: Duration = Duration::from_millis(1_200);

/// What the devices know that the database must know.
#[derive(Debug, Default)]
pub struct Ledger {
    pub made: Vec<IntentId>,
    pub acknowledged: Vec<IntentId>,
    pub latencies: Vec<Duration>,
}

#[derive(Debug, Clone)]
struct Orders {
    addresses: Vec<SocketAddr>,
    sells: bool,
}

pub struct Crew {
    ledger: Arc<Mutex<Ledger>>,
    orders: watch::Sender<Orders>,
    tasks: Vec<JoinHandle<Result<Phone>>>,
}

impl Crew {
    /// Hires so many, with stock for so many sales each, and lets them begin.
    pub async fn hire(shop: &mut Shop, size: u32, sales: u32) -> Result<Self> {
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let (orders, _) = watch::channel(Orders {
            addresses: vec![shop.office.browser.address],
            sells: true,
        });
        let mut phones = Vec::new();
        for n in 0..size {
            let name = format!("agent-{n}");
            phones.push(shop.agent(&name, sales.div_ceil(BLOCK)).await?);
        }
        let tasks = phones
            .into_iter()
            .zip(0..)
            .map(|(phone, n)| {
                let work = work(n, phone, shop.order(), ledger.clone(), orders.subscribe());
                tokio::spawn(async move {
                    let worked = work.await;
                    if let Err(error) = &worked {
                        eprintln!("device {n} gives up: {error:#}");
                    }
                    worked
                })
            })
            .collect();
        Ok(Self {
            ledger,
            orders,
            tasks,
        })
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no device panics in it")
    }

    pub fn acknowledged(&self) -> usize {
        self.ledger().acknowledged.len()
    }

    /// Where the relay is now: devices are spread over all of these.
    pub fn go_to(&self, addresses: &[SocketAddr]) {
        self.orders
            .send_modify(|orders| orders.addresses = addresses.to_vec());
    }

    /// Waits until so many more sales are acknowledged, and says how long it took.
    pub async fn go_on(&self, more: usize) -> Result<Duration> {
        let begun = Instant::now();
        let wanted = self.acknowledged() + more;
        while self.acknowledged() < wanted {
            if self.tasks.iter().any(JoinHandle::is_finished) {
                bail!("a device gave up");
            }
            if begun.elapsed() > Duration::from_secs(120) {
                bail!("nothing is acknowledged any more");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(begun.elapsed())
    }

    /// No more sales; everybody comes home with an empty outbox.
    pub async fn come_home(self) -> Result<(Vec<Phone>, Ledger)> {
        self.orders.send_modify(|orders| orders.sells = false);
        let mut phones = Vec::new();
        for task in self.tasks {
            let phone = tokio::time::timeout(Duration::from_secs(180), task)
                .await
                .context("an outbox does not get empty")???;
            phones.push(phone);
        }
        let ledger = std::mem::take(&mut *self.ledger.lock().expect("no device panics in it"));
        Ok((phones, ledger))
    }
}

/// Every other one waits for each sale to be confirmed, the rest sell several at a time, online or not.
async fn work(
    n: usize,
    mut phone: Phone,
    order: SellOrder,
    ledger: Arc<Mutex<Ledger>>,
    mut orders: watch::Receiver<Orders>,
) -> Result<Phone> {
    let mut offline_since: Option<Instant> = None;
    let mut noted = 0;
    loop {
        let (address, sells) = {
            let orders = orders.borrow_and_update();
            (orders.addresses[n % orders.addresses.len()], orders.sells)
        };
        phone.browser.address = address;
        let waiting = phone
            .replica()
            .outbox()
            .filter(|pending| pending.state == PendingState::Waiting)
            .count();
        let (most, taps) = match n % 2 {
            0 => (1, 1),
            _ => (PENDING_MAX, 1 + random::<1>()[0] % 4),
        };
        if sells && waiting < most {
            for _ in 0..taps {
                let sold = phone.sell(order.clone()).await?.context("sold out")?;
                lock(&ledger).made.push(sold);
            }
        }
        let pause = Duration::from_millis(100 + u64::from(random::<1>()[0]) / 2);
        let is_home = phone
            .until(pause, |phone| !sells && phone.is_quiet())
            .await?;
        {
            let mut ledger = lock(&ledger);
            ledger
                .acknowledged
                .extend_from_slice(&phone.acknowledged[noted..]);
            ledger
                .latencies
                .extend_from_slice(&phone.latencies[noted..]);
            noted = phone.acknowledged.len();
        }
        if is_home {
            return Ok(phone);
        }
        if phone.device.is_online() {
            offline_since = None;
        } else if offline_since.get_or_insert_with(Instant::now).elapsed() > TAP_AFTER {
            offline_since = None;
            phone.try_now().await?;
        }
    }
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().expect("no device panics in it")
}

//! `cargo xtask bench scale` in small: a company of six sellers and two thousand sales, whose reports in SQL say what
//! the folds of `crdt_model` say over the owner's replica.

#![expect(clippy::unwrap_used, reason = "a test may")]

#[expect(dead_code, reason = "the bench uses the rest")]
#[path = "../benches/scale/company.rs"]
mod company;
#[expect(dead_code, reason = "the bench uses the rest")]
#[path = "../benches/scale/reports.rs"]
mod reports;
#[path = "../benches/scale/weeks.rs"]
mod weeks;
#[path = "../benches/scale/writer.rs"]
mod writer;

use std::collections::BTreeMap;
use std::str::FromStr;

use crdt_model::fact::{FactBody, PaymentMethod, Verdict};
use crdt_model::ids::PersonId;
use crdt_model::sale::{SaleEntry, cash_of, sales};
use crdt_model::sheets::Sheets;
use crdt_model::time::{Date, Timestamp};
use crdt_model::voucher::{Block, Stock, VoucherState};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use sync_server::app::{App, SharedApp};
use sync_server::clock::Clock;
use sync_server::database;
use sync_server::store::{SqlId, organisations};

use company::{END, ORG, Plan, WEEK_MILLIS, found};
use reports::{About, REPORTS};

const OFFSET_MILLIS: i64 = 3 * 60 * 60 * 1000;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

type Sums = BTreeMap<String, (i64, i64)>;

async fn open() -> SharedApp {
    let url = std::env::var("DATABASE_URL")
        .expect("this test wants DATABASE_URL; `cargo xtask test` provides one");
    let options = PgConnectOptions::from_str(&url).unwrap();
    let mut connection = options.connect().await.unwrap();
    let random: [u8; 8] = sync_server::keys::random();
    let name = format!("viornet_test_{:016x}", u64::from_be_bytes(random));
    sqlx::query(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let pool = database::open(options.database(&name)).await.unwrap();
    let clock = Clock::manual(Plan::SHORT.beginning());
    App::new(pool, clock, Vec::new()).await.unwrap()
}

async fn ask(app: &SharedApp, about: &About) -> BTreeMap<&'static str, Sums> {
    let mut tx = database::begin(&app.pool, ORG).await.unwrap();
    let mut answers = BTreeMap::new();
    for report in REPORTS {
        let lines = report.run(&mut tx, about).await.unwrap();
        // What is not there and what is zero are the same.
        let sums: Sums = lines
            .into_iter()
            .filter(|line| (line.count, line.amount) != (0, 0))
            .map(|line| (line.label, (line.count, line.amount)))
            .collect();
        answers.insert(report.name, sums);
    }
    answers
}

fn sum<K: ToString>(entries: impl IntoIterator<Item = (K, i64, i64)>) -> Sums {
    let mut sums = Sums::new();
    for (label, count, amount) in entries {
        let sum = sums.entry(label.to_string()).or_default();
        sum.0 += count;
        sum.1 += amount;
    }
    sums.retain(|_, sum| *sum != (0, 0));
    sums
}

fn by<K: ToString>(entries: &[&SaleEntry], key: impl Fn(&SaleEntry) -> K) -> Sums {
    sum(entries
        .iter()
        .map(|entry| (key(entry), 1, entry.sale.total().minor())))
}

/// The same answers, from the facts.
fn fold(sheets: &Sheets, stock: &Stock, about: &About) -> BTreeMap<&'static str, Sums> {
    let all = sales(sheets);
    let day = |entry: &SaleEntry| Date::of(entry.at.plus_millis(OFFSET_MILLIS)).to_string();
    let since = |from: Timestamp| -> Vec<&SaleEntry> {
        let within = |entry: &&SaleEntry| entry.at >= from && entry.at < about.until;
        all.iter().filter(within).collect()
    };
    let every = since(about.from);
    let today = since(about.until.plus_millis(-DAY_MILLIS));
    let method = |entry: &SaleEntry| entry.sale.method.code();
    let own = |entries: &[&SaleEntry]| -> Vec<SaleEntry> {
        let own = entries.iter().filter(|entry| entry.person == about.person);
        own.map(|entry| (*entry).clone()).collect()
    };
    let (own_today, own_ever) = (own(&today), own(&every));
    let own_today: Vec<&SaleEntry> = own_today.iter().collect();
    let own_ever: Vec<&SaleEntry> = own_ever.iter().collect();
    let free = |block: &Block| i64::try_from(stock.free(block).count()).unwrap();
    let vouchers = stock.blocks.values().flat_map(|block| {
        (0..block.count).map(move |index| {
            let voucher = crdt_model::fact::VoucherRef {
                block: block.id,
                index,
            };
            let state = match stock.state(voucher) {
                VoucherState::Unused => "unused",
                VoucherState::Sold | VoucherState::DoubleSold => "sold",
                VoucherState::Void => "void",
            };
            (state, 1, block.price.minor())
        })
    });
    let holder = |block: &Block| block.lease.as_ref().and_then(|lease| lease.person);
    let people: std::collections::BTreeSet<PersonId> =
        all.iter().map(|entry| entry.person).collect();
    let cash = people.iter().map(|person| {
        let count = all
            .iter()
            .filter(|entry| entry.person == *person && entry.sale.method == PaymentMethod::Cash);
        let count = i64::try_from(count.count()).unwrap();
        (person.sql(), count, cash_of(sheets, *person).minor())
    });
    let newest = |entries: Vec<&SaleEntry>, skip: usize, count: usize| {
        let page = entries.into_iter().skip(skip).take(count);
        sum(page.map(|entry| (entry.sale.receipt.clone(), 1, entry.sale.total().minor())))
    };
    let mut clients: Vec<(String, (i64, i64))> = sum(every
        .iter()
        .filter_map(|entry| Some((entry.sale.client?.sql(), 1, entry.sale.total().minor()))))
    .into_iter()
    .collect();
    clients.sort_by(|one, two| (two.1.1, &one.0).cmp(&(one.1.1, &two.0)));
    clients.truncate(20);
    let of_site = every.iter().filter(|entry| entry.site == about.site);

    BTreeMap::from([
        ("sales of today", by(&today, method)),
        (
            "sales of seven days",
            by(&since(about.until.plus_millis(-7 * DAY_MILLIS)), day),
        ),
        ("revenue of all time", by(&every, |_| "all")),
        (
            "clients",
            sum([(
                "all",
                i64::try_from(crdt_model::client::clients(sheets).len()).unwrap(),
                0,
            )]),
        ),
        ("vouchers by state", sum(vouchers)),
        ("last ten sales", newest(every.clone(), 0, 10)),
        ("a seller's own day", by(&own_today, method)),
        (
            "a seller's own stock",
            sum(stock
                .blocks
                .values()
                .filter(|block| holder(block) == Some(about.person))
                .map(|block| (block.package.sql(), free(block), 0))),
        ),
        ("double sales and held", contradictions(sheets, &all)),
        ("per day", by(&every, day)),
        ("per site", by(&every, |entry| entry.site.sql())),
        ("per seller", by(&every, |entry| entry.person.sql())),
        (
            "per package",
            sum(every.iter().flat_map(|entry| {
                let lines = entry.sale.lines.iter();
                lines.map(|line| (line.package.sql(), 1, line.price.minor()))
            })),
        ),
        ("per method", by(&every, method)),
        ("a seller's days", by(&own_ever, day)),
        ("cash of every seller", sum(cash)),
        (
            "stock per site",
            sum(stock.blocks.values().map(|block| {
                (
                    block.site.sql(),
                    free(block),
                    free(block) * block.price.minor(),
                )
            })),
        ),
        (
            "outstanding per seller",
            sum(stock.blocks.values().filter_map(|block| {
                Some((
                    holder(block)?.sql(),
                    free(block),
                    free(block) * block.price.minor(),
                ))
            })),
        ),
        ("best clients", clients.into_iter().collect()),
        (
            "a page of a site's sales",
            newest(of_site.copied().collect(), 100, 50),
        ),
    ])
}

/// By the verdicts: a double sale stays one, whatever else is wrong with it.
fn contradictions(sheets: &Sheets, all: &[SaleEntry]) -> Sums {
    let (mut double, mut late) = (Vec::new(), Vec::new());
    let (mut held, mut decided) = (Vec::new(), Vec::new());
    for (_, _, fact) in sheets.facts() {
        match &fact.body {
            FactBody::Verdict(Verdict::DoubleSale { other, .. }) => double.push(other.sale),
            FactBody::Verdict(Verdict::SoldAfterRecall { sale, .. }) => late.push(sale.sale),
            FactBody::Verdict(Verdict::Held { hold, .. }) => held.push(*hold),
            FactBody::Verdict(Verdict::HeldDecided { hold, .. }) => decided.push(*hold),
            _ => {}
        }
    }
    held.retain(|hold| !decided.contains(hold));
    let sold = all.iter().filter_map(|entry| {
        let status = match (double.contains(&entry.id), late.contains(&entry.id)) {
            (true, _) => "double",
            (_, true) => "after_recall",
            _ => return None,
        };
        Some((status, 1, entry.sale.total().minor()))
    });
    sum(sold.chain(held.iter().map(|_| ("held", 1, 0))))
}

#[tokio::test]
async fn reports_say_what_the_folds_say() {
    let app = open().await;
    let mut company = found(&app, Plan::SHORT).await.unwrap();
    let pushed = company.live(&app, |_, _| {}).await.unwrap();
    assert!(pushed.held > 2, "{pushed:?}");
    company.office.contact().await.unwrap();

    let about = About {
        org: ORG,
        from: END.plus_millis(-i64::from(Plan::SHORT.weeks) * WEEK_MILLIS),
        until: END,
        person: company.sellers[1].person,
        site: company.sites[1],
        page_at: 100,
    };
    let replica = company.office.replica();
    let folded = fold(replica.sheets(), &replica.stock(), &about);
    let answered = ask(&app, &about).await;
    for (name, folded) in &folded {
        assert_eq!(&answered[name], folded, "{name}");
        assert!(!folded.is_empty(), "{name} is about nothing");
    }
    assert_eq!(answered.len(), folded.len());
    let count = folded["revenue of all time"]["all"].0;
    assert!(count >= i64::from(Plan::SHORT.sales), "{count}");
    for status in ["double", "after_recall", "held"] {
        assert!(folded["double sales and held"].contains_key(status));
    }
    assert!(folded["vouchers by state"].contains_key("void"));

    // Days that begin at another hour are summed up again, and to the same when they begin as before.
    let set_zone = async |zone: &str| {
        let mut tx = database::begin(&app.pool, ORG).await.unwrap();
        organisations::set_profile(&mut tx, ORG, None, Some(zone))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        ask(&app, &about).await
    };
    let elsewhere = set_zone("Pacific/Kiritimati").await;
    assert_ne!(elsewhere["per day"], answered["per day"]);
    assert_eq!(elsewhere["per method"].len(), answered["per method"].len());
    assert_eq!(set_zone("Africa/Nairobi").await, answered);
}

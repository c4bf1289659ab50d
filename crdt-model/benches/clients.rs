//! Finding a client among 10,000 while somebody types: the index beside the walk over every record that it replaced,
//! in the same run, on the same sheets.

#![expect(clippy::disallowed_methods, reason = "a benchmark asks the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use crdt_model::client::index::{ClientFilter, ClientIndex};
use crdt_model::client::{ClientDetails, ClientEdit, clients};
use crdt_model::document::{DocumentKey, Field};
use crdt_model::fact::{Fact, FactBody, PaymentMethod, Sale};
use crdt_model::ids::{ClientId, PersonId, SiteId};
use crdt_model::phone::Phone;
use crdt_model::sheets::Sheets;
use crdt_model::time::{Date, Month, Timestamp};

const DOCUMENTS: u16 = 25;
const PER_DOCUMENT: u16 = 400;
/// A year of sales to those clients.
const SALES: u32 = 30_000;
const ROWS: usize = 50;
const GIVEN: [&str; 10] = [
    "Halima", "Anna", "Mariam", "Rose", "Hamisi", "Kamau", "Peter", "Salum", "Musa", "Ng'ombe",
];
const FAMILY: [&str; 10] = [
    "Mrema", "Lema", "Mwakyusa", "Nyerere", "Odhiambo", "Urassa", "Swai", "Chuwa", "Khamis", "José",
];

/// What people type, a key at a time.
const TYPED: [&str; 4] = ["halima mre", "0712 345 6", "anna", "+2557"];

fn client_id(n: u32) -> ClientId {
    let mut bytes = [7; 16];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    ClientId::from_bytes(bytes)
}

fn document(part: u16) -> DocumentKey {
    DocumentKey::Clients {
        site: SiteId::from_bytes([1; 16]),
        owner: PersonId::from_bytes([2; 16]),
        part,
    }
}

fn sheets() -> Sheets {
    let mut sheets = Sheets::default();
    let mut n = 0_u32;
    for part in 0..DOCUMENTS {
        for _ in 0..PER_DOCUMENT {
            let given = GIVEN[n as usize % GIVEN.len()];
            let family = FAMILY[n as usize / 10 % FAMILY.len()];
            let number = 712_000_000 + u64::from(n) * 7_919 % 1_000_000;
            let details = ClientDetails {
                name: format!("{given} {family} {n}"),
                phone: Phone::from_e164(&format!("+255{number}")).ok(),
                email: n
                    .is_multiple_of(2)
                    .then(|| format!("{given}{n}@example.com")),
                address: Some("Nyumba ya 3, karibu na msikiti".into()),
                expires_on: Some(Date::of(Timestamp::ZERO).plus_days(20_000)),
                ..ClientDetails::default()
            };
            for put in details.puts(client_id(n)) {
                let field = Field {
                    value: put.value,
                    others: Vec::new(),
                };
                sheets.entry(document(part)).records.insert(put.key, field);
            }
            n += 1;
        }
    }
    for n in 0..SALES {
        let till = DocumentKey::Till {
            site: SiteId::from_bytes([1; 16]),
            person: PersonId::from_bytes([2; 16]),
            month: Month::of(Timestamp::from_millis(i64::from(n % 12) * 2_678_400_000)),
        };
        let fact = Fact {
            at: Timestamp::from_millis(i64::from(n)),
            since: Timestamp::ZERO,
            by: PersonId::from_bytes([2; 16]),
            body: FactBody::Sale(Sale {
                receipt: format!("AAAA-{n:06}"),
                lines: Vec::new(),
                method: PaymentMethod::Cash,
                reference: None,
                client: Some(client_id(n % 10_000)),
            }),
        };
        let facts = &mut sheets.entry(till).facts;
        facts.insert(format!("{n:026}"), Some(fact));
    }
    sheets
}

/// As it was before the index: every record read and sorted, then looked at.
fn walk(sheets: &Sheets, search: &str) -> usize {
    let search = search.trim().to_lowercase();
    let digits: String = search.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    clients(sheets)
        .into_iter()
        .filter(|client| {
            let details = &client.details;
            details.name.to_lowercase().contains(&search)
                || (digits.len() >= 3
                    && details
                        .phone
                        .as_ref()
                        .is_some_and(|phone| phone.digits().contains(digits)))
        })
        .take(ROWS)
        .count()
}

fn keystrokes() -> Vec<&'static str> {
    TYPED
        .iter()
        .flat_map(|typed| (1..=typed.len()).map(move |end| &typed[..end]))
        .collect()
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "{what:<44} p50 {:>10.3?}   p95 {:>10.3?}   n {}",
        at(50),
        at(95),
        times.len()
    );
}

fn measure(mut run: impl FnMut(&'static str), rounds: usize) -> Vec<Duration> {
    let keys = keystrokes();
    (0..rounds)
        .flat_map(|_| keys.iter())
        .map(|search| {
            let start = Instant::now();
            run(search);
            start.elapsed()
        })
        .collect()
}

fn main() {
    let mut sheets = sheets();
    println!(
        "{} clients in {DOCUMENTS} documents, {SALES} sales",
        u32::from(DOCUMENTS) * u32::from(PER_DOCUMENT),
    );
    let start = Instant::now();
    let mut index = ClientIndex::of(&sheets);
    println!("{:<44} {:>14.3?}", "index made", start.elapsed());

    let today = Date::of(Timestamp::ZERO).plus_days(19_990);
    let mut query = |search: &str, sheets: &Sheets| {
        index.catch_up(sheets);
        let filter = ClientFilter {
            search: search.into(),
            ..ClientFilter::all(today)
        };
        black_box(index.find(&filter, 0, ROWS));
    };
    tell(
        "a keystroke, index",
        measure(|search| query(search, &sheets), 20),
    );
    let mut edits = Vec::new();
    for n in 0..100_u32 {
        let part = u16::try_from(n).unwrap_or(0) % DOCUMENTS;
        let id = client_id(u32::from(part) * u32::from(PER_DOCUMENT));
        let put = ClientEdit::Name(format!("Zuhura {n}")).put(id);
        let field = Field {
            value: put.value,
            others: Vec::new(),
        };
        sheets.entry(document(part)).records.insert(put.key, field);
        let start = Instant::now();
        query("zuhura", &sheets);
        edits.push(start.elapsed());
    }
    tell("a keystroke after an edit, index", edits);
    tell(
        "a keystroke, walk over every record",
        measure(
            |search| {
                black_box(walk(&sheets, search));
            },
            2,
        ),
    );
}

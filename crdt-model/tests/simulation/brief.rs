//! Starts by a brief, beside starts that read everything: what the first screen is made of must be the same, and with
//! the rest read, everything.

use std::collections::BTreeSet;

use crdt_model::fact::VoucherRef;
use crdt_model::hand_over::HandOvers;
use crdt_model::ids::BlockId;
use crdt_model::replica::{Brief, Replica};
use crdt_model::stock_ask::asks;
use crdt_model::time::{Month, Timestamp};
use crdt_model::voucher::Stock;

use crate::device::{Store, apply};
use crate::random::Random;

/// How a device's database was read at a start.
#[derive(Debug)]
pub enum Opening {
    Whole,
    OfBrief,
}

/// The brief that a device keeps for its next start.
#[derive(Debug, Default)]
pub struct Kept {
    bytes: Option<Vec<u8>>,
    made: u64,
}

impl Kept {
    /// At the end of a start. Every month counts as over: what is not pending is left out.
    pub fn make(&mut self, replica: &mut Replica, store: &mut Store) {
        let before: Month = "999912".parse().expect("it is a month");
        self.made += 1;
        let Some((bytes, commit)) = replica.make_brief(before, &mut Random::new(self.made)) else {
            return;
        };
        self.bytes = Some(bytes);
        replica.stored(commit.number);
        for (key, value) in commit.writes {
            apply(store, key, value);
        }
    }

    /// The replica by way of the brief, if that fits what is stored.
    pub fn open(
        &self,
        whole: &Replica,
        store: &Store,
        journal: &[Vec<u8>],
    ) -> Result<Option<Replica>, String> {
        let Some(brief) = self.bytes.as_deref().and_then(Brief::decode) else {
            return Ok(None);
        };
        let left_out: BTreeSet<String> = brief.left_out().into_iter().collect();
        let part = |wanted: bool| {
            let entries = store.iter();
            let entries = entries.filter(move |(key, _)| left_out.contains(*key) == wanted);
            entries.map(|(key, value)| (key.clone(), value.clone()))
        };
        let opened = Replica::open_brief(
            whole.me(),
            brief.clone(),
            part.clone()(false),
            journal.iter().cloned(),
            Timestamp::from_millis(i64::MAX),
            &mut Random::new(0),
        );
        let Some(mut replica) = opened.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        compare_first_screen(&replica, whole)?;
        let rest = part(true);
        replica.complete(rest).map_err(|error| error.to_string())?;
        compare(&replica, whole)?;
        Ok(Some(replica))
    }
}

fn compare_first_screen(brief: &Replica, whole: &Replica) -> Result<(), String> {
    let stocks = (brief.shared_stock(), whole.shared_stock());
    same("can be sold", &for_sale(&stocks.0), &for_sale(&stocks.1))?;
    same("cash", &brief.cash(), &whole.cash())?;
    same("asks", &asks(brief.sheets()), &asks(whole.sheets()))?;
    same(
        "blocks on their way",
        &HandOvers::fold(brief.sheets()).leaving(),
        &HandOvers::fold(whole.sheets()).leaving(),
    )?;
    same("who I am", &brief.principal(), &whole.principal())
}

fn compare(completed: &Replica, whole: &Replica) -> Result<(), String> {
    if completed.sheets() != whole.sheets() {
        let of = |replica: &Replica, other: &Replica| -> Vec<String> {
            let sheets = replica.sheets().iter();
            let differing = sheets.filter(|(key, sheet)| other.sheets().get(key) != *sheet);
            differing
                .map(|(key, sheet)| format!("{key}: {sheet:?}"))
                .collect()
        };
        return Err(format!(
            "a completed brief says {:#?}, and everything {:#?}",
            of(completed, whole),
            of(whole, completed)
        ));
    }
    same("stock", &completed.stock(), &whole.stock())?;
    same("digest", &completed.digest(), &whole.digest())?;
    same("journal", &completed.journal(), &whole.journal())
}

fn for_sale(stock: &Stock) -> Vec<(BlockId, Vec<VoucherRef>)> {
    let blocks = stock.mine();
    blocks
        .map(|block| (block.id, stock.free(block).collect()))
        .collect()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, brief: &T, whole: &T) -> Result<(), String> {
    if brief == whole {
        Ok(())
    } else {
        Err(format!(
            "{what} by a brief: {brief:?}, and by everything: {whole:?}"
        ))
    }
}

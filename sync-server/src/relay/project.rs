//! The read-model: what accepted rows say, as inserts and updates. Runs in the transaction that stores the rows.

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::client;
use crdt_model::document::{Container, DocumentKey, PlainOp, Scalar};
use crdt_model::fact::{Ending, Fact, FactBody, KeptReason, StockNote, Verdict, VoucherRef};
use crdt_model::fixture::{self, FixtureId};
use crdt_model::ids::{BlockId, HoldId, IntentId, OrgId, PersonId, from_text};
use crdt_model::package;
use crdt_model::relay::{OrgState, Row};
use crdt_model::site;
use crdt_model::staff;
use crdt_model::time::Timestamp;
use crdt_model::voucher;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::auth::session;
use crate::store::audit::{self, Entry};
use crate::store::sales::{NewReplacement, NewSale, Status, Taken};
use crate::store::verdicts::NewVerdict;
use crate::store::vouchers::NewUndo;
use crate::store::{
    nouns, organisations, people, sales, sites, sql_text, stock, verdicts, vouchers,
};

/// A fact of a row.
struct Said<'a> {
    row: &'a Row,
    key: &'a str,
    fact: Fact,
}

/// Writes the read-model of `rows`. `state` is the organisation after them.
pub async fn project(
    tx: &mut PgConnection,
    state: &OrgState,
    rows: &[Row],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let org = state.org();
    project_records(tx, state, rows, now).await?;
    let facts: Vec<Said> = rows
        .iter()
        .flat_map(|row| {
            row.ops.iter().filter_map(move |op| {
                let fact = fact_of(op)?;
                Some(Said {
                    row,
                    key: &op.key,
                    fact,
                })
            })
        })
        .collect();
    project_vouchers(tx, org, &facts, now).await?;
    project_stock(tx, org, &facts, now).await?;
    project_sales(tx, org, &facts, now).await?;
    project_verdicts(tx, org, &facts, now).await?;
    for (actor, action, detail) in noteworthy(rows, &facts) {
        let entry = Entry {
            actor,
            action,
            detail,
        };
        audit::append(tx, org, &entry, now).await?;
    }
    Ok(())
}

/// Who decided about the holds that `rows` end.
pub fn deciders(rows: &[Row]) -> BTreeMap<HoldId, PersonId> {
    rows.iter()
        .flat_map(|row| row.ops.iter().filter_map(fact_of))
        .filter_map(|fact| match fact.body {
            FactBody::Verdict(Verdict::HeldDecided { hold, by, .. }) => Some((hold, by)),
            _ => None,
        })
        .collect()
}

fn fact_of(op: &PlainOp) -> Option<Fact> {
    match (op.container, &op.value) {
        (Container::Facts, Scalar::Bytes(bytes)) => Fact::decode(bytes).ok(),
        _ => None,
    }
}

/// When it happened, as devices see it, but not after the receipt.
fn occurred_at(fact: &Fact, received_at: Timestamp) -> Timestamp {
    fact.happened().min(received_at).max(Timestamp::ZERO)
}

async fn project_records(
    tx: &mut PgConnection,
    state: &OrgState,
    rows: &[Row],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let org = state.org();
    let touched: BTreeSet<(DocumentKey, &str)> = rows
        .iter()
        .flat_map(|row| {
            row.ops
                .iter()
                .filter(|op| op.container == Container::Records)
                // `noun/id/field`; the records of an organisation and of a site have no id. What belongs to a site is
                // of several nouns.
                .map(|op| match row.document {
                    DocumentKey::Site(_) => (
                        row.document,
                        op.key.rsplit_once('/').map_or("", |(id, _)| id),
                    ),
                    document => (document, op.key.split('/').nth(1).unwrap_or_default()),
                })
        })
        .collect();
    for (key, id) in touched {
        let Some(sheet) = state.document(&key).map(|document| document.sheet()) else {
            continue;
        };
        match key {
            DocumentKey::Org => {
                let (name, timezone) = (sheet.text("org/name"), sheet.text("org/timezone"));
                organisations::set_profile(tx, org, name, timezone).await?;
            }
            DocumentKey::Staff => {
                if let Some(person) = id.parse().ok().and_then(|id| staff::person(sheet, id)) {
                    people::project(tx, org, &person).await?;
                    session::follow_staff(tx, org, person.id, person.active, now).await?;
                }
            }
            DocumentKey::StaffPrivate => {
                if let Ok(person) = id.parse() {
                    people::put_contacts(tx, org, person, &staff::contacts(sheet, person)).await?;
                }
            }
            DocumentKey::Catalog => {
                if let Some(package) = id.parse().ok().and_then(|id| package::package(sheet, id)) {
                    nouns::put_package(tx, org, &package).await?;
                }
            }
            DocumentKey::SitePublic(site) => {
                if let Some(site) = site::of_sheet(sheet, site) {
                    sites::put(tx, org, &site).await?;
                }
            }
            DocumentKey::Site(site) if id == "site" => {
                let notes = sheet.text("site/notes");
                sites::put_office(tx, org, site, site::position(sheet), notes).await?;
            }
            DocumentKey::Site(site) => {
                let fixture = FixtureId::from_prefix(id);
                if let Some(fixture) = fixture.and_then(|id| fixture::fixture(sheet, id)) {
                    sites::put_fixture(tx, org, site, &fixture).await?;
                }
            }
            DocumentKey::Clients { .. } => {
                let client = id.parse().ok();
                if let Some(client) = client.and_then(|id| client::client(sheet, key, id)) {
                    nouns::put_client(tx, org, &client).await?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

async fn project_vouchers(
    tx: &mut PgConnection,
    org: OrgId,
    facts: &[Said<'_>],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    // The verdict on a block's codes follows in the same transaction.
    let duplicates: BTreeMap<BlockId, &[u32]> = facts
        .iter()
        .filter_map(|said| match &said.fact.body {
            FactBody::Verdict(Verdict::DuplicateCodes { block, indexes }) => {
                Some((*block, indexes.as_slice()))
            }
            _ => None,
        })
        .collect();
    let kept: BTreeSet<IntentId> = facts
        .iter()
        .filter_map(|said| match &said.fact.body {
            FactBody::Verdict(Verdict::BatchKept { undo, .. }) => Some(*undo),
            _ => None,
        })
        .collect();
    for said in facts {
        match (&said.fact.body, said.row.document) {
            (FactBody::Codes(made), DocumentKey::Block { site, block }) => {
                let codes = voucher::unpack(&made.packed).unwrap_or_default();
                let duplicates = duplicates.get(&block).copied().unwrap_or_default();
                let place = (site, block);
                vouchers::add_block(tx, org, place, made, &codes, duplicates, said.row.seq).await?;
            }
            (FactBody::Batch(made), DocumentKey::Batches(site)) => {
                let at = occurred_at(&said.fact, now);
                vouchers::add_batch(tx, org, site, made, said.fact.by, at, said.row.seq).await?;
            }
            (FactBody::BatchUndone(undone), DocumentKey::Batches(site)) => {
                let Ok(intent) = said.key.parse() else {
                    continue;
                };
                let undo = NewUndo {
                    intent,
                    batch: undone.batch,
                    site,
                    person: said.fact.by,
                    at: occurred_at(&said.fact, now),
                    seq: said.row.seq,
                    has_effect: !kept.contains(&intent),
                };
                vouchers::add_undo(tx, org, &undo).await?;
            }
            (FactBody::Leased(lease), DocumentKey::Batches(site)) => {
                vouchers::put_lease(tx, org, site, lease, now).await?;
                stock::add_turn(tx, org, site, lease, now).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn project_stock(
    tx: &mut PgConnection,
    org: OrgId,
    facts: &[Said<'_>],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    for said in facts {
        let stated = |site| {
            Some(stock::Stated {
                id: said.key.parse().ok()?,
                seq: said.row.seq,
                site,
                by: said.fact.by,
                at: occurred_at(&said.fact, now),
            })
        };
        match (&said.fact.body, said.row.document) {
            (FactBody::HandOverGiven(given), DocumentKey::Till { site, .. }) => {
                if let Some(stated) = stated(site) {
                    stock::add_hand_over(tx, org, &stated, given).await?;
                }
            }
            (FactBody::StockAsked(asked), DocumentKey::Till { site, .. }) => {
                if let Some(stated) = stated(site) {
                    stock::add_ask(tx, org, &stated, asked).await?;
                }
            }
            (FactBody::StockAskDeclined(declined), DocumentKey::Till { site, person, .. }) => {
                stock::note_decline(tx, org, (site, person), said.fact.by, declined).await?;
            }
            (FactBody::StockNote(StockNote::Ended { of, how }), DocumentKey::Batches(_)) => {
                stock::end(tx, org, *of, *how, now).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn project_sales(
    tx: &mut PgConnection,
    org: OrgId,
    facts: &[Said<'_>],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut new_sales = Vec::new();
    let mut taken = Vec::new();
    for said in facts {
        let DocumentKey::Till { site, .. } = said.row.document else {
            continue;
        };
        let Ok(intent) = said.key.parse() else {
            continue;
        };
        if let Some(sale) = said.fact.sale_ref(intent) {
            taken.extend(said.fact.vouchers().into_iter().map(|voucher| Taken {
                voucher,
                seq: said.row.seq,
                by: sale.clone(),
            }));
        }
        match &said.fact.body {
            FactBody::Sale(sale) => new_sales.push(NewSale {
                intent,
                seq: said.row.seq,
                site,
                person: said.fact.by,
                receipt: sale.receipt.clone(),
                method: sale.method,
                reference: sale.reference.clone(),
                client: sale.client,
                total_minor: sale.total().minor(),
                occurred_at: occurred_at(&said.fact, now),
                device_at: said.fact.at,
                lines: sale.lines.clone(),
            }),
            FactBody::Replacement(replacement) => {
                let new = NewReplacement {
                    intent,
                    seq: said.row.seq,
                    site,
                    person: said.fact.by,
                    sale: replacement.sale,
                    replaced: replacement.replaces,
                    voucher: replacement.voucher,
                    package: replacement.package,
                    occurred_at: occurred_at(&said.fact, now),
                };
                sales::add_replacement(tx, org, &new).await?;
            }
            _ => {}
        }
    }
    if !new_sales.is_empty() {
        sales::add(tx, org, &new_sales, now).await?;
    }
    if !taken.is_empty() {
        sales::add_taken(tx, org, &taken).await?;
        let sold: Vec<VoucherRef> = taken.iter().map(|taken| taken.voucher).collect();
        vouchers::retake(tx, org, &sold).await?;
    }
    Ok(())
}

async fn project_verdicts(
    tx: &mut PgConnection,
    org: OrgId,
    facts: &[Said<'_>],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut seen = BTreeSet::new();
    let mut handed_out = Vec::new();
    for said in facts {
        let FactBody::Verdict(verdict) = &said.fact.body else {
            continue;
        };
        let Ok(id) = from_text(said.key) else {
            continue;
        };
        if !seen.insert(id) {
            continue;
        }
        let (kind, detail) = describe(verdict);
        let new = NewVerdict {
            id: Uuid::from_bytes(id),
            seq: said.row.seq,
            document: said.row.document.to_string(),
            kind,
            detail,
            at: now,
        };
        verdicts::add(tx, org, &new).await?;
        match verdict {
            Verdict::DoubleSale { other, .. } => {
                sales::set_status(tx, org, other.sale, Status::Double).await?;
            }
            Verdict::SoldAfterRecall { sale, .. } => {
                sales::set_status(tx, org, sale.sale, Status::AfterRecall).await?;
            }
            Verdict::SoldElsewhere { block, indexes } => {
                let vouchers = indexes.iter().map(|index| VoucherRef {
                    block: *block,
                    index: *index,
                });
                handed_out.extend(vouchers);
            }
            _ => {}
        }
    }
    if !handed_out.is_empty() {
        vouchers::retake(tx, org, &handed_out).await?;
    }
    Ok(())
}

/// A verdict's kind and its words, for SQL.
fn describe(verdict: &Verdict) -> (&'static str, Value) {
    match verdict {
        Verdict::DoubleSale {
            voucher,
            standing,
            other,
        } => (
            "double_sale",
            json!({
                "block": voucher.block.to_string(),
                "index": voucher.index,
                "standing": standing.sale.to_string(),
                "standing_person": standing.person.to_string(),
                "other": other.sale.to_string(),
                "other_person": other.person.to_string(),
            }),
        ),
        Verdict::SoldAfterRecall { voucher, sale } => (
            "sold_after_recall",
            json!({
                "block": voucher.block.to_string(),
                "index": voucher.index,
                "sale": sale.sale.to_string(),
                "person": sale.person.to_string(),
            }),
        ),
        Verdict::SoldElsewhere { block, indexes } => (
            "sold_elsewhere",
            json!({ "block": block.to_string(), "indexes": indexes }),
        ),
        Verdict::DuplicateCodes { block, indexes } => (
            "duplicate_codes",
            json!({ "block": block.to_string(), "indexes": indexes }),
        ),
        Verdict::DuplicateReceipt { first, other } => (
            "duplicate_receipt",
            json!({
                "receipt": first.receipt,
                "first": first.sale.to_string(),
                "other": other.sale.to_string(),
            }),
        ),
        Verdict::BatchKept {
            batch,
            undo,
            reason,
        } => (
            "batch_kept",
            json!({
                "batch": batch.to_string(),
                "undo": undo.to_string(),
                "reason": match reason {
                    KeptReason::Leased => "leased",
                    KeptReason::Sold => "sold",
                },
            }),
        ),
        Verdict::Held {
            hold,
            intent,
            person,
            device,
            ..
        } => (
            "held",
            json!({
                "hold": hold.to_string(),
                "intent": intent.to_string(),
                "person": person.to_string(),
                "device": device.to_string(),
            }),
        ),
        Verdict::HeldDecided {
            hold,
            intent,
            by,
            accepted,
            reason,
        } => (
            "held_decided",
            json!({
                "hold": hold.to_string(),
                "intent": intent.to_string(),
                "by": by.to_string(),
                "accepted": accepted,
                "reason": reason.as_deref().map(sql_text),
            }),
        ),
    }
}

/// What the audit keeps: who changed people's rights, who took a block away, who decided about a held item.
fn noteworthy(rows: &[Row], facts: &[Said]) -> Vec<(Option<PersonId>, &'static str, Value)> {
    let by = |author: PersonId| (author != PersonId::RELAY).then_some(author);
    let mut entries: Vec<_> = rows
        .iter()
        .filter(|row| matches!(row.document, DocumentKey::Staff | DocumentKey::StaffPrivate))
        .map(|row| {
            let fields: Vec<&str> = row.ops.iter().map(|op| op.key.as_str()).collect();
            let detail = json!({ "seq": row.seq, "fields": fields });
            (by(row.author), "StaffChanged", detail)
        })
        .collect();
    for said in facts {
        match &said.fact.body {
            FactBody::RecallAsked(asked) => {
                let detail = json!({
                    "seq": said.row.seq,
                    "block": asked.block.to_string(),
                    "reason": sql_text(&asked.reason),
                });
                entries.push((by(said.fact.by), "BlockRecalled", detail));
            }
            FactBody::StockNote(StockNote::Ended {
                of,
                how: Ending::Taken { by },
            }) if matches!(said.row.document, DocumentKey::Batches(_)) => {
                let detail = json!({ "seq": said.row.seq, "hand_over": of.to_string() });
                entries.push((Some(*by), "BlockHandedOver", detail));
            }
            FactBody::StockAskDeclined(declined) => {
                let detail = json!({
                    "seq": said.row.seq,
                    "ask": declined.asked.to_string(),
                    "reason": sql_text(&declined.reason),
                });
                entries.push((by(said.fact.by), "StockAskDeclined", detail));
            }
            FactBody::BatchUndone(undone) => {
                let detail = json!({ "seq": said.row.seq, "batch": undone.batch.to_string() });
                entries.push((by(said.fact.by), "BatchUndone", detail));
            }
            FactBody::Verdict(Verdict::HeldDecided {
                hold, by, accepted, ..
            }) => {
                let detail =
                    json!({ "seq": said.row.seq, "hold": hold.to_string(), "accepted": accepted });
                entries.push((Some(*by), "HeldDecided", detail));
            }
            _ => {}
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hs10_what_happened_is_dated_between_the_last_contact_and_the_receipt() {
        let when = |at, since| {
            let fact = Fact {
                at: Timestamp::from_millis(at),
                since: Timestamp::from_millis(since),
                by: PersonId::RELAY,
                body: FactBody::StockNote(StockNote::Ended {
                    of: IntentId::from_bytes([1; 16]),
                    how: Ending::Overtaken,
                }),
            };
            let received = Timestamp::from_millis(1_000);
            let at = occurred_at(&fact, received).as_millis();
            assert_eq!(at, fact.happened().as_millis().clamp(0, 1_000));
            at
        };
        assert_eq!(when(700, 500), 700);
        assert_eq!(when(20, 500), 500);
        assert_eq!(when(5_000, 500), 1_000);
        assert_eq!(when(20, 5_000), 1_000);
        assert_eq!(when(-7, -9), 0);
    }
}

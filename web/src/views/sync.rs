//! What is pending, what needs a person, and the pill that says so.

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::capability::Capability;
use crdt_model::client;
use crdt_model::command::Command;
use crdt_model::document::{Container, DocumentKey, Put, Scalar};
use crdt_model::fact::{Fact, FactBody, HeldEdit, Verdict};
use crdt_model::ids::{BatchId, HoldId, IntentId};
use crdt_model::replica::{PendingState, Replica};
use crdt_model::sale::{Given, Replacements};
use crdt_model::sync::message::RefusalCode;
use crdt_model::time::Timestamp;

use super::{Surroundings, count, name_of};
use crate::protocol::{
    HeldEditView, HeldView, NeedsYou, NeedsYouView, PendingView, Summary, SyncPill, SyncView,
};

/// The pill of the header. Every change asks for it, so that it reads no more than it counts.
pub fn pill(replica: &Replica, around: Surroundings) -> SyncPill {
    let waiting = || {
        replica
            .outbox()
            .filter(|item| item.state == PendingState::Waiting)
    };
    let needs_you = replica.outbox().count() - waiting().count();
    SyncPill {
        online: around.online,
        pending: count(waiting().count()),
        oldest_pending_at: waiting().map(|item| item.intent.at).min(),
        needs_you: count(needs_you + to_decide(replica, around.now).len()),
        safe_at: replica.safe_at(),
        store_warning: around.store_warning,
        is_new: replica.cursor() == 0,
        is_fetching: around.is_fetching,
        shut_out: around.shut_out,
        has_sealed: around.has_sealed,
        clock: replica.clock_reading(),
    }
}

pub(super) fn view(replica: &Replica, around: Surroundings) -> SyncView {
    let mut pending = Vec::new();
    let mut needs_you = Vec::new();
    for item in replica.outbox() {
        let summary = match &item.intent.command {
            // There may be a hundred of these, each full of codes: their facts are not read for one line.
            Command::AddBlocks { blocks, .. } => Summary::ImportPart {
                codes: count(blocks.iter().map(|block| block.codes.len()).sum()),
            },
            _ => summary_of_puts(replica, item.writes.iter().flat_map(|write| &write.puts)),
        };
        let (intent, at) = (item.intent.id, item.intent.at);
        let why = match &item.state {
            PendingState::Waiting => {
                pending.push(PendingView {
                    intent,
                    at,
                    summary,
                });
                continue;
            }
            PendingState::Held { reason, .. } => NeedsYou::Held { reason: *reason },
            PendingState::Declined { by, reason } => NeedsYou::Declined {
                by: name_of(replica, *by),
                reason: reason.clone(),
            },
            PendingState::Refused(RefusalCode::TooMuchHeld) => NeedsYou::TooMuchHeld,
            PendingState::Refused(RefusalCode::TooManyDocuments) => NeedsYou::TooManyDocuments,
            PendingState::Refused(RefusalCode::Later) => NeedsYou::OfLater,
            PendingState::Refused(code) => NeedsYou::Refused {
                code: format!("{code:?}"),
            },
        };
        needs_you.push(NeedsYouView {
            intent,
            at,
            summary,
            why,
        });
    }
    SyncView {
        pill: pill(replica, around),
        pending,
        needs_you,
        to_decide: to_decide(replica, around.now),
        last_contact: replica.last_contact(),
        clock_offset_millis: replica.clock_offset_millis(),
        storage_is_persistent: around.storage_is_persistent,
        // The desk knows.
        sealed: Vec::new(),
    }
}

/// So long after a decision its verdict may not be here yet.
const SETTLING_MILLIS: i64 = 60_000;

/// What others' devices sent, the relay holds, and this person may decide about.
fn to_decide(replica: &Replica, now: Timestamp) -> Vec<HeldView> {
    let me = replica.principal();
    let is_of_till = |document: &DocumentKey| matches!(document, DocumentKey::VerdictTill { .. });
    let held = |fact: &Fact| matches!(&fact.body, FactBody::Verdict(Verdict::Held { .. }));
    let mut in_verdicts = replica.sheets().facts_in(is_of_till);
    if !in_verdicts.any(|(_, _, fact)| held(fact)) {
        return Vec::new();
    }
    let replaced = Replacements::of(replica.sheets());
    let mut over: BTreeSet<HoldId> = BTreeSet::new();
    // What is decided and not settled yet, by how much of it had been told. A verdict comes right after; where none does,
    // the decision did nothing, and the item waits still.
    let mut decided: BTreeMap<HoldId, u32> = BTreeMap::new();
    for (_, key, fact) in replica.sheets().facts() {
        match &fact.body {
            FactBody::HeldDecision(decision)
                if now.millis_since(fact.at).abs() < SETTLING_MILLIS
                    || is_waiting(replica, key) =>
            {
                let told = match decision.accepted {
                    true => decision.told,
                    false => u32::MAX,
                };
                let known = decided.entry(decision.hold).or_default();
                *known = told.max(*known);
            }
            FactBody::Verdict(Verdict::HeldDecided { hold, .. }) => drop(over.insert(*hold)),
            _ => {}
        }
    }
    let mut held: BTreeMap<HoldId, HeldView> = BTreeMap::new();
    for (document, _, fact) in replica.sheets().facts_in(is_of_till) {
        let DocumentKey::VerdictTill {
            site,
            person,
            month,
        } = document
        else {
            continue;
        };
        let FactBody::Verdict(Verdict::Held {
            hold,
            intent,
            person: author,
            reason,
            facts,
            edits,
            more_edits,
            ..
        }) = &fact.body
        else {
            continue;
        };
        if over.contains(hold) || !me.may_at(Capability::SalesAll, *site) || *author == me.person {
            continue;
        }
        let view = held.entry(*hold).or_insert_with(|| HeldView {
            till: DocumentKey::Till {
                site: *site,
                person: *person,
                month: *month,
            },
            hold: *hold,
            person_name: name_of(replica, *author),
            at: facts.first().map_or(fact.at, |held| held.at),
            facts: Vec::new(),
            reason: *reason,
            edits: Vec::new(),
            more_edits: 0,
            told: 0,
            is_given: false,
        });
        view.told += 1;
        view.more_edits = view.more_edits.saturating_add(*more_edits);
        view.facts
            .extend(facts.iter().map(|fact| summary_of_fact(replica, fact)));
        view.edits
            .extend(edits.iter().map(|edit| held_edit(replica, edit)));
        view.is_given |= facts.iter().any(|fact| is_given(&replaced, *intent, fact));
    }
    held.into_values()
        .filter(|view| decided.get(&view.hold).is_none_or(|told| *told < view.told))
        .collect()
}

fn is_waiting(replica: &Replica, key: &str) -> bool {
    let pending = key.parse().ok().and_then(|id| replica.pending(id));
    pending.is_some_and(|pending| pending.state == PendingState::Waiting)
}

/// Would this be a second new code for one lost voucher?
fn is_given(replaced: &Replacements, intent: IntentId, fact: &Fact) -> bool {
    let FactBody::Replacement(replacement) = &fact.body else {
        return false;
    };
    let lost = Given {
        by: replacement.sale,
        voucher: replacement.replaces,
    };
    let given = replaced.after(lost);
    given.is_some_and(|given| given.by != intent)
}

/// What a record is called here and now: the verdict says nobody's name.
fn held_edit(replica: &Replica, edit: &HeldEdit) -> HeldEditView {
    let sheets = replica.sheets();
    let (noun, id) = edit.record.split_once('/').unwrap_or((&edit.record, ""));
    let what = match noun {
        "client" => Summary::Client {
            name: id
                .parse()
                .ok()
                .and_then(|id| client::find(sheets, id))
                .map(|client| client.details.name)
                .unwrap_or_default(),
        },
        "package" => Summary::Package {
            name: id
                .parse()
                .map(|id| super::stock::package_name(replica, id))
                .unwrap_or_default(),
        },
        "person" => Summary::Staff {
            name: id
                .split('/')
                .next()
                .and_then(|id| id.parse().ok())
                .map(|id| name_of(replica, id))
                .unwrap_or_default(),
        },
        _ => Summary::Other,
    };
    HeldEditView {
        what,
        fields: edit.fields.clone(),
    }
}

fn summary_of_puts<'a>(replica: &Replica, puts: impl Iterator<Item = &'a Put>) -> Summary {
    let mut summary = Summary::Other;
    for put in puts {
        let found = match (put.container, &put.value) {
            (Container::Facts, Scalar::Bytes(bytes)) => {
                Fact::decode(bytes).map_or(Summary::Other, |fact| summary_of_fact(replica, &fact))
            }
            (Container::Records, Scalar::Text(name)) if put.key.ends_with("/name") => {
                match put.key.split('/').next() {
                    Some("client") => Summary::Client { name: name.clone() },
                    Some("package") => Summary::Package { name: name.clone() },
                    Some("person") => Summary::Staff { name: name.clone() },
                    Some("site") => Summary::Site { name: name.clone() },
                    _ => Summary::Other,
                }
            }
            (Container::Records, _) if put.key.starts_with("person/") => {
                let id = put.key.split('/').nth(1).and_then(|id| id.parse().ok());
                id.map_or(Summary::Other, |id| Summary::Staff {
                    name: name_of(replica, id),
                })
            }
            _ => Summary::Other,
        };
        // A sale speaks before the client who was registered with it, a batch before its blocks.
        if matches!(found, Summary::Sale { .. } | Summary::Batch { .. }) {
            return found;
        }
        if summary == Summary::Other {
            summary = found;
        }
    }
    summary
}

fn summary_of_fact(replica: &Replica, fact: &Fact) -> Summary {
    match &fact.body {
        FactBody::Sale(sale) => Summary::Sale {
            receipt: sale.receipt.clone(),
            total: sale.total(),
        },
        FactBody::Replacement(_) => Summary::Replacement,
        FactBody::Batch(made) => Summary::Batch {
            label: made.label.clone(),
            codes: made
                .blocks
                .iter()
                .map(|block| block.count)
                .fold(0, u32::saturating_add),
        },
        FactBody::BatchUndone(undone) => Summary::UndoBatch {
            label: label_of(replica, undone.batch),
        },
        FactBody::LeaseAsked(asked) => Summary::Lease {
            name: name_of(replica, asked.to),
        },
        FactBody::RecallAsked(_) => Summary::Recall,
        FactBody::HeldDecision(_) => Summary::Decision,
        FactBody::HandOverGiven(given) => Summary::HandOver {
            vouchers: given.left,
        },
        FactBody::HandOverWithdrawn(_) => Summary::HandOverWithdrawn,
        FactBody::HandOverTaken(taken) => Summary::HandOverTaken {
            code: taken.code.to_string(),
        },
        FactBody::StockAsked(asked) => Summary::StockAsk {
            package: super::stock::package_name(replica, asked.package),
            quantity: asked.quantity,
        },
        FactBody::StockAskWithdrawn(_) | FactBody::StockAskDeclined(_) => Summary::StockAskOver,
        FactBody::Codes(_)
        | FactBody::Leased(_)
        | FactBody::Verdict(_)
        | FactBody::StockNote(_) => Summary::Other,
    }
}

/// Empty for a batch that was never finished.
fn label_of(replica: &Replica, batch: BatchId) -> String {
    replica
        .sheets()
        .facts()
        .find_map(|(_, _, fact)| match &fact.body {
            FactBody::Batch(made) if made.batch == batch => Some(made.label.clone()),
            _ => None,
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;

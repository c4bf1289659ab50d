//! How much of one person is kept, and that honest work never meets the end of it.

use crdt_model::command::fact_put;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{
    BatchMade, BlockMade, FactBody, HeldEdit, HoldReason, Line, Sale, StockAskWithdrawn, Verdict,
    VoucherRef,
};
use crdt_model::ids::{BatchId, BlockId, ClientId, HoldId, IntentId, SiteId};
use crdt_model::money::Money;
use crdt_model::relay::{Kept, Outcome};
use crdt_model::sync::batch::Batch;
use crdt_model::sync::message::{Disposition, RefusalCode};
use crdt_model::time::{Month, Timestamp};

use super::holds::decide;
use super::relay::{Author, Bench, NOW, record};

const TOO_MUCH: Disposition = Disposition::Refused(RefusalCode::TooMuchHeld);
const TOO_MANY: Disposition = Disposition::Refused(RefusalCode::TooManyDocuments);

/// More of them than the bench has.
fn intent(n: u16) -> IntentId {
    let mut bytes = [60; 16];
    bytes[14..].copy_from_slice(&n.to_be_bytes());
    IntentId::from_bytes(bytes)
}

fn answers(outcome: &Outcome) -> Vec<Disposition> {
    outcome.results.iter().map(|(_, answer)| *answer).collect()
}

fn held_as(outcome: &Outcome) -> HoldId {
    match outcome.results[0].1 {
        Disposition::Held(hold, _) => hold,
        other => panic!("{other:?}"),
    }
}

const fn made_up(n: u8) -> SiteId {
    SiteId::from_bytes([100 + n; 16])
}

/// A tap that names a thousand blocks at each of these sites.
fn bulky(bench: &Bench, by: &Author, id: IntentId, sites: &[SiteId]) -> Batch {
    let changes = sites.iter().map(|site| {
        let one = BlockMade {
            block: BlockId::from_bytes(*site.as_bytes()),
            count: 1,
        };
        let made = FactBody::Batch(BatchMade {
            batch: BatchId::from_bytes(*site.as_bytes()),
            label: "bulky".into(),
            package: bench.package,
            price: Money::from_minor(1_000),
            blocks: vec![one; 1_000],
            made_on: None,
        });
        let put = fact_put(&id.to_string(), &bench.fact(by, made));
        let key = DocumentKey::Batches(*site);
        (key, bench.write_intent(by, key, &[put]))
    });
    bench.batch(by, id, changes.collect())
}

/// A sale from so many blocks that the relay does not have.
fn lost_sale(bench: &Bench, by: &Author, n: u16, lines: u8) -> Batch {
    let line = |block| Line {
        voucher: VoucherRef {
            block: BlockId::from_bytes([block; 16]),
            index: n.into(),
        },
        package: bench.package,
        price: Money::from_minor(1_000),
    };
    let FactBody::Sale(sale) = bench.sale(n.into()) else {
        unreachable!()
    };
    let body = FactBody::Sale(Sale {
        lines: (0..lines).map(|block| line(150 + block)).collect(),
        ..sale
    });
    let put = fact_put(&intent(n).to_string(), &bench.fact(by, body));
    let till = bench.till(by);
    let change = bench.write_intent(by, till, &[put]);
    bench.batch(by, intent(n), vec![(till, change)])
}

#[test]
fn he12_one_tap_tells_no_more_than_honest_work_has() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let sites: Vec<SiteId> = (0..8).map(made_up).collect();
    let few = bulky(&bench, &agent, bench.intent(), &sites[..2]);
    let id = held_as(&bench.admit_as(&agent, &few).unwrap());
    let many = bulky(&bench, &agent, bench.intent(), &sites);
    let outcome = bench.admit_as(&agent, &many).unwrap();
    assert_eq!(answers(&outcome), [TOO_MUCH; 8]);
    assert!(outcome.rows.is_empty() && outcome.holds.is_empty());
    // What is held is found again. More of it is too much as well, and changes nothing.
    let outcome = bench.admit_as(&agent, &few).unwrap();
    assert_eq!(held_as(&outcome), id);
    assert!(outcome.rows.is_empty());
    let more = bulky(&bench, &agent, few.intents[0].id, &sites);
    let outcome = bench.admit_as(&agent, &more).unwrap();
    assert_eq!(answers(&outcome), [TOO_MUCH; 8]);
    assert!(outcome.rows.is_empty() && outcome.holds.is_empty());
}

#[test]
fn he12_what_is_held_of_one_person_has_an_end() {
    let mut bench = Bench::new();
    let (agent, manager, owner) = (bench.agent, bench.manager, bench.owner);
    let first = lost_sale(&bench, &agent, 0, 1);
    let id = held_as(&bench.admit_as(&agent, &first).unwrap());
    // Wherever it is listed.
    let mut count = 0_u8;
    loop {
        let sites = [made_up(count), bench.site];
        let batch = bulky(&bench, &agent, bench.intent(), &sites);
        let outcome = bench.admit_as(&agent, &batch).unwrap();
        if outcome.holds.is_empty() {
            assert_eq!(answers(&outcome), [TOO_MUCH; 2]);
            assert!(outcome.rows.is_empty());
            break;
        }
        count += 1;
        assert!(count < 150);
    }
    assert!(count > 50, "{count} holds");
    let mut small = 1;
    let mut hold_one_more = |bench: &mut Bench| {
        small += 1;
        let sale = lost_sale(bench, &agent, small, 1);
        answers(&bench.admit_as(&agent, &sale).unwrap())[0]
    };
    while hold_one_more(&mut bench) != TOO_MUCH {}
    // What is held is found again, and others have room.
    assert_eq!(held_as(&bench.admit_as(&agent, &first).unwrap()), id);
    bench.revoked.insert(manager.device);
    let of_another = lost_sale(&bench, &manager, 1, 1);
    held_as(&bench.admit_as(&manager, &of_another).unwrap());
    // A decision makes room for as much as it was about.
    let till = bench.till(&agent);
    decide(&mut bench, &owner, till, id, false);
    assert!(matches!(
        hold_one_more(&mut bench),
        Disposition::Held(_, HoldReason::NotAllowed)
    ));
    assert_eq!(hold_one_more(&mut bench), TOO_MUCH);
}

/// What somebody sold without signal, on a phone that was revoked meanwhile.
#[test]
fn he12_honest_work_is_held_however_long_it_waited() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    bench.revoked.insert(agent.device);
    // Much of theirs waits already.
    let waiting = Kept {
        held: 1 << 20,
        documents: 0,
    };
    bench.state.provide_kept(agent.person, waiting);
    for n in 0..500 {
        let sale = lost_sale(&bench, &agent, n, 1);
        held_as(&bench.admit_as(&agent, &sale).unwrap());
    }
}

#[test]
fn he12_a_lost_phone_leaves_its_owner_half_of_the_room() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let half = Kept {
        held: 2 << 20,
        documents: 0,
    };
    bench.state.provide_kept(agent.person, half);
    bench.revoked.insert(agent.device);
    let of_the_lost = lost_sale(&bench, &agent, 0, 1);
    assert_eq!(
        answers(&bench.admit_as(&agent, &of_the_lost).unwrap()),
        [TOO_MUCH]
    );
    bench.revoked.clear();
    held_as(&bench.admit_as(&agent, &of_the_lost).unwrap());
}

#[test]
fn he12_blocks_that_are_not_here_weigh_as_much_as_their_verdicts() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let mut documents = 0;
    for n in 0.. {
        let sale = lost_sale(&bench, &agent, n, 20);
        let outcome = bench.admit_as(&agent, &sale).unwrap();
        if outcome.holds.is_empty() {
            break;
        }
        documents += 21;
        assert!(documents < 10_000);
    }
    assert!(documents > 5_000, "{documents} documents");
}

const fn months_ago(count: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() - count * 31 * 86_400_000)
}

/// One tap that states something in one's tills of these months.
fn withdraw_in(bench: &mut Bench, by: &Author, months: &[i64]) -> Vec<Disposition> {
    let id = bench.intent();
    let changes = months.iter().map(|count| {
        let body = FactBody::StockAskWithdrawn(StockAskWithdrawn { asked: id });
        let mut fact = bench.fact(by, body);
        fact.at = months_ago(*count);
        let till = DocumentKey::Till {
            site: bench.site,
            person: by.person,
            month: Month::of(fact.at),
        };
        let put = fact_put(&id.to_string(), &fact);
        (till, bench.write_intent(by, till, &[put]))
    });
    let batch = bench.batch(by, id, changes.collect());
    let outcome = bench.admit_as(by, &batch).unwrap();
    let answers = answers(&outcome);
    let is_accepted = answers[0] == Disposition::Accepted;
    assert_eq!(outcome.rows.is_empty(), !is_accepted);
    answers
}

fn register_in(bench: &mut Bench, by: &Author, part: u16) -> Disposition {
    let clients = DocumentKey::Clients {
        site: bench.site,
        owner: by.person,
        part,
    };
    let id = bench.intent();
    let client = ClientId::from_bytes(*id.as_bytes());
    let put = record(&format!("client/{client}/name"), "Juma");
    let change = bench.write_intent(by, clients, &[put]);
    let batch = bench.batch(by, id, vec![(clients, change)]);
    answers(&bench.admit_as(by, &batch).unwrap())[0]
}

#[test]
fn ad24_a_person_begins_so_many_tills_and_documents_of_clients() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let accepted = [Disposition::Accepted];
    let almost = Kept {
        held: 0,
        documents: 4_998,
    };
    bench.state.provide_kept(agent.person, almost);
    assert_eq!(withdraw_in(&mut bench, &agent, &[3]), accepted);
    assert_eq!(withdraw_in(&mut bench, &agent, &[4, 5]), [TOO_MANY; 2]);
    assert_eq!(register_in(&mut bench, &agent, 0), accepted[0]);
    assert_eq!(withdraw_in(&mut bench, &agent, &[4]), [TOO_MANY]);
    assert_eq!(withdraw_in(&mut bench, &agent, &[3, 4]), [TOO_MANY; 2]);
    assert_eq!(register_in(&mut bench, &agent, 1), TOO_MANY);
    // Who sells goes on selling.
    assert_eq!(withdraw_in(&mut bench, &agent, &[0]), accepted);
    // What was begun is as open as before, and so is everything to others.
    assert_eq!(withdraw_in(&mut bench, &agent, &[3]), accepted);
    assert_eq!(register_in(&mut bench, &agent, 0), accepted[0]);
    assert_eq!(withdraw_in(&mut bench, &manager, &[4]), accepted);
}

/// What the database counts too, which knows of each document only who was the first.
#[test]
fn ad24_begun_is_what_was_first_written_into_whoever_accepted_it() {
    let mut bench = Bench::new();
    let (agent, owner, till) = (bench.agent, bench.owner, bench.till(&bench.agent));
    let begun = |bench: &Bench, by: &Author| bench.state.kept_of(by.person).unwrap();
    bench.revoked.insert(agent.device);
    let Disposition::Held(hold, _) = register_in(&mut bench, &agent, 1) else {
        panic!("nothing is held")
    };
    bench.revoked.clear();
    let before = begun(&bench, &agent);
    assert!(before.held > 0);
    assert_eq!(before.documents, 0);
    decide(&mut bench, &owner, till, hold, true);
    let (held, documents) = (0, 1);
    assert_eq!(begun(&bench, &agent), Kept { held, documents });
    // The word about it was the first in that till.
    assert_eq!(begun(&bench, &owner), Kept { held, documents });
    assert_eq!(
        withdraw_in(&mut bench, &agent, &[0]),
        [Disposition::Accepted]
    );
    assert_eq!(begun(&bench, &agent).documents, 1);
    withdraw_in(&mut bench, &agent, &[2, 3]);
    assert_eq!(begun(&bench, &agent).documents, 3);
    assert_eq!(
        withdraw_in(&mut bench, &agent, &[2]),
        [Disposition::Accepted]
    );
    assert_eq!(register_in(&mut bench, &agent, 0), Disposition::Accepted);
    assert_eq!(begun(&bench, &agent).documents, 4);
    // One's till of today counts as well, though it can always be begun.
    let manager = bench.manager;
    withdraw_in(&mut bench, &manager, &[0]);
    assert_eq!(begun(&bench, &manager).documents, 1);
}

/// A byte of a verdict can take twenty-four of memory, and batches wait.
#[test]
fn what_only_the_relay_states_takes_no_memory_of_a_batch_that_waits() {
    let bench = Bench::new();
    let agent = bench.agent;
    let told = |fields: usize| {
        let edit = HeldEdit {
            record: "client".into(),
            fields: vec![String::new(); fields],
        };
        let verdict = Verdict::Held {
            hold: HoldId::from_bytes([1; 16]),
            intent: intent(1),
            person: agent.person,
            device: agent.device,
            reason: HoldReason::NotAllowed,
            facts: Vec::new(),
            edits: vec![edit],
            more_edits: 0,
        };
        let put = fact_put(
            &intent(1).to_string(),
            &bench.fact(&agent, FactBody::Verdict(verdict)),
        );
        let change = bench.write_intent(&agent, bench.till(&agent), &[put]);
        bench.batch(&agent, intent(1), vec![(bench.till(&agent), change)])
    };
    let full = told(20_000).expand().unwrap();
    assert!(
        full.changes()
            .all(|change| change.known_facts().next().is_none())
    );
    let sold = lost_sale(&bench, &agent, 1, 2).expand().unwrap();
    assert_eq!(
        sold.changes()
            .flat_map(|change| change.known_facts())
            .count(),
        1
    );
}

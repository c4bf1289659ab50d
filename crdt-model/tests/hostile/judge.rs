//! What follows from what is let in: leases and verdicts.

use std::collections::BTreeSet;

use crdt_model::command::fact_put;
use crdt_model::document::{Document, DocumentKey, Scalar};
use crdt_model::fact::{
    BatchMade, BatchUndone, BlockMade, Codes, Fact, FactBody, KeptReason, LeaseAsked, Leased,
    RecallAsked, Replacement, Verdict, VoucherRef,
};
use crdt_model::ids::{BatchId, BlockId, DeviceId, IntentId, PersonId};
use crdt_model::money::Money;
use crdt_model::relay::{Outcome, RelayDocument};
use crdt_model::sheets::Sheets;
use crdt_model::sync::message::Disposition;
use crdt_model::voucher::{Holder, Stock, VoucherState};

use super::holds;
use super::relay::{Author, Bench, NOW};

/// What the rows of an outcome state, with where.
pub fn facts(outcome: &Outcome) -> Vec<(DocumentKey, FactBody)> {
    let rows = outcome.rows.iter();
    rows.flat_map(|row| row.ops.iter().map(|op| (row.document, &op.value)))
        .filter_map(|(document, value)| match value {
            Scalar::Bytes(bytes) => Some((document, Fact::decode(bytes).unwrap().body)),
            _ => None,
        })
        .collect()
}

/// The documents that were told so.
fn told_in(outcome: &Outcome, is_it: impl Fn(&Verdict) -> bool) -> BTreeSet<DocumentKey> {
    facts(outcome)
        .into_iter()
        .filter(|(_, body)| matches!(body, FactBody::Verdict(verdict) if is_it(verdict)))
        .map(|(document, _)| document)
        .collect()
}

pub fn state(bench: &mut Bench, by: &Author, key: DocumentKey, body: FactBody) -> Outcome {
    let id = bench.intent();
    let put = fact_put(&id.to_string(), &bench.fact(by, body));
    bench.accepts(by, key, id, &[put])
}

/// Sells one voucher of the block, in the seller's own till.
pub fn sell(bench: &mut Bench, by: &Author, index: u32) -> Outcome {
    let (till, sale) = (bench.till(by), bench.sale(index));
    state(bench, by, till, sale)
}

/// The tap to which an outcome answers.
fn intent_of(outcome: &Outcome) -> IntentId {
    outcome.rows[0].intent.unwrap()
}

fn import(bench: &mut Bench, n: u8, packed: &str) -> Outcome {
    let owner = bench.owner;
    let codes = Codes {
        batch: BatchId::from_bytes([n; 16]),
        package: bench.package,
        price: Money::from_minor(1_000),
        packed: packed.into(),
    };
    let key = DocumentKey::Block {
        site: bench.site,
        block: BlockId::from_bytes([n; 16]),
    };
    state(bench, &owner, key, FactBody::Codes(codes))
}

pub fn lease(bench: &mut Bench, to: &Author) -> Outcome {
    let (owner, batches) = (bench.owner, DocumentKey::Batches(bench.site));
    let made = BatchMade {
        batch: BatchId::from_bytes([5; 16]),
        label: "first".into(),
        package: bench.package,
        price: Money::from_minor(1_000),
        blocks: vec![BlockMade {
            block: bench.block,
            count: 3,
        }],
        made_on: None,
    };
    state(bench, &owner, batches, FactBody::Batch(made));
    ask(bench, to.person)
}

fn ask(bench: &mut Bench, to: PersonId) -> Outcome {
    let (owner, batches) = (bench.owner, DocumentKey::Batches(bench.site));
    let block = bench.block;
    let asked = FactBody::LeaseAsked(LeaseAsked { block, to });
    state(bench, &owner, batches, asked)
}

fn recall(bench: &mut Bench, to: Option<PersonId>) -> Outcome {
    let (owner, batches) = (bench.owner, DocumentKey::Batches(bench.site));
    let (block, reason) = (bench.block, "gone".into());
    let asked = FactBody::RecallAsked(RecallAsked { block, to, reason });
    state(bench, &owner, batches, asked)
}

pub fn leased(outcome: &Outcome) -> Vec<Leased> {
    let leased = facts(outcome)
        .into_iter()
        .filter_map(|(_, body)| match body {
            FactBody::Leased(leased) => Some(leased),
            _ => None,
        });
    leased.collect()
}

#[test]
fn co7_a_lease_follows_and_waits_for_a_device() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let outcome = lease(&mut bench, &agent);
    let first = Leased {
        block: bench.block,
        turn: 1,
        person: Some(agent.person),
        device: None,
        cause: outcome.rows[0].intent,
    };
    // In the batches, and beside the block for whoever gets it.
    assert_eq!(leased(&outcome), [first.clone(), first]);
}

#[test]
fn co7_a_request_waits_its_turn_and_a_recall_does_not() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let last_seen = DeviceId::from_bytes([98; 16]);
    let devices = vec![last_seen, manager.device];
    bench.devices.insert(manager.person, devices);
    let block = bench.block;
    // What followed, each beside the block and in the batches.
    let follows = |outcome: Outcome| -> Vec<_> {
        let causes = leased(&outcome).into_iter().inspect(|lease| {
            assert_eq!((lease.block, lease.cause), (block, outcome.rows[0].intent));
        });
        causes
            .map(|lease| (lease.turn, lease.person, lease.device))
            .collect()
    };
    let next = |turn, person, device| vec![(turn, person, device); 2];
    let theirs = (Some(manager.person), Some(last_seen));
    lease(&mut bench, &agent);
    assert_eq!(follows(ask(&mut bench, manager.person)), []);
    let taken = follows(recall(&mut bench, theirs.0));
    assert_eq!(taken, next(2, theirs.0, theirs.1));
    let office = follows(recall(&mut bench, None));
    assert_eq!(office, next(3, None, None));
    // With nobody holding it, too.
    let recalled = follows(recall(&mut bench, None));
    assert_eq!(recalled, next(4, None, None));
    let asked = follows(ask(&mut bench, manager.person));
    assert_eq!(asked, next(5, theirs.0, theirs.1));
}

#[test]
fn co8_the_first_device_to_say_hello_gets_the_block() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    lease(&mut bench, &agent);
    let mut hello = |device, replaced: &[DeviceId]| {
        let bound = bench
            .state
            .bind_leases(bench.site, agent.person, device, replaced, NOW);
        leased(&bound.unwrap())
    };
    let bound = hello(agent.device, &[]);
    assert_eq!(bound.len(), 2);
    assert_eq!((bound[0].turn, bound[0].device), (2, Some(agent.device)));
    let other = DeviceId::from_bytes([99; 16]);
    assert_eq!(hello(other, &[]), []);

    // What took the place of a device takes its blocks.
    let bound = hello(other, &[agent.device]);
    assert_eq!(bound.len(), 2);
    assert_eq!((bound[0].turn, bound[0].device), (3, Some(other)));
    assert_eq!(hello(other, &[agent.device]), []);
}

#[test]
fn co2_a_sale_by_another_than_the_holder_is_accepted_and_told() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    lease(&mut bench, &agent);
    let till = bench.till(&manager);
    let outcome = sell(&mut bench, &manager, 1);
    let told = facts(&outcome);
    assert!(told.iter().any(|(key, body)| {
        *key == till.verdict().unwrap()
            && matches!(body, FactBody::Verdict(Verdict::SoldAfterRecall { voucher, .. }) if voucher.index == 1)
    }));
    let elsewhere = Verdict::SoldElsewhere {
        block: bench.block,
        indexes: vec![1],
    };
    let expected = (
        bench.block_key().verdict().unwrap(),
        FactBody::Verdict(elsewhere),
    );
    assert!(told.contains(&expected), "{told:?}");
}

#[test]
fn co2_the_holder_is_a_person_on_a_device() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    bench.devices.insert(agent.person, vec![agent.device]);
    lease(&mut bench, &agent);
    let other_phone = Author {
        device: DeviceId::from_bytes([99; 16]),
        ..agent
    };
    let recalled = |verdict: &Verdict| matches!(verdict, Verdict::SoldAfterRecall { .. });
    let own = sell(&mut bench, &agent, 0);
    assert_eq!(told_in(&own, |_| true), BTreeSet::new());
    let elsewhere = sell(&mut bench, &other_phone, 1);
    let verdict_till = bench.till(&agent).verdict().unwrap();
    assert_eq!(told_in(&elsewhere, recalled), [verdict_till].into());
}

#[test]
fn co1_the_first_sale_stands_and_all_concerned_are_told() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let first = intent_of(&sell(&mut bench, &agent, 0));
    let second = sell(&mut bench, &manager, 0);
    let tills = [bench.till(&agent), bench.till(&manager)].map(|till| till.verdict().unwrap());
    let mut concerned = BTreeSet::from(tills);
    let is_double = |verdict: &Verdict| {
        matches!(verdict, Verdict::DoubleSale { standing, other, .. }
            if standing.sale == first && other.sale == intent_of(&second))
    };
    concerned.insert(bench.block_key().verdict().unwrap());
    assert_eq!(told_in(&second, is_double), concerned);
}

#[test]
fn co3_a_receipt_number_given_twice_is_told_to_both_tills() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let receipt_of = |verdict: &Verdict| matches!(verdict, Verdict::DuplicateReceipt { .. });
    let first = sell(&mut bench, &agent, 0);
    assert_eq!(told_in(&first, receipt_of), BTreeSet::new());
    let mut sale = bench.sale(1);
    let FactBody::Sale(other) = &mut sale else {
        unreachable!()
    };
    other.receipt = "ABCD-000000".into();
    let till = bench.till(&manager);
    let second = state(&mut bench, &manager, till, sale);
    let tills = [bench.till(&agent), till].map(|till| till.verdict().unwrap());
    assert_eq!(told_in(&second, receipt_of), tills.into());
}

#[test]
fn co5_a_lease_comes_after_the_list_of_what_was_sold() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    sell(&mut bench, &manager, 2);
    let told = facts(&lease(&mut bench, &agent));
    let place = |wanted: &dyn Fn(&FactBody) -> bool| {
        let place = told.iter().position(|(_, body)| wanted(body));
        place.unwrap()
    };
    let listed = place(
        &|body| matches!(body, FactBody::Verdict(Verdict::SoldElsewhere { indexes, .. }) if *indexes == [2]),
    );
    assert!(listed < place(&|body| matches!(body, FactBody::Leased(_))));
}

#[test]
fn co4_a_code_that_exists_is_void_where_it_came_later() {
    let mut bench = Bench::new();
    assert_eq!(import(&mut bench, 60, "X1\nX2").rows.len(), 1);
    let told = facts(&import(&mut bench, 61, "x1\nX2"));
    let void = Verdict::DuplicateCodes {
        block: BlockId::from_bytes([61; 16]),
        indexes: vec![1],
    };
    assert_eq!(told[1].1, FactBody::Verdict(void));
    assert_eq!(told[1].0.kind(), crdt_model::document::Kind::VerdictBlock);
}

#[test]
fn co4_a_code_that_was_sold_all_the_same_is_in_use_whatever_is_undone() {
    // Its file comes again before it is sold, and that is undone too; or another batch is undone.
    for comes_again in [true, false] {
        let mut bench = Bench::new();
        let (owner, agent) = (bench.owner, bench.agent);
        let batches = DocumentKey::Batches(bench.site);
        let undo = |bench: &mut Bench, n: u8| {
            let batch = BatchId::from_bytes([n; 16]);
            let undone = FactBody::BatchUndone(BatchUndone { batch });
            state(bench, &owner, batches, undone);
        };
        import(&mut bench, 20, "D1");
        undo(&mut bench, 20);
        if comes_again {
            import(&mut bench, 21, "D1");
        } else {
            import(&mut bench, 21, "E1");
        }
        bench.block = BlockId::from_bytes([20; 16]);
        sell(&mut bench, &agent, 0);
        undo(&mut bench, 21);
        let outcome = import(&mut bench, 22, "D1");
        let told = told_in(
            &outcome,
            |verdict| matches!(verdict, Verdict::DuplicateCodes { indexes, .. } if *indexes == [0]),
        );
        assert_eq!(told.len(), 1, "{comes_again}");
    }
}

/// A batch of one block that the agent held, and a sale of the agent's that will be held.
fn held_once(bench: &mut Bench) {
    let (owner, agent) = (bench.owner, bench.agent);
    import(bench, 20, "D1\nD2");
    bench.block = BlockId::from_bytes([20; 16]);
    let made = BatchMade {
        batch: BatchId::from_bytes([20; 16]),
        label: "second".into(),
        package: bench.package,
        price: Money::from_minor(1_000),
        blocks: vec![BlockMade {
            block: bench.block,
            count: 2,
        }],
        made_on: None,
    };
    let batches = DocumentKey::Batches(bench.site);
    state(bench, &owner, batches, FactBody::Batch(made));
    ask(bench, agent.person);
    recall(bench, None);
    bench.revoked.insert(agent.device);
}

fn undo(bench: &mut Bench, n: u8) -> Outcome {
    let (owner, batches) = (bench.owner, DocumentKey::Batches(bench.site));
    let batch = BatchId::from_bytes([n; 16]);
    state(
        bench,
        &owner,
        batches,
        FactBody::BatchUndone(BatchUndone { batch }),
    )
}

fn hand_out(bench: &mut Bench) -> Outcome {
    let (agent, till, id) = (bench.agent, bench.till(&bench.agent), bench.intent());
    let put = fact_put(&id.to_string(), &bench.fact(&agent, bench.sale(0)));
    let change = bench.write_intent(&agent, till, &[put]);
    let batch = bench.batch(&agent, id, vec![(till, change)]);
    let outcome = bench.admit_as(&agent, &batch).unwrap();
    assert!(matches!(outcome.results[0].1, Disposition::Held(..)));
    outcome
}

#[test]
fn co11_what_was_handed_out_in_a_held_sale_keeps_its_batch() {
    for is_handed_out in [true, false] {
        let mut bench = Bench::new();
        held_once(&mut bench);
        if is_handed_out {
            hand_out(&mut bench);
        }
        let outcome = undo(&mut bench, 20);
        let kept = told_in(&outcome, |verdict| {
            matches!(
                verdict,
                Verdict::BatchKept {
                    reason: KeptReason::Sold,
                    ..
                }
            )
        });
        assert_eq!(kept.len(), usize::from(is_handed_out));
    }
}

#[test]
fn co12_a_held_sale_of_an_undone_batch_takes_its_code() {
    // Its file came again before, or comes after, with another undo between them.
    for comes_before in [true, false] {
        let mut bench = Bench::new();
        held_once(&mut bench);
        undo(&mut bench, 20);
        import(&mut bench, 21, if comes_before { "D1\nD2" } else { "E1" });
        let told = told_in(&hand_out(&mut bench), |verdict| {
            let block = BlockId::from_bytes([21; 16]);
            matches!(verdict, Verdict::SoldElsewhere { block: told, indexes }
                if *told == block && *indexes == [0])
        });
        assert_eq!(told.len(), usize::from(comes_before));
        undo(&mut bench, 21);
        let told = told_in(
            &import(&mut bench, 22, "D1"),
            |verdict| matches!(verdict, Verdict::DuplicateCodes { indexes, .. } if *indexes == [0]),
        );
        assert_eq!(told.len(), 1, "{comes_before}");
    }
}

/// What happens, and how it is called.
type Told = (&'static str, fn(&mut Bench) -> Outcome);

/// A restored relay gets two batches with one code in another order than before, and what was sold is void now.
#[test]
fn co12_a_sale_of_a_code_that_came_later_takes_it() {
    let is_told = |verdict: &Verdict| {
        let first = BlockId::from_bytes([21; 16]);
        matches!(verdict, Verdict::SoldElsewhere { block, indexes }
            if *block == first && *indexes == [0])
    };
    let is_kept = |verdict: &Verdict| matches!(verdict, Verdict::BatchKept { .. });
    let cases: [Told; 3] = [
        ("sold when its block was back", |bench| {
            let agent = bench.agent;
            import(bench, 20, "D1\nD2");
            sell(bench, &agent, 1);
            sell(bench, &agent, 0)
        }),
        ("accepted before", |bench| {
            let (manager, till) = (bench.manager, bench.till(&bench.agent));
            let held = hand_out(bench);
            holds::decide(bench, &manager, till, held.holds[0].id, true);
            import(bench, 20, "D1\nD2")
        }),
        ("held before", |bench| {
            hand_out(bench);
            import(bench, 20, "D1\nD2")
        }),
    ];
    for (name, happens) in cases {
        let mut bench = Bench::new();
        import(&mut bench, 21, "D1");
        bench.block = BlockId::from_bytes([20; 16]);
        let told = happens(&mut bench);
        assert_eq!(told_in(&told, is_told).len(), 1, "{name}");
        assert_eq!(told_in(&undo(&mut bench, 21), is_kept).len(), 1, "{name}");
    }
}

/// One code twice in one block, which no app makes.
#[test]
fn co12_a_code_that_stands_twice_in_an_undone_block_is_judged() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    import(&mut bench, 20, "D1\nD1");
    undo(&mut bench, 20);
    bench.block = BlockId::from_bytes([20; 16]);
    // A relay that starts afterwards has it from its database.
    let mut again = Bench::new();
    again.block = bench.block;
    for key in [bench.block_key(), DocumentKey::Batches(bench.site)] {
        let saved = RelayDocument::new(bench.document(&key));
        again.state.provide_document(key, saved);
    }
    let first = VoucherRef {
        block: bench.block,
        index: 0,
    };
    again.state.provide_codes([("D1".into(), Some(first))]);
    sell(&mut again, &agent, 1);
    // And one that goes on has it from the first sale.
    sell(&mut bench, &agent, 0);
    sell(&mut bench, &agent, 1);
}

/// What a person sees of the stock who sees everything that the relay has.
fn state_of(bench: &Bench, index: u32) -> VoucherState {
    let mut sheets = Sheets::default();
    let tills = [&bench.agent, &bench.manager].map(|of| bench.till(of));
    let verdicts = tills.iter().filter_map(DocumentKey::verdict);
    let block = [bench.block_key(), bench.block_key().verdict().unwrap()];
    for key in tills.into_iter().chain(verdicts).chain(block) {
        *sheets.entry(key) = bench.document(&key).sheet();
    }
    let me = Holder {
        person: bench.owner.person,
        device: bench.owner.device,
    };
    let block = bench.block;
    Stock::fold(&sheets, me).state(VoucherRef { block, index })
}

#[test]
fn co9_a_replacement_takes_its_voucher_out_of_stock() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    sell(&mut bench, &agent, 0);
    let contradicted = intent_of(&sell(&mut bench, &manager, 0));
    let block = bench.block;
    let given = FactBody::Replacement(Replacement {
        sale: contradicted,
        replaces: VoucherRef { block, index: 0 },
        voucher: VoucherRef { block, index: 1 },
        package: bench.package,
    });
    let till = bench.till(&manager);
    let replaced = intent_of(&state(&mut bench, &manager, till, given));
    assert_eq!(state_of(&bench, 1), VoucherState::Sold);
    assert_eq!(state_of(&bench, 2), VoucherState::Unused);
    let again = sell(&mut bench, &agent, 1);
    let stands = |verdict: &Verdict| matches!(verdict, Verdict::DoubleSale { standing, .. } if standing.sale == replaced);
    assert_eq!(told_in(&again, stands).len(), 3);
    assert_eq!(state_of(&bench, 1), VoucherState::DoubleSold);
    // Whoever gets the block next does not sell it.
    let sold = |verdict: &Verdict| matches!(verdict, Verdict::SoldElsewhere { indexes, .. } if *indexes == [0, 1]);
    assert_eq!(told_in(&lease(&mut bench, &agent), sold).len(), 1);
}

/// Something happens, and then something that the relay judges.
type Case = (fn(&mut Bench), fn(&mut Bench) -> Outcome);

#[test]
fn co6_judging_again_writes_nothing() {
    let cases: [Case; 5] = [
        // Sold twice, by no holder, with one receipt number.
        (
            |bench| {
                let agent = bench.agent;
                sell(bench, &agent, 0);
            },
            |bench| {
                let manager = bench.manager;
                sell(bench, &manager, 0)
            },
        ),
        (
            |bench| {
                import(bench, 60, "X1");
            },
            |bench| import(bench, 61, "X1"),
        ),
        (
            |bench| {
                let manager = bench.manager;
                sell(bench, &manager, 0);
            },
            |bench| {
                let agent = bench.agent;
                lease(bench, &agent)
            },
        ),
        (|_| (), |bench| holds::hold_a_sale(bench).1),
        (
            |_| (),
            |bench| {
                let (hold, _) = holds::hold_a_sale(bench);
                let (manager, till) = (bench.manager, bench.till(&bench.agent));
                holds::decide(bench, &manager, till, hold, true)
            },
        ),
    ];
    for (number, (before, judge)) in cases.into_iter().enumerate() {
        let verdicts = |outcome: &Outcome| -> BTreeSet<DocumentKey> {
            let rows = outcome
                .rows
                .iter()
                .filter(|row| row.author == PersonId::RELAY);
            rows.map(|row| row.document)
                .filter(|document| document.to_string().starts_with("verdict"))
                .collect()
        };
        let mut bench = Bench::new();
        before(&mut bench);
        let told = verdicts(&judge(&mut bench));
        assert!(!told.is_empty(), "case {number}");
        // A relay that lost everything but its verdicts, another day.
        let mut again = Bench::new();
        again.now = again.now.plus_millis(86_400_000);
        before(&mut again);
        for document in told {
            let saved: Document = bench.document(&document);
            again
                .state
                .provide_document(document, RelayDocument::new(saved));
        }
        assert_eq!(
            verdicts(&judge(&mut again)),
            BTreeSet::new(),
            "case {number}"
        );
    }
}

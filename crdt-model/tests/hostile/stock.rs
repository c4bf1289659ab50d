//! Hand-overs and asks for stock, by rule.

use crdt_model::admission::Malformed;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{
    BatchMade, BlockMade, Ending, FactBody, HandOverGiven, HandOverTaken, HandOverWithdrawn,
    LeaseAsked, Leased, RecallAsked, StockAskDeclined, StockAskWithdrawn, StockAsked, StockNote,
};
use crdt_model::hand_over::HandOverCode;
use crdt_model::ids::{BatchId, BlockId, IntentId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::relay::Outcome;
use crdt_model::sync::message::Disposition;

use super::forge::{fact_put, refused};
use super::judge::{facts, lease, leased, state};
use super::relay::{Author, Bench};

/// The agent holds the block by its first turn.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let agent = bench.agent;
    lease(&mut bench, &agent);
    bench
}

fn given(bench: &Bench, to: Option<PersonId>) -> HandOverGiven {
    HandOverGiven {
        block: bench.block,
        turn: 1,
        to,
        package: bench.package,
        price: Money::from_minor(1_000),
        left: 3,
    }
}

/// Somebody states something in their own till; answers its id as well.
fn says(bench: &mut Bench, by: &Author, body: FactBody) -> (IntentId, Outcome) {
    let till = bench.till(by);
    let outcome = state(bench, by, till, body);
    let id = outcome.rows[0].intent.unwrap();
    (id, outcome)
}

fn gives(bench: &mut Bench, by: &Author, to: Option<&Author>) -> (IntentId, Outcome) {
    let given = given(bench, to.map(|to| to.person));
    says(bench, by, FactBody::HandOverGiven(given))
}

fn takes(bench: &mut Bench, by: &Author, given: IntentId) -> Outcome {
    let taken = HandOverTaken {
        code: HandOverCode::of(given, bench.site),
        from: None,
    };
    says(bench, by, FactBody::HandOverTaken(taken)).1
}

fn withdraws(bench: &mut Bench, by: &Author, given: IntentId) -> Outcome {
    let body = FactBody::HandOverWithdrawn(HandOverWithdrawn { given });
    says(bench, by, body).1
}

/// The ends that an outcome tells, with where.
fn ends(outcome: &Outcome) -> Vec<(DocumentKey, IntentId, Ending)> {
    facts(outcome)
        .into_iter()
        .filter_map(|(document, body)| match body {
            FactBody::StockNote(StockNote::Ended { of, how }) => Some((document, of, how)),
            _ => None,
        })
        .collect()
}

fn ends_as(outcome: &Outcome) -> Vec<Ending> {
    let mut ends: Vec<Ending> = ends(outcome).into_iter().map(|(.., how)| how).collect();
    ends.dedup();
    ends
}

/// The lease a hand-over leads to; the manager is who takes.
fn moved(bench: &Bench, given: IntentId, to: Option<&Author>) -> Leased {
    Leased {
        block: bench.block,
        turn: 2,
        person: to.map(|to| to.person),
        device: None,
        cause: Some(given),
    }
}

#[test]
fn ho1_the_block_moves_when_both_sides_have_spoken() {
    let mut bench = bench();
    let (agent, manager) = (bench.agent, bench.manager);
    let (id, outcome) = gives(&mut bench, &agent, Some(&manager));
    assert_eq!(leased(&outcome), []);
    let outcome = takes(&mut bench, &manager, id);
    let expected = moved(&bench, id, Some(&manager));
    assert_eq!(leased(&outcome), [expected.clone(), expected]);
    assert_eq!(ends_as(&outcome), [Ending::Taken { by: manager.person }]);
}

#[test]
fn ho1_the_order_of_the_two_words_does_not_matter() {
    let mut bench = bench();
    let (agent, manager) = (bench.agent, bench.manager);
    let till = bench.till(&agent);
    // The taker typed the code and reached the server long before the giver.
    let id = bench.intent();
    let outcome = takes(&mut bench, &manager, id);
    assert_eq!(leased(&outcome), []);
    let body = FactBody::HandOverGiven(given(&bench, Some(manager.person)));
    let put = crdt_model::command::fact_put(&id.to_string(), &bench.fact(&agent, body));
    let outcome = bench.accepts(&agent, till, id, &[put]);
    assert_eq!(leased(&outcome)[0], moved(&bench, id, Some(&manager)));
}

#[test]
fn ho2_the_first_complete_pair_of_a_turn_wins() {
    let mut bench = bench();
    let (agent, manager, owner) = (bench.agent, bench.manager, bench.owner);
    // A cloned profile gave the same block twice.
    let (first, _) = gives(&mut bench, &agent, Some(&manager));
    let (second, _) = gives(&mut bench, &agent, Some(&owner));
    let outcome = takes(&mut bench, &owner, second);
    assert_eq!(leased(&outcome)[0], moved(&bench, second, Some(&owner)));
    let told = ends(&outcome);
    assert!(
        told.iter()
            .any(|(_, of, how)| *of == first && *how == Ending::Overtaken)
    );
    assert_eq!(leased(&takes(&mut bench, &manager, first)), []);
}

#[test]
fn ho2_a_recall_meanwhile_wins_by_its_turn() {
    let mut bench = bench();
    let (agent, manager, owner) = (bench.agent, bench.manager, bench.owner);
    let (id, _) = gives(&mut bench, &agent, Some(&manager));
    let recall = RecallAsked {
        block: bench.block,
        to: None,
        reason: "phone lost".into(),
    };
    let batches = DocumentKey::Batches(bench.site);
    let outcome = state(&mut bench, &owner, batches, FactBody::RecallAsked(recall));
    assert_eq!(ends_as(&outcome), [Ending::Overtaken]);
    assert_eq!(leased(&takes(&mut bench, &manager, id)), []);
    // What was given of an older turn comes to nothing at once.
    let (_, outcome) = gives(&mut bench, &agent, Some(&manager));
    assert_eq!(ends_as(&outcome), [Ending::Overtaken]);
}

#[test]
fn ho3_a_withdrawal_counts_until_the_relay_has_moved_the_block() {
    let mut bench = bench();
    let (agent, manager) = (bench.agent, bench.manager);
    let (id, _) = gives(&mut bench, &agent, Some(&manager));
    assert_eq!(ends_as(&withdraws(&mut bench, &manager, id)), []);
    assert_eq!(
        ends_as(&withdraws(&mut bench, &agent, id)),
        [Ending::Withdrawn]
    );
    assert_eq!(leased(&takes(&mut bench, &manager, id)), []);

    let (id, _) = gives(&mut bench, &agent, Some(&manager));
    takes(&mut bench, &manager, id);
    let outcome = withdraws(&mut bench, &agent, id);
    assert_eq!((ends_as(&outcome), leased(&outcome)), (vec![], vec![]));
}

#[test]
fn ho4_only_who_is_named_takes_and_a_return_goes_to_who_may_lease() {
    let mut bench = bench();
    let (agent, manager, owner) = (bench.agent, bench.manager, bench.owner);
    let (id, _) = gives(&mut bench, &agent, Some(&manager));
    assert_eq!(leased(&takes(&mut bench, &owner, id)), []);
    withdraws(&mut bench, &agent, id);

    let (id, _) = gives(&mut bench, &agent, None);
    assert_eq!(leased(&takes(&mut bench, &agent, id)), []);
    let outcome = takes(&mut bench, &manager, id);
    assert_eq!(leased(&outcome)[0], moved(&bench, id, None));
}

#[test]
fn ho4_who_may_not_sell_there_gets_nothing() {
    let mut bench = bench();
    let agent = bench.agent;
    let body = FactBody::HandOverGiven(given(&bench, Some(PersonId::from_bytes([77; 16]))));
    let (_, outcome) = says(&mut bench, &agent, body);
    assert_eq!(ends_as(&outcome), [Ending::NotAllowed]);
    // Nobody has a document of a name that is on no list.
    let is_of_nobody =
        |(document, ..): &(DocumentKey, IntentId, Ending)| matches!(document, DocumentKey::Me(_));
    assert!(!ends(&outcome).iter().any(is_of_nobody));
}

#[test]
fn ho5_each_side_is_told_where_it_reads() {
    let mut bench = bench();
    let (agent, manager) = (bench.agent, bench.manager);
    let (id, outcome) = gives(&mut bench, &agent, Some(&manager));
    let told: Vec<DocumentKey> = facts(&outcome)
        .into_iter()
        .filter(|(_, body)| matches!(body, FactBody::StockNote(StockNote::Offered(_))))
        .map(|(document, _)| document)
        .collect();
    let (batches, me) = (
        DocumentKey::Batches(bench.site),
        DocumentKey::Me(manager.person),
    );
    assert_eq!(told, [batches, me]);
    let outcome = takes(&mut bench, &manager, id);
    let told: Vec<DocumentKey> = ends(&outcome)
        .into_iter()
        .map(|(document, ..)| document)
        .collect();
    assert_eq!(told, [batches, bench.till(&agent).verdict().unwrap(), me]);
    let beside_block = bench.block_key().verdict().unwrap();
    let is_beside = |(document, body): &(DocumentKey, FactBody)| {
        *document == beside_block && matches!(body, FactBody::Leased(_))
    };
    assert!(facts(&outcome).iter().any(is_beside));
}

#[test]
fn ho7_a_hand_over_that_cannot_be_true_is_refused_and_one_of_an_unknown_block_held() {
    let mut bench = bench();
    let (agent, till) = (bench.agent, bench.till(&bench.agent));
    let right = given(&bench, None);
    let wrong = [
        (
            HandOverGiven {
                left: 4,
                ..right.clone()
            },
            Malformed::UnknownVoucher,
        ),
        (
            HandOverGiven {
                price: Money::from_minor(999),
                ..right.clone()
            },
            Malformed::WrongPrice,
        ),
        (
            HandOverGiven {
                turn: 0,
                ..right.clone()
            },
            Malformed::BadValue,
        ),
        (
            HandOverGiven {
                to: Some(agent.person),
                ..right.clone()
            },
            Malformed::BadValue,
        ),
    ];
    for (given, what) in wrong {
        let id = bench.intent();
        let fact = bench.fact(&agent, FactBody::HandOverGiven(given));
        let change = bench.write_intent(&agent, till, &[fact_put(id, &fact)]);
        bench.turns_away_intent(&agent, till, id, change, refused(what));
    }
    let unknown = HandOverGiven {
        block: BlockId::from_bytes([88; 16]),
        ..right
    };
    let id = bench.intent();
    let fact = bench.fact(&agent, FactBody::HandOverGiven(unknown));
    let change = bench.write_intent(&agent, till, &[fact_put(id, &fact)]);
    let batch = bench.batch(&agent, id, vec![(till, change)]);
    let outcome = bench.admit_as(&agent, &batch).unwrap();
    assert!(matches!(outcome.results[0].1, Disposition::Held(..)));
}

#[test]
fn ho7_words_stand_in_ones_own_till_and_name_its_site() {
    let mut bench = bench();
    let (agent, manager) = (bench.agent, bench.manager);
    let (own, other) = (bench.till(&agent), bench.till(&manager));
    let elsewhere = HandOverTaken {
        code: HandOverCode::of(IntentId::from_bytes([1; 16]), SiteId::from_bytes([9; 16])),
        from: None,
    };
    let given = FactBody::HandOverGiven(given(&bench, None));
    let asked = |quantity| {
        FactBody::StockAsked(StockAsked {
            package: bench.package,
            quantity,
            note: None,
        })
    };
    let cases = [
        (
            own,
            FactBody::HandOverTaken(elsewhere),
            Malformed::WrongDocument,
        ),
        (other, given, Malformed::FactOfAnotherPerson),
        (own, asked(0), Malformed::BadValue),
        (other, asked(1), Malformed::FactOfAnotherPerson),
    ];
    for (till, body, what) in cases {
        let id = bench.intent();
        let change = bench.write_intent(&agent, till, &[fact_put(id, &bench.fact(&agent, body))]);
        bench.turns_away_intent(&agent, till, id, change, refused(what));
    }
}

fn asks(bench: &mut Bench, by: &Author) -> IntentId {
    let asked = StockAsked {
        package: bench.package,
        quantity: 20,
        note: Some("before the weekend".into()),
    };
    says(bench, by, FactBody::StockAsked(asked)).0
}

/// Another block of the package, leased to somebody.
fn leases_another(bench: &mut Bench, to: &Author) -> Outcome {
    let (owner, batches) = (bench.owner, DocumentKey::Batches(bench.site));
    let block = BlockId::from_bytes([44; 16]);
    let made = BatchMade {
        batch: BatchId::from_bytes([45; 16]),
        label: "second".into(),
        package: bench.package,
        price: Money::from_minor(1_000),
        blocks: vec![BlockMade { block, count: 3 }],
        made_on: None,
    };
    state(bench, &owner, batches, FactBody::Batch(made));
    let asked = LeaseAsked {
        block,
        to: to.person,
    };
    state(bench, &owner, batches, FactBody::LeaseAsked(asked))
}

#[test]
fn ho8_an_ask_is_met_by_a_lease_of_the_package() {
    let mut bench = bench();
    let (agent, manager) = (bench.agent, bench.manager);
    let asked = asks(&mut bench, &agent);
    let other = asks(&mut bench, &manager);
    let outcome = leases_another(&mut bench, &agent);
    let told = ends(&outcome);
    let block = BlockId::from_bytes([44; 16]);
    assert!(
        told.iter()
            .all(|(_, of, how)| *of == asked && *how == Ending::Met { block })
    );
    let documents: Vec<DocumentKey> = told.into_iter().map(|(document, ..)| document).collect();
    let verdicts = bench.till(&agent).verdict().unwrap();
    assert_eq!(documents, [DocumentKey::Batches(bench.site), verdicts]);
    assert_ne!(asked, other);
}

#[test]
fn ho8_an_ask_is_declined_by_who_leases_and_withdrawn_by_its_author() {
    let mut bench = bench();
    let (agent, manager) = (bench.agent, bench.manager);
    let asked = asks(&mut bench, &agent);
    let decline = FactBody::StockAskDeclined(StockAskDeclined {
        asked,
        reason: "none left until Monday".into(),
    });
    let till = bench.till(&agent);
    let id = bench.intent();
    let put = fact_put(id, &bench.fact(&agent, decline.clone()));
    let change = bench.write_intent(&agent, till, &[put]);
    let batch = bench.batch(&agent, id, vec![(till, change)]);
    let held = bench.admit_as(&agent, &batch).unwrap();
    assert!(matches!(held.results[0].1, Disposition::Held(..)));
    let outcome = state(&mut bench, &manager, till, decline);
    assert_eq!(ends_as(&outcome), [Ending::Declined]);

    let asked = asks(&mut bench, &agent);
    let withdraw = FactBody::StockAskWithdrawn(StockAskWithdrawn { asked });
    assert_eq!(ends_as(&says(&mut bench, &manager, withdraw.clone()).1), []);
    assert_eq!(
        ends_as(&says(&mut bench, &agent, withdraw).1),
        [Ending::Withdrawn]
    );
    // What has ended is not met any more.
    assert_eq!(ends(&leases_another(&mut bench, &agent)), []);
}

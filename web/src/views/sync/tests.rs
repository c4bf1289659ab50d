//! What an office is asked to decide.

use crdt_model::command::fact_put;
use crdt_model::fact::{HeldDecision, HoldReason, Replacement, VoucherRef};
use crdt_model::ids::{BlockId, DeviceId, PersonId};
use crdt_model::time::Month;

use super::super::stock::tests::{ASHA, NOW, OWNER, PACKAGE, SITE, has, replica};
use super::*;

const fn fact(by: PersonId, body: FactBody) -> Fact {
    Fact {
        at: NOW,
        since: NOW,
        by,
        body,
    }
}

#[test]
fn what_would_be_a_second_new_code_can_only_be_declined() {
    let [held, other] = [1, 2].map(|n| IntentId::from_bytes([n; 16]));
    let hold = HoldId::from_bytes([3; 16]);
    let till = DocumentKey::Till {
        site: SITE,
        person: ASHA,
        month: Month::of(NOW),
    };
    let voucher = |index| VoucherRef {
        block: BlockId::from_bytes([4; 16]),
        index,
    };
    let new_code = |index| {
        let replacement = Replacement {
            sale: IntentId::from_bytes([5; 16]),
            replaces: voucher(0),
            voucher: voucher(index),
            package: PACKAGE,
        };
        fact(ASHA, FactBody::Replacement(replacement))
    };
    let mut office = replica(OWNER);
    let told = Verdict::Held {
        hold,
        intent: held,
        person: ASHA,
        device: DeviceId::from_bytes([6; 16]),
        reason: HoldReason::NotAllowed,
        facts: vec![new_code(1)],
        edits: Vec::new(),
        more_edits: 0,
    };
    let told = fact(PersonId::RELAY, FactBody::Verdict(told));
    let listed_in = till.verdict().unwrap();
    has(
        &mut office,
        listed_in,
        &[fact_put(&hold.to_string(), &told)],
    );
    let asked = |office: &Replica, now: Timestamp| -> Vec<bool> {
        let items = to_decide(office, now).into_iter();
        items.map(|item| item.is_given).collect()
    };
    assert_eq!(asked(&office, NOW), [false]);

    let word = FactBody::HeldDecision(HeldDecision {
        hold,
        accepted: true,
        reason: None,
        told: 1,
    });
    let word = fact_put(
        &IntentId::from_bytes([7; 16]).to_string(),
        &fact(OWNER, word),
    );
    has(&mut office, till, std::slice::from_ref(&word));
    assert_eq!(asked(&office, NOW), []);
    // Another came before the word: it did nothing. No verdict comes, and the item waits still.
    let given = fact_put(&other.to_string(), &new_code(2));
    has(&mut office, till, &[word, given]);
    assert_eq!(asked(&office, NOW), []);
    assert_eq!(asked(&office, NOW.plus_millis(SETTLING_MILLIS)), [true]);
}

//! A client whose voucher was sold twice, and whose new one is sold twice as well.

use std::collections::BTreeSet;

use crdt_model::command::fact_put;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, Replacement, VoucherRef};
use crdt_model::ids::IntentId;
use crdt_model::sale::{Contradicted, Given, Replacements, SaleEntry, contradicted, sale};
use crdt_model::sheets::Sheets;
use crdt_model::sync::message::Disposition;
use crdt_model::voucher::{Holder, Stock};

use super::holds::decide;
use super::judge::sell;
use super::relay::{Author, Bench};

/// What somebody sees who sees both tills.
fn sheets(bench: &Bench) -> Sheets {
    let mut sheets = Sheets::default();
    let tills = [&bench.agent, &bench.manager].map(|of| bench.till(of));
    let block = bench.block_key();
    let keys: BTreeSet<DocumentKey> = tills.into_iter().chain([block]).collect();
    let verdicts: Vec<_> = keys.iter().filter_map(DocumentKey::verdict).collect();
    for key in keys.into_iter().chain(verdicts) {
        *sheets.entry(key) = bench.document(&key).sheet();
    }
    sheets
}

fn entry(sheets: &Sheets, id: IntentId) -> SaleEntry {
    sale(sheets, id).unwrap()
}

fn lost(bench: &Bench, id: IntentId) -> Option<Contradicted> {
    let sheets = sheets(bench);
    let me = Holder {
        person: bench.manager.person,
        device: bench.manager.device,
    };
    let stock = Stock::fold(&sheets, me);
    contradicted(&Replacements::of(&sheets), &stock, &entry(&sheets, id))
}

/// What the relay says of a new code in the place of `lost`.
fn give(bench: &mut Bench, by: &Author, lost: Given, index: u32) -> (IntentId, Disposition) {
    let block = bench.block;
    let body = FactBody::Replacement(Replacement {
        sale: lost.by,
        replaces: lost.voucher,
        voucher: VoucherRef { block, index },
        package: bench.package,
    });
    let till = bench.till(by);
    let id = bench.intent();
    let change = bench.write_intent(
        by,
        till,
        &[fact_put(&id.to_string(), &bench.fact(by, body))],
    );
    let batch = bench.batch(by, id, vec![(till, change)]);
    let admitted = bench.admit_as(by, &batch).unwrap();
    (id, admitted.results[0].1)
}

#[test]
fn ad11_a_replacement_that_is_sold_twice_has_one_in_its_turn() {
    let mut bench = Bench::new();
    let (agent, manager, block) = (bench.agent, bench.manager, bench.block);
    let voucher = |index| VoucherRef { block, index };
    sell(&mut bench, &agent, 0);
    let sale = sell(&mut bench, &manager, 0).rows[0].intent.unwrap();
    // Sold before the manager's replacement arrives.
    let standing = sell(&mut bench, &agent, 1).rows[0].intent.unwrap();

    let first = lost(&bench, sale).unwrap();
    let of_sale = Given {
        by: sale,
        voucher: voucher(0),
    };
    assert_eq!(first.lost, of_sale);
    let (replacement, answer) = give(&mut bench, &manager, first.lost, 1);
    assert_eq!(answer, Disposition::Accepted);

    let second = lost(&bench, sale).unwrap();
    let of_replacement = Given {
        by: replacement,
        voucher: voucher(1),
    };
    assert_eq!(second.lost, of_replacement);
    assert_eq!(second.standing.sale, standing);
    assert_eq!(second.line, first.line);
    // Of the sale itself nothing is due any more.
    let (_, answer) = give(&mut bench, &manager, of_sale, 2);
    assert!(matches!(answer, Disposition::Held(..)));
    let (last, answer) = give(&mut bench, &manager, second.lost, 2);
    assert_eq!(answer, Disposition::Accepted);
    assert_eq!(lost(&bench, sale), None);

    let sheets = sheets(&bench);
    let given: Vec<Given> = Replacements::of(&sheets).chain(sale, &first.line).collect();
    let of_last = Given {
        by: last,
        voucher: voucher(2),
    };
    assert_eq!(given, [of_sale, of_replacement, of_last]);
}

/// Two new codes for one client wait: whoever accepts both gives one.
#[test]
fn he5_a_held_replacement_is_not_accepted_beside_another() {
    let mut bench = Bench::new();
    let (agent, manager, owner) = (bench.agent, bench.manager, bench.owner);
    sell(&mut bench, &agent, 0);
    let sale = sell(&mut bench, &manager, 0).rows[0].intent.unwrap();
    let first = lost(&bench, sale).unwrap().lost;
    // Both wait: the device was revoked when they came.
    bench.revoked.insert(manager.device);
    let hold = |bench: &mut Bench, index| match give(bench, &manager, first, index) {
        (id, Disposition::Held(hold, _)) => (id, hold),
        (_, other) => panic!("{other:?}"),
    };
    let (held, second) = (hold(&mut bench, 1), hold(&mut bench, 2));
    bench.revoked.clear();
    let till = bench.till(&manager);

    let decided = decide(&mut bench, &owner, till, held.1, true);
    assert_eq!(decided.holds[0].decided, Some(true));
    assert_eq!(lost(&bench, sale), None);
    let given = Replacements::of(&sheets(&bench)).after(first).unwrap();
    assert_eq!(given.by, held.0);
    // A second code for one lost voucher: no word of theirs gives it, and it can still be declined.
    let outcome = decide(&mut bench, &owner, till, second.1, true);
    assert!(outcome.holds.is_empty());
    let given_out = |bench: &Bench| {
        let document = bench.document(&till);
        let facts = document.sheet().facts;
        let facts = facts.into_values().flatten();
        facts
            .filter(|fact| matches!(fact.body, FactBody::Replacement(_)))
            .count()
    };
    assert_eq!(given_out(&bench), 1);
    let outcome = decide(&mut bench, &owner, till, second.1, false);
    assert_eq!(outcome.holds[0].decided, Some(false));
    assert_eq!(given_out(&bench), 1);
}

#[test]
fn replacements_that_go_round_in_a_circle_are_followed_once() {
    let mut bench = Bench::new();
    let (agent, manager, block) = (bench.agent, bench.manager, bench.block);
    sell(&mut bench, &agent, 0);
    let sale = sell(&mut bench, &manager, 0).rows[0].intent.unwrap();
    let mut sheets = sheets(&bench);
    let voucher = |index| VoucherRef { block, index };
    let other = IntentId::from_bytes([99; 16]);
    let circle = [(other, sale, 0, 1), (sale, other, 1, 0)];
    for (n, (id, of, old, new)) in circle.into_iter().enumerate() {
        let body = FactBody::Replacement(Replacement {
            sale: of,
            replaces: voucher(old),
            voucher: voucher(new),
            package: bench.package,
        });
        let till = DocumentKey::Till {
            site: bench.site,
            person: [agent.person, manager.person][n],
            month: "202001".parse().unwrap(),
        };
        let fact = bench.fact(&manager, body);
        sheets.entry(till).facts.insert(id.to_string(), Some(fact));
    }
    let me = Holder {
        person: manager.person,
        device: manager.device,
    };
    let stock = Stock::fold(&sheets, me);
    let replacements = Replacements::of(&sheets);
    let till = bench.document(&bench.till(&manager)).sheet();
    *sheets.entry(bench.till(&manager)) = till;
    let entry = entry(&sheets, sale);
    assert_eq!(contradicted(&replacements, &stock, &entry), None);
    assert_eq!(replacements.chain(sale, &entry.sale.lines[0]).count(), 3);
}

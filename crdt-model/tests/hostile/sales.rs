//! Sales of what does not exist, at another price, or of another place.

use crdt_model::admission::Malformed;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{Codes, FactBody, Replacement, Sale, VoucherRef};
use crdt_model::ids::{BatchId, BlockId, PackageId, SiteId};
use crdt_model::money::Money;
use crdt_model::relay::Outcome;
use crdt_model::sync::message::Disposition;
use crdt_model::time::Month;

use crate::forge::{fact_put, refused, turns_facts_away};
use crate::judge;
use crate::relay::{Author, Bench, NOW};

#[test]
fn ad11_a_sale_names_vouchers_that_exist_at_their_price() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let edited = |edit: &dyn Fn(&mut Sale)| {
        let FactBody::Sale(mut sale) = bench.sale(0) else {
            unreachable!()
        };
        edit(&mut sale);
        bench.fact(&agent, FactBody::Sale(sale))
    };
    let bad_value = refused(Malformed::BadValue);
    let wrong = [
        (
            edited(&|s| s.lines[0].price = Money::from_minor(1)),
            refused(Malformed::WrongPrice),
        ),
        (
            edited(&|s| s.lines[0].voucher.index = 99),
            refused(Malformed::UnknownVoucher),
        ),
        (
            edited(&|s| s.lines[0].package = PackageId::from_bytes([9; 16])),
            refused(Malformed::UnknownVoucher),
        ),
        (edited(&|s| s.lines.clear()), bad_value),
        (
            edited(&|s| {
                let line = s.lines[0].clone();
                let lines = (0..21).map(|index| {
                    let mut line = line.clone();
                    line.voucher.index = index;
                    line
                });
                s.lines = lines.collect();
            }),
            bad_value,
        ),
        (
            edited(&|s| s.lines = vec![s.lines[0].clone(); 2]),
            bad_value,
        ),
        (
            edited(&|s| s.lines[0].price = Money::from_minor(-5)),
            bad_value,
        ),
        (edited(&|s| s.receipt = "free text".into()), bad_value),
        (edited(&|s| s.reference = Some("x".repeat(65))), bad_value),
    ];
    let cases = wrong
        .map(|(fact, answer)| (agent, till, fact, answer))
        .to_vec();
    turns_facts_away(&mut bench, cases);
}

#[test]
fn ad11_twenty_vouchers_and_64_bytes_of_reference_are_a_sale() {
    let mut bench = Bench::new();
    let (owner, agent) = (bench.owner, bench.agent);
    let block = BlockId::from_bytes([44; 16]);
    let key = DocumentKey::Block {
        site: bench.site,
        block,
    };
    let codes: Vec<String> = (0..20).map(|n| format!("E{n}")).collect();
    let codes = FactBody::Codes(Codes {
        batch: BatchId::from_bytes([5; 16]),
        package: bench.package,
        price: Money::from_minor(1_000),
        packed: codes.join("\n"),
    });
    judge::state(&mut bench, &owner, key, codes);
    let FactBody::Sale(mut sale) = bench.sale(0) else {
        unreachable!()
    };
    let lines = (0..20).map(|index| {
        let mut line = sale.lines[0].clone();
        line.voucher = VoucherRef { block, index };
        line
    });
    sale.lines = lines.collect();
    sale.reference = Some("x".repeat(64));
    let till = bench.till(&agent);
    judge::state(&mut bench, &agent, till, FactBody::Sale(sale));
}

#[test]
fn ad11_a_replacement_that_is_not_due_is_held() {
    let mut bench = Bench::new();
    let (agent, manager, block) = (bench.agent, bench.manager, bench.block);
    let intent = |outcome: Outcome| outcome.rows[0].intent.unwrap();
    let standing = intent(judge::sell(&mut bench, &agent, 0));
    let lost = intent(judge::sell(&mut bench, &manager, 0));
    let voucher = |index| VoucherRef { block, index };
    let package = bench.package;
    let of = |sale, index| {
        FactBody::Replacement(Replacement {
            sale,
            replaces: voucher(0),
            voucher: voucher(index),
            package,
        })
    };
    let push = |bench: &mut Bench, by: &Author, body| {
        let till = bench.till(by);
        let id = bench.intent();
        let change = bench.write_intent(by, till, &[fact_put(id, &bench.fact(by, body))]);
        let batch = bench.batch(by, id, vec![(till, change)]);
        bench.admit_as(by, &batch).unwrap().results[0].1
    };
    let is_held = |answer| matches!(answer, Disposition::Held(..));
    // Of a sale that stands, and of another's.
    assert!(is_held(push(&mut bench, &agent, of(standing, 1))));
    assert!(is_held(push(&mut bench, &agent, of(lost, 1))));
    let unknown = refused(Malformed::UnknownVoucher);
    assert_eq!(push(&mut bench, &manager, of(lost, 99)), unknown);
    let due = push(&mut bench, &manager, of(lost, 1));
    assert_eq!(due, Disposition::Accepted);
    // It has its new code.
    assert!(is_held(push(&mut bench, &manager, of(lost, 2))));
}

/// A block of one voucher that the owner makes, at whatever site.
pub fn block_of(
    bench: &mut Bench,
    site: SiteId,
    n: u8,
    package: PackageId,
    price: i64,
) -> VoucherRef {
    let (owner, block) = (bench.owner, BlockId::from_bytes([n; 16]));
    let codes = FactBody::Codes(Codes {
        batch: BatchId::from_bytes([n; 16]),
        package,
        price: Money::from_minor(price),
        packed: format!("N{n}"),
    });
    judge::state(bench, &owner, DocumentKey::Block { site, block }, codes);
    VoucherRef { block, index: 0 }
}

#[test]
fn ad11_one_contradicted_sale_is_worth_one_voucher_of_its_kind() {
    let mut bench = Bench::new();
    let (agent, owner, here, package) = (bench.agent, bench.owner, bench.site, bench.package);
    let elsewhere = SiteId::from_bytes([77; 16]);
    let dear = PackageId::from_bytes([78; 16]);
    let price = 1_000;
    let same = block_of(&mut bench, here, 61, package, price);
    let more = block_of(&mut bench, here, 62, package, price);
    let other_site = block_of(&mut bench, elsewhere, 63, package, price);
    let other_package = block_of(&mut bench, here, 64, dear, price);
    let other_price = block_of(&mut bench, here, 65, package, price + 1);
    judge::sell(&mut bench, &agent, 0);
    let lost = judge::sell(&mut bench, &owner, 0).rows[0].intent.unwrap();
    let give = |bench: &mut Bench, site, at, voucher, package| {
        let mut fact = bench.fact(
            &owner,
            FactBody::Replacement(Replacement {
                sale: lost,
                replaces: VoucherRef {
                    block: bench.block,
                    index: 0,
                },
                voucher,
                package,
            }),
        );
        fact.at = at;
        let till = DocumentKey::Till {
            site,
            person: owner.person,
            month: Month::of(at),
        };
        let id = bench.intent();
        let change = bench.write_intent(&owner, till, &[fact_put(id, &fact)]);
        let batch = bench.batch(&owner, id, vec![(till, change)]);
        bench.admit_as(&owner, &batch).unwrap().results[0].1
    };
    let is_held = |answer| matches!(answer, Disposition::Held(..));
    assert!(is_held(give(&mut bench, here, NOW, other_package, dear)));
    assert!(is_held(give(&mut bench, here, NOW, other_price, package)));
    let earlier = NOW.plus_millis(-40 * 86_400_000);
    let due = give(&mut bench, here, earlier, same, package);
    assert_eq!(due, Disposition::Accepted);
    // Another month, another site: it has its new code all the same.
    assert!(is_held(give(&mut bench, here, NOW, more, package)));
    assert!(is_held(give(
        &mut bench, elsewhere, NOW, other_site, package
    )));
}

#[test]
fn ad17_a_sale_from_an_unknown_block_is_held() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let FactBody::Sale(mut sale) = bench.sale(0) else {
        unreachable!()
    };
    sale.lines[0].voucher.block = BlockId::from_bytes([77; 16]);
    let id = bench.intent();
    let fact = bench.fact(&agent, FactBody::Sale(sale));
    let change = bench.write_intent(&agent, till, &[fact_put(id, &fact)]);
    let batch = bench.batch(&agent, id, vec![(till, change)]);
    let outcome = bench.admit_as(&agent, &batch).unwrap();
    assert!(matches!(outcome.results[0].1, Disposition::Held(..)));
    assert_eq!(outcome.holds.len(), 1);
    assert!(outcome.rows.iter().all(|row| row.document != till));
}

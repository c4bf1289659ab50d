//! What a till and a day count, and what an office lists.

use crdt_model::command::fact_put;
use crdt_model::document::Scalar;
use crdt_model::fact::{Codes, HoldReason};
use crdt_model::ids::{BatchId, BlockId, DeviceId, HoldId};
use crdt_model::sale::{Buyer, SellOrder};
use crdt_model::sync::message::{Disposition, RefusalCode};

use super::super::stock::sell;
use super::super::stock::tests::{ASHA, BARAKA, NOW, OWNER, Ones, PACKAGE, SITE, has, replica};
use super::*;

const HOUR: i64 = 3_600_000;
const HOLD: HoldId = HoldId::from_bytes([30; 16]);

fn price() -> Money {
    Money::from_minor(500_000)
}

/// Asha's phone with a block of eight.
fn asha() -> Replica {
    let mut replica = replica(ASHA);
    let block = BlockId::from_bytes([2; 16]);
    let codes: Vec<String> = (0..8).map(|n| format!("code{n}")).collect();
    let codes = Fact {
        at: NOW,
        since: NOW,
        by: OWNER,
        body: FactBody::Codes(Codes {
            batch: BatchId::from_bytes([4; 16]),
            package: PACKAGE,
            price: price(),
            packed: codes.join("\n"),
        }),
    };
    let key = DocumentKey::Block { site: SITE, block };
    let id = IntentId::from_bytes([1; 16]).to_string();
    has(&mut replica, key, &[fact_put(&id, &codes)]);
    replica
}

fn sold(replica: &mut Replica, at: Timestamp, method: PaymentMethod) -> IntentId {
    let order = SellOrder {
        site: SITE,
        package: PACKAGE,
        price: price(),
        quantity: 1,
        method,
        reference: None,
        client: Buyer::WalkIn,
    };
    let (id, commit) = replica.sell(order, at, &mut Ones).unwrap();
    replica.stored(commit.number);
    id
}

/// The relay answers the same about everything that is sent.
fn answered(replica: &mut Replica, disposition: Disposition) {
    let batch = replica.next_batch().unwrap().expand().unwrap();
    let results: Vec<_> = batch
        .hashes()
        .map(|hash| (hash[..8].to_vec().into(), disposition))
        .collect();
    let commit = replica.acknowledge(&results, NOW, &mut Ones);
    replica.stored(commit.number);
}

/// A manager says no to what is held.
fn declined(replica: &mut Replica, intent: IntentId) {
    let verdict = Fact {
        at: NOW,
        since: NOW,
        by: PersonId::RELAY,
        body: FactBody::Verdict(Verdict::HeldDecided {
            hold: HOLD,
            intent,
            by: OWNER,
            accepted: false,
            reason: None,
        }),
    };
    let till = DocumentKey::Till {
        site: SITE,
        person: ASHA,
        month: crdt_model::time::Month::of(NOW),
    };
    let puts = [fact_put(&HOLD.to_string(), &verdict)];
    has(replica, till.verdict().unwrap(), &puts);
}

#[test]
fn sold_today_begins_at_midnight_on_the_till_as_on_the_day() {
    let midnight = NOW.plus_millis(-HOUR);
    let mut asha = asha();
    sold(&mut asha, NOW.plus_millis(-3 * HOUR), PaymentMethod::Cash);
    sold(&mut asha, NOW.plus_millis(-2 * HOUR), PaymentMethod::Cash);
    answered(&mut asha, Disposition::Accepted);
    sold(&mut asha, NOW, PaymentMethod::Cash);
    assert_eq!(sell(&asha, SITE, midnight).sold_today, 1);
    // The client has the code of what is held, and the seller the money.
    answered(&mut asha, Disposition::Held(HOLD, HoldReason::NotAllowed));
    assert_eq!(sell(&asha, SITE, midnight).sold_today, 1);
    let starts = [midnight.plus_millis(-24 * HOUR), midnight];
    let days = day(&asha, &starts).days;
    let sales: Vec<_> = days.iter().map(|day| (day.start, day.sales)).collect();
    assert_eq!(sales, [(starts[0], 2), (midnight, 1)]);
}

#[test]
fn cash_of_a_held_sale_is_in_hand_and_waits_until_it_is_declined() {
    let mut asha = asha();
    sold(&mut asha, NOW, PaymentMethod::Cash);
    answered(&mut asha, Disposition::Accepted);
    sold(&mut asha, NOW, PaymentMethod::Mpesa);
    let held = sold(&mut asha, NOW, PaymentMethod::Cash);
    let cash = |all: u8, waiting: u8| CashInHand {
        all: (0..all).map(|_| price()).sum(),
        waiting: (0..waiting).map(|_| price()).sum(),
        refused: Money::ZERO,
    };
    assert_eq!(sell(&asha, SITE, NOW).cash, cash(2, 0));
    answered(&mut asha, Disposition::Held(HOLD, HoldReason::NotAllowed));
    let view = day(&asha, &[NOW]);
    assert_eq!((view.cash, view.days[0].sales), (cash(2, 1), 3));
    assert_eq!(sell(&asha, SITE, NOW).cash, cash(2, 1));

    declined(&mut asha, held);
    let view = day(&asha, &[NOW]);
    assert_eq!((view.cash, view.days[0].sales), (cash(1, 0), 2));
}

#[test]
fn cash_of_a_refused_sale_is_in_hand_and_nobody_decides_about_it() {
    let mut asha = asha();
    sold(&mut asha, NOW, PaymentMethod::Cash);
    answered(&mut asha, Disposition::Held(HOLD, HoldReason::NotAllowed));
    sold(&mut asha, NOW, PaymentMethod::Mpesa);
    sold(&mut asha, NOW, PaymentMethod::Cash);
    answered(&mut asha, Disposition::Refused(RefusalCode::Impossible));
    let cash = CashInHand {
        all: [price(), price()].into_iter().sum(),
        waiting: price(),
        refused: price(),
    };
    let view = day(&asha, &[NOW]);
    assert_eq!((view.cash, view.days[0].sales), (cash, 3));
    assert_eq!(sell(&asha, SITE, NOW).cash, cash);
}

#[test]
fn whose_sales_are_listed_can_be_seen_and_changed() {
    let mut office = replica(OWNER);
    let till = DocumentKey::Till {
        site: SITE,
        person: BARAKA,
        month: crdt_model::time::Month::of(NOW),
    };
    let sale = Fact {
        at: NOW,
        since: NOW,
        by: BARAKA,
        body: FactBody::Sale(crdt_model::fact::Sale {
            receipt: "AAAA-000001".into(),
            lines: Vec::new(),
            method: PaymentMethod::Cash,
            reference: None,
            client: None,
        }),
    };
    let id = IntentId::from_bytes([40; 16]).to_string();
    has(&mut office, till, &[fact_put(&id, &sale)]);
    let mut index = SalesIndex::default();
    let filter = SalesFilter {
        person: Some(ASHA),
        from: Some(NOW.plus_millis(HOUR)),
        ..SalesFilter::default()
    };
    let view = index.list(&office, &filter, 0, 10);
    assert_eq!(view.count, 0);
    let both = [(ASHA, "Asha".to_string()), (BARAKA, "Baraka".to_string())];
    assert_eq!(view.sellers, both);
    let view = index.list(&office, &SalesFilter::default(), 0, 10);
    assert_eq!((view.count, view.sellers), (1, both[1..].to_vec()));
}

#[test]
fn what_a_clock_that_fell_back_sold_counts_on_the_day_of_its_last_contact() {
    let years = 11 * 365 * 24 * HOUR;
    let mut office = replica(OWNER);
    let at = NOW.plus_millis(-years);
    let till = DocumentKey::Till {
        site: SITE,
        person: OWNER,
        month: crdt_model::time::Month::of(at),
    };
    let sale = Fact {
        at,
        since: NOW,
        by: OWNER,
        body: FactBody::Sale(crdt_model::fact::Sale {
            receipt: "AAAA-000001".into(),
            lines: Vec::new(),
            method: PaymentMethod::Cash,
            reference: None,
            client: Some(ClientId::from_bytes([41; 16])),
        }),
    };
    let id = IntentId::from_bytes([40; 16]);
    has(&mut office, till, &[fact_put(&id.to_string(), &sale)]);
    let midnight = NOW.plus_millis(-HOUR);
    let today = SalesFilter {
        from: Some(midnight),
        until: Some(midnight.plus_millis(24 * HOUR)),
        ..SalesFilter::default()
    };
    let mut index = SalesIndex::default();
    let view = index.list(&office, &today, 0, 10);
    assert_eq!((view.count, view.rows[0].at), (1, NOW));
    assert_eq!(view.cash[0].sales, 1);
    assert_eq!(one(&office, id).unwrap().at, NOW);
    assert_eq!(day(&office, &[midnight]).days[0].sales, 1);
    assert_eq!(sell(&office, SITE, midnight).sold_today, 1);
    let bought = super::super::clients::purchases(&office, ClientId::from_bytes([41; 16]));
    assert_eq!(bought[0].at, NOW);
}

/// A sale of Baraka's and what the relay found: his stands.
fn sold_twice(replica: &mut Replica, index: u32, by: IntentId) {
    let voucher = crdt_model::fact::VoucherRef {
        block: BlockId::from_bytes([2; 16]),
        index,
    };
    let named = |sale, person| crdt_model::fact::SaleRef {
        sale,
        person,
        at: NOW,
        receipt: String::new(),
    };
    let verdict = Fact {
        at: NOW,
        since: NOW,
        by: PersonId::RELAY,
        body: FactBody::Verdict(Verdict::DoubleSale {
            voucher,
            standing: named(IntentId::from_bytes([50; 16]), BARAKA),
            other: named(by, ASHA),
        }),
    };
    let till = DocumentKey::Till {
        site: SITE,
        person: ASHA,
        // One document of verdicts for each, so that the next does not take its place.
        month: crdt_model::time::Month::of(NOW.plus_millis(i64::from(index) * -40 * 24 * HOUR)),
    };
    let puts = [fact_put(&by.to_string(), &verdict)];
    has(replica, till.verdict().unwrap(), &puts);
}

#[test]
fn a_replacement_that_was_sold_twice_is_told_and_has_one_in_its_turn() {
    let mut asha = asha();
    let sale = sold(&mut asha, NOW, PaymentMethod::Cash);
    answered(&mut asha, Disposition::Accepted);
    sold_twice(&mut asha, 0, sale);
    let told = |replica: &Replica| one(replica, sale).unwrap();
    let is_open = |view: &SaleView, code: &str| {
        let double = view.double_sale.as_ref().unwrap();
        let name = double.code.as_ref().unwrap().username.as_str();
        assert_eq!(name, code);
        (double.can_replace, double.replaced, double.this_sale_stands)
    };
    assert_eq!(is_open(&told(&asha), "code0"), (true, false, false));

    let give = |replica: &mut Replica| {
        let stock = replica.shared_stock();
        let entry = sale::sale(replica.sheets(), sale).unwrap();
        let all = Replacements::of(replica.sheets());
        let found = sale::contradicted(&all, &stock, &entry).unwrap();
        let mut free = stock.mine().flat_map(|block| stock.free(block));
        let replacing = crdt_model::command::Command::Replace {
            site: SITE,
            sale: found.lost.by,
            replaces: found.lost.voucher,
            voucher: free.next().unwrap(),
            package: PACKAGE,
        };
        let (id, commit) = replica.execute(replacing, NOW, &mut Ones).unwrap();
        replica.stored(commit.number);
        answered(replica, Disposition::Accepted);
        (id, found.lost.by)
    };
    let (first, of) = give(&mut asha);
    assert_eq!(of, sale);
    let view = told(&asha);
    assert_eq!(is_open(&view, "code0"), (false, true, false));
    assert_eq!(
        view.lines[0].replacement.as_ref().unwrap().username,
        "code1"
    );

    sold_twice(&mut asha, 1, first);
    let view = told(&asha);
    assert_eq!(is_open(&view, "code1"), (true, false, false));
    assert_eq!(view.double_sale.unwrap().standing_by, "Baraka");
    let (_, of) = give(&mut asha);
    assert_eq!(of, first);
    let view = told(&asha);
    assert!(
        view.double_sale
            .as_ref()
            .is_some_and(|double| double.replaced)
    );
    assert_eq!(
        view.lines[0].replacement.as_ref().unwrap().username,
        "code2"
    );
    let mut index = SalesIndex::default();
    let listed = index.list(&asha, &SalesFilter::default(), 0, 10);
    assert!(
        listed.rows[0]
            .double_sale
            .as_ref()
            .is_some_and(|double| !double.can_replace)
    );
}

/// Asha's sale lost its voucher, and she gave another one.
fn replaced(disposition: Disposition) -> (Replica, IntentId, IntentId) {
    let mut asha = asha();
    sold(&mut asha, NOW, PaymentMethod::Cash);
    let sale = sold(&mut asha, NOW, PaymentMethod::Cash);
    answered(&mut asha, Disposition::Accepted);
    sold_twice(&mut asha, 1, sale);
    assert_eq!(told(&asha, sale), (true, false, None));
    let stock = asha.shared_stock();
    let free = stock.mine().flat_map(|block| stock.free(block)).next();
    let replacing = crdt_model::command::Command::Replace {
        site: SITE,
        sale,
        replaces: one(&asha, sale).unwrap().lines[0].voucher,
        voucher: free.unwrap(),
        package: PACKAGE,
    };
    let (id, commit) = asha.execute(replacing, NOW, &mut Ones).unwrap();
    asha.stored(commit.number);
    answered(&mut asha, disposition);
    (asha, sale, id)
}

/// May there be a replacement, is one held, and which code does the receipt show?
fn told(replica: &Replica, sale: IntentId) -> (bool, bool, Option<String>) {
    let view = one(replica, sale).unwrap();
    let double = view.double_sale.unwrap();
    let code = view.lines[0].replacement.as_ref();
    let code = code.map(|code| code.username.clone());
    (double.can_replace, double.is_replacement_held, code)
}

#[test]
fn while_a_replacement_is_held_there_is_no_second_one() {
    let held = Disposition::Held(HOLD, HoldReason::NotAllowed);
    let (mut asha, sale, id) = replaced(held);
    // The client has the code, and the receipt goes on showing it.
    assert_eq!(told(&asha, sale), (false, true, Some("code2".into())));
    declined(&mut asha, id);
    assert_eq!(told(&asha, sale), (true, false, None));
}

#[test]
fn while_a_replacement_waits_for_room_there_is_no_second_one() {
    let (asha, sale, _) = replaced(Disposition::Refused(RefusalCode::TooMuchHeld));
    assert_eq!(told(&asha, sale), (false, true, Some("code2".into())));
}

#[test]
fn a_replacement_held_of_another_phone_of_hers_is_one() {
    let (asha, sale, id) = replaced(Disposition::Refused(RefusalCode::TooMuchHeld));
    let stated = asha.pending(id).unwrap().writes[0].puts[0].clone();
    let Scalar::Bytes(bytes) = stated.value else {
        panic!("{stated:?}")
    };
    let fact = Fact::decode(&bytes).unwrap();
    // Hers of today, which knows of it by the verdict alone.
    let (mut phone, sale_there, _) = replaced(Disposition::Refused(RefusalCode::TooMuchHeld));
    let refused = phone.outbox().next().unwrap().intent.id;
    let dismissed = phone.dismiss(refused);
    phone.stored(dismissed.number);
    assert_eq!(sale, sale_there);
    assert_eq!(told(&phone, sale), (true, false, None));
    let me = phone.me();
    let verdict = FactBody::Verdict(Verdict::Held {
        hold: HOLD,
        intent: id,
        person: me.person,
        device: DeviceId::from_bytes([9; 16]),
        reason: HoldReason::NotAllowed,
        facts: vec![fact],
        edits: Vec::new(),
        more_edits: 0,
    });
    let till = DocumentKey::Till {
        site: SITE,
        person: ASHA,
        month: crdt_model::time::Month::of(NOW),
    };
    let verdict = Fact {
        at: NOW,
        since: NOW,
        by: PersonId::RELAY,
        body: verdict,
    };
    let puts = [fact_put(&HOLD.to_string(), &verdict)];
    has(&mut phone, till.verdict().unwrap(), &puts);
    assert_eq!(told(&phone, sale), (false, true, Some("code2".into())));
}

#[test]
fn a_screen_reads_the_clock_as_the_worker_does() {
    let mut asha = asha();
    let behind = NOW.plus_millis(-400 * 24 * HOUR);
    let heard = asha.contact(NOW, behind, false);
    asha.stored(heard.number);
    let around = super::super::Surroundings {
        now: NOW,
        online: false,
        store_warning: None,
        storage_is_persistent: true,
        is_fetching: false,
        shut_out: None,
        has_sealed: false,
    };
    let clock = super::super::sync::pill(&asha, around).clock;
    let later = behind.plus_millis(2 * HOUR);
    assert_eq!(clock.present(later), NOW.plus_millis(2 * HOUR));
    let fallen_back = behind.plus_millis(-HOUR);
    assert_eq!(clock.present(fallen_back), NOW);
    for at in [later, fallen_back] {
        assert_eq!(clock.present(at), asha.present(at));
    }
}

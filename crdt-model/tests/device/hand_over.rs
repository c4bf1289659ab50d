//! Blocks that change hands, and what their giver still sells.

use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::{Command, fact_put};
use crdt_model::document::{Actor, Document, DocumentKey};
use crdt_model::fact::{Ending, Fact, FactBody, Leased, StockNote};
use crdt_model::hand_over::give;
use crdt_model::ids::{DeviceId, IntentId, PersonId};
use crdt_model::replica::PendingState;
use crdt_model::sale::SellError;
use crdt_model::staff;
use crdt_model::sync::message::{Disposition, LoggedChange};
use crdt_model::time::Month;

use crate::shop::{NOW, Shop, held};

#[test]
fn he11_a_code_handed_out_in_a_held_sale_is_not_sold_again() {
    let mut shop = Shop::new();
    let id = shop.sell();
    let mut sale = shop.sale(id);
    let disposition = held(&mut shop);
    shop.answer(disposition);
    let pending = shop.replica.pending(id).unwrap();
    assert!(matches!(pending.state, PendingState::Held { .. }));
    sale.receipt = "ABCD-000099".into();
    let again = shop.execute(Command::Sell {
        site: shop.site,
        sale,
        new_client: None,
    });
    assert_eq!(again.unwrap_err(), SellError::AlreadySold.into());
}

/// The owner returns the only block; answers the hand-over.
fn give_back(shop: &mut Shop) -> IntentId {
    let stock = shop.replica.stock();
    let given = give(&stock, stock.held().next().unwrap(), None).unwrap();
    assert_eq!((given.turn, given.left), (1, 3));
    let site = shop.site;
    shop.execute(Command::GiveBlock { site, given }).unwrap().0
}

fn can_sell(shop: &Shop) -> bool {
    shop.replica.stock().mine().next().is_some()
}

#[test]
fn ho6_the_giver_does_not_sell_until_the_relay_says_it_goes_on() {
    let mut shop = Shop::new();
    let site = shop.site;
    let id = shop.sell();
    let mut sale = shop.sale(id);
    sale.receipt = "ABCD-000099".into();
    sale.lines[0].voucher.index = 2;
    let mut shop = Shop::new();
    let given = give_back(&mut shop);
    assert!(!can_sell(&shop));
    let new_client = None;
    let sold = shop.execute(Command::Sell {
        site,
        sale,
        new_client,
    });
    assert_eq!(sold.unwrap_err(), SellError::HandedOver.into());
    shop.answer(Disposition::Accepted);
    // The other side's word may have come before this one's: only the relay knows.
    shop.execute(Command::WithdrawHandOver { site, given })
        .unwrap();
    shop.answer(Disposition::Accepted);
    assert!(!can_sell(&shop));
    let ended = StockNote::Ended {
        of: given,
        how: Ending::Withdrawn,
    };
    let verdicts = DocumentKey::VerdictTill {
        site,
        person: shop.replica.me().person,
        month: Month::of(NOW),
    };
    shop.have_facts(verdicts, vec![FactBody::StockNote(ended)]);
    assert!(can_sell(&shop));
}

#[test]
fn ho6_what_moved_is_not_sold_from_before_its_lease_comes() {
    for how in [
        Ending::Overtaken,
        Ending::Taken {
            by: PersonId::from_bytes([3; 16]),
        },
    ] {
        let mut shop = Shop::new();
        let site = shop.site;
        let given = give_back(&mut shop);
        shop.answer(Disposition::Accepted);
        let me = shop.replica.me();
        let verdicts = DocumentKey::VerdictTill {
            site,
            person: me.person,
            month: Month::of(NOW),
        };
        // By the lease that is here the block is still this person's.
        let ended = StockNote::Ended { of: given, how };
        shop.have_facts(verdicts, vec![FactBody::StockNote(ended)]);
        assert!(!can_sell(&shop), "{how:?}");
        let block = shop.replica.stock().held().next().unwrap().id;
        let of_block = DocumentKey::VerdictBlock { site, block };
        let leased = |turn, at| Fact {
            at,
            since: at,
            by: PersonId::RELAY,
            body: FactBody::Leased(Leased {
                block,
                turn,
                person: Some(me.person),
                device: Some(me.device),
                cause: None,
            }),
        };
        // It came back; and a relay that was restored since counts the same turn again.
        let later = NOW.plus_millis(1);
        for (key, leased) in [("next", leased(2, NOW)), ("again", leased(1, later))] {
            shop.have(of_block, &[fact_put(key, &leased)]);
            assert!(can_sell(&shop), "{how:?}, {key}");
        }
    }
}

#[test]
fn ho6_a_hand_over_that_is_held_still_keeps_its_giver_from_selling() {
    let mut shop = Shop::new();
    give_back(&mut shop);
    let disposition = held(&mut shop);
    shop.answer(disposition);
    assert!(!can_sell(&shop));
}

/// Whose a block is follows from more than facts: who becomes an agent has it by having its codes, and a browser that
/// lost its key is another device.
#[test]
fn ho5_a_stock_that_is_kept_follows_the_role_and_the_device() {
    let mut shop = Shop::new();
    let me = shop.replica.me();
    let actor = Actor::from_bytes([8; 16]);
    let grant = |role| Grant {
        role,
        scope: Scope::Organisation,
    };
    let mut staff = Document::new();
    let hired = staff::add(me.person, "Asha", &[grant(Role::Owner)]);
    staff.write(actor, 1, &hired).unwrap();
    let hired = staff.save();
    let commit = shop
        .replica
        .snapshot(DocumentKey::Staff, &hired, NOW, &mut shop.rng);
    shop.replica.stored(commit.unwrap().number);
    let batches = [DocumentKey::Batches(shop.site)];
    shop.replica.drop_documents(&batches, &mut shop.rng);
    let mine = |shop: &Shop| {
        let kept = shop.replica.shared_stock();
        assert_eq!(*kept, shop.replica.stock());
        kept.mine().count()
    };
    assert_eq!(mine(&shop), 0, "an owner sees the codes of all blocks");

    let owner = staff::people(&staff.sheet())[&me.person].clone();
    let demoted = staff::set_grants(&owner, &[grant(Role::Agent)].into());
    let chunk = staff.write(actor, 2, &demoted).unwrap().chunk.into();
    let key = DocumentKey::Staff;
    let changes = vec![LoggedChange { key, chunk }];
    shop.replica.receive(1, changes, &mut shop.rng);
    assert_eq!(mine(&shop), 1);

    let mut shop = Shop::new();
    assert_eq!(mine(&shop), 1);
    let device = DeviceId::generate(NOW, &mut shop.rng);
    shop.replica.change_device(device, &mut shop.rng);
    assert_eq!(mine(&shop), 0, "until the relay binds it to the new one");
}

//! What one device does with its own work: nothing sold twice, nothing written twice, nothing lost.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

#[path = "simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses the rest")]
mod random;
#[path = "shared/shop.rs"]
mod shop;

use crdt_model::batch::BatchError;
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::client::ClientDetails;
use crdt_model::codec;
use crdt_model::command::{
    BLOCKS_PER_COMMAND_MAX, CODES_BYTES_PER_COMMAND_MAX, Command, NewBlock, Refusal, fact_put,
};
use crdt_model::document::{Actor, Document, DocumentKey};
use crdt_model::fact::{BlockMade, Ending, Fact, FactBody, Leased, StockNote, Verdict};
use crdt_model::hand_over::give;
use crdt_model::ids::{BatchId, BlockId, ClientId, DeviceId, HoldId, IntentId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::package;
use crdt_model::replica::{PendingState, Replica};
use crdt_model::sale::SellError;
use crdt_model::staff;
use crdt_model::sync::device::{Device, Effect, Event, REFUSED_PAUSE_MILLIS};
use crdt_model::sync::message::{
    CloseReason, Disposition, LoggedChange, RefusalCode, RelayMessage,
};
use crdt_model::time::Month;
use serde_bytes::ByteBuf;
use shop::{NOW, Shop, codes, details, held, make_batch};

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

#[test]
fn rb3_an_edit_that_was_acknowledged_is_not_written_again_from_the_journal() {
    let mut shop = Shop::new();
    let edited = Command::EditPackage {
        package: shop.package,
        details: details("mine"),
    };
    let (_, commit) = shop.execute(edited).unwrap();
    let journal: Vec<Vec<u8>> = commit.pending.into_iter().map(|(_, bytes)| bytes).collect();
    shop.answer(Disposition::Accepted);
    // It is edited afterwards, so often that its name is forgotten; then this device starts with a journal that lost
    // "settled".
    for n in 0..80 {
        shop.execute(Command::EditPackage {
            package: shop.package,
            details: details(&format!("newer {n}")),
        })
        .unwrap();
        shop.answer(Disposition::Accepted);
    }
    let commit = shop.replica.adopt(journal, &mut shop.rng);
    assert_eq!(shop.replica.outbox().count(), 0);
    assert_eq!(commit.map(|commit| commit.settled.len()), Some(1));
    let catalog = shop.replica.sheets().get(&DocumentKey::Catalog);
    let package = package::package(catalog, shop.package).unwrap();
    assert_eq!(package.details.name, "newer 79");
}

#[test]
fn rb3_what_was_settled_is_not_made_again_where_its_document_is_gone() {
    let mut shop = Shop::new();
    let client = ClientId::generate(NOW, &mut shop.rng);
    let registered = Command::RegisterClient {
        client,
        site: shop.site,
        details: ClientDetails {
            name: "Neema".into(),
            ..ClientDetails::default()
        },
    };
    let (id, commit) = shop.execute(registered).unwrap();
    let document = shop.replica.pending(id).unwrap().writes[0].document;
    let journal: Vec<Vec<u8>> = commit.pending.into_iter().map(|(_, bytes)| bytes).collect();
    shop.answer(Disposition::Accepted);
    // This person may no longer read it; then this device starts with a journal that lost "settled".
    shop.replica.drop_documents(&[document], &mut shop.rng);
    let commit = shop.replica.adopt(journal, &mut shop.rng);
    assert_eq!(shop.replica.outbox().count(), 0);
    assert_eq!(commit.map(|commit| commit.settled.len()), Some(1));
}

#[test]
fn rb3_what_was_held_and_decided_does_not_wait_again_from_the_journal() {
    for accepted in [true, false] {
        let mut shop = Shop::new();
        let id = shop.sell();
        let disposition = held(&mut shop);
        shop.answer(disposition);
        let journal: Vec<Vec<u8>> = shop
            .replica
            .journal()
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect();
        let decided = Verdict::HeldDecided {
            hold: HoldId::from_bytes([6; 16]),
            intent: id,
            by: PersonId::from_bytes([8; 16]),
            accepted,
            reason: None,
        };
        let verdicts = DocumentKey::VerdictTill {
            site: shop.site,
            person: shop.replica.me().person,
            month: Month::of(NOW),
        };
        shop.have_facts(verdicts, vec![FactBody::Verdict(decided)]);
        let is_settled = shop.replica.pending(id).is_none();
        assert_eq!(is_settled, accepted);
        let state = shop
            .replica
            .pending(id)
            .map(|pending| pending.state.clone());
        // This device starts with a journal that lost "settled".
        shop.replica.adopt(journal, &mut shop.rng);
        let again = shop
            .replica
            .pending(id)
            .map(|pending| pending.state.clone());
        assert_eq!(again, state);
    }
}

#[test]
fn pu3_the_largest_import_is_pushed_and_held_whole() {
    let mut shop = Shop::new();
    shop.sell();
    let codes = codes(480, 64);
    let blocks = CODES_BYTES_PER_COMMAND_MAX / (480 * 65);
    let first = make_batch(&mut shop, blocks, &codes);
    shop.execute(first).unwrap();
    let second = make_batch(&mut shop, blocks, &codes);
    let (id, _) = shop.execute(second).unwrap();
    let sizes = |shop: &Shop| -> Vec<usize> {
        let batch = shop.replica.next_batch().unwrap();
        let intents = batch.intents.iter();
        intents.map(|intent| intent.changes.len()).collect()
    };
    assert_eq!(sizes(&shop), [1, blocks + 1], "nothing of the second");
    shop.answer_once(Disposition::Accepted);
    assert_eq!(sizes(&shop), [blocks + 1]);
    let disposition = held(&mut shop);
    shop.answer(disposition);
    let pending = shop.replica.pending(id).unwrap();
    assert!(matches!(pending.state, PendingState::Held { .. }));

    let too_many = make_batch(&mut shop, blocks + 1, &codes);
    assert_eq!(
        shop.execute(too_many).unwrap_err(),
        Refusal::TooManyBlocks,
        "by bytes"
    );
    let too_many = make_batch(&mut shop, BLOCKS_PER_COMMAND_MAX + 1, &codes[..1]);
    assert_eq!(
        shop.execute(too_many).unwrap_err(),
        Refusal::TooManyBlocks,
        "by count"
    );
}

#[test]
fn pu10_all_that_waits_is_written_as_batches_that_follow_each_other() {
    let mut shop = Shop::new();
    shop.sell();
    let codes = codes(480, 64);
    let blocks = CODES_BYTES_PER_COMMAND_MAX / (480 * 65);
    for _ in 0..2 {
        let import = make_batch(&mut shop, blocks, &codes);
        shop.execute(import).unwrap();
    }
    shop.sell();
    let batches = shop.replica.all_batches();
    assert!(batches.len() > 1);
    assert_eq!(batches.first(), shop.replica.next_batch().as_ref());
    let intents = batches.iter().flat_map(|batch| &batch.intents);
    let intents: Vec<IntentId> = intents.map(|intent| intent.id).collect();
    let outbox: Vec<IntentId> = shop.replica.outbox().map(|one| one.intent.id).collect();
    assert_eq!(intents, outbox, "each once, in their order");
    // Pushed one after the other they are what would have been pushed one answer after the other.
    for batch in batches {
        assert_eq!(shop.replica.next_batch(), Some(batch));
        shop.answer_once(Disposition::Accepted);
    }
    assert_eq!(shop.replica.next_batch(), None);
}

#[test]
fn what_the_relay_would_refuse_is_refused_here() {
    let mut shop = Shop::new();
    let command = Command::AddSite {
        site: SiteId::generate(NOW, &mut shop.rng),
        name: "Kariakoo".into(),
        place: Some("x".repeat(121)),
    };
    assert_eq!(
        shop.execute(command).unwrap_err(),
        Refusal::Place { max: 120 }
    );
    let command = Command::DecideHeld {
        till: DocumentKey::Till {
            site: shop.site,
            person: shop.replica.me().person,
            month: Month::of(NOW),
        },
        hold: HoldId::generate(NOW, &mut shop.rng),
        accepted: false,
        reason: Some("x".repeat(501)),
        told: 1,
    };
    assert_eq!(
        shop.execute(command).unwrap_err(),
        Refusal::Reason { max: 500 }
    );
}

#[test]
fn refused_work_is_not_safe_on_the_server() {
    let mut shop = Shop::new();
    shop.sell();
    shop.answer(Disposition::Refused(RefusalCode::Impossible));
    assert_eq!(shop.replica.safe_at(), None);
}

#[test]
fn dg9_a_damaged_document_is_fetched_again() {
    let mut shop = Shop::new();
    shop.replica.synced(5, 7, &mut shop.rng);
    let told = shop.replica.digest();
    let key = format!("d|{}|0000", DocumentKey::Catalog);
    let stored = shop.replica.everything().writes;
    let entries = stored.into_iter().filter_map(|(name, value)| {
        let value = value?;
        // Half of it is gone.
        let kept = if name == key {
            value.len() / 2
        } else {
            value.len()
        };
        Some((name, value[..kept].to_vec()))
    });
    shop.replica = Replica::open(shop.replica.me(), entries, &mut shop.rng).unwrap();
    assert_eq!(shop.replica.rights(), 7);
    shop.execute(Command::EditPackage {
        package: shop.package,
        details: details("newer"),
    })
    .unwrap();
    assert_eq!(shop.replica.rights(), 0, "the next hello compares");
    assert_ne!(shop.replica.digest(), told, "and differs");
}

#[test]
fn a_batch_that_ends_every_connection_is_kept_back() {
    let mut shop = Shop::new();
    shop.sell();
    let mut rng = shop.rng.clone();
    let mut device = Device::new(shop.replica);
    let mut bytes_of = |device: &mut Device, event, now| device.handle(event, now, &mut rng);
    let say = |message: &RelayMessage| Event::Frame(codec::encode(message));
    let effects = bytes_of(&mut device, Event::Stored(0), NOW);
    let [Effect::Seal { number, .. }] = effects[..] else {
        panic!("{effects:?}")
    };
    let sealed = Event::Sealed {
        number,
        bytes: vec![1],
    };
    bytes_of(&mut device, sealed, NOW);
    let bye = RelayMessage::Bye {
        why: CloseReason::BadFrame,
        retry_after_millis: Some(50_000),
    };
    let mut connect = |device: &mut Device, now| {
        bytes_of(device, Event::TryNow, now);
        let ticket = "t".to_string();
        bytes_of(device, Event::Opened { ticket }, now);
        let welcome = RelayMessage::Welcome {
            now,
            head: 0,
            send_digest: false,
        };
        let effects = bytes_of(device, say(&welcome), now);
        let pushed = effects.iter().any(|e| matches!(e, Effect::Send(_)));
        bytes_of(device, say(&bye), now);
        // It does not listen any more, and waits as it was told.
        assert_eq!(bytes_of(device, say(&bye), now), []);
        assert_eq!(bytes_of(device, Event::Tick, now.plus_millis(49_000)), []);
        pushed
    };
    for _ in 0..3 {
        assert!(connect(&mut device, NOW));
    }
    assert!(!connect(&mut device, NOW));
    let later = NOW.plus_millis(REFUSED_PAUSE_MILLIS);
    assert!(connect(&mut device, later));
}

#[test]
fn tr9_what_was_posted_is_acknowledged_without_a_socket() {
    let mut shop = Shop::new();
    let sold = shop.sell();
    let mut rng = shop.rng.clone();
    let mut device = Device::new(shop.replica);
    let effects = device.handle(Event::Stored(0), NOW, &mut rng);
    let [Effect::Seal { batch, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    let results = batch
        .expand()
        .unwrap()
        .hashes()
        .map(|hash| (ByteBuf::from(hash[..8].to_vec()), Disposition::Accepted))
        .collect();
    let answer = codec::encode(&RelayMessage::Ack { number: 0, results });
    let effects = device.handle(Event::Posted(answer), NOW, &mut rng);
    assert!(matches!(effects[..], [Effect::Commit(_), Effect::Changed]));
    assert_eq!(device.replica.pending(sold), None);
    assert!(!device.is_online());
}

#[test]
fn co13_a_batch_in_parts_exists_once_its_last_fact_is_there() {
    let mut shop = Shop::new();
    let batch = BatchId::generate(NOW, &mut shop.rng);
    let (site, package, price) = (shop.site, shop.package, Money::from_minor(100_000));
    let blocks: Vec<BlockId> = (0..2)
        .map(|_| BlockId::generate(NOW, &mut shop.rng))
        .collect();
    let part = |n: usize| Command::AddBlocks {
        site,
        batch,
        package,
        price,
        blocks: vec![NewBlock {
            block: blocks[n],
            codes: codes(2, 7 + n),
        }],
    };
    let complete = Command::CompleteBatch {
        site,
        batch,
        label: "in parts".into(),
        package,
        price,
        blocks: blocks
            .iter()
            .map(|block| BlockMade {
                block: *block,
                count: 2,
            })
            .collect(),
        made_on: Some(NOW),
    };
    shop.execute(part(0)).unwrap();
    // Cut short: the codes are here, and nobody can have them.
    let unfinished = |shop: &Shop| crdt_model::batch::unfinished(shop.replica.sheets(), site);
    assert_eq!(unfinished(&shop)[&batch].blocks, [(blocks[0], 2)]);
    let me = shop.replica.me().person;
    assert!(
        shop.replica
            .stock()
            .mine()
            .all(|block| block.batch != batch)
    );
    let missing = shop.execute(complete.clone()).unwrap_err();
    assert_eq!(missing, BatchError::BlockMissing.into());

    shop.execute(part(1)).unwrap();
    shop.execute(complete.clone()).unwrap();
    assert!(unfinished(&shop).is_empty());
    assert!(shop.execute(complete).is_err(), "made twice");
    let leased = Command::LeaseBlock {
        site,
        block: blocks[0],
        to: me,
    };
    shop.execute(leased).unwrap();

    // A part waits for a person: the batch does not come to be without it.
    let pushed = shop.replica.next_batch().unwrap();
    let intents: Vec<IntentId> = pushed.intents.iter().map(|intent| intent.id).collect();
    let hash = pushed.expand().unwrap().hashes().next().unwrap();
    let held = held(&mut shop);
    let results = [(ByteBuf::from(hash[..8].to_vec()), held)];
    let commit = shop.replica.acknowledge(&results, NOW, &mut shop.rng);
    shop.replica.stored(commit.number);
    let withdrawn = shop.replica.pending(intents[2]).unwrap();
    assert_eq!(
        withdrawn.state,
        PendingState::Refused(RefusalCode::NotAllowed)
    );
    let next = shop.replica.next_batch().unwrap();
    let sent: Vec<IntentId> = next.intents.iter().map(|intent| intent.id).collect();
    assert_eq!(sent, [intents[1], intents[3]]);
}

#[test]
fn an_undone_batch_is_void_and_its_file_can_come_again() {
    let mut shop = Shop::new();
    let made = make_batch(&mut shop, 2, &codes(2, 5));
    let Command::MakeBatch { batch, .. } = made else {
        panic!("it makes a batch");
    };
    let site = shop.site;
    shop.execute(made).unwrap();
    let undo = Command::UndoBatch { site, batch };
    shop.execute(undo.clone()).unwrap();
    let stock = shop.replica.stock();
    let of_batch = |block: &&crdt_model::voucher::Block| block.batch == batch;
    for block in stock.blocks.values().filter(of_batch) {
        assert!(block.is_undone && stock.free(block).next().is_none());
        let leased = Command::LeaseBlock {
            site,
            block: block.id,
            to: shop.replica.me().person,
        };
        assert_eq!(shop.execute(leased), Err(Refusal::NoSuchBlock));
    }
    assert_eq!(shop.execute(undo), Err(BatchError::Undone.into()));

    // One of which something is leased or sold stays.
    let batch = shop.replica.stock().mine().next().unwrap().batch;
    let undo = Command::UndoBatch { site, batch };
    assert_eq!(shop.execute(undo), Err(BatchError::Leased.into()));
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

//! Vouchers that come in from a file: in parts, whole, and undone.

use crdt_model::batch::BatchError;
use crdt_model::command::{
    BLOCKS_PER_COMMAND_MAX, CODES_BYTES_PER_COMMAND_MAX, Command, NewBlock, Refusal,
};
use crdt_model::fact::BlockMade;
use crdt_model::ids::{BatchId, BlockId, IntentId};
use crdt_model::money::Money;
use crdt_model::replica::PendingState;
use crdt_model::sync::message::{Disposition, RefusalCode};
use serde_bytes::ByteBuf;

use crate::shop::{NOW, Shop, codes, held, make_batch};

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

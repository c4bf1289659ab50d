//! What an office sees of a block that was leased, handed over and asked back, and what its holder sees.

use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::fact_put;
use crdt_model::document::{Actor, Document, Put, record};
use crdt_model::fact::{
    BatchMade, BlockMade, Codes, Ending, Fact, HandOverGiven, LeaseAsked, Leased, Offer,
    PaymentMethod, RecallAsked, StockAskDeclined, StockAsked, StockNote,
};
use crdt_model::ids::{BatchId, DeviceId, IntentId, OrgId};
use crdt_model::replica::{Brief, Identity};
use crdt_model::site;
use crdt_model::staff as people;
use crdt_model::time::Month;
use rand_core::TryRng;

use super::*;
use crate::protocol::BlockHappened;

pub(in crate::views) const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
/// When the day of [`NOW`] began.
const TODAY: Timestamp = Timestamp::from_millis(1_790_000_000_000 - 7_200_000);
pub(in crate::views) const SITE: SiteId = SiteId::from_bytes([1; 16]);
const OTHER: SiteId = SiteId::from_bytes([5; 16]);
const CLOSED: SiteId = SiteId::from_bytes([6; 16]);
const BLOCK: BlockId = BlockId::from_bytes([2; 16]);
pub(in crate::views) const PACKAGE: PackageId = PackageId::from_bytes([3; 16]);
pub(in crate::views) const OWNER: PersonId = PersonId::from_bytes([10; 16]);
pub(in crate::views) const ASHA: PersonId = PersonId::from_bytes([11; 16]);
pub(in crate::views) const BARAKA: PersonId = PersonId::from_bytes([12; 16]);

/// Ids are given by hand here; nothing else needs chance.
pub(in crate::views) struct Ones;

impl TryRng for Ones {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(1)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(1)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.fill(1);
        Ok(())
    }
}

const fn id(n: u8) -> IntentId {
    IntentId::from_bytes([n; 16])
}

/// Somebody's replica with the staff and one package.
pub(in crate::views) fn replica(person: PersonId) -> Replica {
    let me = Identity {
        org: OrgId::from_bytes([9; 16]),
        person,
        device: DeviceId::from_bytes([20; 16]),
    };
    let mut replica = Replica::new(me, &mut Ones);
    let role = |role, scope| [Grant { role, scope }];
    let mut staff = people::add(OWNER, "Amina", &role(Role::Owner, Scope::Organisation));
    staff.extend(people::add(
        ASHA,
        "Asha",
        &role(Role::Agent, Scope::Site(SITE)),
    ));
    staff.extend(people::add(
        BARAKA,
        "Baraka",
        &role(Role::Agent, Scope::Site(SITE)),
    ));
    has(&mut replica, DocumentKey::Staff, &staff);
    let details = package::first_packages(crdt_model::money::Currency::Tzs)[0].clone();
    has(&mut replica, DocumentKey::Catalog, &details.puts(PACKAGE));
    let puts = site::puts("Mwenge", None);
    has(&mut replica, DocumentKey::SitePublic(SITE), &puts);
    replica
}

pub(in crate::views) fn has(replica: &mut Replica, key: DocumentKey, puts: &[Put]) {
    let mut document = Document::new();
    let actor = Actor::from_bytes([9; 16]);
    document.write(actor, NOW.as_seconds(), puts).unwrap();
    let random = &mut Ones;
    let commit = replica
        .snapshot(key, &document.save(), NOW, random)
        .unwrap();
    replica.stored(commit.number);
}

fn fact(n: u8, minutes: i64, by: PersonId, body: FactBody) -> Put {
    let at = NOW.plus_millis(minutes * 60_000);
    let fact = Fact {
        at,
        since: at,
        by,
        body,
    };
    fact_put(&id(n).to_string(), &fact)
}

fn given() -> HandOverGiven {
    HandOverGiven {
        block: BLOCK,
        turn: 2,
        to: Some(BARAKA),
        package: PACKAGE,
        price: Money::from_minor(500_000),
        left: 7,
    }
}

fn leased(turn: u32, person: Option<PersonId>, device: bool, cause: Option<IntentId>) -> FactBody {
    FactBody::Leased(Leased {
        block: BLOCK,
        turn,
        person,
        device: device.then(|| DeviceId::from_bytes([20; 16])),
        cause,
    })
}

fn made() -> FactBody {
    FactBody::Batch(BatchMade {
        batch: BatchId::from_bytes([4; 16]),
        label: "October".into(),
        package: PACKAGE,
        price: Money::from_minor(500_000),
        made_on: None,
        blocks: vec![BlockMade {
            block: BLOCK,
            count: 8,
        }],
    })
}

/// Leased to Asha, bound to her phone, handed over to Baraka, recalled by the owner.
fn office() -> Replica {
    let mut replica = replica(OWNER);
    let offer = Offer {
        given: id(4),
        site: SITE,
        from: ASHA,
        at: NOW.plus_millis(4 * 60_000),
        hand_over: given(),
    };
    let ended = StockNote::Ended {
        of: id(4),
        how: Ending::Taken { by: BARAKA },
    };
    let recall = RecallAsked {
        block: BLOCK,
        to: None,
        reason: "he left".into(),
    };
    let relay = PersonId::RELAY;
    let puts = [
        fact(1, 0, OWNER, made()),
        fact(
            2,
            1,
            OWNER,
            FactBody::LeaseAsked(LeaseAsked {
                block: BLOCK,
                to: ASHA,
            }),
        ),
        fact(102, 1, relay, leased(1, Some(ASHA), false, Some(id(2)))),
        fact(103, 2, relay, leased(2, Some(ASHA), true, None)),
        fact(
            104,
            5,
            relay,
            FactBody::StockNote(StockNote::Offered(offer)),
        ),
        fact(105, 6, relay, FactBody::StockNote(ended)),
        fact(106, 6, relay, leased(3, Some(BARAKA), true, Some(id(4)))),
        fact(7, 8, OWNER, FactBody::RecallAsked(recall)),
        fact(107, 8, relay, leased(4, None, false, Some(id(7)))),
    ];
    has(&mut replica, DocumentKey::Batches(SITE), &puts);
    replica
}

#[test]
fn a_block_tells_its_history_in_order() {
    let page = block(&office(), BLOCK).unwrap();
    let told: Vec<BlockHappened> = page.history.into_iter().map(|event| event.what).collect();
    let (asha, baraka, amina) = (
        "Asha".to_string(),
        "Baraka".to_string(),
        "Amina".to_string(),
    );
    let expected = [
        BlockHappened::Recalled {
            by: Some(amina.clone()),
            to: None,
            reason: "he left".into(),
        },
        BlockHappened::HandedOver {
            from: asha.clone(),
            to: Some(baraka.clone()),
            taken_by: baraka.clone(),
            left: 7,
        },
        BlockHappened::Given {
            from: asha.clone(),
            to: Some(baraka),
            left: 7,
        },
        BlockHappened::Reached { name: asha.clone() },
        BlockHappened::Leased {
            by: Some(amina.clone()),
            to: asha,
        },
        BlockHappened::Made { by: amina },
    ];
    assert_eq!(told, expected);
    assert_eq!(page.block.holder, HolderView::Office);
}

#[test]
fn the_office_sees_who_asks_who_holds_and_who_runs_low() {
    let mut office = office();
    let month = Month::of(NOW);
    let till = DocumentKey::Till {
        site: SITE,
        person: ASHA,
        month,
    };
    let asked = StockAsked {
        package: PACKAGE,
        quantity: 20,
        note: None,
    };
    has(
        &mut office,
        till,
        &[fact(30, 9, ASHA, FactBody::StockAsked(asked.clone()))],
    );
    let view = vouchers(&office, SITE);
    assert_eq!(view.asks.len(), 1);
    assert_eq!(view.holdings.len(), 1);
    assert_eq!((view.holdings[0].person, view.holdings[0].left), (None, 8));
    // The office itself does not run low.
    assert_eq!(view.low, []);
    let waits = |needs: &StockNeedsView| -> Vec<(SiteId, u32, u32)> {
        let sites = needs.sites.iter();
        sites.map(|site| (site.site, site.asks, site.low)).collect()
    };
    assert_eq!(waits(&needs(&office)), [(SITE, 1, 0)]);
    assert_eq!(needs(&office).sites[0].name, "Mwenge");

    // Somebody asks where there is no batch yet, and somebody at a site that is closed by now.
    for (n, site, name, active) in [(31, OTHER, "Sinza", true), (41, CLOSED, "Zamani", false)] {
        let mut puts = site::puts(name, None);
        puts.push(record("site/active".into(), active));
        has(&mut office, DocumentKey::SitePublic(site), &puts);
        let till = DocumentKey::Till {
            site,
            person: BARAKA,
            month,
        };
        let asks = [n, n + 1].map(|n| fact(n, 10, BARAKA, FactBody::StockAsked(asked.clone())));
        has(&mut office, till, &asks);
    }
    let found = needs(&office);
    assert_eq!(waits(&found), [(OTHER, 2, 0), (SITE, 1, 0)]);
    let view = vouchers(&office, OTHER);
    assert_eq!((view.batches.len(), view.asks.len()), (0, 2));

    let mut office = replica(OWNER);
    let puts = [
        fact(1, 0, OWNER, made()),
        fact(102, 1, PersonId::RELAY, leased(1, Some(ASHA), true, None)),
    ];
    has(&mut office, DocumentKey::Batches(SITE), &puts);
    let view = vouchers(&office, SITE);
    assert_eq!((view.low[0].person, view.low[0].left), (ASHA, 8));
    assert_eq!(view.holdings[0].person, Some(ASHA));
}

#[test]
fn a_holder_sees_since_when_and_that_it_leaves() {
    let mut asha = replica(ASHA);
    let codes = Codes {
        batch: BatchId::from_bytes([4; 16]),
        package: PACKAGE,
        price: Money::from_minor(500_000),
        packed: "A\nB\nC".into(),
    };
    let key = DocumentKey::Block {
        site: SITE,
        block: BLOCK,
    };
    has(&mut asha, key, &[fact(1, 0, OWNER, FactBody::Codes(codes))]);
    let beside = fact(102, 1, PersonId::RELAY, leased(2, Some(ASHA), true, None));
    has(&mut asha, key.verdict().unwrap(), &[beside]);
    let view = mine(&asha, NOW);
    assert_eq!(view.blocks[0].since, Some(NOW.plus_millis(60_000)));
    assert_eq!(view.blocks[0].leaving, None);
    assert_eq!(sell(&asha, SITE, TODAY).tiles[0].left, 3);
    assert!(sell(&asha, SITE, TODAY).tiles[0].is_low);

    let till = DocumentKey::Till {
        site: SITE,
        person: ASHA,
        month: Month::of(NOW),
    };
    has(
        &mut asha,
        till,
        &[fact(4, 4, ASHA, FactBody::HandOverGiven(given()))],
    );
    let leaving = mine(&asha, NOW).blocks[0].leaving.clone().unwrap();
    assert_eq!(leaving.to.as_deref(), Some("Baraka"));
    assert_eq!(sell(&asha, SITE, TODAY).tiles[0].left, 0);
}

#[test]
fn an_answer_that_took_its_time_is_shown_from_when_it_came() {
    let day = 24 * 60;
    let mut asha = replica(ASHA);
    let till = DocumentKey::Till {
        site: SITE,
        person: ASHA,
        month: Month::of(NOW),
    };
    let asked = |n, days: i64| {
        let asked = FactBody::StockAsked(StockAsked {
            package: PACKAGE,
            quantity: 20,
            note: None,
        });
        fact(n, days * day, ASHA, asked)
    };
    let declined = |n, of, days: i64| {
        let declined = FactBody::StockAskDeclined(StockAskDeclined {
            asked: id(of),
            reason: "The rains".into(),
        });
        fact(n, days * day, OWNER, declined)
    };
    let gives = |n, days: i64| fact(n, days * day, ASHA, FactBody::HandOverGiven(given()));
    let puts = [
        asked(1, -9),
        asked(2, -20),
        declined(11, 1, -1),
        declined(12, 2, -8),
        gives(3, -9),
        gives(4, -20),
    ];
    has(&mut asha, till, &puts);
    let ended = |n, of, days: i64| {
        let ended = StockNote::Ended {
            of: id(of),
            how: Ending::NotAllowed,
        };
        fact(n, days * day, PersonId::RELAY, FactBody::StockNote(ended))
    };
    let told = [ended(13, 3, -1), ended(14, 4, -8)];
    has(&mut asha, till.verdict().unwrap(), &told);

    let view = mine(&asha, NOW);
    let asks: Vec<IntentId> = view.asks.iter().map(|ask| ask.ask).collect();
    assert_eq!(asks, [id(1)]);
    let handed: Vec<IntentId> = view.handed.iter().map(|handed| handed.given).collect();
    assert_eq!(handed, [id(3)]);
}

/// Asha's phone: a block of eight, three of it sold in older months and one today; an ask of an older month is open.
fn with_older_months() -> Replica {
    let mut replica = replica(ASHA);
    let codes: Vec<String> = (0..8).map(|n| format!("code{n}")).collect();
    let codes = FactBody::Codes(Codes {
        batch: BatchId::from_bytes([4; 16]),
        package: PACKAGE,
        price: Money::from_minor(500_000),
        packed: codes.join("\n"),
    });
    let key = DocumentKey::Block {
        site: SITE,
        block: BLOCK,
    };
    has(&mut replica, key, &[fact(1, 0, OWNER, codes)]);
    let sale = |n: u8, index, days: i64, method| {
        let line = crdt_model::fact::Line {
            voucher: VoucherRef {
                block: BLOCK,
                index,
            },
            package: PACKAGE,
            price: Money::from_minor(500_000),
        };
        let sale = FactBody::Sale(crdt_model::fact::Sale {
            receipt: format!("AAAA-{n:06}"),
            lines: vec![line],
            method,
            reference: None,
            client: None,
        });
        (days, fact(n, days * 24 * 60, ASHA, sale))
    };
    let asked = FactBody::StockAsked(StockAsked {
        package: PACKAGE,
        quantity: 50,
        note: None,
    });
    let facts = [
        sale(11, 0, -90, PaymentMethod::Cash),
        sale(12, 5, -61, PaymentMethod::Mpesa),
        sale(13, 1, -60, PaymentMethod::Cash),
        (-60, fact(14, -60 * 24 * 60, ASHA, asked)),
        sale(15, 2, 0, PaymentMethod::Cash),
    ];
    let mut tills: BTreeMap<Month, Vec<Put>> = BTreeMap::new();
    for (days, put) in facts {
        let at = NOW.plus_millis(days * 86_400_000);
        tills.entry(Month::of(at)).or_default().push(put);
    }
    assert_eq!(tills.len(), 3);
    for (month, puts) in tills {
        let key = DocumentKey::Till {
            site: SITE,
            person: ASHA,
            month,
        };
        has(&mut replica, key, &puts);
    }
    replica
}

#[test]
fn a_till_that_starts_by_a_brief_shows_what_it_would_show() {
    let mut whole = with_older_months();
    let mut stored: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut keep = |commit: crdt_model::replica::Commit| {
        let writes = commit.writes.into_iter();
        stored.extend(writes.filter_map(|(key, value)| Some((key, value?))));
    };
    keep(whole.everything());
    let (bytes, commit) = whole.make_brief(Month::of(NOW), &mut Ones).unwrap();
    keep(commit);
    let brief = Brief::decode(&bytes).unwrap();
    let left_out = brief.left_out();
    assert_eq!(left_out.len(), 4, "two tills: {left_out:?}");
    let (rest, first): (Vec<_>, Vec<_>) = stored
        .into_iter()
        .partition(|(key, _)| left_out.contains(key));
    let open = |since| {
        let (brief, first) = (brief.clone(), first.clone());
        Replica::open_brief(whole.me(), brief, first, [], since, &mut Ones).unwrap()
    };
    let mut opened = open(NOW.plus_millis(-86_400_000)).unwrap();
    let wanted = sell(&whole, SITE, TODAY);
    assert_eq!((wanted.tiles[0].left, wanted.sold_today), (4, 1));
    assert!(wanted.tiles[0].is_asked);
    assert_eq!(wanted.cash.all, Money::from_minor(1_500_000));
    assert_eq!(sell(&opened, SITE, TODAY), wanted);
    opened.complete(rest).unwrap();
    assert_eq!(sell(&opened, SITE, TODAY), wanted);
    assert_eq!(mine(&opened, NOW), mine(&whole, NOW));
    // Sales that must be there one by one are not.
    assert!(open(NOW.plus_millis(-65 * 86_400_000)).is_none());
}

//! The relay with real devices over real sockets: what each of them sees, and what SQL says.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use crdt_model::batch::check_undo;
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::codec;
use crdt_model::command::{Command, NewBlock};
use crdt_model::document::DocumentKey;
use crdt_model::fact::{PaymentMethod, VoucherRef};
use crdt_model::ids::{BatchId, BlockId, PackageId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::package::{PackageDetails, Unit, Validity};
use crdt_model::replica::PendingState;
use crdt_model::sale::{Buyer, SellOrder};
use crdt_model::sync::message::{Disposition, RelayMessage};
use crdt_model::voucher::{Code, VoucherState};
use serde_json::json;
use sync_server::database;
use sync_server::ids::new_id;
use sync_server::store::devices;

use crate::helpers::{Answer, Browser, PASSWORD, TestApp};
use crate::profile::{Profile, listen};

pub const PRICE: i64 = 5_000;

/// An organisation with an office, one package, and somebody to lease to.
pub struct Shop {
    pub app: TestApp,
    pub address: SocketAddr,
    pub office: Profile,
    pub site: SiteId,
    pub package: PackageId,
}

impl Shop {
    pub async fn open() -> Self {
        Self::open_on(TestApp::start().await).await
    }

    pub async fn open_on(app: TestApp) -> Self {
        let address = listen(&app).await;
        let (browser, _) = app.set_up().await;
        let mut office = Profile::register(&app, browser).await;
        office.sync(&app, address).await;
        let sites: Vec<SiteId> = office.device.replica.sheets().sites().collect();
        let package = PackageId::from_bytes(new_id(app.app.clock.now()));
        let details = PackageDetails::new(
            "1 Week".into(),
            Money::from_minor(PRICE),
            Validity {
                count: 1,
                unit: Unit::Week,
            },
        );
        office.run(Command::AddPackage { package, details }).await;
        office.settle().await;
        Self {
            app,
            address,
            office,
            site: sites[0],
            package,
        }
    }

    fn id(&self) -> [u8; 16] {
        new_id(self.app.app.clock.now())
    }

    /// A batch of one block.
    pub async fn import(&mut self, names: &[&str]) -> BlockId {
        let block = BlockId::from_bytes(self.id());
        let codes = names.iter().map(|name| Code {
            username: (*name).to_owned(),
            password: None,
        });
        let command = Command::MakeBatch {
            site: self.site,
            batch: BatchId::from_bytes(self.id()),
            label: "November".into(),
            package: self.package,
            price: Money::from_minor(PRICE),
            blocks: vec![NewBlock {
                block,
                codes: codes.collect(),
            }],
        };
        self.office.run(command).await;
        self.office.settle().await;
        block
    }

    /// An agent with a login and a device.
    pub async fn agent(&mut self, name: &str) -> Profile {
        let (_, browser) = self.hire(name).await;
        let mut agent = Profile::register(&self.app, browser).await;
        agent.sync(&self.app, self.address).await;
        agent
    }

    /// An agent with a login, and no device yet.
    pub async fn hire(&mut self, name: &str) -> (PersonId, Browser) {
        let grant = Grant {
            role: Role::Agent,
            scope: Scope::Site(self.site),
        };
        self.hire_as(name, grant).await
    }

    /// Somebody with this role and a login.
    pub async fn hire_as(&mut self, name: &str, grant: Grant) -> (PersonId, Browser) {
        let person = PersonId::from_bytes(self.id());
        let command = Command::AddStaff {
            person,
            name: name.into(),
            grants: vec![grant],
        };
        self.office.run(command).await;
        self.office.settle().await;
        let body = json!({ "person_id": person.to_string() });
        let invited = self
            .office
            .browser
            .post(&self.app, "/api/invites", body)
            .await;
        let token = invited.json()["token"].clone();
        let mut browser = Browser::default();
        let body = json!({ "token": token, "login": name, "password": PASSWORD });
        let accepted = browser.post(&self.app, "/api/invites/accept", body).await;
        assert_eq!(accepted.status, StatusCode::OK, "{:?}", accepted.json());
        (person, browser)
    }

    /// An agent who has gone offline with a block of these codes.
    pub async fn agent_with(&mut self, names: &[&str]) -> (Profile, BlockId) {
        let block = self.import(names).await;
        let mut asha = self.agent("asha").await;
        self.lease(block, asha.person).await;
        wait_for_block(&mut asha, block).await;
        asha.go_offline();
        (asha, block)
    }

    pub async fn revoke(&self, device: &Profile) {
        let own = device.identity;
        let app = &self.app.app;
        let mut tx = database::begin(&app.pool, own.org).await.unwrap();
        devices::revoke(&mut tx, own.org, own.device, app.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Sends a sealed batch without a session.
    pub async fn post(&self, sealed: &[u8]) -> Answer {
        let body = Body::from(sealed.to_vec());
        let request = Request::post("/api/push").body(body).unwrap();
        self.app.send(request).await
    }

    pub async fn lease(&mut self, block: BlockId, to: PersonId) {
        let site = self.site;
        self.office
            .run(Command::LeaseBlock { site, block, to })
            .await;
        self.office.settle().await;
    }

    pub async fn recall(&mut self, block: BlockId, to: Option<PersonId>) {
        let command = Command::RecallBlock {
            site: self.site,
            block,
            to,
            reason: "gone".into(),
        };
        self.office.run(command).await;
        // The lease that follows comes after the answer.
        self.office
            .until(|device| {
                let stock = device.replica.stock();
                let lease = stock
                    .blocks
                    .get(&block)
                    .and_then(|block| block.lease.as_ref());
                lease.is_some_and(|lease| lease.person == to)
            })
            .await;
        self.office.settle().await;
    }

    pub fn order(&self, quantity: u32) -> SellOrder {
        SellOrder {
            site: self.site,
            package: self.package,
            price: Money::from_minor(PRICE),
            quantity,
            method: PaymentMethod::Cash,
            reference: None,
            client: Buyer::WalkIn,
        }
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut owner = self.app.as_owner().await;
        sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap()
    }

    pub async fn totals(&self) -> (i64, i64, i64) {
        (
            self.count("select count(*) from sales").await,
            self.count("select coalesce(sum(total_minor), 0)::bigint from sales")
                .await,
            self.count("select count(*) from verdicts where kind = 'double_sale'")
                .await,
        )
    }
}

fn holds(profile: &Profile, block: BlockId) -> bool {
    profile
        .device
        .replica
        .stock()
        .mine()
        .any(|mine| mine.id == block)
}

#[tokio::test]
async fn two_agents_sell_and_the_books_agree() {
    let mut shop = Shop::open().await;
    let one = shop.import(&["A1", "A2", "A3"]).await;
    let two = shop.import(&["B1", "B2", "B3"]).await;
    let mut asha = shop.agent("asha").await;
    let mut baraka = shop.agent("baraka").await;
    let (asha_id, baraka_id) = (asha.person, baraka.person);
    shop.lease(one, asha_id).await;
    shop.lease(two, baraka_id).await;
    wait_for_block(&mut asha, one).await;
    wait_for_block(&mut baraka, two).await;
    assert!(!holds(&asha, two) && !holds(&baraka, one));

    asha.go_offline();
    baraka.go_offline();
    asha.sell(shop.order(2)).await;
    baraka.sell(shop.order(1)).await;
    baraka.sell(shop.order(2)).await;
    asha.sync(&shop.app, shop.address).await;
    baraka.sync(&shop.app, shop.address).await;

    assert_eq!(shop.totals().await, (3, 5 * PRICE, 0));
    assert_eq!(shop.count("select count(*) from sale_lines").await, 5);
    assert_eq!(
        shop.count("select count(distinct receipt) from sales")
            .await,
        3
    );
    assert_eq!(shop.count("select count(*) from vouchers").await, 6);
    assert_eq!(
        shop.count("select count(*) from leases where device_id is not null")
            .await,
        2
    );
    assert_eq!(shop.count("select count(*) from grants").await, 3);
    // The office sees it all.
    let sales = |profile: &Profile| {
        profile
            .device
            .replica
            .sheets()
            .facts()
            .filter(|(key, ..)| matches!(key, DocumentKey::Till { .. }))
            .count()
    };
    shop.office
        .until(|device| {
            device
                .replica
                .sheets()
                .facts()
                .filter(|(key, ..)| matches!(key, DocumentKey::Till { .. }))
                .count()
                == 3
        })
        .await;
    assert_eq!((sales(&asha), sales(&baraka)), (1, 2));
}

pub async fn wait_for_block(profile: &mut Profile, block: BlockId) {
    profile
        .until(|device| device.replica.stock().mine().any(|mine| mine.id == block))
        .await;
}

#[tokio::test]
async fn co1_a_voucher_sold_twice_after_a_recall_is_judged() {
    let mut shop = Shop::open().await;
    let block = shop.import(&["A1"]).await;
    let mut asha = shop.agent("asha").await;
    let mut baraka = shop.agent("baraka").await;
    shop.lease(block, asha.person).await;
    wait_for_block(&mut asha, block).await;
    asha.go_offline();
    shop.recall(block, Some(baraka.person)).await;
    wait_for_block(&mut baraka, block).await;
    baraka.sell(shop.order(1)).await;
    baraka.settle().await;
    asha.sell(shop.order(1)).await;
    asha.sync(&shop.app, shop.address).await;
    assert_eq!(shop.totals().await, (2, 2 * PRICE, 1));
    let statuses = "select count(*) from sales where status = 'double'";
    assert_eq!(shop.count(statuses).await, 1);
    // All three hear of it.
    let has_verdict = |device: &crdt_model::sync::device::Device| {
        device.replica.sheets().facts().any(|(_, _, fact)| {
            matches!(
                fact.body,
                crdt_model::fact::FactBody::Verdict(crdt_model::fact::Verdict::DoubleSale { .. })
            )
        })
    };
    asha.until(has_verdict).await;
    baraka.until(has_verdict).await;
    shop.office.until(has_verdict).await;
}

impl Shop {
    async fn undo(&mut self, block: BlockId) {
        let batch = self.office.device.replica.stock().blocks[&block].batch;
        let site = self.site;
        // A recall comes back from the relay as a lease.
        self.office
            .until(|device| check_undo(&device.replica.stock(), site, batch).is_ok())
            .await;
        self.office.run(Command::UndoBatch { site, batch }).await;
        self.office.settle().await;
    }
}

fn state(profile: &Profile, block: BlockId, index: u32) -> VoucherState {
    let voucher = VoucherRef { block, index };
    profile.device.replica.stock().state(voucher)
}

#[tokio::test]
async fn co11_an_undone_batch_frees_its_codes() {
    let mut shop = Shop::open().await;
    let first = shop.import(&["A1", "A2"]).await;
    shop.undo(first).await;
    assert_eq!(state(&shop.office, first, 0), VoucherState::Void);
    let in_use = "select count(*) from vouchers where not is_undone and not is_duplicate";
    assert_eq!(shop.count(in_use).await, 0);
    let again = shop.import(&["A1", "A2"]).await;
    assert_eq!(shop.count(in_use).await, 2);
    assert_eq!(shop.count("select count(*) from verdicts").await, 0);
    assert_eq!(state(&shop.office, again, 0), VoucherState::Unused);

    // One that is leased meanwhile stays: the relay heard of the lease first.
    let asha = shop.agent("asha").await;
    let (site, to) = (shop.site, asha.person);
    let stock = shop.office.device.replica.stock();
    let batch = stock.blocks[&again].batch;
    shop.office
        .run(Command::LeaseBlock {
            site,
            block: again,
            to,
        })
        .await;
    shop.office.run(Command::UndoBatch { site, batch }).await;
    shop.office.settle().await;
    let kept = "select count(*) from verdicts where kind = 'batch_kept'";
    assert_eq!(shop.count(kept).await, 1);
    assert_eq!(shop.count(in_use).await, 2);
    shop.office
        .until(|device| {
            let voucher = VoucherRef {
                block: again,
                index: 0,
            };
            device.replica.stock().state(voucher) == VoucherState::Unused
        })
        .await;
}

#[tokio::test]
async fn co12_a_sale_from_an_undone_batch_takes_the_code_it_was_imported_with_again() {
    let mut shop = Shop::open().await;
    let first = shop.import(&["A1", "A2"]).await;
    let mut asha = shop.agent("asha").await;
    shop.lease(first, asha.person).await;
    wait_for_block(&mut asha, first).await;
    asha.go_offline();
    asha.sell(shop.order(1)).await;
    shop.recall(first, None).await;
    shop.undo(first).await;
    let again = shop.import(&["A1"]).await;
    asha.sync(&shop.app, shop.address).await;
    shop.office
        .until(|device| {
            let voucher = VoucherRef {
                block: again,
                index: 0,
            };
            device.replica.stock().state(voucher) == VoucherState::Sold
        })
        .await;
    assert_eq!(shop.totals().await, (1, PRICE, 0));
    // The other code is still free, and can be imported.
    let more = shop.import(&["A2"]).await;
    assert_eq!(state(&shop.office, more, 0), VoucherState::Unused);
}

#[tokio::test]
async fn co12_a_held_sale_from_an_undone_batch_keeps_its_code_from_being_imported_again() {
    let mut shop = Shop::open().await;
    let first = shop.import(&["A1", "A2"]).await;
    let mut asha = shop.agent("asha").await;
    shop.lease(first, asha.person).await;
    wait_for_block(&mut asha, first).await;
    asha.go_offline();
    let sold = asha.sell(shop.order(1)).await;
    shop.recall(first, None).await;
    shop.undo(first).await;
    let command = Command::SetGrants {
        person: asha.person,
        grants: Vec::new(),
    };
    shop.office.run(command).await;
    shop.office.settle().await;
    asha.sync(&shop.app, shop.address).await;
    let state_of_sale = &asha.device.replica.pending(sold).unwrap().state;
    assert!(matches!(state_of_sale, PendingState::Held { .. }));
    let in_use = "select count(*) from vouchers where not is_undone and not is_duplicate";
    assert_eq!(shop.count(in_use).await, 1);
    let again = shop.import(&["A1", "A3"]).await;
    shop.office
        .until(|device| {
            let stock = device.replica.stock();
            let state = |index| {
                stock.state(VoucherRef {
                    block: again,
                    index,
                })
            };
            (state(0), state(1)) == (VoucherState::Void, VoucherState::Unused)
        })
        .await;
    assert_eq!(shop.count(in_use).await, 2);
}

#[tokio::test]
async fn he1_a_sale_of_somebody_without_a_role_is_held_until_it_is_accepted() {
    let mut shop = Shop::open().await;
    let (mut asha, _) = shop.agent_with(&["A1", "A2"]).await;
    let sold = asha.sell(shop.order(1)).await;
    let command = Command::SetGrants {
        person: asha.person,
        grants: Vec::new(),
    };
    shop.office.run(command).await;
    shop.office.settle().await;
    asha.sync(&shop.app, shop.address).await;
    let PendingState::Held { hold, .. } = asha.device.replica.pending(sold).unwrap().state else {
        panic!("not held: {:?}", asha.device.replica.pending(sold));
    };
    assert_eq!(shop.totals().await.0, 0);
    let open = "select count(*) from held_changes where decision is null";
    assert_eq!(shop.count(open).await, 1);

    let till = DocumentKey::Till {
        site: shop.site,
        person: asha.person,
        month: crdt_model::time::Month::of(shop.app.app.clock.now()),
    };
    let command = Command::DecideHeld {
        till,
        hold,
        accepted: true,
        reason: None,
        told: 1,
    };
    shop.office.run(command).await;
    shop.office.settle().await;
    assert_eq!(shop.totals().await, (1, PRICE, 0));
    let decided =
        "select count(*) from held_changes where decision = 'accepted' and decided_by is not null";
    assert_eq!(shop.count(decided).await, 1);
    asha.until(|device| device.replica.pending(sold).is_none())
        .await;
}

#[tokio::test]
async fn co3_a_cloned_profile_gives_one_receipt_twice_and_both_sales_count() {
    let mut shop = Shop::open().await;
    let (mut asha, _) = shop.agent_with(&["A1", "A2"]).await;
    let mut copy = asha.copy();
    asha.sell(shop.order(1)).await;
    copy.sell(shop.order(1)).await;
    asha.sync(&shop.app, shop.address).await;
    copy.sync(&shop.app, shop.address).await;
    assert_eq!(shop.totals().await, (2, 2 * PRICE, 1));
    let receipts = "select count(*) from verdicts where kind = 'duplicate_receipt'";
    assert_eq!(shop.count(receipts).await, 1);
    // Both go on, each as an author of its own.
    copy.sell(shop.order(1)).await;
    copy.settle().await;
    assert_eq!(shop.totals().await, (3, 3 * PRICE, 1));
}

#[tokio::test]
async fn id4_a_batch_pushed_again_changes_nothing_and_comes_by_post_too() {
    let mut shop = Shop::open().await;
    let (mut asha, _) = shop.agent_with(&["A1", "A2"]).await;
    asha.sell(shop.order(1)).await;
    let sealed = asha.sealed.clone().unwrap();
    let mut answers = BTreeSet::new();
    for _ in 0..3 {
        let answer = shop.post(&sealed).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
        answers.insert(answer.bytes);
    }
    assert_eq!(answers.len(), 1);
    let answer = codec::decode(answers.first().unwrap()).unwrap();
    let RelayMessage::Ack { number: 0, results } = answer else {
        panic!("{answer:?}")
    };
    assert!(matches!(results[..], [(_, Disposition::Accepted)]));
    assert_eq!(shop.totals().await, (1, PRICE, 0));
    asha.sync(&shop.app, shop.address).await;
    assert_eq!(shop.totals().await, (1, PRICE, 0));
    assert_eq!(asha.device.replica.outbox().count(), 0);
}

//! Does the work of one organisation: under its lock, several pushes to a COMMIT, and only then any answer.
//!
//! PostgreSQL is the truth. The state in memory is taken out before anything is done and put back after COMMIT; an
//! error or a panic in between leaves none, and the next one begins from the database.

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::document::{Actor, DocumentKey};
use crdt_model::fact::{SaleRef, VoucherRef};
use crdt_model::ids::{BlockId, DeviceId, HoldId, IntentId, OrgId, PersonId};
use crdt_model::relay::{
    AdmitError, Hold, Need, OrgState, Outcome, RelayDocument, Row, Signer, is_counted,
};
use crdt_model::sync::batch::FullBatch;
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use tokio::time::timeout;

use super::admit::PushError;
use super::claims;
use super::load::{self, LoadError};
use super::organisation::{Admitted, Job, Organisation, Work};
use super::project;
use crate::app::SharedApp;
use crate::database;
use crate::store::documents::Grown;
use crate::store::{changes, devices, documents, holds, sales, vouchers};

/// Documents in memory before all are let go: some hundred bytes to some hundred kilobytes each.
const DOCUMENTS_MAX: usize = 1_000;
/// Each round provides what the one before showed to be missing: document, earlier sale, its verdict, held intent.
const ROUNDS_MAX: usize = 16;

/// Why a whole group came to nothing.
#[derive(Debug, thiserror::Error)]
enum SettleError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("the relay's rules asked for what they were given: {0}")]
    Rules(AdmitError),
}

impl From<SettleError> for PushError {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::Database(source) | SettleError::Load(LoadError::Database(source)) => {
                Self::of_database(source)
            }
            other => {
                tracing::error!(error = ?other, "a push failed");
                Self::Internal
            }
        }
    }
}

/// Does whatever waits for this organisation.
pub async fn run(app: SharedApp, organisation: std::sync::Arc<Organisation>) {
    let mut slot = organisation.state.lock().await;
    loop {
        let jobs = organisation.next_jobs();
        if jobs.is_empty() {
            return;
        }
        app.metrics.push_group_size.observe(jobs.len() as f64);
        let (works, answers): (Vec<Work>, Vec<_>) = jobs
            .into_iter()
            .map(|Job { work, answer }| (work, answer))
            .unzip();
        let mut results = Vec::with_capacity(works.len());
        match settle_apart(&app, &organisation, &mut slot, works).await {
            Ok(settled) => results.extend(settled.into_iter().map(Ok)),
            Err((works, error)) if works.len() == 1 => results.push(Err(error)),
            // Each alone would wait for it as long again, and all others with it.
            Err((works, PushError::Away)) => {
                results.extend(works.iter().map(|_| Err(PushError::Away)));
            }
            // One of them may have spoiled it for the others.
            Err((works, _)) => {
                for work in works {
                    let alone = settle_apart(&app, &organisation, &mut slot, vec![work]).await;
                    results.push(match alone {
                        Ok(mut settled) => settled.pop().ok_or(PushError::Internal),
                        Err((_, error)) => Err(error),
                    });
                }
            }
        }
        for (answer, result) in answers.into_iter().zip(results) {
            // Whoever asked may be gone; what is committed is committed.
            let _ = answer.send(result);
        }
    }
}

type Settled = Vec<Admitted>;

/// In a task of its own, so that a panic ends these pushes and nothing else, and a connection on which no answer comes
/// can be given up.
async fn settle_apart(
    app: &SharedApp,
    organisation: &std::sync::Arc<Organisation>,
    slot: &mut Option<OrgState>,
    works: Vec<Work>,
) -> Result<Settled, (Vec<Work>, PushError)> {
    let works = std::sync::Arc::new(works);
    let state = slot.take();
    let mut task = {
        let (app, organisation, works) = (app.clone(), organisation.clone(), works.clone());
        tokio::spawn(async move { settle(&app, &organisation, state, &works).await })
    };
    let done = match timeout(app.relay.answer_timeout, &mut task).await {
        Ok(done) => done,
        Err(_) => {
            task.abort();
            // It may just have committed.
            task.await
        }
    };
    let error = match done {
        Ok(Ok((settled, state))) => {
            *slot = Some(state);
            return Ok(settled);
        }
        Ok(Err(error)) => PushError::from(error),
        Err(failed) if failed.is_cancelled() => {
            tracing::error!(org = %organisation.id, "PostgreSQL does not answer a push");
            PushError::Away
        }
        Err(failed) => {
            tracing::error!(org = %organisation.id, error = %failed, "a push made the relay panic");
            PushError::Internal
        }
    };
    // Whether anything was committed is unknown after a broken connection.
    organisation.tail().clear();
    let works = std::sync::Arc::try_unwrap(works).unwrap_or_default();
    Err((works, error))
}

async fn settle(
    app: &SharedApp,
    organisation: &Organisation,
    state: Option<OrgState>,
    works: &[Work],
) -> Result<(Settled, OrgState), SettleError> {
    let org = organisation.id;
    let now = app.clock.now();
    let mut tx = database::begin(&app.pool, org).await?;
    let head = changes::lock_head(&mut tx, org)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    let mut state = match state {
        // Otherwise another node wrote.
        Some(state) if state.head() == head && state.documents_loaded() < DOCUMENTS_MAX => state,
        _ => OrgState::new(org, head, actor(org)),
    };
    state.forget_devices();
    let signers: Vec<DeviceId> = works
        .iter()
        .map(|work| match work {
            Work::Batch(batch) => batch.device,
            Work::Bind { device, .. } => *device,
        })
        .collect();
    let revoked = devices::revoked_among(&mut tx, org, &signers).await?;
    // What all of them need, at once; what shows only later, each asks for itself.
    let batches = works.iter().filter_map(|work| match work {
        Work::Batch(batch) => Some(batch),
        Work::Bind { .. } => None,
    });
    let needs: BTreeSet<Need> = batches.flat_map(|batch| state.needs(batch, now)).collect();
    provide(&mut tx, &mut state, needs).await?;
    let mut settled = Vec::with_capacity(works.len());
    let mut all = Outcome::default();
    for work in works {
        let outcome = match work {
            Work::Batch(batch) => {
                let is_revoked = revoked.contains(&batch.device);
                admit(&mut tx, &mut state, batch, is_revoked, now).await?
            }
            Work::Bind { person, device } => {
                bind(&mut tx, &mut state, *person, *device, now).await?
            }
        };
        settled.push(Admitted {
            results: outcome.results,
            rows: outcome
                .rows
                .iter()
                .map(|row| (row.seq, row.device))
                .collect(),
            head: state.head(),
        });
        all.rows.extend(outcome.rows);
        all.holds.extend(outcome.holds);
    }
    store(&mut tx, &state, &all, now).await?;
    tx.commit().await?;
    app.metrics.rows.inc_by(all.rows.len() as u64);
    let head = state.head();
    let has_rows = !all.rows.is_empty();
    organisation.committed(all.rows, head);
    if has_rows {
        app.relay.tell_others(org);
    }
    Ok((settled, state))
}

/// The relay's own author in an organisation.
pub fn actor(org: OrgId) -> Actor {
    Actor::derive(DeviceId::from_bytes(*org.as_bytes()), b"the relay itself")
}

/// Stores what was decided; the caller commits.
pub async fn store(
    tx: &mut PgConnection,
    state: &OrgState,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let org = state.org();
    if !outcome.rows.is_empty() {
        changes::append(tx, org, &outcome.rows, now).await?;
        documents::put(tx, org, &grown(state, &outcome.rows)).await?;
        project::project(tx, state, &outcome.rows, now).await?;
        changes::set_head(tx, org, state.head()).await?;
    }
    let deciders = project::deciders(&outcome.rows);
    for hold in &outcome.holds {
        holds::put(tx, org, hold, deciders.get(&hold.id).copied(), now).await?;
    }
    Ok(())
}

fn grown(state: &OrgState, rows: &[Row]) -> Vec<Grown> {
    let mut grown: BTreeMap<DocumentKey, Grown> = BTreeMap::new();
    for row in rows {
        let entry = grown.entry(row.document).or_insert_with(|| Grown {
            key: row.document,
            heads: state
                .document(&row.document)
                .map(RelayDocument::heads)
                .unwrap_or_default(),
            last_seq: 0,
            new_changes: 0,
            begun_by: is_counted(&row.document).then_some(row.author),
        });
        entry.last_seq = row.seq;
        entry.new_changes += 1;
    }
    grown.into_values().collect()
}

async fn admit(
    tx: &mut PgConnection,
    state: &mut OrgState,
    batch: &FullBatch,
    revoked: bool,
    now: Timestamp,
) -> Result<Outcome, SettleError> {
    for _ in 0..ROUNDS_MAX {
        let needs = state.needs(batch, now);
        if needs.is_empty() {
            break;
        }
        provide(tx, state, needs).await?;
    }
    let signer = Signer {
        device: batch.device,
        person: batch.person,
        revoked,
    };
    state.admit(signer, batch, now).map_err(SettleError::Rules)
}

async fn bind(
    tx: &mut PgConnection,
    state: &mut OrgState,
    person: PersonId,
    device: DeviceId,
    now: Timestamp,
) -> Result<Outcome, SettleError> {
    let mut all = Outcome::default();
    let replaced = devices::replaced_by(tx, state.org(), device).await?;
    for site in vouchers::sites_to_bind(tx, state.org(), person, &replaced).await? {
        let key = DocumentKey::Batches(site);
        if state.document(&key).is_none() {
            provide(tx, state, [Need::Document(key)]).await?;
        }
        let outcome = loop {
            match state.bind_leases(site, person, device, &replaced, now) {
                Ok(outcome) => break outcome,
                // One verdict document a block: what is provided is not asked for again.
                Err(AdmitError::Missing(need)) => provide(tx, state, [need]).await?,
                Err(error) => return Err(SettleError::Rules(error)),
            }
        };
        all.rows.extend(outcome.rows);
    }
    Ok(all)
}

/// Provides everything with one question of a kind.
async fn provide(
    tx: &mut PgConnection,
    state: &mut OrgState,
    needs: impl IntoIterator<Item = Need>,
) -> Result<(), SettleError> {
    let org = state.org();
    let (mut keys, mut blocks, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let (mut usernames, mut receipts, mut intents) = (Vec::new(), Vec::new(), Vec::new());
    let mut claims = Vec::new();
    for need in needs {
        match need {
            Need::Document(key) => keys.push(key),
            Need::Sold(block) => blocks.push(block),
            Need::Codes(names) => usernames.extend(names),
            Need::Receipt(receipt) => receipts.push(receipt),
            Need::Intent(intent) => intents.push(intent),
            Need::Hold(id) => ids.push(id),
            Need::BlocksOf(batch) => {
                let blocks = vouchers::blocks_of(tx, org, batch).await?;
                state.provide_blocks_of(batch, blocks);
            }
            Need::Devices(person) => {
                let devices = devices::of_person(tx, org, person).await?;
                state.provide_devices(person, devices);
            }
            need @ (Need::SiteOf(_) | Need::Replaced(_) | Need::Record(_) | Need::Kept(_)) => {
                claims.push(need);
            }
        }
    }
    claims::provide(tx, state, claims).await?;
    for (key, document) in load::documents(tx, org, &keys).await? {
        state.provide_document(key, RelayDocument::new(document));
    }
    if !blocks.is_empty() {
        let mut sold: BTreeMap<BlockId, Vec<(u32, SaleRef)>> = BTreeMap::new();
        for (voucher, sale) in sales::taken_from(tx, org, &blocks).await? {
            sold.entry(voucher.block)
                .or_default()
                .push((voucher.index, sale));
        }
        for block in blocks {
            state.provide_sold(block, sold.remove(&block).unwrap_or_default());
        }
    }
    if !usernames.is_empty() {
        let known = vouchers::find_usernames(tx, org, &usernames).await?;
        let known: BTreeMap<String, VoucherRef> = known.into_iter().collect();
        state.provide_codes(usernames.into_iter().map(|username| {
            let place = known.get(&username).copied();
            (username, place)
        }));
    }
    if !receipts.is_empty() {
        let first = sales::first_with_receipts(tx, org, &receipts).await?;
        let mut first: BTreeMap<String, SaleRef> = first
            .into_iter()
            .map(|sale| (sale.receipt.clone(), sale))
            .collect();
        for receipt in receipts {
            let sale = first.remove(&receipt);
            state.provide_receipt(receipt, sale);
        }
    }
    if !intents.is_empty() {
        let tills = sales::tills_of(tx, org, &intents).await?;
        let mut tills: BTreeMap<IntentId, DocumentKey> = tills.into_iter().collect();
        for intent in intents {
            let till = tills.remove(&intent);
            state.provide_intent(intent, till);
        }
    }
    if !ids.is_empty() {
        let found = holds::find(tx, org, &ids).await?;
        let mut found: BTreeMap<HoldId, Hold> =
            found.into_iter().map(|hold| (hold.id, hold)).collect();
        for id in ids {
            let hold = found.remove(&id);
            state.provide_hold(id, hold);
        }
    }
    Ok(())
}

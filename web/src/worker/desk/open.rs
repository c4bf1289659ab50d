//! Opens the stores of one person and makes of them a desk: as they are, or from what was left of them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use crdt_model::ids::DeviceId;
use crdt_model::replica::{Brief, Commit, Identity, Replica, is_outbox_key};
use crdt_model::sync::device::{Device, Effect};
use futures::FutureExt;
use futures::channel::{mpsc, oneshot};
use wasm_bindgen_futures::spawn_local;

use super::brief::{CONFIRM_AFTER_MILLIS, RECENT_MILLIS, confirm_soon, set_out_after};
use super::shared::Ends;
use super::{Desk, Handle, Shared, earlier};
use crate::keys::browser_rng;
use crate::lock::Writer;
use crate::protocol::{Failure, Session, StoreWarning};
use crate::store::StoreError;
use crate::store::journal::{Entry, EntryId};
use crate::store::person::{PersonOpened, PersonStores};
use crate::store::profile::browser::Profile;
use crate::store::sentinel::{Sentinel, Start};
use crate::views::{self, Indexes};
use crate::worker::account::{Unlocked, now};
use crate::worker::page::Page;
use crate::worker::{log, not_saved};

/// Opens the stores of the unlocked person and starts the desk.
pub async fn open(
    page: Page,
    profile: Rc<Profile>,
    unlocked: Unlocked,
    writer: Writer,
    local: Option<Sentinel>,
) -> Result<(Handle, Session), Failure> {
    let Unlocked {
        person,
        data_key,
        account,
    } = unlocked;
    let id = |text: &str| crdt_model::ids::from_text(text).map_err(|_| Failure::Unexpected);
    let me = Identity {
        org: crdt_model::ids::OrgId::from_bytes(id(&person.organisation)?),
        person: crdt_model::ids::PersonId::from_bytes(id(&person.id)?),
        device: DeviceId::from_bytes(id(person.device.as_deref().unwrap_or_default())?),
    };
    let left_out =
        |bytes: &[u8]| Brief::decode(bytes).map_or_else(Vec::new, |brief| brief.left_out());
    let (opened, is_persistent) = futures::join!(
        PersonStores::open(&person.store, &data_key, local, left_out),
        is_persistent()
    );
    let (stores, mut opened) = opened.map_err(not_saved)?;
    let Recovered {
        replica,
        commits,
        warning,
        journal_behind,
    } = recover(me, &stores, &mut opened).await;
    let (inputs, queue) = mpsc::unbounded();
    let person_id = person.id.clone();
    let shared = Rc::new(Shared {
        inputs,
        profile,
        person: RefCell::new(person),
        account,
        data_key,
        ended: Cell::new(false),
        is_posting: Cell::new(false),
    });
    let session = views::session(&replica, is_persistent);
    let mut desk = Desk {
        shared: shared.clone(),
        page,
        stores,
        device: Device::new(replica),
        writer,
        link: None,
        links: 0,
        warning,
        database_behind: None,
        journal_behind,
        is_persistent,
        shut_out: None,
        session: session.clone(),
        indexes: Indexes::default(),
        changed: true,
        is_asked_how: false,
        is_set_out: false,
        sealed: Vec::new(),
        later: VecDeque::new(),
        rng: browser_rng(),
    };
    let mut is_kept = true;
    for commit in commits {
        let kept = desk.run(vec![Effect::Commit(commit)]).await;
        is_kept &= kept.map_err(|_| Failure::Busy)?.is_ok();
    }
    if is_kept {
        desk.settle_strays(&opened).await?;
    }
    if opened.start == Start::Normal && !session.grants.is_empty() {
        // Nothing was lost that the sentinels must tell of, and there is something to show: the first screen comes first.
        spawn_local(set_out_after(shared.clone(), CONFIRM_AFTER_MILLIS));
        spawn_local(confirm_soon(shared.clone()));
    } else {
        desk.confirm().await;
        desk.set_out().await.map_err(|_| Failure::Busy)?;
    }
    spawn_local(earlier::look(shared.clone()));
    let (relay, (ended, over)) = (desk.writer.relay.clone(), oneshot::channel());
    spawn_local(async move {
        desk.work(queue).await;
        // Nobody may wait for it.
        let _ = ended.send(());
    });
    Ok((
        Handle {
            person: person_id,
            ends: Rc::new(Ends(shared)),
            relay,
            over: over.shared(),
        },
        session,
    ))
}

impl Desk {
    /// Ends what the journal has under another name than the outbox: it was taken in under a name of its own, or was
    /// here before. It would be taken in again at each start. What only a newer app can read stays.
    async fn settle_strays(&self, opened: &PersonOpened) -> Result<(), Failure> {
        let journal = self.device.replica.journal();
        let known: BTreeSet<EntryId> = journal
            .iter()
            .map(|(order, _)| order.to_be_bytes().to_vec())
            .collect();
        let strays: Vec<EntryId> = opened
            .pending
            .iter()
            .filter(|(id, bytes)| !known.contains(id) && Replica::reads(bytes))
            .map(|(id, _)| id.clone())
            .collect();
        if strays.is_empty() {
            return Ok(());
        }
        match self.stores.commit(&[], &[Entry::settled(strays)]).await {
            Err(StoreError::NotTheWriter) => Err(Failure::Busy),
            Err(error) => {
                log(&format!("tidying the journal: {error}"));
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}

/// The replica as the stores give it.
struct Recovered {
    replica: Replica,
    /// What must be written first.
    commits: Vec<Commit>,
    warning: Option<StoreWarning>,
    journal_behind: bool,
}

/// Reads the brief and what lies beside it, the whole database, or only the journal.
async fn recover(me: Identity, stores: &PersonStores, opened: &mut PersonOpened) -> Recovered {
    let mut rng = browser_rng();
    let warning = match (&opened.store_error, &opened.journal_error) {
        (Some(error), _) => {
            log(&format!("IndexedDB is not in use: {error}"));
            Some(StoreWarning::DatabaseFailed)
        }
        (None, Some(error)) => {
            log(&format!("the journal is not in use: {error}"));
            Some(StoreWarning::JournalFailed)
        }
        (None, None) => None,
    };
    let mut entries = std::mem::replace(&mut opened.entries, Ok(Vec::new()));
    if let Some(brief) = opened.brief.take().as_deref().and_then(Brief::decode) {
        if opened.start == Start::Normal
            && let Ok(entries) = &mut entries
        {
            let (entries, journal) = (std::mem::take(entries), journal_of(opened));
            let since = now().plus_millis(-RECENT_MILLIS);
            match Replica::open_brief(me, brief, entries, journal, since, &mut rng) {
                Ok(Some(replica)) => {
                    return with_journal(stores, opened, replica, Vec::new(), warning).await;
                }
                Ok(None) => {}
                Err(error) => log(&format!("a brief cannot be read: {error}")),
            }
        }
        // What it stood for is wanted after all.
        entries = stores.load_all("").await;
    }
    let journal = || journal_of(opened);
    let from_database = match opened.start {
        Start::Normal | Start::RebuildJournal | Start::MergeForeign => match entries {
            Ok(entries) => Replica::open(me, entries, &mut rng)
                .map_err(|error| log(&format!("the database cannot be read: {error}")))
                .ok(),
            Err(error) => {
                log(&format!("the database cannot be read: {error}"));
                None
            }
        },
        Start::New | Start::RecoverFromJournal | Start::RecoverFromRelay { .. } => None,
    };
    let Some(mut replica) = from_database else {
        let (replica, commits, warning) = if opened.start == Start::New {
            (Replica::new(me, &mut rng), Vec::new(), warning)
        } else {
            let (replica, mut commit) = Replica::recover(me, journal(), &mut rng);
            // What is left of an older database must not come back beside what the relay sends, and what this app cannot
            // read must not spoil the next start.
            let left = stores.load_all("").await.unwrap_or_default();
            for (key, _) in left.into_iter().filter(|(key, _)| !is_outbox_key(key)) {
                commit.writes.entry(key).or_insert(None);
            }
            let warning = warning.or(Some(StoreWarning::Recovering));
            (replica, vec![commit], warning)
        };
        return Recovered {
            replica,
            commits,
            warning,
            journal_behind: false,
        };
    };
    let commits = replica.adopt(journal(), &mut rng).into_iter().collect();
    // A recovery that was cut before the relay had sent anything goes on, and still says so.
    let is_recovering = replica.last_contact().is_none() && replica.outbox().next().is_some();
    let warning = warning.or(is_recovering.then_some(StoreWarning::Recovering));
    with_journal(stores, opened, replica, commits, warning).await
}

/// Writes the journal anew where it holds less than the outbox.
async fn with_journal(
    stores: &PersonStores,
    opened: &PersonOpened,
    replica: Replica,
    commits: Vec<Commit>,
    mut warning: Option<StoreWarning>,
) -> Recovered {
    let mut journal_behind = false;
    if opened.start != Start::Normal || opened.pending.len() < replica.journal_len() {
        let entries: Vec<Entry> = replica
            .journal()
            .into_iter()
            .map(|(order, bytes)| Entry::pending(order.to_be_bytes(), bytes))
            .collect();
        if let Err(error) = stores.commit(&[], &entries).await {
            log(&format!("the journal cannot be rebuilt: {error}"));
            journal_behind = true;
            warning = warning.or(Some(StoreWarning::JournalFailed));
        }
    }
    Recovered {
        replica,
        commits,
        warning,
        journal_behind,
    }
}

fn journal_of(opened: &PersonOpened) -> impl Iterator<Item = Vec<u8>> {
    opened.pending.iter().map(|(_, bytes)| bytes.clone())
}

async fn is_persistent() -> bool {
    let storage = crate::browser::worker_scope().navigator().storage();
    let Ok(promise) = storage.persisted() else {
        return false;
    };
    crate::browser::settled::<wasm_bindgen::JsValue>(promise)
        .await
        .is_ok_and(|persisted| persisted.is_truthy())
}

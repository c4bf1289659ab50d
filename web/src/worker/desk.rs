//! The desk of whoever is unlocked: the one task that changes the replica, keeps its commits and answers the page.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crdt_model::capability::Capability;
use crdt_model::command::Command;
use crdt_model::ids::{DeviceId, IntentId};
use crdt_model::replica::{Brief, Commit, Identity, Replica};
use crdt_model::sync::device::{Device, Effect, Event};
use crdt_model::sync::message::CloseReason;
use crdt_model::time::Month;
use futures::channel::{mpsc, oneshot};
use futures::{FutureExt, StreamExt, select_biased};
use wasm_bindgen_futures::spawn_local;

use super::account::{Account, Unlocked, now};
use super::link::Link;
use super::orders::{self, Planned};
use super::page::Page;
use super::{log, not_saved, seal};
use crate::browser::build;
use crate::keys::{BrowserRng, DataKey, browser_rng};
use crate::lock::Writer;
use crate::lock::relay::Asked;
use crate::protocol::{
    self, Answer, Failure, Order, Packed, Query, Request, Session, ShutOut, StoreWarning, wire,
};
use crate::store::journal::Entry;
use crate::store::person::{Kept, PersonOpened, PersonStores};
use crate::store::profile::Person;
use crate::store::profile::browser::Profile;
use crate::store::sentinel::{Sentinel, Start};
use crate::store::{StoreError, Write};
use crate::views::{self, Indexes, Surroundings};

/// What a follower asks first: anything whose answer is the session.
pub const SESSION_CALL: Request = Request::SyncNow;

/// The connection is tried, pinged and given up by the second.
const TICK_MILLIS: u32 = 1_000;

/// By then the first screen is there, even on a slow phone.
const CONFIRM_AFTER_MILLIS: u32 = 2_000;

/// A till that has its first screen is left to paint it before the rest is read.
const REST_AFTER_MILLIS: u32 = 100;

/// Every sale since then is on the first screen of a till: it counts those of a day.
const RECENT_MILLIS: i64 = 36 * 60 * 60 * 1_000;

/// What the desk works through, one after the other.
pub enum Input {
    Ask {
        request: Request,
        reply: oneshot::Sender<Result<Answer, Failure>>,
    },
    Link {
        number: u64,
        event: Event,
    },
    /// What the relay answered to the sealed batch, sent by POST.
    Posted(Vec<u8>),
    /// The relay knows this device under a new id.
    NewDevice(DeviceId),
    /// The start is over; time for the sentinels.
    Confirm,
    /// Time to read what the brief stood for.
    Complete,
    /// Time to see whether another one is wanted.
    Brief,
    /// The server gave a ticket, or says that it will not.
    Welcome(Option<ShutOut>),
    Tick,
    End,
}

/// What the tasks around the desk share.
pub struct Shared {
    inputs: mpsc::UnboundedSender<Input>,
    profile: Rc<Profile>,
    person: RefCell<Person>,
    account: Account,
    data_key: DataKey,
    ended: Cell<bool>,
}

impl Shared {
    pub fn tell(&self, input: Input) {
        // Nobody listens once the desk has ended.
        let _ = self.inputs.unbounded_send(input);
    }

    /// Sends the sealed batch by HTTPS POST, where something on the way lets no socket through.
    pub async fn post_ready(&self) {
        let person = self.person.borrow().id.clone();
        let Ok(Some(sealed)) = self.profile.ready_batch(&person).await else {
            return;
        };
        match crate::http::Call::post("/api/push")
            .bytes(sealed)
            .fetch_bytes()
            .await
        {
            Ok(answer) => self.tell(Input::Posted(answer)),
            Err(error) => log(&format!("the sealed batch stays here for now: {error}")),
        }
    }

    /// A ticket for the socket; notices when the device had to be registered anew.
    pub async fn ticket(&self) -> Result<String, Failure> {
        let mut person = self.person.borrow().clone();
        let before = person.device.clone();
        let ticket = self.account.ticket(&self.profile, &mut person).await;
        match &ticket {
            Ok(_) => self.tell(Input::Welcome(None)),
            Err(failure) => {
                if let Some(why) = shut_out(failure) {
                    self.tell(Input::Welcome(Some(why)));
                }
            }
        }
        if person.device != before
            && let Some(device) = person.device.as_ref().and_then(|id| id.parse().ok())
        {
            self.tell(Input::NewDevice(device));
        }
        *self.person.borrow_mut() = person;
        ticket
    }
}

/// A server that is away or too busy will be back by itself; these wait for somebody.
fn shut_out(failure: &Failure) -> Option<ShutOut> {
    let Failure::Server { problem } = failure else {
        return None;
    };
    match problem.as_str() {
        "device-refused" => Some(ShutOut::DeviceRefused),
        "session-ended" | "not-signed-in" => Some(ShutOut::SignedOut),
        "wrong-login" => Some(ShutOut::PasswordRefused),
        _ => None,
    }
}

/// The way to the desk; it ends with its last handle.
#[derive(Clone)]
pub struct Handle {
    pub person: String,
    ends: Rc<Ends>,
}

struct Ends(Rc<Shared>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.ended.set(true);
        self.0.tell(Input::End);
    }
}

impl Handle {
    pub async fn ask(&self, request: Request) -> Result<Answer, Failure> {
        let (reply, answer) = oneshot::channel();
        self.ends.0.tell(Input::Ask { request, reply });
        answer.await.unwrap_or(Err(Failure::Locked))
    }
}

struct Desk {
    shared: Rc<Shared>,
    page: Page,
    stores: PersonStores,
    device: Device,
    writer: Writer,
    link: Option<Link>,
    links: u64,
    warning: Option<StoreWarning>,
    /// Commits were lost to the database: the next one writes everything.
    database_behind: bool,
    is_persistent: bool,
    shut_out: Option<ShutOut>,
    session: Session,
    indexes: Indexes,
    changed: bool,
    /// What follows from commits that are durable, and that nobody waits for: signing, sealing, sending.
    later: VecDeque<Effect>,
    rng: BrowserRng,
}

/// Another tab has the stores.
struct Lost;

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
    let (replica, commits, warning) = recover(me, &stores, &mut opened).await;
    let (inputs, queue) = mpsc::unbounded();
    let person_id = person.id.clone();
    let shared = Rc::new(Shared {
        inputs,
        profile,
        person: RefCell::new(person),
        account,
        data_key,
        ended: Cell::new(false),
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
        database_behind: false,
        is_persistent,
        shut_out: None,
        session: session.clone(),
        indexes: Indexes::default(),
        changed: true,
        later: VecDeque::new(),
        rng: browser_rng(),
    };
    for commit in commits {
        if desk.run(vec![Effect::Commit(commit)]).await.is_err() {
            return Err(Failure::Busy);
        }
    }
    if desk.device.replica.is_whole() {
        desk.set_out();
    } else {
        spawn_local(complete_after(shared.clone(), CONFIRM_AFTER_MILLIS));
    }
    if opened.start == Start::Normal {
        // Nothing was lost that the sentinels must tell of: the first screen comes first.
        spawn_local(confirm_soon(shared.clone()));
    } else {
        desk.confirm().await;
    }
    spawn_local(desk.work(queue));
    Ok((
        Handle {
            person: person_id,
            ends: Rc::new(Ends(shared)),
        },
        session,
    ))
}

/// The replica as the stores give it, what must be written first, and what to warn of.
async fn recover(
    me: Identity,
    stores: &PersonStores,
    opened: &mut PersonOpened,
) -> (Replica, Vec<Commit>, Option<StoreWarning>) {
    let mut rng = browser_rng();
    let mut entries = std::mem::replace(&mut opened.entries, Ok(Vec::new()));
    if let Some(brief) = opened.brief.take().as_deref().and_then(Brief::decode) {
        if opened.start == Start::Normal
            && let Ok(entries) = &mut entries
        {
            let (entries, journal) = (std::mem::take(entries), journal_of(opened));
            let since = now().plus_millis(-RECENT_MILLIS);
            match Replica::open_brief(me, brief, entries, journal, since, &mut rng) {
                Ok(Some(replica)) => return (replica, Vec::new(), None),
                Ok(None) => {}
                Err(error) => log(&format!("a brief cannot be read: {error}")),
            }
        }
        // What it stood for is wanted after all.
        entries = stores.load_all("").await;
    }
    let journal = || journal_of(opened);
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
        if opened.start == Start::New {
            return (Replica::new(me, &mut rng), Vec::new(), warning);
        }
        let (replica, commit) = Replica::recover(me, journal(), &mut rng);
        return (
            replica,
            vec![commit],
            warning.or(Some(StoreWarning::Recovering)),
        );
    };
    let commits = replica.adopt(journal(), &mut rng).into_iter().collect();
    // A recovery that was cut before the relay had sent anything goes on, and still says so.
    let is_recovering = replica.last_contact().is_none() && replica.outbox().next().is_some();
    let warning = warning.or(is_recovering.then_some(StoreWarning::Recovering));
    if opened.start != Start::Normal || opened.pending.len() < replica.outbox().count() {
        let entries: Vec<Entry> = replica
            .journal()
            .into_iter()
            .map(|(order, bytes)| Entry::pending(order.to_be_bytes(), bytes))
            .collect();
        if let Err(error) = stores.commit(&[], &entries).await {
            log(&format!("the journal cannot be rebuilt: {error}"));
        }
    }
    (replica, commits, warning)
}

fn journal_of(opened: &PersonOpened) -> impl Iterator<Item = Vec<u8>> {
    opened.pending.iter().map(|(_, bytes)| bytes.clone())
}

async fn complete_after(shared: Rc<Shared>, millis: u32) {
    gloo_timers::future::TimeoutFuture::new(millis).await;
    shared.tell(Input::Complete);
}

async fn confirm_soon(shared: Rc<Shared>) {
    gloo_timers::future::TimeoutFuture::new(CONFIRM_AFTER_MILLIS).await;
    shared.tell(Input::Confirm);
}

async fn tick(shared: Rc<Shared>) {
    while !shared.ended.get() {
        shared.tell(Input::Tick);
        gloo_timers::future::TimeoutFuture::new(TICK_MILLIS).await;
    }
}

enum Turn {
    Input(Option<Input>),
    Asked(Option<Asked>),
    Lost,
}

impl Desk {
    async fn work(mut self, mut queue: mpsc::UnboundedReceiver<Input>) {
        loop {
            let turn = {
                let Writer { incoming, lost, .. } = &mut self.writer;
                select_biased! {
                    _ = (&mut *lost).fuse() => Turn::Lost,
                    input = queue.next() => Turn::Input(input),
                    asked = incoming.next_asked().fuse() => Turn::Asked(asked),
                }
            };
            let is_brief = !self.device.replica.is_whole();
            let is_first_screen = is_first_screen(&turn);
            if is_brief && !is_first_screen && self.complete().await.is_err() {
                self.page.event(protocol::Event::Locked);
                return;
            }
            let outcome = match turn {
                Turn::Lost => Err(Lost),
                Turn::Input(None | Some(Input::End)) => return,
                Turn::Input(Some(Input::Ask { request, reply })) => {
                    let outcome = self.answer(request).await;
                    outcome.map(|answer| drop(reply.send(answer)))
                }
                Turn::Input(Some(input)) => self.hear(input).await,
                Turn::Asked(Some(asked)) => match wire::from_tab(build(), &asked.bytes) {
                    Some(request) => {
                        let outcome = self.answer(request).await;
                        outcome.map(|answer| {
                            let bytes = wire::for_tabs(build(), &answer);
                            self.writer.relay.answer(&asked, bytes);
                        })
                    }
                    // Of another build: an empty answer tells it to reload.
                    None => {
                        self.writer.relay.answer(&asked, Vec::new());
                        Ok(())
                    }
                },
                Turn::Asked(None) => Ok(()),
            };
            if outcome.is_err() {
                self.page.event(protocol::Event::Locked);
                return;
            }
            self.tell_changes();
            if is_brief && is_first_screen {
                spawn_local(complete_after(self.shared.clone(), REST_AFTER_MILLIS));
                continue;
            }
            // The answer is on its way; now what nobody waits for.
            if self.run(Vec::new()).await.is_err() {
                self.page.event(protocol::Event::Locked);
                return;
            }
            self.tell_changes();
        }
    }

    /// A replica that is whole may write, and meets the relay.
    fn set_out(&mut self) {
        // A batch that was ready before the restart is made anew.
        let effects = self.device.handle(Event::Stored(0), now(), &mut self.rng);
        self.later.extend(effects);
        spawn_local(tick(self.shared.clone()));
    }

    /// Reads what the brief stood for.
    async fn complete(&mut self) -> Result<(), Lost> {
        let replica = &mut self.device.replica;
        let completed = match self.stores.load_left_out(&replica.left_out()).await {
            Ok(entries) => replica.complete(entries).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = completed {
            log(&format!("what a brief stood for cannot be read: {error}"));
            // The next start does without, and if it cannot read that either, it recovers.
            if let Err(error) = self.stores.keep_brief(&[]).await {
                log(&format!("the brief: {error}"));
            }
            return Err(Lost);
        }
        self.set_out();
        Ok(())
    }

    /// Keeps a brief for the next start of who only sells: other first screens read everything.
    async fn keep_brief(&mut self) -> Result<(), Lost> {
        let sells = self.session.may(Capability::Sell) && !self.session.may(Capability::SalesAll);
        if !sells || self.database_behind {
            return Ok(());
        }
        let before = Month::of(self.around().now.plus_millis(-RECENT_MILLIS));
        let made = self.device.replica.make_brief(before, &mut self.rng);
        let Some((bytes, commit)) = made else {
            return Ok(());
        };
        if let Err(error) = self.stores.keep_brief(&bytes).await {
            // Its mark is in a commit that others will build on, and finds no brief at the next start.
            log(&format!("the brief: {error}"));
        }
        self.run(vec![Effect::Commit(commit)]).await.map(drop)
    }

    async fn hear(&mut self, input: Input) -> Result<(), Lost> {
        let event = match input {
            Input::Link { number, event } if number == self.links => event,
            // Of a connection that was given up.
            Input::Link { .. } | Input::Ask { .. } | Input::End => return Ok(()),
            Input::NewDevice(device) => {
                let commit = self.device.replica.change_device(device, &mut self.rng);
                return self.run(vec![Effect::Commit(commit)]).await.map(drop);
            }
            Input::Complete => return Ok(()),
            Input::Brief => return self.keep_brief().await,
            Input::Confirm => {
                self.confirm().await;
                return self.keep_brief().await;
            }
            Input::Welcome(shut_out) => {
                self.changed |= self.shut_out != shut_out;
                self.shut_out = shut_out;
                return Ok(());
            }
            Input::Posted(answer) => Event::Posted(answer),
            Input::Tick => Event::Tick,
        };
        if let Event::Closed = event {
            self.link = None;
        }
        let effects = self.device.handle(event, now(), &mut self.rng);
        self.run(effects).await.map(drop)
    }

    /// Makes one commit durable; what follows from it is left for later. The result tells where it is.
    async fn commit(&mut self, commit: Commit) -> Result<Result<Kept, StoreError>, Lost> {
        let number = commit.number;
        let kept = self.keep(commit).await?;
        match &kept {
            Ok(_) => {
                let stored = Event::Stored(number);
                let more = self.device.handle(stored, now(), &mut self.rng);
                self.later.extend(more);
            }
            Err(error) => {
                log(&format!("a commit was not kept: {error}"));
                self.database_behind = true;
                // Where the journal is not in use either, nothing is kept in it.
                self.warning = self.warning.or(Some(StoreWarning::DatabaseFailed));
            }
        }
        Ok(kept)
    }

    /// Carries out effects in order, and those that follow from them, after what was left for later. The result tells
    /// where the last commit is.
    async fn run(&mut self, effects: Vec<Effect>) -> Result<Result<Kept, StoreError>, Lost> {
        let mut kept = Ok(Kept::Both);
        self.later.extend(effects);
        while let Some(effect) = self.later.pop_front() {
            match effect {
                Effect::Commit(commit) => kept = self.commit(commit).await?,
                Effect::Connect => {
                    self.links += 1;
                    self.link = Some(Link::open(self.shared.clone(), self.links));
                }
                Effect::Send(frame) => {
                    if let Some(link) = &self.link {
                        link.send(frame);
                    }
                }
                Effect::Close => self.link = None,
                // The one that follows holds what this one would, and more.
                Effect::Seal { .. } if self.later.iter().any(is_seal) => {}
                Effect::Seal { number, batch } => {
                    if let Some(bytes) = self.seal(&batch).await {
                        let event = Event::Sealed { number, bytes };
                        let more = self.device.handle(event, now(), &mut self.rng);
                        self.later.extend(more);
                    }
                }
                Effect::NothingToSeal => {
                    let person = self.shared.person.borrow().id.clone();
                    if let Err(error) = self.shared.profile.set_ready_batch(&person, None).await {
                        log(&format!("the ready slot: {error}"));
                    }
                    self.confirm().await;
                    self.shared.tell(Input::Brief);
                }
                Effect::Changed => self.changed = true,
                Effect::Refused(reason) => {
                    log(&format!("the server ended the connection: {reason:?}"));
                    if reason == CloseReason::DeviceRevoked {
                        self.shut_out = Some(ShutOut::DeviceRefused);
                    }
                }
            }
        }
        Ok(kept)
    }

    /// Makes a commit durable in both stores, or in the one that works.
    async fn keep(&mut self, commit: Commit) -> Result<Result<Kept, StoreError>, Lost> {
        let writes = if self.database_behind {
            self.device.replica.everything().writes
        } else {
            commit.writes
        };
        let writes: Vec<Write> = writes
            .into_iter()
            .map(|(key, value)| match value {
                Some(value) => Write::put(key, value),
                None => Write::delete(key),
            })
            .collect();
        let mut entries: Vec<Entry> = commit
            .pending
            .into_iter()
            .map(|(order, bytes)| Entry::pending(order.to_be_bytes(), bytes))
            .collect();
        if !commit.settled.is_empty() {
            entries.push(Entry::settled(
                commit.settled.iter().map(|order| order.to_be_bytes()),
            ));
        }
        let kept = self.stores.commit(&writes, &entries).await;
        let warning = match &kept {
            Err(StoreError::NotTheWriter) => return Err(Lost),
            Ok(Kept::Both) => {
                // Only a store that was written to has shown that it works again.
                let (in_database, in_journal) = (!writes.is_empty(), !entries.is_empty());
                self.database_behind &= !in_database;
                self.warning.filter(|warning| match warning {
                    StoreWarning::DatabaseFailed => !in_database,
                    StoreWarning::JournalFailed => !in_journal,
                    // Recovery ends when the relay has sent everything.
                    StoreWarning::Recovering => !self.device.is_online(),
                })
            }
            Ok(Kept::StoreOnly(error)) => {
                log(&format!("the journal: {error}"));
                Some(StoreWarning::JournalFailed)
            }
            Ok(Kept::JournalOnly(error)) => {
                log(&format!("the database: {error}"));
                self.database_behind = true;
                Some(StoreWarning::DatabaseFailed)
            }
            Err(_) => self.warning,
        };
        if warning != self.warning {
            self.warning = warning;
            self.changed = true;
        }
        Ok(kept)
    }

    async fn seal(&self, batch: &crdt_model::sync::batch::Batch) -> Option<Vec<u8>> {
        let person = self.shared.person.borrow().clone();
        let key = match self.shared.profile.signing_key(&person.id).await {
            Ok(Some(key)) => key,
            // Lost with IndexedDB: the next ticket registers a new one, and the batch is sealed then.
            Ok(None) => return None,
            Err(error) => {
                log(&format!("the signing key: {error}"));
                return None;
            }
        };
        let sealed = seal::seal(batch, &key, &person.relay_key).await;
        match sealed {
            Ok(bytes) => {
                if let Err(error) = self
                    .shared
                    .profile
                    .set_ready_batch(&person.id, Some(&bytes))
                    .await
                {
                    log(&format!("the ready slot: {error}"));
                }
                Some(bytes)
            }
            Err(error) => {
                log(&format!("sealing: {error}"));
                None
            }
        }
    }

    async fn answer(&mut self, request: Request) -> Result<Result<Answer, Failure>, Lost> {
        Ok(match request {
            Request::Do(order) => return self.execute(order).await,
            Request::Query(query) => {
                let around = self.around();
                let replica = &self.device.replica;
                Ok(views::answer(replica, &mut self.indexes, &query, around))
            }
            Request::ReadClients { bytes, site } => {
                let replica = &self.device.replica;
                views::client_plan(replica, &mut self.indexes, &bytes, site)
                    .map(|plan| Answer::ClientPlan(Packed::new(&plan)))
                    .map_err(Failure::ClientFile)
            }
            Request::SyncNow => {
                // A tab that has just come hears how things are.
                self.changed = true;
                let effects = self.device.handle(Event::TryNow, now(), &mut self.rng);
                self.run(effects)
                    .await?
                    .map_err(not_saved)
                    .map(|_| Answer::SignedIn {
                        session: self.session.clone(),
                        unlock_ticket: None,
                    })
            }
            Request::SignInAgain { password } => {
                let mut person = self.shared.person.borrow().clone();
                let shared = self.shared.clone();
                let (account, profile) = (&shared.account, &shared.profile);
                let signed_in = account
                    .sign_in_again(profile, &mut person, &shared.data_key, &password)
                    .await;
                if let Err(failure) = signed_in {
                    return Ok(Err(failure));
                }
                *self.shared.person.borrow_mut() = person;
                self.shut_out = None;
                self.changed = true;
                let effects = self.device.handle(Event::TryNow, now(), &mut self.rng);
                self.run(effects)
                    .await?
                    .map_err(not_saved)
                    .map(|_| Answer::Done)
            }
            Request::Dismiss { intent } => {
                let commit = self.device.replica.dismiss(intent);
                self.changed = true;
                self.run(vec![Effect::Commit(commit)])
                    .await?
                    .map_err(not_saved)
                    .map(|_| Answer::Done)
            }
            Request::Invite { person } => {
                let me = self.shared.person.borrow().clone();
                self.shared.account.invite(&me, person).await
            }
            Request::Invites => {
                let me = self.shared.person.borrow().clone();
                self.shared.account.invites(&me).await
            }
            Request::RevokeInvite { person } => {
                let me = self.shared.person.borrow().clone();
                self.shared.account.revoke_invite(&me, person).await
            }
            Request::Devices { person } => {
                let me = self.shared.person.borrow().clone();
                self.shared.account.devices(&me, person).await
            }
            Request::RevokeDevice { device } => {
                let me = self.shared.person.borrow().clone();
                self.shared.account.revoke_device(&me, device).await
            }
            Request::ExportAccess => {
                let me = self.shared.person.borrow().clone();
                self.shared.account.access(&me).await
            }
            Request::RescueFile => self.rescue(),
            Request::SignOut => {
                let me = self.shared.person.borrow().clone();
                self.shared.account.sign_out(&me).await;
                Ok(Answer::Done)
            }
            _ => Err(Failure::Unexpected),
        })
    }

    async fn execute(&mut self, order: Order) -> Result<Result<Answer, Failure>, Lost> {
        let planned = match orders::plan(&self.device.replica, order, now(), &mut self.rng) {
            Ok(planned) => planned,
            Err(refusal) => return Ok(Err(Failure::Refused(refusal))),
        };
        let is_sale = matches!(planned, Planned::Sell(_));
        // Of blocks without their batch no screen shows anything, and an import writes many.
        let is_shown = !matches!(&planned, Planned::Commands { commands, .. }
            if commands.iter().all(|command| matches!(command, Command::AddBlocks { .. })));
        let (executed, made) = match planned {
            Planned::Sell(order) => (
                self.device
                    .sell(order, now(), &mut self.rng)
                    .map(|executed| vec![executed]),
                None,
            ),
            Planned::Commands { commands, made } => {
                let executed = commands
                    .into_iter()
                    .map(|command| self.device.execute(command, now(), &mut self.rng))
                    .collect();
                (executed, made)
            }
        };
        let executed: Vec<(IntentId, Commit)> = match executed {
            Ok(executed) => executed,
            Err(refusal) => return Ok(Err(Failure::Refused(refusal))),
        };
        let first = executed.first().map(|(id, _)| *id);
        self.changed |= is_shown;
        let mut kept = Ok(Kept::Both);
        for (_, commit) in executed {
            kept = self.commit(commit).await?;
            if kept.is_err() {
                break;
            }
        }
        match kept {
            Ok(kept) => {
                let sold = first
                    .filter(|_| is_sale)
                    .and_then(|id| views::sale(&self.device.replica, id));
                Ok(Ok(match (sold, made) {
                    (Some(mut sold), _) => {
                        sold.warning = match kept {
                            Kept::Both => None,
                            Kept::JournalOnly(_) => Some(StoreWarning::DatabaseFailed),
                            Kept::StoreOnly(_) => Some(StoreWarning::JournalFailed),
                        };
                        Answer::Sold(sold)
                    }
                    (None, Some(id)) => Answer::Made { id },
                    (None, None) => Answer::Done,
                }))
            }
            // Neither store took it. What is in memory must not be shown as done: back to what is durable.
            Err(_) => {
                self.reload().await?;
                Ok(Err(Failure::NotSaved))
            }
        }
    }

    /// Back to what is durable: the database, and what only the journal could take while the database failed.
    async fn reload(&mut self) -> Result<(), Lost> {
        let me = self.device.replica.me();
        let entries = match self.stores.load_all("").await {
            Ok(entries) => entries,
            Err(error) => {
                log(&format!("the database cannot be read: {error}"));
                return Ok(());
            }
        };
        let mut replica = match Replica::open(me, entries, &mut self.rng) {
            Ok(replica) => replica,
            Err(error) => {
                log(&format!("the database cannot be read: {error}"));
                return Ok(());
            }
        };
        let adopted = replica.adopt(self.stores.journalled(), &mut self.rng);
        self.device = Device::new(replica);
        self.later.clear();
        self.indexes = Indexes::default();
        self.link = None;
        self.links += 1;
        self.database_behind = false;
        // Should it fail once more, it is still in the journal, and the next commit writes everything.
        if let Some(commit) = adopted {
            let _ = self.run(vec![Effect::Commit(commit)]).await?;
        }
        Ok(())
    }

    fn rescue(&self) -> Result<Answer, Failure> {
        let person = self.shared.person.borrow();
        let relay_key = crdt_model::sealing::SealingPublicKey::from_bytes(&person.relay_key)
            .map_err(|_| Failure::Unexpected)?;
        let plain = self.device.replica.rescue();
        let bytes =
            crdt_model::sealing::seal(&relay_key, b"ViorNet rescue 1", &plain, &mut browser_rng())
                .map_err(|_| Failure::Unexpected)?;
        let name = format!("viornet-rescue-{}.vrn", now().as_seconds());
        Ok(Answer::RescueFile { name, bytes })
    }

    fn around(&self) -> Surroundings {
        Surroundings {
            now: now().plus_millis(self.device.replica.clock_offset_millis()),
            online: self.device.is_online(),
            store_warning: self.warning,
            storage_is_persistent: self.is_persistent,
            is_fetching: self.device.is_fetching(),
            shut_out: self.shut_out,
        }
    }

    /// Writes the sentinels, so that an emptied store is noticed.
    async fn confirm(&self) {
        match self.stores.confirm().await {
            Ok(sentinel) => self
                .page
                .event(protocol::Event::Sentinel(sentinel.to_text())),
            // The files are another tab's to tidy.
            Err(StoreError::NotTheWriter) => return,
            Err(error) => log(&format!("the sentinels: {error}")),
        }
        if let Err(error) = self.stores.compact_journal().await {
            log(&format!("tidying the journal: {error}"));
        }
    }

    /// Tells this tab and the others what may be out of date.
    fn tell_changes(&mut self) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let pill = views::pill(&self.device.replica, self.around());
        let session = views::session(&self.device.replica, self.is_persistent);
        let mut events = vec![protocol::Event::Sync(pill)];
        if session != self.session {
            self.session = session.clone();
            events.push(protocol::Event::Session(session));
        }
        events.push(protocol::Event::Changed);
        for event in events {
            self.writer.relay.broadcast(wire::for_tabs(build(), &event));
            self.page.event(event);
        }
    }
}

/// What a brief is made for.
const fn is_first_screen(turn: &Turn) -> bool {
    matches!(
        turn,
        Turn::Input(Some(Input::Ask {
            request: Request::Query(Query::Sell { .. }),
            ..
        }))
    )
}

const fn is_seal(effect: &Effect) -> bool {
    matches!(effect, Effect::Seal { .. })
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

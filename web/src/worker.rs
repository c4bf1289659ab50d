//! The worker: owns documents, stores, keys and the link to the relay. The page asks ([`crate::protocol`]), it answers.
//!
//! One task, the desk ([`desk`]), changes the replica of the person who is unlocked; everything else sends it
//! messages, so that commits, seals and sends happen in the order the state machine asked for.

mod account;
mod desk;
mod follower;
mod import;
mod link;
mod orders;
mod page;
mod ready;
mod rescue;
mod seal;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;

use futures::StreamExt;
use futures::future::{Either, OptionFuture, select};
use wasm_bindgen_futures::spawn_local;

use crate::browser::within;
use crate::keys::DataKey;
use crate::lock;
use crate::protocol::{Answer, Call, Event, Failure, KnownPerson, Request, Start};
use crate::store::StoreError;
use crate::store::profile::browser::Profile;
use crate::store::profile::{Person, reconcile};
use crate::store::sentinel::Sentinel;

use account::{Account, Unlocked};
use page::Page;

/// What is done after locking may take so long.
const LEAVE_MILLIS: u32 = 2_000;
/// So long is waited for the profile's database, which any tab that was stopped can hold up: nothing in it is needed to
/// go on.
const PROFILE_MILLIS: u32 = 2_000;

/// So often a locked screen tries to send what lies ready.
const SEND_AGAIN_MILLIS: u32 = 60_000;

/// Whoever is unlocked, in this tab or through the tab that writes.
#[derive(Clone)]
enum Seat {
    Nobody,
    Writer(desk::Handle),
    Follower(follower::Handle),
}

struct Worker {
    page: Page,
    profile: Rc<Profile>,
    seat: RefCell<Seat>,
    /// Who was found at the start, for the page's first question.
    found: RefCell<Option<Result<Vec<Person>, StoreError>>>,
    /// What the page kept in `localStorage`, by the name of the store.
    sentinels: RefCell<BTreeMap<String, Sentinel>>,
    importer: import::Importer,
}

/// Runs until the page ends the worker.
pub async fn run() {
    let (page, mut calls) = Page::connect();
    let profile = match Profile::open().await {
        Ok(profile) => Rc::new(profile),
        Err(error) => {
            log(&format!("neither IndexedDB nor OPFS opens: {error}"));
            while let Some(call) = calls.next().await {
                page.reply(call.id, Err(Failure::NotSaved));
            }
            return;
        }
    };
    // Before the page asks: it is still on its way.
    let found = people(&profile).await;
    let worker = Rc::new(Worker {
        page,
        profile,
        found: RefCell::new(Some(found)),
        seat: RefCell::new(Seat::Nobody),
        sentinels: RefCell::default(),
        importer: import::Importer::default(),
    });
    while let Some(call) = calls.next().await {
        let worker = worker.clone();
        spawn_local(async move {
            let id = call.id;
            let result = worker.answer(call).await;
            worker.page.reply(id, result);
        });
    }
}

impl Worker {
    async fn answer(self: &Rc<Self>, call: Call) -> Result<Answer, Failure> {
        match call.request {
            Request::Start {
                sentinels,
                unlock_ticket,
            } => self.start(sentinels, unlock_ticket).await,
            Request::SetUp(set_up) => {
                let unlocked = account::set_up(&self.profile, &set_up).await?;
                self.take_seat(unlocked).await
            }
            Request::LookInvite { token } => account::look_invite(&token).await,
            Request::AcceptInvite {
                token,
                login,
                password,
            } => {
                let unlocked = account::accept_invite(
                    &self.profile,
                    &token,
                    &login,
                    &password,
                    self.open_key(),
                )
                .await?;
                self.take_seat(unlocked).await
            }
            Request::SignIn {
                login,
                password,
                old,
            } => {
                let keys = account::Keys {
                    open: self.open_key(),
                    old,
                };
                let unlocked = account::sign_in(&self.profile, &login, &password, keys).await?;
                self.take_seat(unlocked).await
            }
            Request::Unlock { person, password } => {
                let unlocked = account::unlock(&self.profile, person, &password).await?;
                self.take_seat(unlocked).await
            }
            Request::Lock => Ok(self.leave_seat(false).await),
            Request::SignOut => Ok(self.leave_seat(true).await),
            Request::Import(call) => self.import(call).await,
            request => self.ask_desk(request).await,
        }
    }

    async fn start(
        self: &Rc<Self>,
        sentinels: BTreeMap<String, String>,
        unlock_ticket: Option<Vec<u8>>,
    ) -> Result<Answer, Failure> {
        *self.sentinels.borrow_mut() = sentinels
            .into_iter()
            .filter_map(|(store, text)| Some((store, Sentinel::parse(&text)?)))
            .collect();
        let found = self.found.borrow_mut().take();
        let found = match found {
            Some(found) => found,
            None => people(&self.profile).await,
        };
        let people = found.map_err(not_saved)?;
        let (mut session, mut next_ticket) = (None, None);
        if let Some(ticket) = unlock_ticket {
            for person in &people {
                let redeemed = crate::keys::ticket::redeem(&self.profile, &person.id, &ticket);
                let Some(redeemed) = within(PROFILE_MILLIS, redeemed).await else {
                    break;
                };
                if let Ok(Some(data_key)) = redeemed {
                    let unlocked = Unlocked {
                        person: person.clone(),
                        data_key,
                        account: Account::default(),
                    };
                    if let Ok(Answer::SignedIn {
                        session: found,
                        unlock_ticket,
                    }) = self.take_seat(unlocked).await
                    {
                        session = Some(found);
                        next_ticket = unlock_ticket;
                    }
                    break;
                }
            }
        }
        if session.is_none() {
            spawn_local(self.clone().send_while_locked());
        }
        let people = people.iter().filter_map(known_person).collect();
        Ok(Answer::Started(Start {
            people,
            session,
            unlock_ticket: next_ticket,
            needs_set_up: None,
        }))
    }

    /// Opens the stores of an unlocked person, or joins the tab that has them open.
    async fn take_seat(self: &Rc<Self>, unlocked: Unlocked) -> Result<Answer, Failure> {
        *self.seat.borrow_mut() = Seat::Nobody;
        let (person, data_key) = (unlocked.person.id.clone(), unlocked.data_key.clone());
        // Side by side: the ticket is for the next start, and most of it is waiting for the browser.
        let ticket = pin!(crate::keys::ticket::issue(
            &self.profile,
            &person,
            &data_key
        ));
        let (ticket, session) = match select(ticket, pin!(self.open_seat(unlocked))).await {
            Either::Left((ticket, seat)) => (Some(ticket), seat.await),
            // Without one, loading the page anew asks for the password.
            Either::Right((session, ticket)) => (within(PROFILE_MILLIS, ticket).await, session),
        };
        Ok(Answer::SignedIn {
            session: session?,
            unlock_ticket: ticket.and_then(Result::ok),
        })
    }

    async fn open_seat(
        self: &Rc<Self>,
        unlocked: Unlocked,
    ) -> Result<crate::protocol::Session, Failure> {
        let role = lock::acquire(&unlocked.person.store)
            .await
            .map_err(|error| {
                log(&format!("the writer's lock: {error}"));
                Failure::Busy
            })?;
        match role {
            lock::Role::Writer(writer) => self.open_desk(unlocked, writer).await,
            lock::Role::Follower(follower) => {
                let handle = follower::start(self, unlocked, follower);
                *self.seat.borrow_mut() = Seat::Follower(handle);
                match self.ask_desk(desk::SESSION_CALL).await? {
                    Answer::SignedIn { session, .. } => Ok(session),
                    _ => Err(Failure::Unexpected),
                }
            }
        }
    }

    async fn open_desk(
        self: &Rc<Self>,
        unlocked: Unlocked,
        writer: lock::Writer,
    ) -> Result<crate::protocol::Session, Failure> {
        let local = self.sentinels.borrow().get(&unlocked.person.store).copied();
        let (handle, session) = desk::open(
            self.page.clone(),
            self.profile.clone(),
            unlocked,
            writer,
            local,
        )
        .await?;
        *self.seat.borrow_mut() = Seat::Writer(handle);
        Ok(session)
    }

    /// Locked at once, in all tabs of the person. The rest has little time: the page waits for it to begin anew, and
    /// neither a server that does not answer nor a tab that was stopped may keep it.
    async fn leave_seat(&self, signs_out: bool) -> Answer {
        self.importer.forget();
        let (person, over) = match self.seat.replace(Seat::Nobody) {
            Seat::Nobody => return Answer::Done,
            Seat::Writer(handle) => (handle.person.clone(), Some(handle.leave())),
            Seat::Follower(handle) => {
                handle.leave();
                (handle.person.clone(), None)
            }
        };
        let rest = futures::future::join3(
            OptionFuture::from(over),
            // Without its browser half the ticket in `sessionStorage` opens nothing.
            crate::keys::ticket::revoke(&self.profile, &person),
            OptionFuture::from(signs_out.then(|| account::sign_out(&person))),
        );
        if within(LEAVE_MILLIS, rest).await.is_none() {
            log("locked; not everybody could be told in time");
        }
        Answer::Done
    }

    /// The key of whoever is unlocked in this tab: a new password needs no old one then.
    fn open_key(&self) -> Option<(String, DataKey)> {
        match &*self.seat.borrow() {
            Seat::Writer(handle) => Some((handle.person.clone(), handle.data_key())),
            Seat::Nobody | Seat::Follower(_) => None,
        }
    }

    async fn ask_desk(&self, request: Request) -> Result<Answer, Failure> {
        loop {
            let seat = self.seat.borrow().clone();
            match seat {
                Seat::Nobody => return Err(Failure::Locked),
                Seat::Writer(handle) => return handle.ask(request).await,
                Seat::Follower(handle) => match handle.ask(&request).await {
                    Ok(answer) => return answer,
                    Err(silent) => {
                        if !handle.take_over().await {
                            return Err(Failure::Busy);
                        }
                        // Asked again, an order could be carried out twice. The person looks and decides.
                        if silent == follower::Silent::During && !only_reads(&request) {
                            return Err(Failure::Busy);
                        }
                    }
                },
            }
        }
    }

    /// A locked screen still carries everybody's sealed work to the relay, once there is a signal.
    async fn send_while_locked(self: Rc<Self>) {
        while matches!(*self.seat.borrow(), Seat::Nobody) {
            ready::send(&self.profile, None).await;
            gloo_timers::future::TimeoutFuture::new(SEND_AGAIN_MILLIS).await;
        }
    }

    /// The desk is gone: another tab took the stores over.
    fn lost_seat(&self) {
        *self.seat.borrow_mut() = Seat::Nobody;
        self.page.event(Event::Locked);
    }
}

fn only_reads(request: &Request) -> bool {
    matches!(
        request,
        Request::Query(_) | Request::ReadClients { .. } | Request::SyncNow
    )
}

/// Everybody who has signed in here. The copy in files is enough while the database is held up.
async fn people(profile: &Profile) -> Result<Vec<Person>, StoreError> {
    if let Some(found) = within(PROFILE_MILLIS, profile.people()).await {
        return found;
    }
    match profile.people_in_folder().await {
        Ok(people) if !people.is_empty() => Ok(reconcile(&[], &people).people),
        _ => profile.people().await,
    }
}

fn known_person(person: &Person) -> Option<KnownPerson> {
    Some(KnownPerson {
        id: person.id.parse().ok()?,
        name: person.name.clone(),
        organisation: person.organisation_name.clone(),
        login: person.login.clone(),
    })
}

fn not_saved(error: StoreError) -> Failure {
    log(&format!("the stores: {error}"));
    match error {
        StoreError::Held => Failure::Busy,
        _ => Failure::NotSaved,
    }
}

/// For support: the browser's console. Never a code, a key or a name.
fn log(text: &str) {
    web_sys::console::warn_1(&text.into());
}

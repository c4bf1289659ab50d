//! Signing in: with the server the first time, with the password alone afterwards. Also the access token and the
//! socket tickets of whoever is unlocked.

use std::cell::RefCell;

use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::time::Timestamp;
use rand_core::Rng;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::http::{self, HttpError};
use crate::keys::sign::SigningKey;
use crate::keys::{BrowserRng, Cost, DataKey, UnlockError, WrappedKey, browser_rng};
use crate::protocol::{Answer, DeviceView, Failure, InviteView, OldPassword, Packed, SetUp};
use crate::store::profile::browser::Profile;
use crate::store::profile::{Person, SealedStore};

use super::{log, not_saved};

/// A person whose data key is in memory.
#[derive(Clone)]
pub struct Unlocked {
    pub person: Person,
    pub data_key: DataKey,
    pub account: Account,
}

/// What the server gave, and the password until it gave something.
#[derive(Clone, Default)]
pub struct Account {
    access: RefCell<Option<(String, Timestamp)>>,
    password: RefCell<Option<Zeroizing<String>>>,
}

#[derive(Deserialize)]
struct SessionBody {
    org_id: OrgId,
    person_id: PersonId,
    access_token: String,
    /// Seconds.
    expires_in: i64,
}

#[derive(Deserialize)]
struct Me {
    name: String,
    login: String,
    organisation: String,
}

#[derive(Deserialize)]
struct Registered {
    device_id: DeviceId,
    sealing_key: String,
}

/// Tokens are renewed this long before they end.
const RENEW_BEFORE_MILLIS: i64 = 30_000;

pub async fn set_up(profile: &Profile, set_up: &SetUp) -> Result<Unlocked, Failure> {
    let body = serde_json::json!({
        "token": set_up.token,
        "organisation": {
            "name": set_up.organisation,
            "currency": set_up.currency.code(),
            "timezone": set_up.timezone,
        },
        "site": { "name": set_up.site },
        "owner": { "name": set_up.owner, "login": set_up.login, "password": set_up.password },
    });
    let session = post("/api/setup", None, &body).await?;
    begin(profile, session, &set_up.password, Keys::default()).await
}

pub async fn look_invite(token: &str) -> Result<Answer, Failure> {
    #[derive(Deserialize)]
    struct Seen {
        organisation: String,
        name: String,
        invited_by: String,
        expires_at_ms: i64,
        login: Option<String>,
    }
    let body = serde_json::json!({ "token": token });
    let seen: Seen = post("/api/invites/look", None, &body).await?;
    Ok(Answer::Invite {
        organisation: seen.organisation,
        name: seen.name,
        invited_by: seen.invited_by,
        expires_at: Timestamp::from_millis(seen.expires_at_ms),
        login: seen.login,
    })
}

pub async fn accept_invite(
    profile: &Profile,
    token: &str,
    login: &str,
    password: &str,
    open: Option<(String, DataKey)>,
) -> Result<Unlocked, Failure> {
    let body = serde_json::json!({ "token": token, "login": login, "password": password });
    let session = post("/api/invites/accept", None, &body).await?;
    let keys = Keys {
        open,
        ..Keys::default()
    };
    begin(profile, session, password, keys).await
}

pub async fn sign_in(
    profile: &Profile,
    login: &str,
    password: &str,
    keys: Keys,
) -> Result<Unlocked, Failure> {
    let body = serde_json::json!({ "login": login, "password": password });
    let session = post("/api/sign-in", None, &body).await?;
    begin(profile, session, password, keys).await
}

/// What opens the store of a person whose password was changed elsewhere.
pub struct Keys {
    /// Who is unlocked in this tab, and the key.
    pub open: Option<(String, DataKey)>,
    pub old: OldPassword,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            open: None,
            old: OldPassword::NotAsked,
        }
    }
}

impl Keys {
    /// The key of a known person whom the password does not open. None: the person has forgotten the old one.
    fn open(self, known: &Person) -> Result<Option<DataKey>, Failure> {
        if let Some((_, key)) = self.open.filter(|(person, _)| *person == known.id) {
            return Ok(Some(key));
        }
        match self.old {
            OldPassword::Known(old) => match known.wrapped_key.unwrap_with(&known.id, &old) {
                Ok(key) => Ok(Some(key)),
                Err(_) => Err(Failure::OldPassword { was_wrong: true }),
            },
            OldPassword::NotAsked => Err(Failure::OldPassword { was_wrong: false }),
            OldPassword::Forgotten => Ok(None),
        }
    }
}

/// The server knows the person; now this device does.
async fn begin(
    profile: &Profile,
    body: SessionBody,
    password: &str,
    keys: Keys,
) -> Result<Unlocked, Failure> {
    let id = body.person_id.to_string();
    let organisation = body.org_id.to_string();
    let account = Account::default();
    account.keep(body);
    let token = account
        .access
        .borrow()
        .as_ref()
        .map(|(token, _)| token.clone());
    let me: Me = parse(
        http::Call::get("/api/me")
            .bearer(token.as_deref().unwrap_or_default())
            .fetch_json()
            .await,
    )?;
    let known = profile
        .people()
        .await
        .map_err(not_saved)?
        .into_iter()
        .find(|person| person.id == id);
    let mut rng = browser_rng();
    let wrap =
        |key: &DataKey, rng: &mut _| WrappedKey::wrap(key, &id, password, Cost::STANDARD, rng);
    let new_store = |rng: &mut BrowserRng| {
        let mut store = [0; 16];
        rng.fill_bytes(&mut store);
        crdt_model::ids::to_text(&store).to_lowercase()
    };
    let (mut person, data_key) = match known {
        None => {
            let data_key = DataKey::generate(&mut rng);
            let person = Person {
                id: id.clone(),
                revision: 0,
                name: String::new(),
                login: String::new(),
                organisation,
                organisation_name: String::new(),
                device: None,
                store: new_store(&mut rng),
                wrapped_key: wrap(&data_key, &mut rng),
                relay_key: Vec::new(),
                sealed_before: Vec::new(),
                leftovers: Vec::new(),
                recovery: Vec::new(),
            };
            (person, data_key)
        }
        Some(mut known) => match known.wrapped_key.unwrap_with(&id, password) {
            Ok(data_key) => (known, data_key),
            // The password was changed elsewhere.
            Err(_) => match keys.open(&known)? {
                Some(data_key) => {
                    known.wrapped_key = wrap(&data_key, &mut rng);
                    (known, data_key)
                }
                // Documents are fetched again. The relay has to know what was sold before it is asked what is free.
                None => {
                    send_ready_batch(profile, &known.store).await?;
                    let data_key = DataKey::generate(&mut rng);
                    let before = SealedStore {
                        store: std::mem::replace(&mut known.store, new_store(&mut rng)),
                        wrapped_key: std::mem::replace(
                            &mut known.wrapped_key,
                            wrap(&data_key, &mut rng),
                        ),
                    };
                    // A tab that has it open would go on with it, under a record that names another.
                    crate::lock::lock_all(&before.store);
                    known.sealed_before.push(before);
                    (known, data_key)
                }
            },
        },
    };
    person.name = me.name;
    person.login = me.login;
    person.organisation_name = me.organisation;
    register_device(profile, &account, &mut person).await?;
    person.revision += 1;
    profile.save(&person).await.map_err(not_saved)?;
    Ok(Unlocked {
        person,
        data_key,
        account,
    })
}

/// What a store that cannot be opened has sealed.
async fn send_ready_batch(profile: &Profile, store: &str) -> Result<(), Failure> {
    if let Some(batch) = profile.ready_batch(store).await.map_err(not_saved)? {
        let sent = http::Call::post("/api/push")
            .upload(batch.sealed)
            .fetch_bytes()
            .await;
        match parse(sent.map(drop)) {
            Err(Failure::Offline) => return Err(Failure::Offline),
            // Of a device that was revoked, for example.
            Err(failure) => log(&format!("a sealed batch was not taken: {failure:?}")),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Changes the person's record, here and on the disk. [`Failure::Locked`]: this browser goes on with another store.
pub async fn edit(
    profile: &Profile,
    person: &mut Person,
    change: impl FnOnce(&mut Person),
) -> Result<(), Failure> {
    let edited = profile.edit(person, change).await.map_err(not_saved)?;
    *person = edited.ok_or(Failure::Locked)?;
    Ok(())
}

/// Makes sure that the relay knows this device's key for the person.
async fn register_device(
    profile: &Profile,
    account: &Account,
    person: &mut Person,
) -> Result<(), Failure> {
    let key = match profile.signing_key(&person.id).await.map_err(not_saved)? {
        Some(key) => key,
        None => {
            let key = SigningKey::generate().await.map_err(not_saved)?;
            profile
                .save_signing_key(&person.id, &key)
                .await
                .map_err(not_saved)?;
            key
        }
    };
    let public = key.public_key().await.map_err(not_saved)?;
    if person.recovery.is_empty() {
        person.recovery = vec![0; 32];
        browser_rng().fill_bytes(&mut person.recovery);
    }
    let body = serde_json::json!({
        "public_key": base64(&public),
        "label": device_label(),
        "recovery": base64(&person.recovery),
        "replaces": person.device,
    });
    let token = account
        .access
        .borrow()
        .as_ref()
        .map(|(token, _)| token.clone());
    let registered: Registered = post("/api/devices", token.as_deref(), &body).await?;
    person.device = Some(registered.device_id.to_string());
    person.relay_key = from_base64(&registered.sealing_key).ok_or(Failure::Unexpected)?;
    Ok(())
}

/// A person known on this device, with no connection.
pub async fn unlock(profile: &Profile, id: PersonId, password: &str) -> Result<Unlocked, Failure> {
    let id = id.to_string();
    let people = super::people(profile).await.map_err(not_saved)?;
    let person = people
        .into_iter()
        .find(|person| person.id == id)
        .ok_or(Failure::Locked)?;
    let data_key = person
        .wrapped_key
        .unwrap_with(&id, password)
        .map_err(|error| match error {
            UnlockError::WrongPassword => Failure::WrongPassword,
            UnlockError::Damaged(what) => {
                log(&format!("a wrapped key is damaged: {what}"));
                Failure::NotSaved
            }
        })?;
    let account = Account::default();
    *account.password.borrow_mut() = Some(Zeroizing::new(password.to_string()));
    Ok(Unlocked {
        person,
        data_key,
        account,
    })
}

impl Account {
    fn keep(&self, session: SessionBody) {
        let until = now().plus_millis(session.expires_in.saturating_mul(1000));
        *self.access.borrow_mut() = Some((session.access_token, until));
        *self.password.borrow_mut() = None;
    }

    /// The password once more, in the middle of work.
    pub async fn sign_in_again(
        &self,
        profile: &Profile,
        person: &mut Person,
        data_key: &DataKey,
        password: &str,
    ) -> Result<(), Failure> {
        let body = serde_json::json!({ "login": person.login, "password": password });
        let session: SessionBody =
            post("/api/sign-in", None, &body)
                .await
                .map_err(|failure| match failure {
                    Failure::Server { problem } if problem == "wrong-login" => {
                        Failure::WrongPassword
                    }
                    failure => failure,
                })?;
        if session.person_id.to_string() != person.id {
            return Err(Failure::Unexpected);
        }
        self.keep(session);
        // It was changed elsewhere: what the server takes opens this device from now on.
        if person
            .wrapped_key
            .unwrap_with(&person.id, password)
            .is_err()
        {
            let mut rng = browser_rng();
            let key = WrappedKey::wrap(data_key, &person.id, password, Cost::STANDARD, &mut rng);
            edit(profile, person, |person| person.wrapped_key = key).await?;
        }
        Ok(())
    }

    /// A token that is good for a while: kept, renewed by the cookie, or got anew with the password just typed.
    async fn token(&self, person: &Person) -> Result<String, Failure> {
        if let Some((token, until)) = &*self.access.borrow()
            && until.millis_since(now()) > RENEW_BEFORE_MILLIS
        {
            return Ok(token.clone());
        }
        let body = serde_json::json!({ "person_id": person.id });
        let session = match post("/api/refresh", None, &body).await {
            Ok(session) => session,
            Err(Failure::Server { problem }) => {
                let password = self
                    .password
                    .borrow()
                    .as_ref()
                    .map(|password| password.to_string());
                let Some(password) = password else {
                    return Err(Failure::Server { problem });
                };
                let body = serde_json::json!({ "login": person.login, "password": password });
                post("/api/sign-in", None, &body).await?
            }
            Err(failure) => return Err(failure),
        };
        let token = SessionBody::access_token_of(&session);
        self.keep(session);
        Ok(token)
    }

    /// A one-time ticket for the socket. A device whose key the browser lost is registered again first.
    pub async fn ticket(&self, profile: &Profile, person: &mut Person) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Ticket {
            ticket: String,
        }
        let token = self.token(person).await?;
        let has_key = profile
            .signing_key(&person.id)
            .await
            .map_err(not_saved)?
            .is_some();
        if !has_key || person.device.is_none() {
            let mut registered = person.clone();
            register_device(profile, self, &mut registered).await?;
            edit(profile, person, |person| {
                person.device = registered.device;
                person.relay_key = registered.relay_key;
                person.recovery = registered.recovery;
            })
            .await?;
        }
        let body = serde_json::json!({ "device_id": person.device });
        let given: Result<Ticket, Failure> = post("/api/ticket", Some(&token), &body).await;
        if let Err(Failure::Server { .. }) = given {
            // Should it be for the token, the next one is renewed.
            *self.access.borrow_mut() = None;
        }
        given.map(|Ticket { ticket }| ticket)
    }

    /// A token for the page itself.
    pub async fn access(&self, person: &Person) -> Result<Answer, Failure> {
        let token = self.token(person).await?;
        Ok(Answer::Access { token })
    }

    /// A link with which a member of staff signs in for the first time.
    pub async fn invite(&self, person: &Person, invited: PersonId) -> Result<Answer, Failure> {
        #[derive(Deserialize)]
        struct Invited {
            token: String,
            expires_at_ms: i64,
        }
        let token = self.token(person).await?;
        let body = serde_json::json!({ "person_id": invited });
        let Invited {
            token,
            expires_at_ms,
        } = post("/api/invites", Some(&token), &body).await?;
        let expires_at = Timestamp::from_millis(expires_at_ms);
        Ok(Answer::InviteLink {
            path: format!("/invite#{token}"),
            expires_at,
        })
    }

    /// The links of others that can still be used.
    pub async fn invites(&self, person: &Person) -> Result<Answer, Failure> {
        #[derive(Deserialize)]
        struct Open {
            person_id: PersonId,
            expires_at_ms: i64,
        }
        let open: Vec<Open> = get("/api/invites", &self.token(person).await?).await?;
        let invites = open.into_iter().map(|open| InviteView {
            person: open.person_id,
            expires_at: Timestamp::from_millis(open.expires_at_ms),
        });
        Ok(Answer::Invites(Packed::new(&invites.collect())))
    }

    pub async fn revoke_invite(
        &self,
        person: &Person,
        invited: PersonId,
    ) -> Result<Answer, Failure> {
        let body = serde_json::json!({ "person_id": invited });
        let token = self.token(person).await?;
        let () = post("/api/invites/revoke", Some(&token), &body).await?;
        Ok(Answer::Done)
    }

    /// Where somebody signed in.
    pub async fn devices(&self, person: &Person, whose: PersonId) -> Result<Answer, Failure> {
        #[derive(Deserialize)]
        struct Known {
            device_id: DeviceId,
            label: String,
            created_at_ms: i64,
            last_seen_at_ms: i64,
            revoked_at_ms: Option<i64>,
        }
        let url = format!("/api/people/{whose}/devices");
        let known: Vec<Known> = get(&url, &self.token(person).await?).await?;
        let this = person.device.as_deref();
        let devices = known.into_iter().map(|known| DeviceView {
            is_this: this == Some(known.device_id.to_string().as_str()),
            device: known.device_id,
            label: known.label,
            added_at: Timestamp::from_millis(known.created_at_ms),
            seen_at: Timestamp::from_millis(known.last_seen_at_ms),
            revoked_at: known.revoked_at_ms.map(Timestamp::from_millis),
        });
        Ok(Answer::Devices(Packed::new(&devices.collect())))
    }

    pub async fn revoke_device(
        &self,
        person: &Person,
        device: DeviceId,
    ) -> Result<Answer, Failure> {
        let body = serde_json::json!({ "device_id": device, "on": person.device });
        let token = self.token(person).await?;
        let () = post("/api/devices/revoke", Some(&token), &body).await?;
        Ok(Answer::Done)
    }
}

/// Ends the session that the cookie carries.
pub async fn sign_out(person: &str) {
    let body = serde_json::json!({ "person_id": person });
    let result: Result<serde_json::Value, Failure> = post("/api/sign-out", None, &body).await;
    if result.is_err() {
        log("the server could not be told of the sign-out; its cookie ends by itself");
    }
}

impl SessionBody {
    fn access_token_of(session: &Self) -> String {
        session.access_token.clone()
    }
}

async fn get<T: DeserializeOwned>(url: &str, bearer: &str) -> Result<T, Failure> {
    parse(http::Call::get(url).bearer(bearer).fetch_json().await)
}

async fn post<T: DeserializeOwned>(
    url: &str,
    bearer: Option<&str>,
    body: &impl Serialize,
) -> Result<T, Failure> {
    let mut call = http::Call::post(url).json(body);
    if let Some(token) = bearer {
        call = call.bearer(token);
    }
    parse(call.fetch_json().await)
}

fn parse<T>(result: Result<T, HttpError>) -> Result<T, Failure> {
    result.map_err(|error| match error {
        HttpError::Problem(problem) => Failure::Server {
            problem: problem
                .kind
                .rsplit(':')
                .next()
                .unwrap_or_default()
                .to_string(),
        },
        error if error.is_temporary() => Failure::Offline,
        error => {
            log(&format!("an answer of the server: {error}"));
            Failure::Unexpected
        }
    })
}

/// What the person's list of devices shows.
fn device_label() -> String {
    let agent = crate::browser::worker_scope()
        .navigator()
        .user_agent()
        .unwrap_or_default();
    let system = [
        "Android", "iPhone", "iPad", "Windows", "Mac OS", "CrOS", "Linux",
    ];
    let system = system
        .into_iter()
        .find(|system| agent.contains(system))
        .unwrap_or("device");
    let browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"];
    let browser = browser
        .into_iter()
        .find(|browser| agent.contains(browser))
        .unwrap_or("Browser");
    format!("{browser} on {system}")
}

pub fn now() -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since 1970 fit in 53 bits"
    )]
    let millis = js_sys::Date::now() as i64;
    Timestamp::from_millis(millis)
}

fn base64(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    crate::browser::worker_scope()
        .btoa(&text)
        .expect("every character is a byte")
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text = crate::browser::worker_scope().atob(text).ok()?;
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect()
}

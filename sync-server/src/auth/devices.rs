//! Device keys: registered at the first sign-in of a person in a browser profile.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{SignedIn, invites};
use crate::app::App;
use crate::database;
use crate::ids::new_id;
use crate::problem::Problem;
use crate::store::{audit, credentials, devices, refresh_sessions};

/// What comes before the point in a SubjectPublicKeyInfo of a P-256 key (RFC 5480): the same 26 bytes always.
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const LABEL_BYTES_MAX: usize = 120;

#[derive(Deserialize)]
pub struct Register {
    /// Base64 of the SPKI or the raw uncompressed point of an ECDSA P-256 key.
    pub public_key: String,
    /// What the person's list of devices shows, for example "Chrome on Android".
    #[serde(default)]
    pub label: String,
    /// Base64 of 32 random bytes by which the browser profile is known again when it has lost its key.
    #[serde(default)]
    pub recovery: Option<String>,
    /// The device this browser profile was before.
    #[serde(default)]
    pub replaces: Option<DeviceId>,
}

#[derive(Serialize)]
pub struct Registered {
    org_id: OrgId,
    pub device_id: DeviceId,
    /// Base64 of the X25519 key that batches are sealed to.
    sealing_key: String,
}

/// Registers the key, or finds it registered.
pub async fn register(
    app: &App,
    caller: SignedIn,
    request: &Register,
) -> Result<Registered, Problem> {
    let point = parse_public_key(&request.public_key)?;
    let recovery_hash = request
        .recovery
        .as_deref()
        .map(hash_of_secret)
        .transpose()?;
    let now = app.clock.now();
    let mut tx = database::begin(&app.pool, caller.org).await?;
    caller.still(&mut tx).await?;
    let label: String = request
        .label
        .chars()
        .filter(|c| !c.is_control())
        .take(LABEL_BYTES_MAX / 4)
        .collect();
    let id = DeviceId::from_bytes(new_id(now));
    let new = devices::NewDevice {
        id,
        person: caller.person,
        public_key: &point,
        label: label.trim(),
        recovery_hash,
    };
    let device = devices::add_if_missing(&mut tx, caller.org, &new, now).await?;
    if device.person != caller.person || device.is_revoked {
        return Err(Problem::DeviceRefused);
    }
    if device.id == id {
        let detail = json!({ "device": id.to_string(), "label": label.trim() });
        let entry = audit::Entry {
            actor: Some(caller.person),
            action: "DeviceRegistered",
            detail,
        };
        audit::append(&mut tx, caller.org, &entry, now).await?;
    }
    // Only a key that is new here: whoever still has the old one has lost nothing.
    if let Some(old) = request.replaces.filter(|_| device.id == id)
        && devices::replace(&mut tx, caller.org, &new, old).await?
    {
        let entry = audit::Entry {
            actor: Some(caller.person),
            action: "DeviceReplaced",
            detail: json!({ "device": id.to_string(), "replaced": old.to_string() }),
        };
        audit::append(&mut tx, caller.org, &entry, now).await?;
    }
    tx.commit().await?;
    let sealing_key = BASE64_STANDARD.encode(app.keys.sealing.public_key().as_bytes());
    Ok(Registered {
        org_id: caller.org,
        device_id: device.id,
        sealing_key,
    })
}

fn hash_of_secret(text: &str) -> Result<[u8; 32], Problem> {
    let refused = Problem::Invalid {
        field: "recovery",
        reason: "base64 of 32 bytes",
    };
    if text.len() > 44 {
        return Err(refused);
    }
    match BASE64_STANDARD.decode(text) {
        Ok(secret) if secret.len() == 32 => Ok(Sha256::digest(secret).into()),
        _ => Err(refused),
    }
}

/// One of a person's devices, as a list shows it.
#[derive(Serialize)]
pub struct Known {
    device_id: DeviceId,
    label: String,
    created_at_ms: i64,
    last_seen_at_ms: i64,
    revoked_at_ms: Option<i64>,
}

#[derive(Deserialize)]
pub struct Revoke {
    pub device_id: DeviceId,
    /// The device that the caller asks on.
    #[serde(default)]
    pub on: Option<DeviceId>,
}

/// The devices of oneself, or of somebody one manages.
pub async fn list(app: &App, caller: SignedIn, person: PersonId) -> Result<Vec<Known>, Problem> {
    let mut tx = database::begin(&app.pool, caller.org).await?;
    may_see(&mut tx, caller, person).await?;
    let listed = devices::list(&mut tx, caller.org, person).await?;
    Ok(listed
        .into_iter()
        .map(|device| Known {
            device_id: device.id,
            label: device.label,
            created_at_ms: device.created_at.as_millis(),
            last_seen_at_ms: device.last_seen_at.as_millis(),
            revoked_at_ms: device.revoked_at.map(Timestamp::as_millis),
        })
        .collect())
}

/// A device that was lost or given away: nothing signed with its key counts any more, and its person is signed out
/// everywhere, because which sign-in is the lost device's cannot be told. Only the one that asks goes on, if it says that it
/// is another device of that person: whoever lies about it had that sign-in before, and keeps what they had.
pub async fn revoke(app: &App, caller: SignedIn, request: &Revoke) -> Result<(), Problem> {
    let now = app.clock.now();
    let mut tx = database::begin(&app.pool, caller.org).await?;
    caller.still(&mut tx).await?;
    let device = devices::find(&mut tx, caller.org, request.device_id)
        .await?
        .ok_or(Problem::NotFound)?;
    may_see(&mut tx, caller, device.person).await?;
    if device.is_revoked {
        return Ok(());
    }
    devices::revoke(&mut tx, caller.org, device.id, now).await?;
    let asks_on = match request.on {
        Some(on) if on != device.id => devices::find(&mut tx, caller.org, on).await?,
        _ => None,
    };
    let goes_on = asks_on
        .filter(|on| on.person == caller.person && !on.is_revoked)
        .map(|_| caller.session);
    let ended = refresh_sessions::Ended {
        person: device.person,
        except: goes_on,
        because: "device_revoked",
    };
    refresh_sessions::revoke_all(&mut tx, caller.org, &ended, now).await?;
    let detail = json!({
        "device": device.id.to_string(),
        "person": device.person.to_string(),
    });
    let entry = audit::Entry {
        actor: Some(caller.person),
        action: "DeviceRevoked",
        detail,
    };
    audit::append(&mut tx, caller.org, &entry, now).await?;
    tx.commit().await?;
    Ok(())
}

async fn may_see(tx: &mut PgConnection, caller: SignedIn, person: PersonId) -> Result<(), Problem> {
    let is_own = caller.person == person
        && credentials::is_active(&mut *tx, caller.org, caller.person).await?;
    if is_own || invites::may_invite(tx, caller.org, caller.person, person).await? {
        Ok(())
    } else {
        Err(Problem::Forbidden)
    }
}

fn parse_public_key(text: &str) -> Result<[u8; 65], Problem> {
    let refused = Problem::Invalid {
        field: "public_key",
        reason: "base64 of a P-256 public key",
    };
    // SPKI is 91 bytes: 124 characters.
    if text.len() > 124 {
        return Err(refused);
    }
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| refused.clone())?;
    let point = bytes.strip_prefix(&SPKI_PREFIX).unwrap_or(&bytes);
    match <[u8; 65]>::try_from(point) {
        // 4: an uncompressed point. Whether it lies on the curve shows at the first signature.
        Ok(point) if point[0] == 4 => Ok(point),
        _ => Err(refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_key_are_the_same_key() {
        let mut point = [7; 65];
        point[0] = 4;
        let raw = BASE64_STANDARD.encode(point);
        let spki = BASE64_STANDARD.encode([SPKI_PREFIX.as_slice(), &point].concat());
        assert_eq!(parse_public_key(&raw), Ok(point));
        assert_eq!(parse_public_key(&spki), Ok(point));
    }

    #[test]
    fn other_bytes_are_no_key() {
        for bad in [
            "",
            "AAAA",
            "not base64!",
            &"A".repeat(125),
            &BASE64_STANDARD.encode([5; 65]),
        ] {
            assert!(parse_public_key(bad).is_err(), "{bad}");
        }
    }
}

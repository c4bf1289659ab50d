//! The unlock ticket: lets an unlocked person survive a page reload, but not the closing of the browser.
//!
//! The data key is sealed by an AES-GCM key that WebCrypto will not export and that stays in IndexedDB; the sealed bytes go
//! to the page, which keeps them in `sessionStorage`. Either half alone opens nothing. Locking revokes the ticket.

use js_sys::Uint8Array;
use rand_core::Rng;

use super::{
    DataKey, browser_rng,
    webcrypto::{algorithm, decrypt, encrypt, generate},
};
use crate::store::{StoreError, profile::browser::Profile};

const FORMAT: u8 = 1;
const NONCE_LEN: usize = 12;

/// Makes a new ticket for an unlocked person; earlier ones stop working.
pub async fn issue(profile: &Profile, person: &str, key: &DataKey) -> Result<Vec<u8>, StoreError> {
    let aes = algorithm("AES-GCM", &[("length", 256.into())]);
    let browser_key = generate(&aes, &["encrypt", "decrypt"]).await?;
    let mut nonce = [0; NONCE_LEN];
    browser_rng().fill_bytes(&mut nonce);
    let sealed = encrypt(&parameters(&nonce, person), &browser_key, key.expose()).await?;
    profile.save_ticket_key(person, Some(&browser_key)).await?;
    Ok([&[FORMAT], nonce.as_slice(), &sealed].concat())
}

/// The data key, if the ticket is this person's latest; none for any other bytes, which is no error: the password is asked for.
pub async fn redeem(
    profile: &Profile,
    person: &str,
    ticket: &[u8],
) -> Result<Option<DataKey>, StoreError> {
    let Some((header, sealed)) = ticket.split_at_checked(1 + NONCE_LEN) else {
        return Ok(None);
    };
    let Some(browser_key) = profile.ticket_key(person).await? else {
        return Ok(None);
    };
    if header[0] != FORMAT {
        return Ok(None);
    }
    let Ok(key) = decrypt(&parameters(&header[1..], person), &browser_key, sealed).await else {
        return Ok(None);
    };
    Ok(<[u8; 32]>::try_from(key).ok().map(DataKey::from_bytes))
}

/// After this no ticket of the person opens anything.
pub async fn revoke(profile: &Profile, person: &str) -> Result<(), StoreError> {
    profile.save_ticket_key(person, None).await
}

fn parameters(nonce: &[u8], person: &str) -> js_sys::Object {
    let associated = Uint8Array::from(person.as_bytes());
    algorithm(
        "AES-GCM",
        &[
            ("iv", Uint8Array::from(nonce).into()),
            ("additionalData", associated.into()),
        ],
    )
}

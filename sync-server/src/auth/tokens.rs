//! The forms of our tokens. All are base64url without padding; all but the set-up token begin with the
//! organisation, so that a look-up needs no exception from row-level security.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use ring::hmac;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::SignedIn;
use crate::keys::random;

/// How long an access token lives.
pub const ACCESS_MILLIS: i64 = 10 * 60 * 1000;

/// What is signed begins with its purpose: a token of one kind is no token of another.
const ACCESS: &[u8] = b"viornet access token 2";
const REFRESH: &[u8] = b"viornet refresh token 1";

/// org (16), person (16), family of the session (16), expiry in milliseconds (8), HMAC-SHA-256 (32).
pub fn write_access(key: &hmac::Key, caller: SignedIn, now: Timestamp) -> String {
    let mut token = Vec::with_capacity(88);
    token.extend_from_slice(caller.org.as_bytes());
    token.extend_from_slice(caller.person.as_bytes());
    token.extend_from_slice(caller.session.as_bytes());
    token.extend_from_slice(&now.plus_millis(ACCESS_MILLIS).as_millis().to_be_bytes());
    let tag = hmac::sign(key, &[ACCESS, &token].concat());
    token.extend_from_slice(tag.as_ref());
    BASE64.encode(token)
}

/// The caller, if the token is ours and still good.
pub fn read_access(key: &hmac::Key, text: &str, now: Timestamp) -> Option<SignedIn> {
    let token: [u8; 88] = decode(text)?;
    let (payload, tag) = token.split_at(56);
    hmac::verify(key, &[ACCESS, payload].concat(), tag).ok()?;
    let expires_at = Timestamp::from_millis(i64::from_be_bytes(payload[48..].try_into().ok()?));
    let caller = SignedIn {
        org: OrgId::from_bytes(payload[..16].try_into().ok()?),
        person: PersonId::from_bytes(payload[16..32].try_into().ok()?),
        session: Uuid::from_bytes(payload[32..48].try_into().ok()?),
    };
    (now < expires_at).then_some(caller)
}

/// A refresh token: org (16), family (16), secret (32).
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken([u8; 64]);

impl RefreshToken {
    /// The first of a family.
    pub fn first(org: OrgId, family: Uuid) -> Self {
        Self::build(org, family, random())
    }

    /// The one that follows. It is a function of this one, so that two tabs that refresh at once, or one whose
    /// answer was lost, get the same.
    pub fn next(&self, key: &hmac::Key) -> Self {
        let tag = hmac::sign(key, &[REFRESH, &self.0].concat());
        let secret = tag.as_ref().try_into().expect("HMAC-SHA-256 is 32 bytes");
        Self::build(self.org(), self.family(), secret)
    }

    pub fn parse(text: &str) -> Option<Self> {
        decode(text).map(Self)
    }

    pub fn org(&self) -> OrgId {
        OrgId::from_bytes(self.0[..16].try_into().expect("16 bytes"))
    }

    pub fn family(&self) -> Uuid {
        Uuid::from_bytes(self.0[16..32].try_into().expect("16 bytes"))
    }

    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    pub fn text(&self) -> String {
        BASE64.encode(self.0)
    }

    fn build(org: OrgId, family: Uuid, secret: [u8; 32]) -> Self {
        let mut token = [0; 64];
        token[..16].copy_from_slice(org.as_bytes());
        token[16..32].copy_from_slice(family.as_bytes());
        token[32..].copy_from_slice(&secret);
        Self(token)
    }
}

/// An invitation or a socket ticket: org (16), secret (32).
pub struct OneTimeToken([u8; 48]);

impl OneTimeToken {
    pub fn new(org: OrgId) -> Self {
        let mut token = [0; 48];
        token[..16].copy_from_slice(org.as_bytes());
        token[16..].copy_from_slice(&random::<32>());
        Self(token)
    }

    pub fn parse(text: &str) -> Option<Self> {
        decode(text).map(Self)
    }

    pub fn org(&self) -> OrgId {
        OrgId::from_bytes(self.0[..16].try_into().expect("16 bytes"))
    }

    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    pub fn text(&self) -> String {
        BASE64.encode(self.0)
    }
}

/// A token that belongs to no organisation yet.
pub fn new_setup_token() -> String {
    BASE64.encode(random::<32>())
}

/// What of a token is stored.
pub fn hash_text(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Checked first, so that a huge text costs nothing.
    if text.len() != (N * 4).div_ceil(3) {
        return None;
    }
    BASE64.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    fn caller() -> SignedIn {
        SignedIn {
            org: OrgId::from_bytes([1; 16]),
            person: PersonId::from_bytes([2; 16]),
            session: Uuid::from_bytes([3; 16]),
        }
    }

    #[test]
    fn an_access_token_is_read_until_it_expires() {
        let now = Timestamp::from_millis(1_000);
        let token = write_access(&key(1), caller(), now);
        assert_eq!(read_access(&key(1), &token, now), Some(caller()));
        assert_eq!(
            read_access(&key(1), &token, now.plus_millis(ACCESS_MILLIS - 1)),
            Some(caller())
        );
        assert_eq!(
            read_access(&key(1), &token, now.plus_millis(ACCESS_MILLIS)),
            None
        );
    }

    #[test]
    fn a_forged_access_token_is_not_read() {
        let now = Timestamp::from_millis(1_000);
        let token = write_access(&key(1), caller(), now);
        assert_eq!(read_access(&key(2), &token, now), None);
        for position in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(read_access(&key(1), &forged, now), None, "byte {position}");
        }
        assert_eq!(read_access(&key(1), "", now), None);
        assert_eq!(read_access(&key(1), &token[1..], now), None);
    }

    #[test]
    fn a_refresh_token_keeps_its_family_and_its_successor_is_fixed() {
        let first = RefreshToken::first(OrgId::from_bytes([1; 16]), Uuid::from_bytes([3; 16]));
        let next = first.next(&key(1));
        assert!(next == first.next(&key(1)));
        assert!(next != first && next != first.next(&key(2)));
        assert_eq!((next.org(), next.family()), (first.org(), first.family()));
        assert!(RefreshToken::parse(&next.text()) == Some(next));
    }

    /// What somebody altered is nothing, or the very token: no text is read that we would not write so.
    #[test]
    fn altered_tokens_are_read_as_nothing() {
        let (org, now) = (OrgId::from_bytes([1; 16]), Timestamp::from_millis(1_000));
        let access = write_access(&key(1), caller(), now);
        let refresh = RefreshToken::first(org, Uuid::from_bytes([3; 16])).text();
        let once = OneTimeToken::new(org).text();
        let mut state = 7_u64;
        let mut below = |bound: usize| {
            // Numerical Recipes' generator; its upper bits are good enough to alter texts.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % bound
        };
        let letters: Vec<char> = "AZaz09-_=+/ ;\u{0}\u{e9}".chars().collect();
        for _ in 0..20_000 {
            for original in [&access, &refresh, &once] {
                let mut text: Vec<char> = original.chars().collect();
                for _ in 0..=below(3) {
                    let at = below(text.len());
                    match below(4) {
                        0 => text.truncate(at.max(1)),
                        1 => text.insert(at, letters[below(letters.len())]),
                        _ => text[at] = letters[below(letters.len())],
                    }
                }
                let text: String = text.into_iter().collect();
                let read = read_access(&key(1), &text, now);
                assert!(read.is_none() || text == access, "{text}");
                if let Some(read) = RefreshToken::parse(&text) {
                    assert_eq!(read.text(), text);
                }
                if let Some(read) = OneTimeToken::parse(&text) {
                    assert_eq!(read.text(), text);
                }
            }
        }
    }
}

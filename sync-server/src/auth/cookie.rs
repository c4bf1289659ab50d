//! The refresh cookie: one per person, so that several can share a browser.

use axum::http::{HeaderMap, HeaderValue, header};
use crdt_model::ids::PersonId;

use super::tokens::RefreshToken;

/// `__Host-` makes browsers insist on Secure, Path=/ and no Domain. They treat loopback as secure even over
/// plain HTTP, so one form serves everywhere.
fn name(person: PersonId) -> String {
    format!("__Host-r-{person}")
}

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// `Set-Cookie` for a token that lives that long.
pub fn keep(person: PersonId, token: &RefreshToken, seconds: i64) -> HeaderValue {
    let text = format!(
        "{}={}; Max-Age={seconds}; {ATTRIBUTES}",
        name(person),
        token.text()
    );
    HeaderValue::from_str(&text).expect("a cookie of ours is ASCII")
}

/// `Set-Cookie` that removes it.
pub fn forget(person: PersonId) -> HeaderValue {
    let text = format!("{}=; Max-Age=0; {ATTRIBUTES}", name(person));
    HeaderValue::from_str(&text).expect("a cookie of ours is ASCII")
}

/// The person's token among the cookies of a request.
pub fn find(headers: &HeaderMap, person: PersonId) -> Option<RefreshToken> {
    let wanted = name(person);
    let texts = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == wanted)
        .and_then(|(_, token)| RefreshToken::parse(token))
}

#[cfg(test)]
mod tests {
    use crdt_model::ids::OrgId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_person_has_a_cookie_of_his_own() {
        let (asha, baraka) = (PersonId::from_bytes([1; 16]), PersonId::from_bytes([2; 16]));
        let token = RefreshToken::first(OrgId::from_bytes([3; 16]), Uuid::nil());
        let set = keep(asha, &token, 60);
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("other=1; {pair}").parse().unwrap());
        assert!(find(&headers, asha) == Some(token));
        assert!(find(&headers, baraka).is_none());
    }

    #[test]
    fn whatever_a_browser_sends_is_read() {
        let asha = PersonId::from_bytes([1; 16]);
        let token = RefreshToken::first(OrgId::from_bytes([3; 16]), Uuid::nil());
        let good = format!("{}={}", name(asha), token.text());
        let pieces = [
            good.as_str(),
            "=",
            ";",
            "; ",
            &name(asha),
            "a=b",
            "\t",
            "\u{e9}",
            "%00",
            "==",
        ];
        // Every three of them, in every order.
        for number in 0..pieces.len().pow(3) {
            let parts = [number / 100, number / 10 % 10, number % 10];
            let text: String = parts.map(|part| pieces[part]).concat();
            let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) else {
                continue;
            };
            let mut headers = HeaderMap::new();
            headers.append(header::COOKIE, value);
            if let Some(found) = find(&headers, asha) {
                assert!(found == token && text.contains(&token.text()), "{text}");
            }
        }
    }
}

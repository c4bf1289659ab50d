//! A RouterOS `/export`: hotspot users as rows, their profiles with the limits they set. Other sections are skipped.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::columns::Column;
use super::quantity::{rate_kbps, validity};
use super::row::Fields;
use super::script::{ScriptError, Word};
use super::{ImportLimits, RefusedReason, shortened};
use crate::package::Validity;

/// More profiles than any router has; what lies beyond is not read.
const PROFILES_MAX: usize = 500;

/// A profile of the file: what the tool that wrote it calls a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProfile {
    pub name: String,
    pub upload_kbps: Option<u32>,
    pub download_kbps: Option<u32>,
    /// Devices at the same time.
    pub shared_users: Option<u32>,
    pub validity: Option<Validity>,
    /// As written.
    pub price: Option<String>,
}

/// Which part of the configuration the commands belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Users,
    Profiles,
    Other,
}

const VERBS: [&str; 7] = ["add", "set", "remove", "disable", "enable", "move", "print"];

impl Section {
    /// A line may begin with a path (`/ip hotspot user`, `/ip/hotspot/user`), and a command may follow it. Returns
    /// how many words the path has.
    pub fn of(words: &[Word]) -> Option<(Self, usize)> {
        let Some(Word::Plain(first)) = words.first() else {
            return None;
        };
        if !first.starts_with('/') {
            return None;
        }
        let plain = |word: &Word| match word {
            Word::Plain(text) if !VERBS.contains(&text.as_str()) => Some(text.clone()),
            _ => None,
        };
        let path: Vec<String> = words.iter().map_while(plain).collect();
        let parts: Vec<&str> = path
            .iter()
            .flat_map(|word| word.split('/'))
            .filter(|part| !part.is_empty())
            .collect();
        let section = match parts.as_slice() {
            ["ip", "hotspot", "user"] => Self::Users,
            ["ip", "hotspot", "user", "profile"] => Self::Profiles,
            _ => Self::Other,
        };
        Some((section, path.len()))
    }
}

fn verb(words: &[Word]) -> Option<&str> {
    match words.first() {
        Some(Word::Plain(verb)) => Some(verb),
        _ => None,
    }
}

fn value<'w>(words: &'w [Word], wanted: &str) -> Option<&'w str> {
    words.iter().rev().find_map(|word| match word {
        Word::Pair(key, value) if key == wanted => Some(value.as_str()),
        _ => None,
    })
}

fn is_set_of_default(words: &[Word]) -> bool {
    let is_default = |word: &Word| matches!(word, Word::Find(find) if find == "find default=yes");
    verb(words) == Some("set") && words.iter().any(is_default)
}

/// Does a command in the users' section show a password?
pub(super) fn shows_password(words: &[Word]) -> bool {
    value(words, "password").is_some_and(|password| !password.is_empty())
}

/// The row of a command in the users' section; `None` for what makes no user.
pub(super) fn user(words: &[Word]) -> Option<Result<Fields<'_>, RefusedReason>> {
    match verb(words) {
        Some("add") => {}
        // The user that every router comes with.
        _ if is_set_of_default(words) => return None,
        Some("set") => return Some(Err(RefusedReason::NotAnAdd)),
        _ => return None,
    }
    if value(words, "disabled") == Some("yes") {
        return Some(Err(RefusedReason::Disabled));
    }
    let address = value(words, "mac-address").unwrap_or_default();
    if !address.is_empty() && address != "00:00:00:00:00:00" {
        let address = shortened(address, 32).to_owned();
        return Some(Err(RefusedReason::BoundToDevice { address }));
    }
    let mut fields = Fields {
        is_router: true,
        ..Fields::default()
    };
    for (key, column) in [
        ("name", Column::Username),
        ("password", Column::Password),
        ("limit-uptime", Column::UptimeLimit),
        ("limit-bytes-total", Column::Quota),
        ("comment", Column::Comment),
    ] {
        if let Some(value) = value(words, key) {
            fields.set(column, Cow::Borrowed(value));
        }
    }
    // A router leaves out what is as it comes.
    let profile = value(words, "profile").unwrap_or("default");
    fields.set(Column::Profile, Cow::Borrowed(profile));
    Some(Ok(fields))
}

/// Why a command that cannot be read makes no row.
pub(super) const fn refused(error: ScriptError) -> RefusedReason {
    match error {
        ScriptError::Quotes => RefusedReason::BadQuotes,
        ScriptError::Encoding => RefusedReason::BadEncoding,
        ScriptError::TooLong => RefusedReason::TooManyWords,
    }
}

/// Notes what a command in the profiles' section says.
pub(super) fn profile(words: &[Word], limits: &ImportLimits, profiles: &mut Vec<FileProfile>) {
    let name = match (verb(words), value(words, "name")) {
        (Some("add"), Some(name)) => name,
        (Some("set"), name) if is_set_of_default(words) => name.unwrap_or("default"),
        _ => return,
    };
    if profiles.len() == PROFILES_MAX || name.len() > limits.code_bytes_max {
        return;
    }
    let rate = value(words, "rate-limit").and_then(rate_kbps);
    let shared_users = value(words, "shared-users").and_then(|text| text.parse().ok());
    let mut found = FileProfile {
        name: name.trim().to_owned(),
        upload_kbps: rate.map(|(upload, _)| upload),
        download_kbps: rate.map(|(_, download)| download),
        // What a router takes when nothing is said.
        shared_users: shared_users.or(Some(1)).filter(|users| *users > 0),
        ..FileProfile::default()
    };
    if let Some(script) = value(words, "on-login") {
        sold_as(script, limits, &mut found);
    }
    profiles.retain(|known| known.name != found.name);
    profiles.push(found);
}

/// The common voucher tool keeps price and validity in the first words of its login script:
/// `:put (",rem,5000,7d,6000,,Disable,")` are mode, cost, validity and selling price.
fn sold_as(script: &str, limits: &ImportLimits, profile: &mut FileProfile) {
    let Some(words) = script
        .strip_prefix(":put (\",")
        .and_then(|rest| rest.split_once('"'))
        .map(|(words, _)| words)
        .filter(|words| words.len() <= limits.comment_bytes_max)
    else {
        return;
    };
    let words: Vec<&str> = words.split(',').collect();
    let is_said = |text: &&str| !text.is_empty() && *text != "0";
    let price = [words.get(3), words.get(1)];
    profile.price = price
        .into_iter()
        .flatten()
        .copied()
        .find(is_said)
        .map(str::to_owned);
    profile.validity = words
        .get(2)
        .copied()
        .filter(is_said)
        .and_then(|text| validity(text).ok().flatten());
}

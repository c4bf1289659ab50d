//! What forms hold while somebody types, and what it means. Pure, so that it is tested natively: the page shows a
//! draft and what is wrong with it, and sends what it reads.

pub mod client;
pub mod contacts;
pub mod import;
pub mod package;

/// Trimmed; nothing when nothing is left.
pub fn filled(text: &str) -> Option<String> {
    Some(text.trim().to_string()).filter(|text| !text.is_empty())
}

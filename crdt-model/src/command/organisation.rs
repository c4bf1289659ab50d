//! The organisation itself: its name, and the zone in which its days begin.

use super::{Executed, Execution, Refusal, check_name, records};
use crate::capability::Capability;
use crate::document::{Container, DocumentKey, Put};

/// The longest name of a time zone.
pub const TIMEZONE_LENGTH_MAX: usize = 64;

impl Execution<'_> {
    /// Writes only what is another now, so that two people who change one field each both keep theirs.
    pub(super) fn set_profile(&self, name: &str, timezone: &str) -> Executed {
        self.may(Capability::SettingsManage)?;
        check_name(name)?;
        if !is_timezone(timezone) {
            return Err(Refusal::Timezone);
        }
        let sheet = self.sheets.get(&DocumentKey::Org);
        let puts = [("org/name", name.trim()), ("org/timezone", timezone)]
            .into_iter()
            .filter(|(key, value)| sheet.text(key) != Some(*value))
            .map(|(key, value)| Put {
                container: Container::Records,
                key: key.into(),
                value: value.into(),
            })
            .collect();
        Ok(vec![records(DocumentKey::Org, puts)])
    }
}

/// By its form, `Africa/Nairobi`; which ones there are, PostgreSQL knows.
fn is_timezone(name: &str) -> bool {
    (1..=TIMEZONE_LENGTH_MAX).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+'))
}

#[cfg(test)]
mod tests {
    use super::is_timezone;

    #[test]
    fn a_timezone_has_the_form_of_one() {
        for good in [
            "Africa/Dar_es_Salaam",
            "UTC",
            "Etc/GMT+3",
            "America/Port-au-Prince",
        ] {
            assert!(is_timezone(good), "{good}");
        }
        for bad in ["", "Africa/Dar es Salaam", "Afrika;drop", &"x".repeat(65)] {
            assert!(!is_timezone(bad), "{bad}");
        }
    }
}

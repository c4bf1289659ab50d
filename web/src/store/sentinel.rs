//! Sentinels: a few bytes in each store that say "this device has data", so that a store the browser emptied
//! is recognised as emptied and never taken for a new device.
//!
//! Pure: [`assess`] gets what each store holds and decides. It must not read or write anything itself.

use serde::{Deserialize, Serialize};

/// Who wrote last and what was unsent then. The same in IndexedDB, OPFS and localStorage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentinel {
    /// Random, made when this person's stores were created on this device.
    pub install: [u8; 16],
    /// The writer's incarnation that wrote it: IndexedDB first, then OPFS, then localStorage.
    pub generation: u64,
    /// Entries the relay had not confirmed.
    pub pending: u32,
}

impl Sentinel {
    /// One line of text, for localStorage and files alike: `v1 <install> <generation> <pending>`.
    pub fn to_text(&self) -> String {
        let install: String = self
            .install
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("v1 {install} {} {}", self.generation, self.pending)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        if words.next()? != "v1" {
            return None;
        }
        let hex = words.next()?;
        if hex.len() != 32 || !hex.is_ascii() {
            return None;
        }
        let mut install = [0; 16];
        for (at, byte) in install.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
        }
        let generation = words.next()?.parse().ok()?;
        let pending = words.next()?.parse().ok()?;
        words.next().is_none().then_some(Self {
            install,
            generation,
            pending,
        })
    }
}

/// How to start, decided once, before anything is written.
///
/// In every case but `Normal` the device takes a new actor and asks the relay for what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// No store knows this device: create everything.
    New,
    /// Both stores are present and agree. The journal's pending entries are still compared with the outbox.
    Normal,
    /// IndexedDB was emptied or is older than the journal: take the pending entries from the journal, the documents from the relay.
    RecoverFromJournal,
    /// The journal was emptied or is older: IndexedDB is whole; write its pending entries to a new journal.
    RebuildJournal,
    /// Both stores were emptied. The documents come from the relay; this many entries were pending when last heard of,
    /// and the person must be told if it is not zero.
    RecoverFromRelay { pending_lost: u32 },
    /// The two stores are of different installs (a copied or half-restored profile): take the union of both.
    MergeForeign,
}

/// Decides from the three sentinels how to start. An emptied store beside any sentinel is never `New`.
pub fn assess(
    indexed_db: Option<&Sentinel>,
    journal: Option<&Sentinel>,
    local: Option<&Sentinel>,
) -> Start {
    match (indexed_db, journal, local) {
        (None, None, None) => Start::New,
        (None, None, Some(local)) => Start::RecoverFromRelay {
            pending_lost: local.pending,
        },
        (None, Some(_), _) => Start::RecoverFromJournal,
        (Some(_), None, _) => Start::RebuildJournal,
        (Some(indexed_db), Some(journal), _) if indexed_db.install != journal.install => {
            Start::MergeForeign
        }
        (Some(indexed_db), Some(journal), local) => {
            let local = local.filter(|local| local.install == indexed_db.install);
            let newest = journal
                .generation
                .max(local.map_or(0, |local| local.generation));
            if indexed_db.generation < newest {
                // IndexedDB is written first, so it can only be behind if it was rolled back.
                Start::RecoverFromJournal
            } else if journal.generation + 1 < indexed_db.generation {
                // One behind is a start that was cut between the two writes; more is a journal from the past.
                Start::RebuildJournal
            } else {
                Start::Normal
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentinel(generation: u64, pending: u32) -> Sentinel {
        Sentinel {
            install: [1; 16],
            generation,
            pending,
        }
    }

    #[test]
    fn no_trace_of_a_device_is_a_new_one() {
        assert_eq!(assess(None, None, None), Start::New);
    }

    #[test]
    fn an_emptied_store_beside_any_sentinel_is_never_new() {
        let some = sentinel(4, 2);
        for indexed_db in [None, Some(&some)] {
            for journal in [None, Some(&some)] {
                for local in [None, Some(&some)] {
                    let start = assess(indexed_db, journal, local);
                    let is_blank = indexed_db.is_none() && journal.is_none() && local.is_none();
                    assert_eq!(start == Start::New, is_blank);
                }
            }
        }
    }

    #[test]
    fn a_wiped_indexed_db_is_recovered_from_the_journal() {
        let some = sentinel(4, 2);
        assert_eq!(
            assess(None, Some(&some), Some(&some)),
            Start::RecoverFromJournal
        );
        assert_eq!(assess(None, Some(&some), None), Start::RecoverFromJournal);
    }

    #[test]
    fn a_wiped_journal_is_rebuilt() {
        let some = sentinel(4, 2);
        assert_eq!(
            assess(Some(&some), None, Some(&some)),
            Start::RebuildJournal
        );
    }

    #[test]
    fn with_both_stores_gone_the_loss_is_told() {
        assert_eq!(
            assess(None, None, Some(&sentinel(9, 3))),
            Start::RecoverFromRelay { pending_lost: 3 }
        );
    }

    #[test]
    fn agreeing_stores_start_normally_whatever_local_storage_says() {
        let some = sentinel(4, 0);
        let other_install = Sentinel {
            install: [2; 16],
            generation: 99,
            pending: 1,
        };
        for local in [
            None,
            Some(&some),
            Some(&sentinel(3, 0)),
            Some(&other_install),
        ] {
            assert_eq!(assess(Some(&some), Some(&some), local), Start::Normal);
        }
    }

    #[test]
    fn a_start_cut_between_the_two_writes_is_normal() {
        let (newer, older) = (sentinel(5, 0), sentinel(4, 0));
        assert_eq!(
            assess(Some(&newer), Some(&older), Some(&older)),
            Start::Normal
        );
    }

    #[test]
    fn a_store_from_the_past_is_recognised() {
        let (newer, older) = (sentinel(7, 0), sentinel(4, 0));
        assert_eq!(
            assess(Some(&older), Some(&newer), Some(&newer)),
            Start::RecoverFromJournal
        );
        assert_eq!(
            assess(Some(&older), Some(&older), Some(&newer)),
            Start::RecoverFromJournal
        );
        assert_eq!(
            assess(Some(&newer), Some(&older), Some(&newer)),
            Start::RebuildJournal
        );
    }

    #[test]
    fn stores_of_different_installs_are_merged() {
        let other = Sentinel {
            install: [2; 16],
            generation: 4,
            pending: 1,
        };
        assert_eq!(
            assess(Some(&sentinel(4, 0)), Some(&other), None),
            Start::MergeForeign
        );
    }

    #[test]
    fn text_is_read_back_and_nonsense_is_not() {
        let some = sentinel(12, 34);
        assert_eq!(Sentinel::parse(&some.to_text()), Some(some));
        let long = format!("{} more", some.to_text());
        for wrong in [
            "",
            "v1",
            "v2 00 1 2",
            "v1 zz 1 2",
            "v1 éééééééééééééééé 1 2",
            &long,
        ] {
            assert_eq!(Sentinel::parse(wrong), None, "{wrong}");
        }
    }
}

//! Fields that several people wrote at the same time. One value stands, the others are kept beside it until
//! somebody chooses; nothing of what was typed is lost silently.

use serde::{Deserialize, Serialize};

use crate::document::{DocumentKey, Put, Scalar, Sheet};

/// One field with more than one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contested {
    pub document: DocumentKey,
    pub key: String,
    /// What stands: every replica shows this one.
    pub value: Scalar,
    /// What else was written, each once.
    pub others: Vec<Scalar>,
}

impl Contested {
    /// The last part of the key: `name`, `phone`.
    pub fn field(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }
}

/// The contested fields of a document whose keys begin with `prefix` (`client/<id>/`).
pub fn contested(sheet: &Sheet, document: DocumentKey, prefix: &str) -> Vec<Contested> {
    sheet
        .records
        .range(prefix.to_string()..)
        .take_while(|(key, _)| key.starts_with(prefix))
        .filter(|(_, field)| !field.others.is_empty())
        .map(|(key, field)| {
            let mut others: Vec<Scalar> = Vec::new();
            for other in &field.others {
                if !others.contains(other) {
                    others.push(other.clone());
                }
            }
            Contested {
                document,
                key: key.clone(),
                value: field.value.clone(),
                others,
            }
        })
        .collect()
}

/// What an edit writes: only the fields that say something else than the form showed when it was opened. A field
/// that another person wrote meanwhile, and this one never touched, keeps the other's value.
pub fn changed(before: &[Put], after: Vec<Put>) -> Vec<Put> {
    after
        .into_iter()
        .filter(|put| !before.contains(put))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Actor, Container, Document};

    fn put(key: &str, value: &str) -> Put {
        Put {
            container: Container::Records,
            key: key.into(),
            value: value.into(),
        }
    }

    #[test]
    fn what_was_written_at_once_is_kept_until_somebody_chooses() {
        let [one, two] = [1, 2].map(|byte| Actor::from_bytes([byte; 16]));
        let mut here = Document::new();
        here.write(
            one,
            0,
            &[put("a/1/name", "Mwenge"), put("a/1/zone", "North")],
        );
        let mut there = Document::new();
        there.write(
            two,
            0,
            &[put("a/1/name", "Sinza"), put("a/2/name", "Kariakoo")],
        );
        here.apply(there.changes()).unwrap();

        let found = contested(&here.sheet(), DocumentKey::Catalog, "a/1/");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].field(), found[0].others.len()), ("name", 1));
        let other = found[0].others[0].clone();
        let choice = Put {
            value: other.clone(),
            ..put("a/1/name", "")
        };
        here.write(one, 0, &[choice]);
        let sheet = here.sheet();
        assert_eq!(contested(&sheet, DocumentKey::Catalog, "a/"), Vec::new());
        assert_eq!(sheet.records["a/1/name"].value, other);
    }

    #[test]
    fn an_edit_writes_only_what_it_changed() {
        let before = [put("a/1/name", "Mwenge"), put("a/1/zone", "North")];
        let after = vec![put("a/1/name", "Mwenge"), put("a/1/zone", "South")];
        assert_eq!(changed(&before, after), vec![put("a/1/zone", "South")]);
        assert_eq!(changed(&before, before.to_vec()), Vec::new());
    }
}

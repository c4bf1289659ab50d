//! What a document says, without Automerge: two ordered maps. Rules and folds read sheets and nothing else; a
//! sheet is stored beside its document, so that lists show before any document is loaded.

use std::collections::BTreeMap;

use automerge::{ScalarValue, Value};
use serde::{Deserialize, Serialize};

use super::change::{Container, Scalar};
use super::{Document, PlainOp};
use crate::fact::Fact;

/// One field: the value that won, and the concurrent ones that did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    #[serde(rename = "v")]
    pub value: Scalar,
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Scalar>,
}

impl Field {
    /// Automerge lists concurrent values with the winner last.
    pub(super) fn from_values<'a>(values: impl Iterator<Item = &'a Value<'a>>) -> Option<Self> {
        let mut scalars: Vec<Scalar> = values
            .filter_map(|value| match value {
                Value::Scalar(scalar) => Scalar::from_automerge(scalar as &ScalarValue),
                Value::Object(_) => None,
            })
            .collect();
        let value = scalars.pop()?;
        scalars.retain(|other| *other != value);
        Some(Self {
            value,
            others: scalars,
        })
    }
}

/// Everything one document says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    #[serde(rename = "r", default)]
    pub records: BTreeMap<String, Field>,
    /// `None`: a fact of a kind that this version does not know. It is kept in the document.
    #[serde(rename = "f", default)]
    pub facts: BTreeMap<String, Option<Fact>>,
}

impl Sheet {
    /// Reads one key again from the document.
    pub fn refresh(&mut self, document: &Document, container: Container, key: &str) {
        let Some(field) = document.field(container, key) else {
            return;
        };
        match container {
            Container::Records => {
                self.records.insert(key.to_string(), field);
            }
            Container::Facts => {
                self.facts.insert(key.to_string(), fact_of(&field.value));
            }
        }
    }

    /// Lays an operation that is not yet in the stored document over the sheet.
    pub fn overlay(&mut self, op: &PlainOp) {
        match op.container {
            Container::Records => {
                self.records.insert(
                    op.key.clone(),
                    Field {
                        value: op.value.clone(),
                        others: Vec::new(),
                    },
                );
            }
            Container::Facts => {
                self.facts.insert(op.key.clone(), fact_of(&op.value));
            }
        }
    }

    /// The facts this version understands, in key order.
    pub fn known_facts(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.facts
            .iter()
            .filter_map(|(key, fact)| Some((key.as_str(), fact.as_ref()?)))
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        match &self.records.get(key)?.value {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn int(&self, key: &str) -> Option<i64> {
        match self.records.get(key)?.value {
            Scalar::Int(value) => Some(value),
            _ => None,
        }
    }

    pub fn bool(&self, key: &str) -> Option<bool> {
        match self.records.get(key)?.value {
            Scalar::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The fields of one record, by name.
    pub fn fields<'a>(
        &'a self,
        noun: &str,
        id: &str,
    ) -> impl Iterator<Item = (&'a str, &'a Field)> + use<'a> {
        let start = format!("{noun}/{id}/");
        let len = start.len();
        self.records
            .range(start..format!("{noun}/{id}0"))
            .map(move |(key, field)| (&key[len..], field))
    }

    /// The ids under `noun/`, each once, in order.
    pub fn ids<'a>(&'a self, noun: &'a str) -> impl Iterator<Item = &'a str> {
        let mut last = "";
        self.records
            .range(format!("{noun}/")..format!("{noun}0"))
            .filter_map(move |(key, _)| key[noun.len() + 1..].split('/').next())
            .filter(move |id| {
                let is_new = *id != last;
                last = id;
                is_new
            })
    }
}

fn fact_of(value: &Scalar) -> Option<Fact> {
    match value {
        Scalar::Bytes(bytes) => Fact::decode(bytes).ok(),
        _ => None,
    }
}

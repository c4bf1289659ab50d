//! The vouchers of a file that were sold as the same thing: what a person says the package of.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{BatchTag, FileProfile, ImportError, VoucherFile, VoucherRow};
use crate::package::Validity;

/// More than anybody sells: the column chosen as profile is another one.
const GROUPS_MAX: usize = 200;
/// Limits of one group that are told apart; the rest is counted.
const TOLD_APART_MAX: usize = 4;
const SAMPLES: usize = 3;
/// Batches of the old tool that are kept apart; what lies beyond counts as made without any.
const TAGS_MAX: usize = 500;

/// What the vouchers of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKey {
    /// Empty where the file names none.
    pub profile: String,
    /// As written.
    pub price: Option<String>,
    pub validity: Option<Validity>,
}

/// Vouchers that were sold as the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub key: GroupKey,
    pub count: u32,
    pub uptimes: Tally,
    pub quotas: Tally,
    /// The first codes, so that a person recognises them.
    pub samples: Vec<String>,
    /// Batches of the old tool, by its comments.
    pub tags: u32,
    /// What a router's export says about the profile.
    pub known: Option<FileProfile>,
}

/// How often each limit occurs, the most frequent first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub counts: Vec<(Option<u64>, u32)>,
    /// Vouchers with yet other limits.
    pub others: u32,
}

impl Tally {
    fn add(&mut self, value: Option<u64>) {
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| *known == value) {
            *count += 1;
        } else if self.counts.len() < TOLD_APART_MAX {
            self.counts.push((value, 1));
        } else {
            self.others += 1;
        }
    }

    /// The limit that every voucher of the group has.
    pub fn common(&self) -> Option<u64> {
        match self.counts.as_slice() {
            [(value, _)] if self.others == 0 => *value,
            _ => None,
        }
    }
}

/// Rows by what they are sold as, and by the batches of the old tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grouped {
    /// The largest first.
    pub groups: Vec<Group>,
    /// Which group each row is in.
    pub of_row: Vec<u16>,
    pub tags: Vec<BatchTag>,
    pub tag_of_row: Vec<Option<u16>>,
}

/// Sorts rows into groups, one at a time.
#[derive(Default)]
pub struct Grouper {
    found: Grouped,
    places: BTreeMap<GroupKey, u16>,
    tag_places: BTreeMap<BatchTag, u16>,
    tags_of: Vec<BTreeSet<u16>>,
}

impl Grouper {
    pub fn add(&mut self, row: &VoucherRow) -> Result<(), ImportError> {
        let key = GroupKey {
            profile: row.profile.clone(),
            price: row.price.clone(),
            validity: row.validity,
        };
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                let groups = &mut self.found.groups;
                if groups.len() == GROUPS_MAX {
                    let limit = u32::try_from(GROUPS_MAX).unwrap_or(u32::MAX);
                    return Err(ImportError::TooManyProfiles { limit });
                }
                let place = u16::try_from(groups.len()).unwrap_or(u16::MAX);
                groups.push(Group {
                    key: key.clone(),
                    count: 0,
                    uptimes: Tally::default(),
                    quotas: Tally::default(),
                    samples: Vec::new(),
                    tags: 0,
                    known: None,
                });
                self.tags_of.push(BTreeSet::new());
                self.places.insert(key, place);
                place
            }
        };
        let group = &mut self.found.groups[usize::from(place)];
        group.count += 1;
        group.uptimes.add(row.uptime_limit_seconds);
        group.quotas.add(row.quota_bytes);
        if group.samples.len() < SAMPLES {
            group.samples.push(row.username.clone());
        }
        let tag = row.comment.as_deref().and_then(BatchTag::parse);
        let tag = tag.and_then(|tag| self.tag(tag));
        if let Some(tag) = tag {
            self.tags_of[usize::from(place)].insert(tag);
        }
        self.found.of_row.push(place);
        self.found.tag_of_row.push(tag);
        Ok(())
    }

    fn tag(&mut self, tag: BatchTag) -> Option<u16> {
        if let Some(place) = self.tag_places.get(&tag) {
            return Some(*place);
        }
        let tags = &mut self.found.tags;
        if tags.len() == TAGS_MAX {
            return None;
        }
        let place = u16::try_from(tags.len()).ok()?;
        tags.push(tag.clone());
        self.tag_places.insert(tag, place);
        Some(place)
    }

    pub fn finish(self, profiles: &[FileProfile]) -> Grouped {
        let mut found = self.found;
        for (group, tags) in found.groups.iter_mut().zip(&self.tags_of) {
            group.tags = u32::try_from(tags.len()).unwrap_or(u32::MAX);
            group.known = profiles
                .iter()
                .find(|profile| profile.name == group.key.profile)
                .cloned();
            for tally in [&mut group.uptimes, &mut group.quotas] {
                tally
                    .counts
                    .sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            }
        }
        let mut order: Vec<usize> = (0..found.groups.len()).collect();
        order.sort_by_key(|place| std::cmp::Reverse(found.groups[*place].count));
        let mut moved = vec![0; order.len()];
        for (to, from) in (0..).zip(&order) {
            moved[*from] = to;
        }
        for place in &mut found.of_row {
            *place = moved[usize::from(*place)];
        }
        found.groups = order
            .iter()
            .map(|place| found.groups[*place].clone())
            .collect();
        found
    }
}

/// The groups of a whole file.
pub fn groups(file: &VoucherFile) -> Result<Grouped, ImportError> {
    let mut grouper = Grouper::default();
    for row in &file.rows {
        grouper.add(row)?;
    }
    Ok(grouper.finish(&file.profiles))
}

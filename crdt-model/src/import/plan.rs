//! Which batches an import makes, and how they are cut into blocks.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{BatchTag, Grouped};
use crate::command::BLOCKS_PER_BATCH_MAX;
use crate::time::Timestamp;
use crate::voucher::{CODES_PER_BLOCK_MAX, CodesError, PACKED_BYTES_MAX};

/// What becomes one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grouping {
    /// All vouchers of a package.
    Package,
    /// Those that the old tool made together, as far as its comments say so.
    Tag,
}

/// A batch to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedBatch {
    /// Which of the packages it is for.
    pub target: usize,
    pub label: String,
    /// When the old tool made it.
    pub made_on: Option<Timestamp>,
    /// Places in the list of rows, ascending.
    pub rows: Vec<u32>,
}

/// Sorts rows into batches. `targets` says for which package each group is, or that it is left out; `labels` are the
/// names of the batches, by package.
pub fn plan(
    grouped: &Grouped,
    targets: &[Option<usize>],
    labels: &[String],
    grouping: Grouping,
) -> Vec<PlannedBatch> {
    let mut batches: Vec<PlannedBatch> = Vec::new();
    let mut places: BTreeMap<(usize, Option<u16>), usize> = BTreeMap::new();
    let rows = grouped.of_row.iter().zip(&grouped.tag_of_row);
    for (at, (group, tag)) in rows.enumerate() {
        let Some(target) = targets.get(usize::from(*group)).copied().flatten() else {
            continue;
        };
        let tag = tag.filter(|_| grouping == Grouping::Tag);
        let place = *places.entry((target, tag)).or_insert_with(|| {
            let tag = tag.and_then(|tag| grouped.tags.get(usize::from(tag)));
            let label = labels.get(target).cloned().unwrap_or_default();
            batches.push(PlannedBatch {
                target,
                label: tag.map_or(label, BatchTag::label),
                made_on: tag.map(|tag| tag.made_on),
                rows: Vec::new(),
            });
            batches.len() - 1
        });
        batches[place]
            .rows
            .push(u32::try_from(at).unwrap_or(u32::MAX));
    }
    batches
}

/// Cuts codes, given by the bytes each adds, into blocks of at most `size` codes; larger ones where a batch would
/// have more blocks than its fact can name.
pub fn blocks_of(lengths: &[usize], size: u32) -> Result<Vec<Range<usize>>, CodesError> {
    let needed = lengths.len().div_ceil(BLOCKS_PER_BATCH_MAX);
    let size = (size as usize).max(needed).clamp(1, CODES_PER_BLOCK_MAX);
    let mut blocks: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (at, length) in lengths.iter().enumerate() {
        match blocks.last_mut() {
            Some(block) if block.len() < size && bytes + length <= PACKED_BYTES_MAX => {
                bytes += length;
                block.end += 1;
            }
            _ => {
                bytes = *length;
                blocks.push(at..at + 1);
            }
        }
    }
    if blocks.is_empty() || blocks.len() > BLOCKS_PER_BATCH_MAX {
        return Err(CodesError::Count);
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{Grouper, VoucherRow};

    fn row(comment: &str, profile: &str) -> VoucherRow {
        VoucherRow {
            line: 1,
            username: "a".into(),
            password: None,
            profile: profile.into(),
            uptime_limit_seconds: None,
            quota_bytes: None,
            validity: None,
            price: None,
            comment: Some(comment.into()),
        }
    }

    #[test]
    fn batches_follow_packages_or_the_old_tool() {
        let mut grouper = Grouper::default();
        for (comment, profile) in [
            ("vc-1-01.02.26-a", "week"),
            ("x", "week"),
            ("vc-1-01.02.26-a", "month"),
            ("up-2-01.02.26-", "other"),
        ] {
            grouper.add(&row(comment, profile)).unwrap();
        }
        let grouped = grouper.finish(&[]);
        let names: Vec<&str> = grouped
            .groups
            .iter()
            .map(|group| group.key.profile.as_str())
            .collect();
        assert_eq!(names, ["week", "month", "other"]);
        let labels = ["W".to_owned(), "M".to_owned()];
        let of = |grouping| {
            plan(&grouped, &[Some(0), Some(1), None], &labels, grouping)
                .into_iter()
                .map(|batch| (batch.label, batch.target, batch.rows))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of(Grouping::Package),
            [
                ("W".to_owned(), 0, vec![0, 1]),
                ("M".to_owned(), 1, vec![2])
            ]
        );
        assert_eq!(
            of(Grouping::Tag),
            [
                ("vc-1 a".to_owned(), 0, vec![0]),
                ("W".to_owned(), 0, vec![1]),
                ("vc-1 a".to_owned(), 1, vec![2]),
            ]
        );
    }

    #[test]
    fn blocks_grow_where_there_would_be_too_many() {
        assert_eq!(blocks_of(&[9; 5], 2), Ok(vec![0..2, 2..4, 4..5]));
        let many = blocks_of(&vec![9; 100_000], 50).unwrap();
        assert_eq!((many.len(), many[0].len()), (BLOCKS_PER_BATCH_MAX, 100));
        // Long codes fill a block before its count does.
        assert_eq!(blocks_of(&vec![129; 1_000], 1_000).unwrap().len(), 5);
        assert_eq!(blocks_of(&[], 10), Err(CodesError::Count));
    }
}

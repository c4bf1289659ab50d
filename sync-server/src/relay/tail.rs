//! The last rows of an organisation's log in memory, so that a thousand sessions do not ask PostgreSQL a thousand
//! times for the row that woke them all.

use std::collections::VecDeque;
use std::sync::Arc;

use crdt_model::document::DocumentKey;

const ROWS_MAX: usize = 4_096;
const BYTES_MAX: usize = 4 << 20;

/// One row of the log.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub seq: u64,
    /// `None`: a kind of document that this version does not know; nobody may read it here.
    pub key: Option<DocumentKey>,
    pub chunk: Vec<u8>,
}

/// Consecutive rows up to the newest one known.
#[derive(Debug, Default)]
pub struct Tail {
    rows: VecDeque<Arc<Entry>>,
    bytes: usize,
}

impl Tail {
    /// Adds consecutive rows. Rows that do not continue these replace them: another node wrote in between.
    pub fn extend(&mut self, rows: impl IntoIterator<Item = Arc<Entry>>) {
        for row in rows {
            match self.rows.back() {
                Some(last) if row.seq <= last.seq => continue,
                Some(last) if row.seq > last.seq + 1 => {
                    self.rows.clear();
                    self.bytes = 0;
                }
                _ => {}
            }
            self.bytes += row.chunk.len();
            self.rows.push_back(row);
            while self.rows.len() > ROWS_MAX || self.bytes > BYTES_MAX {
                match self.rows.pop_front() {
                    Some(oldest) => self.bytes -= oldest.chunk.len(),
                    None => break,
                }
            }
        }
    }

    /// Adds rows that were read from the database, if they continue these: a session that is far behind must not
    /// push the newest rows out.
    pub fn continue_with(&mut self, rows: &[Arc<Entry>]) {
        let continues = match (self.rows.back(), rows.first()) {
            (Some(last), Some(first)) => first.seq <= last.seq + 1,
            _ => true,
        };
        if continues {
            self.extend(rows.iter().cloned());
        }
    }

    /// The rows after `seq`, if all of them are here; at most `limit`.
    pub fn after(&self, seq: u64, limit: usize) -> Option<Vec<Arc<Entry>>> {
        let first = self.rows.front()?.seq;
        if seq + 1 < first || seq >= self.rows.back()?.seq {
            return None;
        }
        let skip = usize::try_from(seq + 1 - first).ok()?;
        Some(self.rows.iter().skip(skip).take(limit).cloned().collect())
    }

    /// Forgets everything: what was committed is unknown.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(seqs: std::ops::RangeInclusive<u64>) -> impl Iterator<Item = Arc<Entry>> {
        seqs.map(|seq| {
            Arc::new(Entry {
                seq,
                key: None,
                chunk: vec![0; 1_000],
            })
        })
    }

    fn seqs(tail: &Tail, after: u64) -> Option<Vec<u64>> {
        let rows = tail.after(after, 3)?;
        Some(rows.iter().map(|row| row.seq).collect())
    }

    #[test]
    fn only_complete_answers_are_given() {
        let mut tail = Tail::default();
        assert_eq!(seqs(&tail, 0), None);
        tail.extend(rows(11..=20));
        assert_eq!(seqs(&tail, 9), None);
        assert_eq!(seqs(&tail, 10), Some(vec![11, 12, 13]));
        assert_eq!(seqs(&tail, 19), Some(vec![20]));
        assert_eq!(seqs(&tail, 20), None);
        tail.extend(rows(19..=21));
        assert_eq!(seqs(&tail, 18), Some(vec![19, 20, 21]));
    }

    #[test]
    fn a_gap_starts_again() {
        let mut tail = Tail::default();
        tail.extend(rows(1..=5));
        tail.extend(rows(7..=8));
        assert_eq!(seqs(&tail, 4), None);
        assert_eq!(seqs(&tail, 6), Some(vec![7, 8]));
    }

    #[test]
    fn it_is_bounded() {
        let mut tail = Tail::default();
        tail.extend(rows(1..=10_000));
        assert!(tail.bytes <= BYTES_MAX && tail.rows.len() <= ROWS_MAX);
        assert_eq!(seqs(&tail, 9_999), Some(vec![10_000]));
    }
}

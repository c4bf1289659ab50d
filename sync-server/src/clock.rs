//! The only place that asks the system for the time. Everything else is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crdt_model::time::Timestamp;
use time::OffsetDateTime;

/// Where the time comes from: the system, or a test's hand.
#[derive(Debug, Clone)]
pub enum Clock {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands until it is moved.
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now.as_millis())))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the clock")]
                let now = SystemTime::now();
                let millis = now
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |elapsed| elapsed.as_millis());
                Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
            }
            Self::Manual(millis) => Timestamp::from_millis(millis.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock; the system's stays as it is.
    pub fn advance_millis(&self, millis: i64) {
        if let Self::Manual(now) = self {
            now.fetch_add(millis, Ordering::SeqCst);
        }
    }
}

/// The same instant as PostgreSQL's `timestamptz` wants it. What a device claims may lie outside of every calendar, and
/// must not make a statement fail: it is as good as no time at all.
pub fn to_sql(at: Timestamp) -> OffsetDateTime {
    let at = if at.is_of_calendar() {
        at
    } else {
        Timestamp::ZERO
    };
    let nanos = i128::from(at.as_millis()) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

pub fn from_sql(at: OffsetDateTime) -> Timestamp {
    let millis = at.unix_timestamp_nanos().div_euclid(1_000_000);
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_calendar_has_is_no_time_for_postgresql() {
        let (first, last) = (-2_208_988_800_000, 253_402_300_799_999);
        for millis in [first, 0, 1_764_000_000_000, last] {
            let at = Timestamp::from_millis(millis);
            assert_eq!(from_sql(to_sql(at)), at);
        }
        // 7537 BC: `time` has such a year, and PostgreSQL answers "out of range".
        for millis in [
            -300_000_000_000_000,
            first - 1,
            last + 1,
            i64::MIN,
            i64::MAX,
        ] {
            let at = Timestamp::from_millis(millis);
            assert_eq!(to_sql(at), OffsetDateTime::UNIX_EPOCH);
        }
    }
}

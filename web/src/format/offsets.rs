//! How far the clocks of a zone stand from Greenwich, remembered day by day: a list asks for some hundred instants in a frame, and a
//! browser takes longer over one than over the rest of a row.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crdt_model::time::Timestamp;

use super::DAY;

/// A list of ten years; past it the days are asked for again.
const DAYS_MAX: usize = 3_660;

thread_local! {
    static OFFSETS: RefCell<Offsets> = RefCell::default();
}

/// What `ask` says, in minutes; `None` for a zone that it does not know.
pub(super) fn minutes(
    zone: &str,
    at: Timestamp,
    ask: fn(&str, Timestamp) -> Option<i64>,
) -> Option<i64> {
    OFFSETS.with_borrow_mut(|offsets| offsets.minutes(zone, at, |at| ask(zone, at)))
}

/// Of one zone: an organisation has one.
#[derive(Default)]
struct Offsets {
    zone: String,
    /// As each day of Greenwich begins.
    days: BTreeMap<i64, Option<i64>>,
}

impl Offsets {
    /// Nowhere are clocks moved twice in a day: what is so as it begins and as it ends is so all day.
    fn minutes(
        &mut self,
        zone: &str,
        at: Timestamp,
        ask: impl Fn(Timestamp) -> Option<i64>,
    ) -> Option<i64> {
        if self.zone != zone {
            self.zone = zone.to_owned();
            self.days.clear();
        }
        let day = at.as_millis().div_euclid(DAY);
        let begins = self.at_midnight(day, &ask);
        let ends = self.at_midnight(day + 1, &ask);
        if begins == ends { begins } else { ask(at) }
    }

    fn at_midnight(&mut self, day: i64, ask: &impl Fn(Timestamp) -> Option<i64>) -> Option<i64> {
        if let Some(known) = self.days.get(&day) {
            return *known;
        }
        if self.days.len() >= DAYS_MAX {
            self.days.clear();
        }
        let minutes = ask(Timestamp::from_millis(day.saturating_mul(DAY)));
        self.days.insert(day, minutes);
        minutes
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const HOUR: i64 = 3_600_000;
    /// 01:00 of the day 20,000: from then on two hours east instead of one.
    const MOVED: i64 = 20_000 * DAY + HOUR;

    fn true_minutes(at: Timestamp) -> i64 {
        if at.as_millis() < MOVED { 60 } else { 120 }
    }

    #[test]
    fn each_instant_has_the_offset_that_the_browser_says() {
        let asked = Cell::new(0);
        let mut offsets = Offsets::default();
        let mut on_that_day = 0;
        let mut instants = 0;
        for at in (19_990 * DAY..20_010 * DAY).step_by(7 * 60_000) {
            let at = Timestamp::from_millis(at);
            let minutes = offsets.minutes("Europe/Somewhere", at, |at| {
                asked.set(asked.get() + 1);
                Some(true_minutes(at))
            });
            assert_eq!(minutes, Some(true_minutes(at)), "{at:?}");
            instants += 1;
            if at.as_millis().div_euclid(DAY) == MOVED / DAY {
                on_that_day += 1;
            }
        }
        // Twenty-one midnights, and every instant of the one day on which the clocks are moved.
        assert_eq!(asked.get(), 21 + on_that_day);
        assert!(instants > 4_000);
    }

    #[test]
    fn another_zone_is_asked_about_anew() {
        let mut offsets = Offsets::default();
        let at = Timestamp::from_millis(MOVED);
        assert_eq!(offsets.minutes("here", at, |_| Some(180)), Some(180));
        assert_eq!(offsets.minutes("there", at, |_| Some(0)), Some(0));
        assert_eq!(offsets.minutes("nowhere", at, |_| None), None);
    }

    #[test]
    fn no_more_than_so_many_days_are_kept() {
        let mut offsets = Offsets::default();
        for day in [i64::MIN / DAY, i64::MAX / DAY]
            .into_iter()
            .chain(0..10_000)
        {
            let at = Timestamp::from_millis(day * DAY);
            assert_eq!(offsets.minutes("here", at, |_| Some(180)), Some(180));
            assert!(offsets.days.len() <= DAYS_MAX);
        }
    }
}

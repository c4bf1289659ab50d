//! Says how far long work is, on standard error, every few seconds.

use std::time::Duration;

use tokio::time::Instant;

const EVERY: Duration = Duration::from_secs(5);

pub struct Progress {
    what: &'static str,
    all: u64,
    done: u64,
    begun: Instant,
    told: Instant,
}

impl Progress {
    pub fn begin(what: &'static str, all: u64) -> Self {
        let now = Instant::now();
        Self {
            what,
            all,
            done: 0,
            begun: now,
            told: now,
        }
    }

    pub fn add(&mut self, rows: u64) {
        self.done += rows;
        if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            let percent = (self.done.min(self.all) * 100).checked_div(self.all);
            eprintln!(
                "{}: {} of {} rows ({} %)",
                self.what,
                grouped(self.done),
                grouped(self.all),
                percent.unwrap_or(100)
            );
        }
    }

    /// Work that cannot be counted.
    pub fn say(&mut self, what: &str) {
        if self.begun.elapsed() >= EVERY {
            eprintln!("{what} …");
        }
    }

    pub fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}

/// 1234567 → "1,234,567".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn long_numbers_are_read_in_groups() {
        let groups = [0, 12, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(groups, ["0", "12", "999", "1,000", "1,234,567"]);
    }
}

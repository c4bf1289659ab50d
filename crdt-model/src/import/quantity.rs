//! Times and volumes as routers write them: `30d`, `1w2d`, `7d12:30:00`, `1073741824`, `5G`.

use crate::package::{Unit, VALIDITY_COUNT_MAX, Validity};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// Longer is a slip or a runaway value: routers have been seen to report 7,101 weeks.
const UPTIME_SECONDS_MAX: u64 = 10 * 366 * DAY;
/// Less than a kilobyte is a number that lost its unit ("5" for "5G").
const QUOTA_BYTES_MIN: u64 = 1 << 10;
const QUOTA_BYTES_MAX: u64 = 1 << 50;

/// Why a limit is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuantityError {
    Unreadable,
    OutOfRange,
}

/// Reads a time online in seconds; nothing and zero are no limit.
///
/// A number without a unit is refused: a router means seconds by it, whoever types a list means days or hours.
pub(super) fn uptime_seconds(text: &str) -> Result<Option<u64>, QuantityError> {
    let text = text.trim().to_ascii_lowercase();
    if text.is_empty() || text == "0" {
        return Ok(None);
    }
    match duration(&text).ok_or(QuantityError::Unreadable)? {
        0 => Ok(None),
        seconds if seconds > UPTIME_SECONDS_MAX => Err(QuantityError::OutOfRange),
        seconds => Ok(Some(seconds)),
    }
}

/// Reads a volume in bytes; nothing and zero are no limit. Units are powers of 1,024, as on the routers.
pub(super) fn quota_bytes(text: &str) -> Result<Option<u64>, QuantityError> {
    let text = text.trim().to_ascii_lowercase();
    if text.is_empty() {
        return Ok(None);
    }
    match volume(&text).ok_or(QuantityError::Unreadable)? {
        0 => Ok(None),
        bytes if (QUOTA_BYTES_MIN..=QUOTA_BYTES_MAX).contains(&bytes) => Ok(Some(bytes)),
        _ => Err(QuantityError::OutOfRange),
    }
}

/// Reads how long a voucher lasts from its first login: `30d`, `12h`, `1 month`, `siku 7`; a plain number is days.
pub(super) fn validity(text: &str) -> Result<Option<Validity>, QuantityError> {
    let text = text.trim().to_lowercase();
    if text.is_empty() || text == "0" {
        return Ok(None);
    }
    let found = in_words(&text).or_else(|| duration(&text).and_then(largest_unit));
    match found.ok_or(QuantityError::Unreadable)? {
        (0, _) => Ok(None),
        (count, unit) if count <= u64::from(VALIDITY_COUNT_MAX) => Ok(Some(Validity {
            count: u32::try_from(count).map_err(|_| QuantityError::OutOfRange)?,
            unit,
        })),
        _ => Err(QuantityError::OutOfRange),
    }
}

/// A count with its unit as people write it, in either order.
fn in_words(text: &str) -> Option<(u64, Unit)> {
    let is_digit = |c: char| c.is_ascii_digit();
    let (count, word) = match text.find(is_digit)? {
        0 => number(text)?,
        at => (
            number(&text[at..]).filter(|(_, rest)| rest.is_empty())?.0,
            &text[..at],
        ),
    };
    let unit = match word.trim() {
        "min" | "mins" | "minute" | "minutes" | "dakika" => Unit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" | "saa" => Unit::Hour,
        "" | "d" | "day" | "days" | "siku" => Unit::Day,
        "w" | "week" | "weeks" | "wiki" => Unit::Week,
        "mo" | "month" | "months" | "mwezi" | "miezi" => Unit::Month,
        _ => return None,
    };
    Some((count, unit))
}

/// Seconds in the largest unit that says them exactly; below a minute nobody sells.
fn largest_unit(seconds: u64) -> Option<(u64, Unit)> {
    [(DAY, Unit::Day), (HOUR, Unit::Hour), (MINUTE, Unit::Minute)]
        .into_iter()
        .find(|(unit, _)| seconds.is_multiple_of(*unit))
        .map(|(length, unit)| (seconds / length, unit))
}

/// A router's `rate-limit`, in kbit/s: upload before download, since the router counts from its own side. What
/// follows (bursts, priorities) is not read.
pub(super) fn rate_kbps(text: &str) -> Option<(u32, u32)> {
    let first = text.split_whitespace().next()?;
    let (upload, download) = first.split_once('/').unwrap_or((first, first));
    let kbps = |text: &str| {
        let (number, unit) = number(text)?;
        let bits = match unit {
            "" => number,
            "k" | "K" => number.checked_mul(1_000)?,
            "M" => number.checked_mul(1_000_000)?,
            "G" => number.checked_mul(1_000_000_000)?,
            _ => return None,
        };
        u32::try_from(bits / 1_000).ok()
    };
    Some((kbps(upload)?, kbps(download)?)).filter(|(up, down)| *up > 0 || *down > 0)
}

/// Units from large to small, each at most once; the end may be a clock's `hh:mm:ss`.
fn duration(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut smallest = u64::MAX;
    while !rest.is_empty() {
        let (number, after) = number(rest)?;
        if after.starts_with(':') {
            if smallest < DAY {
                return None;
            }
            return total.checked_add(clock(rest)?);
        }
        let unit = match after.bytes().next()? {
            b'w' => WEEK,
            b'd' => DAY,
            b'h' => HOUR,
            b'm' => MINUTE,
            b's' => 1,
            _ => return None,
        };
        if unit >= smallest {
            return None;
        }
        smallest = unit;
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = &after[1..];
    }
    Some(total)
}

fn clock(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || minutes.len() != 2 || seconds.len() != 2 {
        return None;
    }
    let whole = |part| number(part).filter(|(_, rest)| rest.is_empty());
    let ((hours, _), (minutes, _), (seconds, _)) =
        (whole(hours)?, whole(minutes)?, whole(seconds)?);
    if minutes > 59 || seconds > 59 {
        return None;
    }
    hours
        .checked_mul(HOUR)?
        .checked_add(minutes * MINUTE + seconds)
}

fn volume(text: &str) -> Option<u64> {
    let (whole, rest) = number(text)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => {
            let (fraction, rest) = number(after)?;
            (Some((fraction, after.len() - rest.len())), rest)
        }
        None => (None, rest),
    };
    let unit = match rest.trim_start() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        _ => return None,
    };
    let part = match fraction {
        None => 0,
        // "1.5G" is a volume; "1.5" bytes and "1.073741824G" are not.
        Some((fraction, digits)) if unit > 1 && digits <= 3 => {
            fraction * unit / 10_u64.pow(u32::try_from(digits).ok()?)
        }
        Some(_) => return None,
    };
    whole.checked_mul(unit)?.checked_add(part)
}

/// The number at the start, and what follows it.
fn number(text: &str) -> Option<(u64, &str)> {
    let length = text
        .bytes()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    Some((text[..length].parse().ok()?, &text[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_routers_write_them() {
        for (text, seconds) in [
            ("30d", 30 * DAY),
            ("1w2d", 9 * DAY),
            ("12:00:00", 12 * HOUR),
            ("36:30:00", 36 * HOUR + 30 * MINUTE),
            ("7d12:30:00", 7 * DAY + 12 * HOUR + 30 * MINUTE),
            ("1w2d3h4m5s", 9 * DAY + 3 * HOUR + 4 * MINUTE + 5),
            ("3H", 3 * HOUR),
            (" 00:00:01 ", 1),
        ] {
            assert_eq!(uptime_seconds(text), Ok(Some(seconds)), "{text:?}");
        }
        for none in ["", " ", "0", "0s", "00:00:00", "0d00:00:00"] {
            assert_eq!(uptime_seconds(none), Ok(None), "{none:?}");
        }
    }

    #[test]
    fn other_times_are_refused() {
        for bad in [
            "30",
            "d",
            "2d1w",
            "1d1d",
            "1d 2h",
            "12:00",
            "12:60:00",
            "12:00:00:00",
            "3h12:00:00",
            "12:0:0",
            "12::00",
            "1.5d",
            "-1d",
            "30 days",
            "99999999999999999999d",
            "1w\u{663}d",
            "99999999999999999999:00:00",
        ] {
            assert_eq!(
                uptime_seconds(bad),
                Err(QuantityError::Unreadable),
                "{bad:?}"
            );
        }
        assert_eq!(uptime_seconds("7101w"), Err(QuantityError::OutOfRange));
    }

    #[test]
    fn volumes_are_bytes_or_have_a_unit() {
        for (text, bytes) in [
            ("1073741824", 1 << 30),
            ("1G", 1 << 30),
            ("500M", 500 << 20),
            ("1.5 GB", 3 << 29),
            ("2GiB", 2 << 30),
            ("2048", 2048),
        ] {
            assert_eq!(quota_bytes(text), Ok(Some(bytes)), "{text:?}");
        }
        for none in ["", "0", "0G"] {
            assert_eq!(quota_bytes(none), Ok(None), "{none:?}");
        }
        for bad in [
            "G",
            "1.5",
            "1,5G",
            "1.G",
            "1X",
            "1G 2",
            "-1",
            "1.0001G",
            "99999999999T",
        ] {
            assert_eq!(quota_bytes(bad), Err(QuantityError::Unreadable), "{bad:?}");
        }
        for odd in ["5", "1023", "2000T"] {
            assert_eq!(quota_bytes(odd), Err(QuantityError::OutOfRange), "{odd:?}");
        }
    }

    #[test]
    fn a_validity_is_a_count_and_a_unit() {
        for (text, count, unit) in [
            ("30", 30, Unit::Day),
            ("30d", 30, Unit::Day),
            ("12h", 12, Unit::Hour),
            ("12:00:00", 12, Unit::Hour),
            ("1d12h", 36, Unit::Hour),
            ("90m", 90, Unit::Minute),
            ("1w", 1, Unit::Week),
            ("1w2d", 9, Unit::Day),
            ("1 Month", 1, Unit::Month),
            ("Siku 7", 7, Unit::Day),
            ("saa 24", 24, Unit::Hour),
        ] {
            assert_eq!(
                validity(text),
                Ok(Some(Validity { count, unit })),
                "{text:?}"
            );
        }
        for none in ["", " ", "0", "0d"] {
            assert_eq!(validity(none), Ok(None), "{none:?}");
        }
        for bad in ["soon", "1 moon", "-3", "1.5d", "5s", "7 siku 3", "٣d"] {
            assert_eq!(validity(bad), Err(QuantityError::Unreadable), "{bad:?}");
        }
        assert_eq!(validity("1001"), Err(QuantityError::OutOfRange));
    }

    #[test]
    fn a_rate_is_upload_and_download() {
        for (text, rate) in [
            ("2M/5M", Some((2_000, 5_000))),
            ("512k/1M", Some((512, 1_000))),
            ("256000/1000000 512k/2M 256k/1M 8/8", Some((256, 1_000))),
            ("3M", Some((3_000, 3_000))),
            ("0/0", None),
            ("", None),
            ("fast", None),
            ("9999999999G/1M", None),
        ] {
            assert_eq!(rate_kbps(text), rate, "{text:?}");
        }
    }
}

//! How money, time, validity and codes are written: the same on screen, receipt and print.
//!
//! Pure but for [`Zone`], which asks the browser what an IANA time zone means.

mod offsets;

use crdt_model::client::Client;
use crdt_model::money::{Currency, Money};
use crdt_model::package::{Connection, Package, PackageDetails, Unit};
use crdt_model::phone::{Country, Phone};
use crdt_model::time::{Date, Timestamp};

use crate::i18n::{Words, grouped};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What people write before an amount.
pub const fn symbol(currency: Currency) -> &'static str {
    match currency {
        Currency::Tzs => "TSh",
        Currency::Kes => "KSh",
        Currency::Ugx => "USh",
        Currency::Rwf => "FRw",
        Currency::Usd => "US$",
    }
}

/// `5,000`, or `12.50` where there are cents.
pub fn digits(amount: Money, currency: Currency) -> String {
    let scale = 10_u64.pow(currency.exponent());
    let minor = amount.minor().unsigned_abs();
    let (whole, rest) = (minor / scale, minor % scale);
    let sign = if amount.minor() < 0 { "−" } else { "" };
    if rest == 0 && currency != Currency::Usd || scale == 1 {
        format!("{sign}{}", grouped(whole))
    } else {
        format!(
            "{sign}{}.{rest:0width$}",
            grouped(whole),
            width = currency.exponent() as usize
        )
    }
}

/// `9,500`, `45k`, `1.2M`: above a bar, where the whole amount has no room.
pub fn short(amount: Money, currency: Currency) -> String {
    let whole = amount.minor().unsigned_abs() / 10_u64.pow(currency.exponent());
    let sign = if amount.minor() < 0 { "−" } else { "" };
    match whole {
        0..10_000 => format!("{sign}{}", grouped(whole)),
        10_000..1_000_000 => format!("{sign}{}k", whole / 1_000),
        _ => format!(
            "{sign}{}.{}M",
            grouped(whole / 1_000_000),
            whole % 1_000_000 / 100_000
        ),
    }
}

/// `TSh 5,000`.
pub fn money(amount: Money, currency: Currency) -> String {
    format!("{}\u{a0}{}", symbol(currency), digits(amount, currency))
}

/// Where the organisation's clocks stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone {
    /// An IANA name, looked up by the browser.
    Named(String),
    /// Minutes east of Greenwich.
    Fixed(i64),
}

impl Zone {
    /// Minutes east of Greenwich at an instant; 0 for a zone the browser does not know.
    fn offset_minutes(&self, at: Timestamp) -> i64 {
        match self {
            Self::Named(name) => offsets::minutes(name, at, browser_offset_minutes).unwrap_or(0),
            Self::Fixed(minutes) => *minutes,
        }
    }

    /// The wall clock here at an instant.
    pub fn local(&self, at: Timestamp) -> Local {
        let millis = at.as_millis() + self.offset_minutes(at) * MINUTE;
        let days = millis.div_euclid(DAY);
        let of_day = millis.rem_euclid(DAY);
        let (year, month, day) = civil(days);
        Local {
            days,
            year,
            month,
            day,
            hour: of_day / HOUR,
            minute: of_day % HOUR / MINUTE,
        }
    }

    /// The day of the calendar here.
    pub fn today(&self, at: Timestamp) -> Date {
        Date::of(at.plus_millis(self.offset_minutes(at) * MINUTE))
    }

    /// Midnight before an instant.
    pub fn start_of_day(&self, at: Timestamp) -> Timestamp {
        let offset = self.offset_minutes(at) * MINUTE;
        let days = (at.as_millis() + offset).div_euclid(DAY);
        Timestamp::from_millis(days * DAY - offset)
    }

    /// When the last days began, oldest first; the last is `today`, itself a beginning.
    pub fn last_days(&self, today: Timestamp, count: i64) -> Vec<Timestamp> {
        (0..count)
            .rev()
            // At noon of that day, so that a day of 23 or 25 hours has its own midnight.
            .map(|ago| self.start_of_day(today.plus_millis(DAY / 2 - ago * DAY)))
            .collect()
    }
}

/// Date and time on a wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// Since 1970-01-01, for telling days apart.
    days: i64,
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
}

/// Year, month and day of a day number, after H. Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// `14:02`.
pub fn clock(at: Timestamp, zone: &Zone) -> String {
    let local = zone.local(at);
    format!("{:02}:{:02}", local.hour, local.minute)
}

/// `today 14:02`, `yesterday 09:10`, `Mon 3 Nov 14:02`, `3 Nov 2025 14:02`.
pub fn when(words: Words, at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let time = clock(at, zone);
    match zone.local(at).days - zone.local(now).days {
        0 => words.today_at(&time),
        -1 => words.yesterday_at(&time),
        1 => words.tomorrow_at(&time),
        _ => format!("{} {time}", date(words, at, now, zone)),
    }
}

/// The time alone for today, the date otherwise: for pills and narrow columns.
pub fn when_short(words: Words, at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    if zone.local(at).days == zone.local(now).days {
        clock(at, zone)
    } else {
        date(words, at, now, zone)
    }
}

/// `Mon 3 Nov`, with the year instead of the weekday when it is another one.
pub fn date(words: Words, at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let local = zone.local(at);
    let month = month_name(words, local.month);
    if local.year == zone.local(now).year {
        format!("{} {} {month}", weekday_name(words, local.days), local.day)
    } else {
        format!("{} {month} {}", local.day, local.year)
    }
}

/// `Fri 20 Nov 2026 14:02`: for paper and messages, which are read on another day.
pub fn when_for_good(words: Words, at: Timestamp, zone: &Zone) -> String {
    let local = zone.local(at);
    format!(
        "{} {} {} {} {}",
        weekday_name(words, local.days),
        local.day,
        month_name(words, local.month),
        local.year,
        clock(at, zone)
    )
}

/// `today`, `Mon 3 Nov`, with the year instead of the weekday when it is another one.
pub fn day(words: Words, date: Date, today: Date) -> String {
    let (year, month, day) = date.civil();
    let month = month_name(words, month);
    if date == today {
        words.today().into()
    } else if year == today.civil().0 {
        let weekday = weekday_name(words, date.days().into());
        format!("{weekday} {day} {month}")
    } else {
        format!("{day} {month} {year}")
    }
}

/// Where a number without a country code belongs.
pub const fn country(currency: Currency) -> Country {
    match currency {
        Currency::Kes => Country::Kenya,
        Currency::Ugx => Country::Uganda,
        Currency::Rwf => Country::Rwanda,
        Currency::Tzs | Currency::Usd => Country::Tanzania,
    }
}

/// The stated day, or the one here when the record was made.
pub fn registered_on(client: &Client, zone: &Zone) -> Date {
    let stated = client.details.registered_on;
    stated.unwrap_or_else(|| zone.today(client.id.made_at()))
}

/// What people pay with where the clocks stand so, as far as we know.
pub fn currency_of(zone: &str) -> Currency {
    match zone {
        "Africa/Nairobi" => Currency::Kes,
        "Africa/Kampala" => Currency::Ugx,
        "Africa/Kigali" => Currency::Rwf,
        _ => Currency::Tzs,
    }
}

/// A number as people of the business read it; as it is stored where it cannot be read.
pub fn phone(e164: &str, currency: Currency) -> String {
    Phone::from_e164(e164).map_or_else(
        |_| e164.to_string(),
        |phone| phone.for_reader(country(currency)),
    )
}

/// `Mon`.
pub fn weekday(words: Words, at: Timestamp, zone: &Zone) -> &'static str {
    weekday_name(words, zone.local(at).days)
}

fn weekday_name(words: Words, days: i64) -> &'static str {
    // 1970-01-01 was a Thursday.
    match (days + 3).rem_euclid(7) {
        0 => words.weekday_0(),
        1 => words.weekday_1(),
        2 => words.weekday_2(),
        3 => words.weekday_3(),
        4 => words.weekday_4(),
        5 => words.weekday_5(),
        _ => words.weekday_6(),
    }
}

fn month_name(words: Words, month: i64) -> &'static str {
    match month {
        1 => words.month_1(),
        2 => words.month_2(),
        3 => words.month_3(),
        4 => words.month_4(),
        5 => words.month_5(),
        6 => words.month_6(),
        7 => words.month_7(),
        8 => words.month_8(),
        9 => words.month_9(),
        10 => words.month_10(),
        11 => words.month_11(),
        _ => words.month_12(),
    }
}

/// How long ago, in the least letters: `2 h`.
pub fn age(words: Words, since: Timestamp, now: Timestamp) -> String {
    let millis = u64::try_from(now.millis_since(since)).unwrap_or(0);
    let (minute, hour, day) = (
        MINUTE.unsigned_abs(),
        HOUR.unsigned_abs(),
        DAY.unsigned_abs(),
    );
    if millis < minute {
        words.age_moments().to_string()
    } else if millis < hour {
        words.age_minutes(millis / minute)
    } else if millis < day {
        words.age_hours(millis / hour)
    } else {
        words.age_days(millis / day)
    }
}

/// A span in whole words: `7 days`, `24 hours`, `1 month`.
pub fn duration(words: Words, millis: i64) -> String {
    let minutes = millis.unsigned_abs() / MINUTE.unsigned_abs();
    match minutes {
        0..120 => words.minutes(minutes),
        120..2_880 => words.hours(minutes / 60),
        _ => words.days(minutes / 1_440),
    }
}

/// A limit of time online.
pub fn seconds(words: Words, seconds: u64) -> String {
    let millis = i64::try_from(seconds).unwrap_or(i64::MAX / 1000);
    duration(words, millis.saturating_mul(1000))
}

/// Calendar validity as people say it; weeks are told in days.
pub fn validity(words: Words, details: &PackageDetails) -> String {
    let count = details.validity.count;
    match details.validity.unit {
        Unit::Minute => words.minutes(count),
        Unit::Hour => words.hours(count),
        Unit::Day => words.days(count),
        Unit::Week => words.days(count.saturating_mul(7)),
        Unit::Month => words.months(count),
    }
}

/// `5 GB`, `500 MB`: decimal, as operators sell it, unless only the binary form is round.
pub fn volume(bytes: u64) -> String {
    const UNITS: [(u64, u64, &str); 2] =
        [(1_000_000_000, 1 << 30, "GB"), (1_000_000, 1 << 20, "MB")];
    for (decimal, binary, name) in UNITS {
        for unit in [binary, decimal] {
            if bytes >= unit && bytes.is_multiple_of(unit) {
                return format!("{} {name}", grouped(bytes / unit));
            }
        }
    }
    let (whole, tenth) = (bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000);
    if whole > 0 {
        format!("{}.{tenth} GB", grouped(whole))
    } else {
        format!("{} MB", grouped(bytes / 1_000_000))
    }
}

/// `512 kbit/s`, `5 Mbit/s`, `1.5 Gbit/s`: decimal, as routers count.
pub fn speed(kbps: u32) -> String {
    let (scale, name) = match kbps {
        0..1_000 => return format!("{kbps} kbit/s"),
        1_000..1_000_000 => (1_000, "Mbit/s"),
        _ => (1_000_000, "Gbit/s"),
    };
    let rest = format!("{:03}", kbps % scale * 1_000 / scale);
    match rest.trim_end_matches('0') {
        "" => format!("{} {name}", kbps / scale),
        rest => format!("{}.{rest} {name}", kbps / scale),
    }
}

pub fn connection(words: Words, kind: Connection) -> &'static str {
    match kind {
        Connection::Hotspot => words.kind_hotspot(),
        Connection::Pppoe => words.kind_pppoe(),
    }
}

/// `Use within 90 days · 7 days from first login · 24 hours of internet · 5 GB of data ·
/// 5 Mbit/s down · 2 devices at once`.
pub fn validity_sentence(words: Words, package: &Package) -> String {
    terms(words, &package.details).join(" · ")
}

/// The parts of [`validity_sentence`].
pub fn terms(words: Words, details: &PackageDetails) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(days) = details.use_within_days {
        parts.push(words.use_within(&words.days(days)));
    }
    parts.push(words.from_first_login(&validity(words, details)));
    if let Some(seconds) = details.uptime_limit_seconds {
        parts.push(words.time_online(&self::seconds(words, seconds)));
    }
    if let Some(bytes) = details.quota_bytes {
        parts.push(words.data_volume(&volume(bytes)));
    }
    if let Some(kbps) = details.download_kbps {
        parts.push(words.speed_down(&speed(kbps)));
    }
    if let Some(kbps) = details.upload_kbps {
        parts.push(words.speed_up(&speed(kbps)));
    }
    if let Some(devices) = details.shared_users {
        parts.push(words.devices_at_once(devices));
    }
    if details.kind == Connection::Pppoe {
        parts.push(words.kind_pppoe().into());
    }
    parts
}

/// A code as it is read aloud. The parts together are the code, byte for byte: the gaps are only seen.
pub fn code_groups(code: &str) -> Vec<&str> {
    let is_plain = code.chars().all(|c| c.is_ascii_alphanumeric());
    if !is_plain || code.len() < 8 {
        return vec![code];
    }
    // All ASCII, so that bytes are characters. A last group of one would be lost at the end: 9 is 4 + 5.
    let mut groups = Vec::new();
    let mut rest = code;
    while rest.len() > 5 {
        let (group, tail) = rest.split_at(4);
        groups.push(group);
        rest = tail;
    }
    groups.push(rest);
    groups
}

/// What the clocks of a named zone show, asked of the browser: Swedish dates are ISO dates. `None` for a zone it
/// does not know, which makes it throw; hence the call by hand.
#[cfg(target_arch = "wasm32")]
fn browser_offset_minutes(name: &str, at: Timestamp) -> Option<i64> {
    use js_sys::{Date, Function, Object, Reflect};
    use wasm_bindgen::{JsCast, JsValue};

    #[expect(
        clippy::cast_precision_loss,
        reason = "instants of our time are far below 2^53 ms"
    )]
    let date = Date::new(&JsValue::from_f64(at.as_millis() as f64));
    let options = Object::new();
    Reflect::set(&options, &"timeZone".into(), &name.into()).ok()?;
    let write: Function = Reflect::get(&date, &"toLocaleString".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let text = write
        .call2(&date, &"sv-SE".into(), &options)
        .ok()?
        .as_string()?;
    let numbers: Vec<i64> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect();
    let [year, month, day, hour, minute, _] = numbers[..] else {
        return None;
    };
    let local = days_from_civil(year, month, day) * 1_440 + hour * 60 + minute;
    Some(local - at.as_millis().div_euclid(MINUTE))
}

#[cfg(not(target_arch = "wasm32"))]
fn browser_offset_minutes(_: &str, _: Timestamp) -> Option<i64> {
    None
}

/// The reverse of [`civil`].
#[cfg(any(target_arch = "wasm32", test))]
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use crdt_model::ids::PackageId;
    use crdt_model::package::first_packages;

    use super::*;
    use crate::i18n::Lang;

    const EN: Words = Words(Lang::En);
    const SW: Words = Words(Lang::Sw);
    /// 2026-11-20, a Friday, 11:02 in London and 14:02 in Dar es Salaam.
    const NOW: Timestamp = Timestamp::from_millis(1_795_172_520_000);

    fn ago(millis: i64) -> Timestamp {
        NOW.plus_millis(-millis)
    }

    #[test]
    fn money_is_written_as_people_say_it() {
        let text =
            |minor, currency| money(Money::from_minor(minor), currency).replace('\u{a0}', " ");
        assert_eq!(text(500_000, Currency::Tzs), "TSh 5,000");
        assert_eq!(text(500_050, Currency::Kes), "KSh 5,000.50");
        assert_eq!(text(120_400_000, Currency::Ugx), "USh 120,400,000");
        assert_eq!(text(500, Currency::Usd), "US$ 5.00");
        assert_eq!(text(-500_000, Currency::Tzs), "TSh −5,000");
    }

    #[test]
    fn a_zone_presets_the_currency_of_its_country() {
        for (zone, currency, country_of_phones) in [
            ("Africa/Nairobi", Currency::Kes, Country::Kenya),
            ("Africa/Kampala", Currency::Ugx, Country::Uganda),
            ("Africa/Kigali", Currency::Rwf, Country::Rwanda),
            ("Africa/Dar_es_Salaam", Currency::Tzs, Country::Tanzania),
            ("Europe/London", Currency::Tzs, Country::Tanzania),
        ] {
            assert_eq!(currency_of(zone), currency, "{zone}");
            assert_eq!(country(currency), country_of_phones);
        }
    }

    #[test]
    fn short_amounts_fit_a_bar() {
        let text = |whole: i64| short(Money::from_minor(whole * 100), Currency::Tzs);
        assert_eq!(text(0), "0");
        assert_eq!(text(9_500), "9,500");
        assert_eq!(text(45_900), "45k");
        assert_eq!(text(1_204_000), "1.2M");
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let zone = Zone::Fixed(180);
        assert_eq!(when(EN, NOW, NOW, &zone), "today 14:02");
        assert_eq!(when(SW, ago(15 * HOUR), NOW, &zone), "jana 23:02");
        assert_eq!(when(EN, ago(17 * DAY), NOW, &zone), "Tue 3 Nov 14:02");
        assert_eq!(when(EN, ago(365 * DAY), NOW, &zone), "20 Nov 2025 14:02");
        assert_eq!(when_short(EN, ago(17 * DAY), NOW, &zone), "Tue 3 Nov");
        assert_eq!(when_for_good(EN, NOW, &zone), "Fri 20 Nov 2026 14:02");
        let today = zone.start_of_day(NOW);
        assert_eq!(clock(today, &zone), "00:00");
        let days = zone.last_days(today, 3);
        assert_eq!(
            days,
            [today.plus_millis(-2 * DAY), today.plus_millis(-DAY), today]
        );
    }

    #[test]
    fn days_without_a_clock_are_those_of_the_zone_too() {
        let zone = Zone::Fixed(180);
        // 23:30 in London is tomorrow in Dar es Salaam.
        let today = zone.today(NOW.plus_millis(12 * HOUR + 28 * MINUTE));
        assert_eq!(today.to_string(), "2026-11-21");
        assert_eq!(day(EN, today, today), "today");
        assert_eq!(day(EN, today.plus_days(-18), today), "Tue 3 Nov");
        assert_eq!(day(SW, today.plus_days(60), today), "20 Jan 2027");
        assert_eq!(phone("+255712345678", Currency::Tzs), "0712 345 678");
        assert_eq!(phone("+255712345678", Currency::Kes), "+255 712 345 678");
    }

    #[test]
    fn a_client_of_the_first_hours_was_registered_on_that_day() {
        // 23:30 in London on the 20th is the 21st in Dar es Salaam.
        let made_at = NOW.plus_millis(12 * HOUR + 28 * MINUTE);
        let mut id = [0; 16];
        id[..6].copy_from_slice(&made_at.as_millis().to_be_bytes()[2..]);
        let mut client = Client {
            id: crdt_model::ids::ClientId::from_bytes(id),
            site: crdt_model::ids::SiteId::from_bytes([1; 16]),
            owner: crdt_model::ids::PersonId::from_bytes([2; 16]),
            details: crdt_model::client::ClientDetails::default(),
            active: true,
            contested: Vec::new(),
        };
        let day = |client: &Client| registered_on(client, &Zone::Fixed(180)).to_string();
        assert_eq!(day(&client), "2026-11-21");
        client.details.registered_on = "2025-01-02".parse().ok();
        assert_eq!(day(&client), "2025-01-02");
    }

    #[test]
    fn dates_round_trip() {
        for days in [-1, 0, 11_016, 19_782, 20_777, 47_541] {
            let (year, month, day) = civil(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn ages_are_short() {
        for (millis, text) in [
            (5_000, "just now"),
            (3 * MINUTE, "3 min"),
            (2 * HOUR + MINUTE, "2 h"),
            (DAY, "1 day"),
            (50 * HOUR, "2 days"),
        ] {
            assert_eq!(age(EN, ago(millis), NOW), text);
        }
    }

    #[test]
    fn a_package_is_a_sentence() {
        let mut details = first_packages(Currency::Tzs)[0].clone();
        details.quota_bytes = Some(5_000_000_000);
        details.uptime_limit_seconds = Some(86_400);
        let package = Package {
            id: PackageId::from_bytes([0; 16]),
            details,
            active: true,
            contested: Vec::new(),
        };
        assert_eq!(
            validity_sentence(EN, &package),
            "Use within 90 days · 7 days from first login · 24 hours of internet · 5 GB of data"
        );
        assert!(validity_sentence(SW, &package).starts_with("Tumia ndani ya siku 90 · siku 7"));
    }

    #[test]
    fn speed_devices_and_line_are_part_of_the_sentence() {
        let details = PackageDetails {
            use_within_days: None,
            download_kbps: Some(5_000),
            upload_kbps: Some(512),
            shared_users: Some(2),
            kind: Connection::Pppoe,
            ..first_packages(Currency::Tzs)[2].clone()
        };
        assert_eq!(
            terms(EN, &details).join(" · "),
            "1 month from first login · 5 Mbit/s down · 512 kbit/s up · 2 devices at once · PPPoE line"
        );
        assert_eq!(
            terms(SW, &details).join(" · "),
            "mwezi 1 tangu kuingia mara ya kwanza · kupakua 5 Mbit/s · kupakia 512 kbit/s · vifaa 2 kwa pamoja · laini ya PPPoE"
        );
    }

    #[test]
    fn speeds_are_as_routers_count() {
        for (kbps, text) in [
            (64, "64 kbit/s"),
            (1_000, "1 Mbit/s"),
            (1_536, "1.536 Mbit/s"),
            (2_500, "2.5 Mbit/s"),
            (1_500_000, "1.5 Gbit/s"),
        ] {
            assert_eq!(speed(kbps), text);
        }
    }

    #[test]
    fn volumes_are_round_where_they_can_be() {
        assert_eq!(volume(1_073_741_824), "1 GB");
        assert_eq!(volume(500_000_000), "500 MB");
        assert_eq!(volume(1_550_000_001), "1.5 GB");
    }

    #[test]
    fn long_codes_are_read_in_fours_and_never_changed() {
        for (code, groups) in [
            ("K7QM-9RTX", vec!["K7QM-9RTX"]),
            ("JCKCF", vec!["JCKCF"]),
            ("K7QM9RTX", vec!["K7QM", "9RTX"]),
            ("K7QM9RTX1", vec!["K7QM", "9RTX1"]),
            ("abcd1234efgh", vec!["abcd", "1234", "efgh"]),
        ] {
            assert_eq!(code_groups(code), groups);
            assert_eq!(code_groups(code).concat(), code);
        }
    }
}

//! Finding clients among thousands while somebody types.
//!
//! The index keeps every client of the replica in the order of their names, with name, e-mail and digits ready to
//! compare. It reads again only documents that changed since it was asked last ([`Sheets::changed_since`]); a query
//! is one walk over the entries, without a fold and without an allocation for those that do not match. It must not
//! know how a client is shown.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Client, Standing, clients_of};
use crate::document::{DocumentKey, Sheet};
use crate::fact::FactBody;
use crate::ids::{ClientId, PersonId, SiteId};
use crate::phone::Phone;
use crate::sheets::Sheets;
use crate::time::{Date, Timestamp};

/// Fewer digits are in every number.
const DIGITS_MIN: usize = 3;
/// Nobody types more words than that.
const WORDS_MAX: usize = 8;

/// Which clients are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFilter {
    pub site: Option<SiteId>,
    pub owner: Option<PersonId>,
    /// `None`: all who are served; those who are not are found by a search.
    pub standing: Option<Standing>,
    /// Name, phone in any spelling, e-mail.
    pub search: String,
    pub sort: ClientSort,
    /// The day where the person is, for what has expired.
    pub today: Date,
}

/// The order of a list. What is searched for comes best match first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ClientSort {
    #[default]
    Name,
    /// Who expires first.
    Expiry,
    /// Who bought last.
    LastPurchase,
    /// Who came last.
    Newest,
}

impl ClientSort {
    pub const ALL: [Self; 4] = [Self::Name, Self::Expiry, Self::LastPurchase, Self::Newest];
}

impl ClientFilter {
    /// Everybody who is served.
    pub const fn all(today: Date) -> Self {
        Self {
            site: None,
            owner: None,
            standing: None,
            search: String::new(),
            sort: ClientSort::Name,
            today,
        }
    }
}

struct Entry {
    document: DocumentKey,
    client: Client,
    /// As [`normalised`]: words parted by one blank.
    name: String,
    email: String,
}

/// Every client of a replica, ready to be found.
#[derive(Default)]
pub struct ClientIndex {
    /// By name, then id.
    entries: Vec<Entry>,
    /// Per till, who bought last when.
    tills: BTreeMap<DocumentKey, BTreeMap<ClientId, Timestamp>>,
    last: BTreeMap<ClientId, Timestamp>,
    revision: u64,
}

impl ClientIndex {
    pub fn of(sheets: &Sheets) -> Self {
        let mut index = Self::default();
        index.catch_up(sheets);
        index
    }

    /// Reads again what changed. The sheets are those of one replica, growing; for another replica make a new index.
    pub fn catch_up(&mut self, sheets: &Sheets) {
        let changed: Vec<DocumentKey> = sheets.changed_since(self.revision).collect();
        self.revision = sheets.revision();
        let clients: Vec<DocumentKey> = changed
            .iter()
            .filter(|key| matches!(key, DocumentKey::Clients { .. }))
            .copied()
            .collect();
        if !clients.is_empty() {
            // Keys come in order.
            self.entries
                .retain(|entry| clients.binary_search(&entry.document).is_err());
            for key in clients {
                let read = clients_of(sheets.get(&key), key).map(|client| Entry::of(key, client));
                self.entries.extend(read);
            }
            // Mostly sorted already, which this sort is made for.
            self.entries
                .sort_by(|one, two| one.order().cmp(&two.order()));
        }
        for key in changed {
            if matches!(key, DocumentKey::Till { .. }) {
                self.take_till(key, sheets.get(&key));
            }
        }
    }

    fn take_till(&mut self, key: DocumentKey, sheet: &Sheet) {
        let mut now: BTreeMap<ClientId, Timestamp> = BTreeMap::new();
        for (_, fact) in sheet.known_facts() {
            if let FactBody::Sale(sale) = &fact.body
                && let Some(client) = sale.client
            {
                let at = fact.happened();
                let last = now.entry(client).or_insert(at);
                *last = at.max(*last);
            }
        }
        let before = self.tills.insert(key, now.clone()).unwrap_or_default();
        for (client, at) in &now {
            let last = self.last.entry(*client).or_insert(*at);
            *last = (*at).max(*last);
        }
        // A sale that was held or refused is gone from the till again.
        for (client, at) in before {
            if now.get(&client).is_none_or(|now| *now < at) {
                let tills = self.tills.values();
                match tills.filter_map(|till| till.get(&client)).max() {
                    Some(last) => self.last.insert(client, *last),
                    None => self.last.remove(&client),
                };
            }
        }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// When they bought last, as far as is known here.
    pub fn last_purchase(&self, client: ClientId) -> Option<Timestamp> {
        self.last.get(&client).copied()
    }

    /// Who has this number?
    pub fn with_phone(&self, phone: &Phone) -> impl Iterator<Item = &Client> {
        self.entries
            .iter()
            .map(|entry| &entry.client)
            .filter(move |client| client.details.phone.as_ref() == Some(phone))
    }

    /// Whose each number is, for many questions at once.
    pub fn phones(&self) -> BTreeMap<&Phone, &str> {
        self.entries
            .iter()
            .filter_map(|entry| {
                let details = &entry.client.details;
                Some((details.phone.as_ref()?, details.name.as_str()))
            })
            .collect()
    }

    /// How many match, and those on the page: best first, then in the order asked for.
    pub fn find(
        &self,
        filter: &ClientFilter,
        offset: usize,
        limit: usize,
    ) -> (usize, Vec<&Client>) {
        let wanted = Wanted::of(&filter.search);
        let mut by_rank: [Vec<&Client>; 3] = Default::default();
        for entry in &self.entries {
            let client = &entry.client;
            if filter.site.is_some_and(|site| client.site != site)
                || filter.owner.is_some_and(|owner| client.owner != owner)
                || !stands(client, filter)
            {
                continue;
            }
            if let Some(rank) = wanted.rank(entry) {
                by_rank[rank].push(client);
            }
        }
        if filter.sort != ClientSort::Name {
            for clients in &mut by_rank {
                self.sort(clients, filter.sort);
            }
        }
        let count = by_rank.iter().map(Vec::len).sum();
        let found = by_rank.into_iter().flatten();
        (count, found.skip(offset).take(limit).collect())
    }

    fn sort(&self, clients: &mut [&Client], by: ClientSort) {
        match by {
            ClientSort::Name => {}
            ClientSort::Expiry => clients.sort_by_key(|client| {
                let last = client.details.expires_on;
                (last.is_none(), last)
            }),
            ClientSort::LastPurchase => {
                clients.sort_by_cached_key(|client| Reverse(self.last_purchase(client.id)));
            }
            ClientSort::Newest => {
                clients.sort_by_key(|client| Reverse((client.registered_on(), client.id)));
            }
        }
    }
}

impl Entry {
    fn of(document: DocumentKey, client: Client) -> Self {
        Self {
            document,
            name: normalised(&client.details.name),
            email: client
                .details
                .email
                .as_deref()
                .map(str::to_lowercase)
                .unwrap_or_default(),
            client,
        }
    }

    fn order(&self) -> (&str, ClientId) {
        (&self.name, self.client.id)
    }
}

fn stands(client: &Client, filter: &ClientFilter) -> bool {
    match filter.standing {
        Some(wanted) => client.standing(filter.today) == wanted,
        None => client.active || !filter.search.trim().is_empty(),
    }
}

/// What somebody typed, ready to compare.
struct Wanted {
    all: String,
    words: Vec<Word>,
    /// A number with blanks in it is one number, not several words.
    number: Option<String>,
}

struct Word {
    text: String,
    /// As it stands in an e-mail address.
    raw: String,
    /// As it stands in an international number.
    digits: Option<String>,
}

impl Wanted {
    fn of(search: &str) -> Self {
        let is_number = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+-.()".contains(c);
        let number = Some(search)
            .filter(|search| search.chars().all(is_number))
            .and_then(digits);
        let words = search
            .split_whitespace()
            .take(WORDS_MAX)
            .map(|raw| Word {
                text: normalised(raw),
                raw: raw.to_lowercase(),
                digits: digits(raw),
            })
            .collect();
        Self {
            all: normalised(search),
            words,
            number,
        }
    }

    /// 0: the name begins so; 1: every word begins a word of the name, the number or the address; 2: they are
    /// somewhere inside; `None`: no match.
    fn rank(&self, entry: &Entry) -> Option<usize> {
        let phone = entry.client.details.phone.as_ref();
        if let Some(number) = &self.number {
            return in_number(phone?, number);
        }
        if self.words.is_empty() {
            return Some(0);
        }
        let mut worst = 1;
        for word in &self.words {
            let in_name = (!word.text.is_empty())
                .then(|| inside(&entry.name, &word.text))
                .flatten();
            let in_email = || {
                if entry.email.starts_with(&word.raw) {
                    Some(1)
                } else {
                    entry.email.contains(&word.raw).then_some(2)
                }
            };
            let by_phone = || in_number(phone?, word.digits.as_ref()?);
            let rank = in_name.or_else(in_email).or_else(by_phone)?;
            worst = rank.max(worst);
        }
        if worst == 1 && entry.name.starts_with(&self.all) {
            return Some(0);
        }
        Some(worst)
    }
}

/// 1 where a word of the name begins so, 2 where it stands inside one.
fn inside(name: &str, word: &str) -> Option<usize> {
    let mut found = None;
    for (at, _) in name.match_indices(word) {
        if at == 0 || name.as_bytes()[at - 1] == b' ' {
            return Some(1);
        }
        found = Some(2);
    }
    found
}

/// 1 where the number, with or without its country, begins so; 2 where the digits stand inside.
fn in_number(phone: &Phone, digits: &str) -> Option<usize> {
    let at = phone.digits().find(digits)?;
    // A country's code has three digits where we sell.
    Some(if at == 0 || at == 3 { 1 } else { 2 })
}

/// The digits that somebody typed, as they stand in an international number: `0712…` is written `255712…`.
fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (digits.len() >= DIGITS_MIN).then(|| digits.to_string())
}

/// A name without what people spell differently: letters in lower case without marks, words parted by one blank;
/// apostrophes join (`Ng'ombe` is `ngombe`).
pub fn normalised(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        if matches!(letter, '\'' | '\u{2018}' | '\u{2019}' | '`') {
            continue;
        }
        for letter in letter.to_lowercase() {
            let plain = match letter {
                'à'..='å' => 'a',
                'ç' => 'c',
                'è'..='ë' => 'e',
                'ì'..='ï' => 'i',
                'ñ' => 'n',
                'ò'..='ö' => 'o',
                'ù'..='ü' => 'u',
                other => other,
            };
            if plain.is_alphanumeric() {
                out.push(plain);
            } else if !out.ends_with(' ') && !out.is_empty() {
                out.push(' ');
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{ClientDetails, ClientEdit};
    use crate::document::{Field, Put};
    use crate::fact::{Fact, PaymentMethod, Sale};
    use crate::phone::Country;
    use crate::time::Month;

    const SITE: SiteId = SiteId::from_bytes([1; 16]);
    const ASHA: PersonId = PersonId::from_bytes([2; 16]);

    fn today() -> Date {
        "2026-11-20".parse().unwrap()
    }

    fn id(n: u8) -> ClientId {
        ClientId::from_bytes([n; 16])
    }

    fn document(part: u16) -> DocumentKey {
        DocumentKey::Clients {
            site: SITE,
            owner: ASHA,
            part,
        }
    }

    fn write(sheets: &mut Sheets, document: DocumentKey, puts: Vec<Put>) {
        for put in puts {
            let field = Field {
                value: put.value,
                others: Vec::new(),
            };
            sheets.entry(document).records.insert(put.key, field);
        }
    }

    fn add(sheets: &mut Sheets, part: u16, n: u8, name: &str, phone: &str) {
        let details = ClientDetails {
            name: name.into(),
            phone: Phone::parse(phone, Country::Tanzania).ok(),
            ..ClientDetails::default()
        };
        write(sheets, document(part), details.puts(id(n)));
    }

    fn shop() -> Sheets {
        let mut sheets = Sheets::default();
        add(&mut sheets, 0, 1, "Halima Mrema", "0712 345 678");
        add(&mut sheets, 0, 2, "Mrema Said", "0655 712 345");
        add(&mut sheets, 1, 3, "Ng'ombe Amrema", "");
        add(&mut sheets, 1, 4, "José Älva", "0787 000 111");
        sheets
    }

    fn names(index: &ClientIndex, search: &str) -> Vec<String> {
        let filter = ClientFilter {
            search: search.into(),
            ..ClientFilter::all(today())
        };
        let (count, found) = index.find(&filter, 0, 10);
        assert_eq!(count, found.len());
        found
            .into_iter()
            .map(|client| client.details.name.clone())
            .collect()
    }

    #[test]
    fn the_beginning_of_the_name_comes_before_a_word_and_that_before_the_inside() {
        let index = ClientIndex::of(&shop());
        assert_eq!(
            names(&index, "mrema"),
            ["Mrema Said", "Halima Mrema", "Ng'ombe Amrema"]
        );
        assert_eq!(names(&index, "MREMA hal"), ["Halima Mrema"]);
        assert_eq!(names(&index, "ngombe"), ["Ng'ombe Amrema"]);
        assert_eq!(names(&index, "jose alva"), ["José Älva"]);
        assert_eq!(names(&index, "nobody"), [""; 0]);
        assert_eq!(
            names(&index, " "),
            ["Halima Mrema", "José Älva", "Mrema Said", "Ng'ombe Amrema"]
        );
    }

    #[test]
    fn a_number_is_found_in_every_spelling() {
        let index = ClientIndex::of(&shop());
        for search in [
            "0712345678",
            "0712 345 678",
            "+255 712 345 678",
            "00255712345678",
            "712345678",
            "345678",
        ] {
            assert_eq!(names(&index, search), ["Halima Mrema"], "{search}");
        }
        assert_eq!(
            names(&index, "0712"),
            ["Halima Mrema", "Mrema Said"],
            "what begins so comes first"
        );
        assert_eq!(
            names(&index, "12"),
            [""; 0],
            "two digits are in every number"
        );
        assert_eq!(names(&index, "halima 0712"), ["Halima Mrema"]);
    }

    #[test]
    fn what_changed_is_read_again_and_nothing_else() {
        let mut sheets = shop();
        let mut index = ClientIndex::of(&sheets);
        let renamed = ClientEdit::Name("Zuhura Mrema".into()).put(id(1));
        write(&mut sheets, document(0), vec![renamed]);
        assert_eq!(names(&index, "zuhura"), [""; 0]);
        index.catch_up(&sheets);
        assert_eq!(names(&index, "zuhura"), ["Zuhura Mrema"]);
        assert_eq!(index.len(), 4);
        sheets.remove(&document(0));
        index.catch_up(&sheets);
        assert_eq!(names(&index, ""), ["José Älva", "Ng'ombe Amrema"]);
    }

    #[test]
    fn filters_and_pages_count_all_that_match() {
        let mut sheets = shop();
        let expiry = |n, date: &str| ClientEdit::ExpiresOn(date.parse().ok()).put(id(n));
        write(
            &mut sheets,
            document(0),
            vec![expiry(1, "2026-11-19"), expiry(2, "2026-11-27")],
        );
        write(
            &mut sheets,
            document(1),
            vec![
                expiry(3, "2026-11-28"),
                super::super::set_active(id(4), false),
            ],
        );
        let index = ClientIndex::of(&sheets);
        let with = |standing| {
            let filter = ClientFilter {
                standing,
                ..ClientFilter::all(today())
            };
            let (_, found) = index.find(&filter, 0, 10);
            found
                .into_iter()
                .map(|client| client.id)
                .collect::<Vec<_>>()
        };
        assert_eq!(with(Some(Standing::Expired)), [id(1)]);
        assert_eq!(with(Some(Standing::Expiring)), [id(2)]);
        assert_eq!(with(Some(Standing::Running)), [id(3)]);
        assert_eq!(with(Some(Standing::Off)), [id(4)]);
        assert_eq!(with(None), [id(1), id(2), id(3)]);
        assert_eq!(
            names(&index, "jose"),
            ["José Älva"],
            "a search finds them too"
        );
        let sorted = ClientFilter {
            sort: ClientSort::Expiry,
            ..ClientFilter::all(today())
        };
        let (count, page) = index.find(&sorted, 1, 1);
        assert_eq!((count, page[0].id), (3, id(2)));
    }

    #[test]
    fn the_last_purchase_follows_the_tills() {
        let mut sheets = shop();
        let till = |month: &str| DocumentKey::Till {
            site: SITE,
            person: ASHA,
            month: month.parse::<Month>().unwrap(),
        };
        let sell = |sheets: &mut Sheets, month: &str, key: &str, at: i64| {
            let fact = Fact {
                at: Timestamp::from_millis(at),
                since: Timestamp::ZERO,
                by: ASHA,
                body: FactBody::Sale(Sale {
                    receipt: key.into(),
                    lines: Vec::new(),
                    method: PaymentMethod::Cash,
                    reference: None,
                    client: Some(id(1)),
                }),
            };
            let facts = &mut sheets.entry(till(month)).facts;
            facts.insert(key.into(), Some(fact));
        };
        sell(&mut sheets, "202610", "a", 5);
        sell(&mut sheets, "202611", "b", 9);
        let mut index = ClientIndex::of(&sheets);
        let last = |index: &ClientIndex| index.last_purchase(id(1)).map(Timestamp::as_millis);
        assert_eq!(last(&index), Some(9));
        sell(&mut sheets, "202611", "c", 12);
        index.catch_up(&sheets);
        assert_eq!(last(&index), Some(12));
        sheets.entry(till("202611")).facts.clear();
        index.catch_up(&sheets);
        assert_eq!(last(&index), Some(5), "those of that month were not made");
        sheets.remove(&till("202610"));
        index.catch_up(&sheets);
        assert_eq!(last(&index), None);
    }
}

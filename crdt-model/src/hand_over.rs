//! Hand-overs: a block goes from one holder to the next, or back to the office, when both sides have said so, each
//! in its own till and offline if need be. The relay then writes the lease; only that moves the codes.
//!
//! The giver's device stops selling at once. Only the relay can say that it goes on (`Ended`): it alone knows that the
//! other side's word has not come first, so a block is never sold from at both ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::capability::{Capability, Principal};
use crate::document::DocumentKey;
use crate::fact::{Ending, FactBody, HandOverGiven, Offer, StockNote};
use crate::ids::{ALPHABET, BlockId, IntentId, PersonId, SiteId};
use crate::sheets::Sheets;
use crate::time::Timestamp;
use crate::voucher::{Block, Stock};

/// Five characters of the hand-over, two of the site, one to notice typing errors.
const CODE_LENGTH: usize = 8;

/// How people name a hand-over to each other: eight characters, which also tell a device of several sites where the
/// block belongs. It is no secret: only who was named by the giver can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandOverCode([u8; CODE_LENGTH]);

/// Why a text is not the code of a hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hand-over code is eight characters, the last of which follows from the others")]
pub struct CodeError;

impl HandOverCode {
    pub fn of(given: IntentId, site: SiteId) -> Self {
        let mut digits = [0; CODE_LENGTH];
        let (of_given, of_site) = (digits_of_given(given), site_digits(site));
        digits[..5].copy_from_slice(&of_given[..5]);
        digits[5..7].copy_from_slice(&of_site);
        digits[7] = check_digit(&digits);
        Self(digits)
    }

    pub fn is_of_site(&self, site: SiteId) -> bool {
        self.0[5..7] == site_digits(site)
    }

    /// With the site, the whole code: the last character follows from the others.
    fn is_of(&self, given: [u8; 5], site: SiteId) -> bool {
        self.0[..5] == given && self.is_of_site(site)
    }
}

fn digits_of_given(given: IntentId) -> [u8; 5] {
    digits_of(b"hand-over", given.as_bytes())
}

fn digits_of(what: &[u8], id: &[u8; 16]) -> [u8; 5] {
    step();
    let digest = Sha256::new().chain_update(what).chain_update(id).finalize();
    std::array::from_fn(|place| digest[place] & 31)
}

fn site_digits(site: SiteId) -> [u8; 2] {
    let digits = digits_of(b"site", site.as_bytes());
    [digits[0], digits[1]]
}

/// Every wrong character and every two that changed places alter it, but for 0 and Z.
fn check_digit(digits: &[u8; CODE_LENGTH]) -> u8 {
    let sum: u32 = (1..)
        .zip(&digits[..CODE_LENGTH - 1])
        .map(|(weight, digit)| weight * u32::from(*digit))
        .sum();
    u8::try_from(sum % 31).expect("a remainder of 31 is small")
}

/// In two groups of four.
impl fmt::Display for HandOverCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, digit) in self.0.iter().enumerate() {
            if place == CODE_LENGTH / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(ALPHABET[usize::from(*digit)]))?;
        }
        Ok(())
    }
}

/// As people type it: in any case, with or without dashes and blanks, O for 0, I or L for 1.
impl FromStr for HandOverCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let mut digits = [0; CODE_LENGTH];
        let mut count = 0;
        for letter in text.bytes().filter(|letter| !b" -".contains(letter)) {
            let letter = match letter.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            let digit = ALPHABET.iter().position(|known| *known == letter);
            let digit = digit.ok_or(CodeError)?;
            *digits.get_mut(count).ok_or(CodeError)? =
                u8::try_from(digit).map_err(|_| CodeError)?;
            count += 1;
        }
        if count == CODE_LENGTH && digits[7] == check_digit(&digits) {
            Ok(Self(digits))
        } else {
            Err(CodeError)
        }
    }
}

impl Serialize for HandOverCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HandOverCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Why a hand-over cannot be made, taken or withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum HandOverError {
    #[error("the block is not held on this device")]
    NotYours,
    #[error("the server has not told this device its turn at the block yet")]
    TurnUnknown,
    #[error("the block is handed over already")]
    AlreadyGiven,
    #[error("nobody hands a block over to themselves")]
    ToYourself,
    #[error("that person may not sell at this site")]
    CannotSell,
    #[error("this hand-over is not open any more")]
    NotOpen,
    #[error("this code is of another site")]
    OtherSite,
    #[error("this hand-over is for somebody else")]
    NotForYou,
    #[error("this hand-over is taken already")]
    AlreadyTaken,
}

/// A hand-over as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    pub offer: Offer,
    /// Whoever is here said that they took it.
    pub taken_by: Option<PersonId>,
    pub ended: Option<Ending>,
    /// When the relay said so.
    pub ended_at: Option<Timestamp>,
}

impl HandOver {
    pub fn code(&self) -> HandOverCode {
        HandOverCode::of(self.offer.given, self.offer.site)
    }

    pub const fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// May this person say that they took it?
    pub fn is_for(&self, who: &Principal) -> bool {
        match self.offer.hand_over.to {
            Some(to) => to == who.person,
            None => who.may_at(Capability::VouchersLease, self.offer.site),
        }
    }
}

/// What this person said they took by its code, and nothing else is known of it here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub site: SiteId,
    pub at: Timestamp,
    pub code: HandOverCode,
    pub from: Option<PersonId>,
}

/// Every hand-over and every word of a taker that this replica sees.
#[derive(Debug, Clone, Default)]
pub struct HandOvers {
    pub all: BTreeMap<IntentId, HandOver>,
    taken: BTreeMap<(HandOverCode, PersonId), Taken>,
    /// How it ended, and when the relay said so.
    ended: BTreeMap<IntentId, (Ending, Timestamp)>,
    /// Only while somebody took something: a code costs two hashes, and every sale asks what is in stock.
    codes: Option<Codes>,
}

/// The codes of all hand-overs, each made once.
#[derive(Debug, Clone, Default)]
struct Codes {
    given: BTreeMap<HandOverCode, Vec<IntentId>>,
    /// Of what was never offered here: without its site, which only its taker knows.
    ended: BTreeSet<[u8; 5]>,
}

/// A block that its holder parts with: by this turn they do not sell from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaving {
    pub block: BlockId,
    pub turn: u32,
    pub from: PersonId,
    /// When the relay said that it moved, if it did.
    pub moved_at: Option<Timestamp>,
}

impl HandOvers {
    pub fn fold(sheets: &Sheets) -> Self {
        let mut folded = Self::default();
        for (document, key, fact) in sheets.facts() {
            match (&fact.body, document) {
                (FactBody::HandOverGiven(given), DocumentKey::Till { site, .. }) => {
                    if let Ok(id) = key.parse() {
                        folded.add(Offer {
                            given: id,
                            site: *site,
                            from: fact.by,
                            at: fact.at,
                            hand_over: given.clone(),
                        });
                    }
                }
                (FactBody::HandOverTaken(taken), DocumentKey::Till { site, .. }) => {
                    let here = Taken {
                        site: *site,
                        at: fact.happened(),
                        code: taken.code,
                        from: taken.from,
                    };
                    folded.taken.insert((taken.code, fact.by), here);
                }
                (FactBody::StockNote(StockNote::Offered(offer)), _) => folded.add(offer.clone()),
                (FactBody::StockNote(StockNote::Ended { of, how }), _) => {
                    folded.ended.insert(*of, (*how, fact.at));
                }
                _ => {}
            }
        }
        for (id, hand_over) in &mut folded.all {
            (hand_over.ended, hand_over.ended_at) = folded.ended.get(id).copied().unzip();
        }
        if !folded.taken.is_empty() {
            folded.meet();
        }
        folded
    }

    /// Brings what was given and the words of takers together.
    fn meet(&mut self) {
        let mut codes = Codes::default();
        for (id, hand_over) in &mut self.all {
            let code = hand_over.code();
            let to = hand_over.offer.hand_over.to;
            let first = to.unwrap_or(PersonId::from_bytes([0; 16]));
            let takers = self.taken.range((code, first)..);
            hand_over.taken_by = takers
                .map(|((known, by), _)| (*known, *by))
                .inspect(|_| step())
                .next()
                .filter(|(known, by)| *known == code && to.is_none_or(|to| to == *by))
                .map(|(_, by)| by);
            codes.given.entry(code).or_default().push(*id);
        }
        let unknown = self.ended.keys().filter(|id| !self.all.contains_key(*id));
        codes.ended = unknown.map(|id| digits_of_given(*id)).collect();
        self.codes = Some(codes);
    }

    fn add(&mut self, offer: Offer) {
        self.all.entry(offer.given).or_insert(HandOver {
            offer,
            taken_by: None,
            ended: None,
            ended_at: None,
        });
    }

    pub fn find(&self, code: HandOverCode) -> impl Iterator<Item = &HandOver> {
        let found = match &self.codes {
            Some(codes) => codes.given.get(&code).cloned().unwrap_or_default(),
            None => {
                let all = self.all.iter();
                all.filter(|(_, known)| known.code() == code)
                    .map(|(id, _)| *id)
                    .collect()
            }
        };
        found.into_iter().filter_map(|id| self.all.get(&id))
    }

    /// What this person took and the other side has not stated yet, as far as is known here.
    pub fn taken_unknown(&self, person: PersonId) -> impl Iterator<Item = &Taken> {
        self.taken
            .iter()
            .filter(move |((code, by), taken)| {
                *by == person && self.find(*code).next().is_none() && !self.is_over(taken)
            })
            .map(|(_, taken)| taken)
    }

    /// It came to nothing before it was ever offered: only its end was told.
    fn is_over(&self, taken: &Taken) -> bool {
        let Some(codes) = &self.codes else {
            return false;
        };
        let ended = codes.ended.get(&taken.code.0[..5]);
        ended.is_some_and(|ended| taken.code.is_of(*ended, taken.site))
    }

    /// The blocks that are being handed over, and those that moved: the lease that says so may come later.
    pub fn leaving(&self) -> BTreeSet<Leaving> {
        self.all
            .iter()
            .filter_map(|(id, known)| {
                let ended = self.ended.get(id);
                let has_moved =
                    |how: Ending| matches!(how, Ending::Taken { .. } | Ending::Overtaken);
                if ended.is_some_and(|(how, _)| !has_moved(*how)) {
                    return None;
                }
                let moved_at = ended.map(|(_, at)| *at);
                let given = &known.offer.hand_over;
                Some(Leaving {
                    block: given.block,
                    turn: given.turn,
                    from: known.offer.from,
                    moved_at,
                })
            })
            .collect()
    }
}

/// A hash, or a taker looked at: what a fold costs is counted in a test.
fn step() {
    #[cfg(test)]
    tests::STEPS.set(tests::STEPS.get() + 1);
}

/// What a person states who parts with a block now.
pub fn give(
    stock: &Stock,
    block: &Block,
    to: Option<PersonId>,
) -> Result<HandOverGiven, HandOverError> {
    let lease = block.lease.as_ref().ok_or(HandOverError::TurnUnknown)?;
    Ok(HandOverGiven {
        block: block.id,
        turn: lease.turn,
        to,
        package: block.package,
        price: block.price,
        left: u32::try_from(stock.free(block).count()).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::fact::{Fact, HandOverTaken};
    use crate::ids::PackageId;
    use crate::money::Money;
    use crate::time::Month;

    thread_local! {
        pub(super) static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    const ME: PersonId = PersonId::from_bytes([9; 16]);
    const SITE: SiteId = SiteId::from_bytes([3; 16]);

    fn id(kind: u8, n: usize) -> IntentId {
        let mut bytes = [kind; 16];
        bytes[..8].copy_from_slice(&u64::try_from(n).unwrap().to_be_bytes());
        IntentId::from_bytes(bytes)
    }

    /// Everything of `count` hand-overs to one person, who took each; of as many more nothing is known but that they
    /// were taken, and of every second one its end.
    fn handed_over(count: usize) -> Sheets {
        let at = Timestamp::from_millis(1_790_000_000_000);
        let mut sheets = Sheets::default();
        let mut say = |document, key: IntentId, by, body| {
            let fact = Fact {
                at,
                since: at,
                by,
                body,
            };
            let facts = &mut sheets.entry(document).facts;
            facts.insert(key.to_string(), Some(fact));
        };
        let till = |person| DocumentKey::Till {
            site: SITE,
            person,
            month: Month::of(at),
        };
        let giver = PersonId::from_bytes([8; 16]);
        for n in 0..2 * count {
            let given = id(1, n);
            if n < count {
                let hand_over = HandOverGiven {
                    block: BlockId::from_bytes(*given.as_bytes()),
                    turn: 1,
                    to: Some(ME).filter(|_| n % 3 > 0),
                    package: PackageId::from_bytes([5; 16]),
                    price: Money::from_minor(100),
                    left: 1,
                };
                say(
                    till(giver),
                    given,
                    giver,
                    FactBody::HandOverGiven(hand_over),
                );
            }
            if n < count || n % 2 == 0 {
                let ended = StockNote::Ended {
                    of: given,
                    how: Ending::Taken { by: ME },
                };
                let batches = DocumentKey::Batches(SITE);
                say(
                    batches,
                    id(2, n),
                    PersonId::RELAY,
                    FactBody::StockNote(ended),
                );
            }
            let taken = HandOverTaken {
                code: HandOverCode::of(given, SITE),
                from: None,
            };
            say(till(ME), id(3, n), ME, FactBody::HandOverTaken(taken));
        }
        sheets
    }

    fn steps(of: impl FnOnce()) -> usize {
        let before = STEPS.get();
        of();
        STEPS.get() - before
    }

    #[test]
    fn what_a_hand_over_costs_does_not_grow_with_their_number() {
        let cost = |count: usize| {
            let sheets = handed_over(count);
            let mut known = HandOvers::default();
            let folded = steps(|| known = HandOvers::fold(&sheets));
            let asked = steps(|| {
                assert_eq!(known.taken_unknown(ME).count(), count / 2);
            });
            assert_eq!(known.all.len(), count);
            assert!(known.all.values().all(|one| one.taken_by == Some(ME)));
            let one = HandOverCode::of(id(1, count / 2), SITE);
            assert_eq!(steps(|| assert_eq!(known.find(one).count(), 1)), 0);
            (folded, asked)
        };
        let (fold, ask) = cost(100);
        // Two hashes and a look for each, and a hash for each end of what was never offered here.
        assert_eq!(fold, 3 * 100 + 50);
        assert!(ask <= 100, "{ask}");
        assert_eq!(cost(1_000), (10 * fold, 10 * ask));
    }

    #[test]
    fn without_takers_a_fold_makes_no_code_and_a_code_is_found() {
        let mut sheets = handed_over(10);
        let is_mine = |key: &DocumentKey| matches!(key, DocumentKey::Till { person: ME, .. });
        let mine: Vec<DocumentKey> = sheets.iter().map(|(key, _)| *key).filter(is_mine).collect();
        for key in mine {
            sheets.remove(&key);
        }
        let mut known = HandOvers::default();
        assert_eq!(steps(|| known = HandOvers::fold(&sheets)), 0);
        assert_eq!(known.find(HandOverCode::of(id(1, 4), SITE)).count(), 1);
        assert_eq!(known.find(HandOverCode::of(id(1, 14), SITE)).count(), 0);
        assert_eq!(known.taken_unknown(ME).count(), 0);
    }

    fn code() -> HandOverCode {
        HandOverCode::of(IntentId::from_bytes([7; 16]), SiteId::from_bytes([3; 16]))
    }

    #[test]
    fn a_code_survives_how_people_write_it() {
        let shown = code().to_string();
        assert_eq!(shown.len(), 9);
        for written in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', " "),
            shown.replace('-', "").replace('0', "o").replace('1', "l"),
        ] {
            assert_eq!(written.parse(), Ok(code()), "{written}");
        }
    }

    #[test]
    fn a_typing_error_is_noticed() {
        let shown = code().to_string();
        for (place, letter) in shown.char_indices().filter(|(_, letter)| *letter != '-') {
            for other in ALPHABET.iter().map(|letter| char::from(*letter)) {
                let is_blind = matches!((letter, other), ('0', 'Z') | ('Z', '0'));
                if other == letter || is_blind {
                    continue;
                }
                let mut wrong = shown.clone();
                wrong.replace_range(place..=place, &other.to_string());
                assert_eq!(wrong.parse::<HandOverCode>(), Err(CodeError), "{wrong}");
            }
        }
        for bad in [
            "",
            "ABCD",
            "ABCD-EFG",
            "ABCD-EFGHJ",
            "ABCD-EFGé",
            "UUUU-UUUU",
        ] {
            assert_eq!(bad.parse::<HandOverCode>(), Err(CodeError), "{bad}");
        }
    }

    #[test]
    fn a_code_names_its_site() {
        assert!(code().is_of_site(SiteId::from_bytes([3; 16])));
        assert!(!code().is_of_site(SiteId::from_bytes([4; 16])));
    }
}

//! Vouchers, the blocks they come in, and who holds a block.
//!
//! A voucher is a place in a block; its state is a fold over sales, verdicts and leases, never a stored field.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::admission::caps;
use crate::batch;
use crate::capability::Capability;
use crate::document::{DocumentKey, Sheet};
use crate::fact::{Fact, FactBody, Leased, SaleRef, Verdict, VoucherRef};
use crate::hand_over::{HandOvers, Leaving};
use crate::ids::{BatchId, BlockId, DeviceId, IntentId, PackageId, PersonId, SiteId};
use crate::money::Money;
use crate::sheets::Sheets;
use crate::staff;
use crate::time::Timestamp;

/// A block is one change of at most 32 KiB: a thousand codes of up to thirty characters.
pub const CODES_PER_BLOCK_MAX: usize = 1_000;
/// The text of a block: what one value may have, less what else its fact says.
pub const PACKED_BYTES_MAX: usize = caps::VALUE_BYTES_MAX - 1024;
/// RouterOS takes longer names; nobody types them.
pub const CODE_LENGTH_MAX: usize = 64;

/// What a client types to get online. Compared byte for byte: RouterOS names are case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Code {
    pub username: String,
    /// `None`: the same as the user name.
    pub password: Option<String>,
}

/// What is wrong with a code or a block of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum CodesError {
    #[error("a code is empty, longer than {CODE_LENGTH_MAX} bytes or contains a control character")]
    Code,
    #[error("a block has 1 to {CODES_PER_BLOCK_MAX} codes")]
    Count,
    #[error("the codes of a block have at most {PACKED_BYTES_MAX} bytes together")]
    TooLong,
}

/// Codes as one text: a line each, user name and password parted by a tab.
pub fn pack(codes: &[Code]) -> Result<String, CodesError> {
    if codes.is_empty() || codes.len() > CODES_PER_BLOCK_MAX {
        return Err(CodesError::Count);
    }
    let lines: Vec<String> = codes
        .iter()
        .map(|code| match &code.password {
            Some(password) => format!("{}\t{password}", code.username),
            None => code.username.clone(),
        })
        .collect();
    let packed = lines.join("\n");
    if packed.len() > PACKED_BYTES_MAX {
        return Err(CodesError::TooLong);
    }
    if unpack(&packed)? == codes {
        Ok(packed)
    } else {
        Err(CodesError::Code)
    }
}

/// What a code adds to the text of its block, the line break included.
pub fn packed_len(code: &Code) -> usize {
    code.username.len()
        + code
            .password
            .as_ref()
            .map_or(0, |password| password.len() + 1)
        + 1
}

pub fn unpack(packed: &str) -> Result<Vec<Code>, CodesError> {
    let is_code = |text: &str| {
        (1..=CODE_LENGTH_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
    };
    let codes = packed
        .split('\n')
        .map(|line| {
            let (username, password) = match line.split_once('\t') {
                Some((username, password)) => (username, Some(password)),
                None => (line, None),
            };
            if !is_code(username) || password.is_some_and(|password| !is_code(password)) {
                return Err(CodesError::Code);
            }
            Ok(Code {
                username: username.into(),
                password: password.map(Into::into),
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if codes.len() > CODES_PER_BLOCK_MAX {
        Err(CodesError::Count)
    } else {
        Ok(codes)
    }
}

/// Who holds each block of a site: the lease with the highest turn.
pub fn leases(batches: &Sheet) -> BTreeMap<BlockId, Leased> {
    let mut leases: BTreeMap<BlockId, Leased> = BTreeMap::new();
    for (_, fact) in batches.known_facts() {
        if let FactBody::Leased(leased) = &fact.body {
            let newer = leases
                .get(&leased.block)
                .is_none_or(|known| known.turn < leased.turn);
            if newer {
                leases.insert(leased.block, leased.clone());
            }
        }
    }
    leases
}

/// The holder a replica speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub person: PersonId,
    pub device: DeviceId,
}

/// A block as far as this replica knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub id: BlockId,
    pub site: SiteId,
    pub batch: BatchId,
    pub package: PackageId,
    pub price: Money,
    pub count: u32,
    /// When the batch was made.
    pub made_at: Timestamp,
    pub label: Option<String>,
    /// Known to those who may see the site's batches.
    pub lease: Option<Leased>,
    pub leased_at: Option<Timestamp>,
    /// Known to the holder and to those who may see all codes.
    pub codes: Option<Vec<Code>>,
    pub is_mine: bool,
    /// Its holder is handing it over, and does not sell from it.
    pub is_leaving: bool,
    /// Its batch was undone.
    pub is_undone: bool,
}

/// One voucher's history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Sales of it that this replica sees, the standing one first if a verdict named it.
    pub sales: Vec<SaleRef>,
    /// Sold by somebody whose till is not visible here.
    pub sold_elsewhere: bool,
    /// Handed out in a sale that is held or was declined.
    pub is_taken: bool,
    /// The code exists in another block, which was there first.
    pub duplicate: bool,
    pub standing: Option<IntentId>,
}

/// The state of a voucher (features.md, C1; activation and expiry come with the routers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum VoucherState {
    Unused,
    Sold,
    DoubleSold,
    Void,
}

impl History {
    pub fn state(&self) -> VoucherState {
        match (
            self.sales.len(),
            self.sold_elsewhere || self.is_taken,
            self.duplicate,
        ) {
            (2.., _, _) => VoucherState::DoubleSold,
            (1, _, _) | (_, true, _) => VoucherState::Sold,
            (0, false, true) => VoucherState::Void,
            (0, false, false) => VoucherState::Unused,
        }
    }
}

/// Per block, a bit for each voucher that was sold.
pub type SoldBefore = BTreeMap<BlockId, Vec<u8>>;

/// All blocks and what happened to their vouchers: one pass over the facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stock {
    pub blocks: BTreeMap<BlockId, Block>,
    pub histories: BTreeMap<VoucherRef, History>,
    /// Sales that have not been read yet (`replica::Brief`). Once they are, it is empty.
    pub sold_before: SoldBefore,
}

impl Stock {
    pub fn fold(sheets: &Sheets, me: Holder) -> Self {
        let mut stock = Self::default();
        for (document, _, fact) in sheets.facts() {
            match (&fact.body, document) {
                (FactBody::Batch(made), DocumentKey::Batches(site)) => {
                    for block in &made.blocks {
                        let entry = stock.blocks.entry(block.block).or_insert_with(|| {
                            Block::new(
                                block.block,
                                *site,
                                made.batch,
                                made.package,
                                made.price,
                                fact.at,
                            )
                        });
                        entry.count = block.count;
                        entry.label = Some(made.label.clone());
                    }
                }
                (FactBody::Codes(codes), DocumentKey::Block { site, block }) => {
                    let entry = stock.blocks.entry(*block).or_insert_with(|| {
                        Block::new(
                            *block,
                            *site,
                            codes.batch,
                            codes.package,
                            codes.price,
                            fact.at,
                        )
                    });
                    if let Ok(codes) = unpack(&codes.packed) {
                        entry.count = u32::try_from(codes.len()).unwrap_or(u32::MAX);
                        entry.codes = Some(codes);
                    }
                }
                (FactBody::Sale(_) | FactBody::Replacement(_), DocumentKey::Till { .. }) => {}
                (FactBody::Verdict(verdict), _) => stock.judge(verdict),
                _ => {}
            }
        }
        for (document, key, fact) in sheets.facts() {
            let (DocumentKey::Till { .. }, Ok(id)) = (document, key.parse()) else {
                continue;
            };
            let Some(sale) = fact.sale_ref(id) else {
                continue;
            };
            for voucher in fact.vouchers() {
                stock
                    .histories
                    .entry(voucher)
                    .or_default()
                    .add(sale.clone());
            }
        }
        stock.lease(sheets, me);
        for leaving in HandOvers::fold(sheets).leaving() {
            stock.leave(leaving);
        }
        stock.undo(sheets);
        stock
    }

    /// Takes one more fact into a stock that is the fold of all others. `false`: what it changes is not known here,
    /// and everything must be folded again.
    #[must_use]
    pub fn learn(&mut self, document: &DocumentKey, key: &str, fact: &Fact) -> bool {
        let (DocumentKey::Till { .. }, Ok(id)) = (document, key.parse()) else {
            return false;
        };
        let Some(sale) = fact.sale_ref(id) else {
            return false;
        };
        for voucher in fact.vouchers() {
            let history = self.histories.entry(voucher).or_default();
            // Two facts of one name: the fold says which is shown.
            if history
                .sales
                .iter()
                .any(|known| known.sale == id && *known != sale)
            {
                return false;
            }
            history.add(sale.clone());
        }
        true
    }

    fn undo(&mut self, sheets: &Sheets) {
        for (document, sheet) in sheets.iter() {
            let DocumentKey::Batches(site) = document else {
                continue;
            };
            let undone = batch::undone(sheet);
            if undone.is_empty() {
                continue;
            }
            for block in self.blocks.values_mut() {
                block.is_undone |= block.site == *site && undone.contains(&block.batch);
            }
        }
    }

    /// The holder parts with this block, if it is still theirs by that turn.
    pub fn leave(&mut self, leaving: Leaving) {
        let Leaving { turn, from, .. } = leaving;
        if let Some(block) = self.blocks.get_mut(&leaving.block) {
            let is_theirs = block
                .lease
                .as_ref()
                .is_some_and(|lease| lease.turn == turn && lease.person == Some(from));
            // A restored relay counts turns again: what was leased after the end did not end by it.
            let is_of_before = match (leaving.moved_at, block.leased_at) {
                (Some(moved), Some(leased)) => leased <= moved,
                _ => true,
            };
            block.is_leaving |= is_theirs && is_of_before;
        }
    }

    fn judge(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::DoubleSale {
                voucher,
                standing,
                other,
            } => {
                let history = self.histories.entry(*voucher).or_default();
                history.standing = Some(standing.sale);
                history.add(standing.clone());
                history.add(other.clone());
            }
            Verdict::SoldElsewhere { block, indexes } => {
                for index in indexes {
                    let voucher = VoucherRef {
                        block: *block,
                        index: *index,
                    };
                    self.histories.entry(voucher).or_default().sold_elsewhere = true;
                }
            }
            Verdict::DuplicateCodes { block, indexes } => {
                for index in indexes {
                    let voucher = VoucherRef {
                        block: *block,
                        index: *index,
                    };
                    self.histories.entry(voucher).or_default().duplicate = true;
                }
            }
            // Its codes were handed out, whatever will be decided.
            Verdict::Held { facts, .. } => {
                for fact in facts {
                    self.take(&fact.vouchers());
                }
            }
            Verdict::SoldAfterRecall { .. }
            | Verdict::DuplicateReceipt { .. }
            | Verdict::BatchKept { .. }
            | Verdict::HeldDecided { .. } => {}
        }
    }

    /// These are not to be sold again, though no sale of them is seen.
    pub fn take(&mut self, vouchers: &[VoucherRef]) {
        for voucher in vouchers {
            self.histories.entry(*voucher).or_default().is_taken = true;
        }
    }

    fn lease(&mut self, sheets: &Sheets, me: Holder) {
        let sites: BTreeSet<SiteId> = self.blocks.values().map(|block| block.site).collect();
        for site in sites {
            let key = DocumentKey::Batches(site);
            let leases = leases(sheets.get(&key));
            for block in self.blocks.values_mut().filter(|block| block.site == site) {
                block.lease = leases.get(&block.id).cloned();
            }
        }
        // A holder who does not see the site's batches reads their lease beside the block's verdicts.
        for (document, _, fact) in sheets.facts() {
            if let (
                DocumentKey::Batches(_) | DocumentKey::VerdictBlock { .. },
                FactBody::Leased(leased),
            ) = (document, &fact.body)
                && let Some(block) = self.blocks.get_mut(&leased.block)
                && block
                    .lease
                    .as_ref()
                    .is_none_or(|lease| lease.turn <= leased.turn)
            {
                block.lease = Some(leased.clone());
                block.leased_at = Some(fact.at);
            }
        }
        let who = staff::principal(sheets.get(&DocumentKey::Staff), me.person);
        for block in self.blocks.values_mut() {
            // Until its first batch is finished a site has no batches document, but who may see all codes has them.
            let sees_all = sheets.contains(&DocumentKey::Batches(block.site))
                || who.may_at(Capability::VouchersAll, block.site);
            block.is_mine = if sees_all {
                block.lease.as_ref().is_some_and(|lease| {
                    lease.person == Some(me.person) && lease.device == Some(me.device)
                })
            } else {
                // Everybody else receives a block's codes only as its holder. Of a block that went elsewhere and came back
                // they hear lease by lease, and of one that went for good before they lose it.
                let lease = block.lease.as_ref();
                block.codes.is_some() && lease.is_none_or(|lease| lease.person == Some(me.person))
            };
        }
    }

    pub fn state(&self, voucher: VoucherRef) -> VoucherState {
        let state = self
            .histories
            .get(&voucher)
            .map_or(VoucherState::Unused, History::state);
        let block = self.blocks.get(&voucher.block);
        match state {
            VoucherState::Unused | VoucherState::Void if self.is_sold_before(voucher) => {
                VoucherState::Sold
            }
            // What was sold all the same is sold.
            VoucherState::Unused if block.is_some_and(|block| block.is_undone) => {
                VoucherState::Void
            }
            state => state,
        }
    }

    fn is_sold_before(&self, voucher: VoucherRef) -> bool {
        let index = voucher.index as usize;
        self.sold_before
            .get(&voucher.block)
            .and_then(|bits| bits.get(index / 8))
            .is_some_and(|bits| bits >> (index % 8) & 1 == 1)
    }

    /// The vouchers of a block that can be sold, in order.
    pub fn free(&self, block: &Block) -> impl Iterator<Item = VoucherRef> {
        let id = block.id;
        (0..block.count)
            .map(move |index| VoucherRef { block: id, index })
            .filter(|voucher| self.state(*voucher) == VoucherState::Unused)
    }

    /// The blocks this replica holds.
    pub fn held(&self) -> impl Iterator<Item = &Block> {
        self.blocks
            .values()
            .filter(|block| block.is_mine && block.codes.is_some())
    }

    /// The blocks this replica may sell from.
    pub fn mine(&self) -> impl Iterator<Item = &Block> {
        self.held().filter(|block| !block.is_leaving)
    }

    pub fn code(&self, voucher: VoucherRef) -> Option<&Code> {
        self.blocks
            .get(&voucher.block)?
            .codes
            .as_ref()?
            .get(voucher.index as usize)
    }
}

impl Block {
    const fn new(
        id: BlockId,
        site: SiteId,
        batch: BatchId,
        package: PackageId,
        price: Money,
        made_at: Timestamp,
    ) -> Self {
        Self {
            id,
            site,
            batch,
            package,
            price,
            count: 0,
            made_at,
            label: None,
            lease: None,
            leased_at: None,
            codes: None,
            is_undone: false,
            is_mine: false,
            is_leaving: false,
        }
    }
}

impl History {
    fn add(&mut self, sale: SaleRef) {
        if !self.sales.iter().any(|known| known.sale == sale.sale) {
            self.sales.push(sale);
            let standing = self.standing;
            self.sales
                .sort_by_key(|sale| (Some(sale.sale) != standing, sale.at, sale.sale));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{Grant, Role, Scope};
    use crate::document::Field;
    use crate::fact::{Codes, Fact, Leased};

    fn code(username: &str, password: Option<&str>) -> Code {
        Code {
            username: username.into(),
            password: password.map(Into::into),
        }
    }

    #[test]
    fn codes_round_trip() {
        let codes = vec![code("K7QM-9RTX", None), code("JCKCF", Some("6770"))];
        assert_eq!(unpack(&pack(&codes).unwrap()), Ok(codes));
    }

    #[test]
    fn codes_that_could_be_taken_for_others_are_refused() {
        for bad in [
            code("", None),
            code("a\tb", None),
            code("a\nb", None),
            code("a", Some("")),
            code(&"x".repeat(65), None),
        ] {
            assert_eq!(pack(&[bad]), Err(CodesError::Code));
        }
        assert_eq!(pack(&[]), Err(CodesError::Count));
    }

    /// Where an import was cut short before its batch came to be, nobody holds its blocks, whoever sees their codes.
    #[test]
    fn ho5_a_holder_is_who_has_the_codes_and_the_last_lease() {
        let me = Holder {
            person: PersonId::from_bytes([1; 16]),
            device: DeviceId::from_bytes([2; 16]),
        };
        let (site, block) = (SiteId::from_bytes([3; 16]), BlockId::from_bytes([4; 16]));
        let owner = Grant {
            role: Role::Owner,
            scope: Scope::Organisation,
        };
        let fact = Fact {
            at: Timestamp::ZERO,
            since: Timestamp::ZERO,
            by: me.person,
            body: FactBody::Codes(Codes {
                batch: BatchId::from_bytes([5; 16]),
                package: PackageId::from_bytes([6; 16]),
                price: Money::ZERO,
                packed: "C1".into(),
            }),
        };
        let sheets_of = |grants: &[Grant]| {
            let mut sheets = Sheets::default();
            for put in staff::add(me.person, "Asha", grants) {
                let field = Field {
                    value: put.value,
                    others: Vec::new(),
                };
                let records = &mut sheets.entry(DocumentKey::Staff).records;
                records.insert(put.key, field);
            }
            let document = sheets.entry(DocumentKey::Block { site, block });
            document.facts.insert("codes".into(), Some(fact.clone()));
            sheets
        };
        let held = |sheets: &Sheets| Stock::fold(sheets, me).held().count();
        assert_eq!(held(&sheets_of(&[owner])), 0);
        let agent = Grant {
            role: Role::Agent,
            ..owner
        };
        let mut sheets = sheets_of(&[agent]);
        assert_eq!(held(&sheets), 1);

        // Its leases arrive one by one.
        for (turn, to, is_held) in [
            (1, me.person, 1),
            (2, PersonId::RELAY, 0),
            (3, me.person, 1),
        ] {
            let leased = Leased {
                block,
                turn,
                person: Some(to),
                device: Some(me.device),
                cause: None,
            };
            let fact = Fact {
                body: FactBody::Leased(leased),
                ..fact.clone()
            };
            let told = sheets.entry(DocumentKey::VerdictBlock { site, block });
            told.facts.insert(turn.to_string(), Some(fact));
            assert_eq!(held(&sheets), is_held, "turn {turn}");
        }
    }

    #[test]
    fn a_block_fits_one_value() {
        let long: Vec<Code> = (0..600).map(|n| code(&format!("{n:064}"), None)).collect();
        assert_eq!(pack(&long), Err(CodesError::TooLong));
        assert!(pack(&long[..480]).is_ok());
    }
}

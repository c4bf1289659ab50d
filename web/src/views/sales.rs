//! Sales: the list, its totals, and one sale as its receipt shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crdt_model::capability::Capability;
use crdt_model::client;
use crdt_model::document::{Container, DocumentKey, Scalar};
use crdt_model::fact::{Fact, FactBody, Line, PaymentMethod, Verdict};
use crdt_model::ids::{ClientId, IntentId, PersonId};
use crdt_model::money::Money;
use crdt_model::package;
use crdt_model::replica::{Pending, PendingState, Replica};
use crdt_model::sale::{self, Given, Replacements, SaleEntry};
use crdt_model::site;
use crdt_model::time::Timestamp;
use crdt_model::voucher::Stock;

use super::clients::view as client_view;
use super::{count, name_of};
use crate::protocol::{
    CashInHand, CashView, DayFigures, DayView, DoubleSaleView, Safety, SaleLineView, SaleView,
    SalesFilter, SalesView,
};

/// What the sales on one screen are looked up in.
struct Lookup<'a> {
    replica: &'a Replica,
    stock: Arc<Stock>,
    after_recall: BTreeSet<IntentId>,
    pending: BTreeMap<IntentId, Safety>,
    replacements: Replacements,
    /// Of these, what waits for a decision.
    held: Vec<(Given, Given)>,
}

impl<'a> Lookup<'a> {
    fn new(replica: &'a Replica) -> Self {
        let after_recall = replica
            .sheets()
            .facts_in(|document| !matches!(document, DocumentKey::Till { .. }))
            .filter_map(|(_, _, fact)| match &fact.body {
                FactBody::Verdict(Verdict::SoldAfterRecall { sale, .. }) => Some(sale.sale),
                _ => None,
            })
            .collect();
        let pending = replica
            .outbox()
            .map(|pending| {
                let waiting = pending.state == PendingState::Waiting;
                (
                    pending.intent.id,
                    if waiting {
                        Safety::OnThisDevice
                    } else {
                        Safety::NeedsYou
                    },
                )
            })
            .collect();
        Self {
            replica,
            stock: replica.shared_stock(),
            after_recall,
            pending,
            replacements: replica.replacements(),
            held: replica.held_replacements(),
        }
    }

    fn view(&self, entry: &SaleEntry) -> SaleView {
        let sheets = self.replica.sheets();
        let lines = entry
            .sale
            .lines
            .iter()
            .map(|line| SaleLineView {
                voucher: line.voucher,
                package: package::package(sheets.get(&DocumentKey::Catalog), line.package),
                price: line.price,
                code: self.stock.code(line.voucher).cloned(),
                replacement: self
                    .replacements
                    .chain(entry.id, line)
                    .skip(1)
                    .last()
                    .and_then(|given| self.stock.code(given.voucher).cloned()),
            })
            .collect();
        SaleView {
            id: entry.id,
            receipt: entry.sale.receipt.clone(),
            at: entry.at,
            site: entry.site,
            site_name: site::site(sheets, entry.site)
                .map(|site| site.name)
                .unwrap_or_default(),
            person: entry.person,
            person_name: name_of(self.replica, entry.person),
            client: entry
                .sale
                .client
                .and_then(|id| client::find(sheets, id))
                .map(|client| client_view(&client)),
            method: entry.sale.method,
            reference: entry.sale.reference.clone(),
            total: entry.sale.total(),
            lines,
            safety: self
                .pending
                .get(&entry.id)
                .copied()
                .unwrap_or(Safety::SafeOnServer),
            double_sale: self.double_sale(entry),
            after_recall: self
                .given(entry)
                .any(|(_, given)| self.after_recall.contains(&given.by)),
            warning: None,
        }
    }

    /// What the client of a sale was given, line by line, its replacements among it.
    fn given<'e>(&'e self, entry: &'e SaleEntry) -> impl Iterator<Item = (&'e Line, Given)> {
        let lines = entry.sale.lines.iter();
        lines.flat_map(move |line| {
            let chain = self.replacements.chain(entry.id, line);
            chain.map(move |given| (line, given))
        })
    }

    fn double_sale(&self, entry: &SaleEntry) -> Option<DoubleSaleView> {
        let is_double = |given: &Given| {
            let history = self.stock.histories.get(&given.voucher);
            history.is_some_and(|history| history.sales.len() > 1)
        };
        let open = sale::contradicted(&self.replacements, &self.stock, entry);
        let open = open.map(|found| found.lost);
        let is_replaced = |given: Given| self.replacements.after(given).is_some();
        // Each voucher is judged by itself: of several in one sale some may stand, some have their replacement, and
        // what is told is the one about which something can be done.
        let (line, told) = self
            .given(entry)
            .filter(|(_, given)| is_double(given))
            .min_by_key(|(_, given)| match *given {
                given if Some(given) == open => 0,
                given if is_replaced(given) => 1,
                _ => 2,
            })?;
        let is_open = Some(told) == open;
        let history = self.stock.histories.get(&told.voucher)?;
        let standing = history.sales.first()?;
        let this_sale_stands = standing.sale == told.by;
        let other = if this_sale_stands {
            history.sales.get(1)?
        } else {
            history.sales.iter().find(|sale| sale.sale == told.by)?
        };
        let has_stock = self.stock.mine().any(|block| {
            block.site == entry.site
                && block.package == line.package
                && self.stock.free(block).next().is_some()
        });
        let mine = entry.person == self.replica.me().person;
        let given = self.replacements.after(told);
        let mut held = self.held.iter();
        let is_replacement_held = held.any(|(old, new)| *old == told && given == Some(*new));
        Some(DoubleSaleView {
            voucher: told.voucher,
            code: self.stock.code(told.voucher).cloned(),
            standing_by: name_of(self.replica, standing.person),
            standing_at: standing.at,
            other_by: name_of(self.replica, other.person),
            other_at: other.at,
            this_sale_stands,
            can_replace: mine && is_open && has_stock,
            replaced: is_replaced(told),
            is_replacement_held,
        })
    }
}

/// The sales that match a filter, newest first, with their sums: made once for all pages of a list.
#[derive(Default)]
pub struct SalesIndex {
    made_from: Option<MadeFrom>,
    matching: Vec<SaleEntry>,
    revenue: Money,
    cash: Vec<CashView>,
    sellers: Vec<(PersonId, String)>,
}

/// The revision of the sheets, the sales outside them, and what was asked for.
type MadeFrom = (u64, Vec<IntentId>, SalesFilter);

impl SalesIndex {
    pub(super) fn list(
        &mut self,
        replica: &Replica,
        filter: &SalesFilter,
        offset: u32,
        limit: u32,
    ) -> SalesView {
        let made_from = (
            replica.sheets().revision(),
            sales_outside(replica).map(|entry| entry.id).collect(),
            filter.clone(),
        );
        if self.made_from.as_ref() != Some(&made_from) {
            self.make(replica, filter);
            self.made_from = Some(made_from);
        }
        let lookup = Lookup::new(replica);
        SalesView {
            rows: self
                .matching
                .iter()
                .skip(offset as usize)
                .take(limit as usize)
                .map(|entry| lookup.view(entry))
                .collect(),
            count: count(self.matching.len()),
            revenue: self.revenue,
            cash: self.cash.clone(),
            sellers: self.sellers.clone(),
        }
    }

    fn make(&mut self, replica: &Replica, filter: &SalesFilter) {
        let search = Search::new(replica, &filter.search);
        let all = sales(replica);
        let may_see_all = replica.principal().may_somewhere(Capability::SalesAll);
        self.sellers = match may_see_all {
            true => sellers(replica, &all, filter.person),
            false => Vec::new(),
        };
        self.matching = all
            .into_iter()
            .filter(|entry| {
                filter.site.is_none_or(|site| entry.site == site)
                    && filter.person.is_none_or(|person| entry.person == person)
                    && filter
                        .method
                        .is_none_or(|method| entry.sale.method == method)
                    && filter.from.is_none_or(|from| entry.at >= from)
                    && filter.until.is_none_or(|until| entry.at < until)
                    && search.as_ref().is_none_or(|search| search.matches(entry))
            })
            .collect();
        self.revenue = self.matching.iter().map(|entry| entry.sale.total()).sum();
        self.cash = match may_see_all {
            true => cash(replica, &self.matching),
            false => Vec::new(),
        };
    }
}

/// Everybody who sold, and who is chosen, by name.
fn sellers(
    replica: &Replica,
    sales: &[SaleEntry],
    chosen: Option<PersonId>,
) -> Vec<(PersonId, String)> {
    let ids: BTreeSet<PersonId> = sales
        .iter()
        .map(|entry| entry.person)
        .chain(chosen)
        .collect();
    let mut sellers: Vec<(PersonId, String)> = ids
        .into_iter()
        .map(|id| (id, name_of(replica, id)))
        .collect();
    sellers.sort_by(|one, two| (&one.1, one.0).cmp(&(&two.1, two.0)));
    sellers
}

/// What each person took.
fn cash(replica: &Replica, sales: &[SaleEntry]) -> Vec<CashView> {
    let mut cash: BTreeMap<PersonId, (u32, Money, Money)> = BTreeMap::new();
    for entry in sales {
        let (sales, in_cash, total) = cash.entry(entry.person).or_default();
        *sales += 1;
        *total = total.saturating_add(entry.sale.total());
        if entry.sale.method == PaymentMethod::Cash {
            *in_cash = in_cash.saturating_add(entry.sale.total());
        }
    }
    cash.into_iter()
        .map(|(person, (sales, cash, total))| CashView {
            person,
            name: name_of(replica, person),
            sales,
            cash,
            total,
        })
        .collect()
}

/// Words that are looked for, and where.
struct Search {
    text: String,
    stock: Arc<Stock>,
    /// Names in small letters.
    clients: BTreeMap<ClientId, String>,
}

impl Search {
    fn new(replica: &Replica, text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let clients = || {
            client::clients(replica.sheets())
                .into_iter()
                .map(|client| (client.id, client.details.name.to_lowercase()))
                .collect()
        };
        (!text.is_empty()).then(|| Self {
            text,
            stock: replica.shared_stock(),
            clients: clients(),
        })
    }

    fn matches(&self, entry: &SaleEntry) -> bool {
        let contains = |text: &str| text.to_lowercase().contains(&self.text);
        contains(&entry.sale.receipt)
            || entry.sale.reference.as_deref().is_some_and(contains)
            || entry
                .sale
                .client
                .and_then(|id| self.clients.get(&id))
                .is_some_and(|name| name.contains(&self.text))
            || entry.sale.lines.iter().any(|line| {
                self.stock
                    .code(line.voucher)
                    .is_some_and(|code| contains(&code.username))
            })
    }
}

/// More days than a screen asks for at once.
const DAYS_MAX: usize = 62;

/// What was sold on each day, and what this person has in hand.
pub(super) fn day(replica: &Replica, starts: &[Timestamp]) -> DayView {
    let starts = &starts[starts.len().saturating_sub(DAYS_MAX)..];
    let mut days: Vec<DayFigures> = starts
        .iter()
        .map(|start| DayFigures {
            start: *start,
            ..DayFigures::default()
        })
        .collect();
    let inside = sale::each(replica.sheets()).map(|(_, _, at, sale)| (at, sale.total()));
    let outside = untaken(replica).map(|entry| (entry.at, entry.sale.total()));
    for (at, total) in inside.chain(outside) {
        let begun = starts.partition_point(|start| *start <= at);
        if let Some(day) = begun.checked_sub(1).and_then(|day| days.get_mut(day)) {
            day.sales += 1;
            day.total = day.total.saturating_add(total);
        }
    }
    let stock = replica.shared_stock();
    DayView {
        days,
        cash: cash_in_hand(replica),
        stock_left: stock
            .mine()
            .map(|block| count(stock.free(block).count()))
            .sum(),
    }
}

/// What the owner of the replica has in hand. A sale that was declined does not count: it was no sale.
pub(super) fn cash_in_hand(replica: &Replica) -> CashInHand {
    let cash = |is_meant: fn(&PendingState) -> bool| -> Money {
        let outside = replica.outbox().filter(|item| is_meant(&item.state));
        outside
            .filter_map(sale_of)
            .filter(|entry| entry.sale.method == PaymentMethod::Cash && is_untaken(replica, entry))
            .map(|entry| entry.sale.total())
            .sum()
    };
    let (waiting, refused) = (cash(is_held), cash(is_refused));
    CashInHand {
        all: [replica.cash(), waiting, refused].into_iter().sum(),
        waiting,
        refused,
    }
}

/// Every sale of the documents, newest first, and those of this device that the relay has not taken into them: the
/// client has the code and the seller the money, so they must not vanish from the list while somebody decides.
fn sales(replica: &Replica) -> Vec<SaleEntry> {
    let mut sales = sale::sales(replica.sheets());
    let outside: Vec<SaleEntry> = sales_outside(replica)
        .filter(|found| sales.iter().all(|entry| entry.id != found.id))
        .collect();
    if !outside.is_empty() {
        sales.extend(outside);
        sales.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
    }
    sales
}

/// Those of [`sales_outside`] that no sheet has: counted beside the sheets, none is counted twice.
pub(super) fn untaken(replica: &Replica) -> impl Iterator<Item = SaleEntry> {
    sales_outside(replica).filter(|entry| is_untaken(replica, entry))
}

fn is_untaken(replica: &Replica, entry: &SaleEntry) -> bool {
    sale::sale(replica.sheets(), entry.id).is_none()
}

const fn is_held(state: &PendingState) -> bool {
    matches!(state, PendingState::Held { .. })
}

const fn is_refused(state: &PendingState) -> bool {
    matches!(state, PendingState::Refused(_))
}

fn sales_outside(replica: &Replica) -> impl Iterator<Item = SaleEntry> {
    replica
        .outbox()
        .filter(|pending| is_held(&pending.state) || is_refused(&pending.state))
        .filter_map(sale_of)
}

fn sale_of(pending: &Pending) -> Option<SaleEntry> {
    pending.writes.iter().find_map(|write| {
        let DocumentKey::Till { site, person, .. } = &write.document else {
            return None;
        };
        write.puts.iter().find_map(|put| {
            let (Container::Facts, Scalar::Bytes(bytes)) = (put.container, &put.value) else {
                return None;
            };
            let fact = Fact::decode(bytes).ok()?;
            let at = fact.happened();
            let FactBody::Sale(sale) = fact.body else {
                return None;
            };
            Some(SaleEntry {
                id: pending.intent.id,
                site: *site,
                person: *person,
                at,
                sale,
            })
        })
    })
}

/// One sale, or `None` if it is not on this device.
pub fn one(replica: &Replica, id: IntentId) -> Option<SaleView> {
    let outside = || sales_outside(replica).find(|entry| entry.id == id);
    let entry = sale::sale(replica.sheets(), id).or_else(outside)?;
    Some(Lookup::new(replica).view(&entry))
}

#[cfg(test)]
mod tests;

//! Mistakes in the rules themselves: what somebody could write into the product's code, and the simulation must
//! notice. The code carries no switch for them: `cargo xtask prove mistakes` makes a copy of this package in which each
//! expression or statement below stands in both forms. Every one must be found in its file exactly once; a test holds that.
//!
//! Four are not here. That a gap in the log is passed over (`has_gap`): no honest pair comes to one, because a database
//! is lost whole; `pl6` in `tests/device` notices it. That an acknowledged edit is made again from the journal: it
//! is known by its name before it is looked for in the document, which matters only once sixty-four others were settled
//! since; `rb3` in `tests/device`. That a comparison that was cut off counts as complete: once in some thousand
//! seeds, see `dg9` in `tests/device`. That what moved is sold from before its lease comes: once in some ten thousand,
//! see `ho6` in `tests/device`.

/// One expression, and how it would be wrong.
pub struct Mistake {
    pub name: &'static str,
    pub file: &'static str,
    pub right: &'static str,
    pub wrong: &'static str,
}

const fn mistake(
    name: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> Mistake {
    Mistake {
        name,
        file,
        right,
        wrong,
    }
}

pub const MISTAKES: &[Mistake] = &[
    // Admission.
    mistake(
        "a fact may bear anybody's name",
        "src/admission/facts.rs",
        "fact.by != author.person",
        "false",
    ),
    mistake(
        "a fact may lie in any month",
        "src/admission/facts.rs",
        "*month != Month::of(fact.at)",
        "false",
    ),
    mistake(
        "a fact may bear any key",
        "src/admission/facts.rs",
        "op.key != intent.to_string()",
        "false",
    ),
    mistake(
        "a receipt may be any text",
        "src/admission/facts.rs",
        "is_receipt(&sale.receipt)",
        "true",
    ),
    mistake(
        "anybody edits the catalog",
        "src/admission/fields.rs",
        "author.may(Capability::PackagesManage)",
        "true",
    ),
    mistake(
        "anybody gives any role",
        "src/admission/fields.rs",
        "grant.parse().is_ok_and(|grant| author.may_grant(grant))",
        "grant.parse::<Grant>().is_ok()",
    ),
    mistake(
        "colleagues read each other's tills",
        "src/admission/readers.rs",
        "*person == who.person || who.may_at(Capability::SalesAll, *site)",
        "*person == who.person || who.is_of_site(*site)",
    ),
    mistake(
        "codes are for everybody at the site",
        "src/admission/readers.rs",
        "reader.leases.contains(&(*site, *block))",
        "who.is_of_site(*site)",
    ),
    mistake(
        "a hand-over is taken at any site",
        "src/admission/stock.rs",
        "!taken.code.is_of_site(site)",
        "false",
    ),
    mistake(
        "a voucher is sold at any price",
        "src/relay/claims.rs",
        "price.is_some_and(|price| price != codes.price)",
        "false",
    ),
    mistake(
        "a block of another site is leased",
        "src/relay/claims.rs",
        "!is_of_site",
        "false",
    ),
    mistake(
        "an edit may replace what was never written",
        "src/relay/replica.rs",
        "known.all.contains(replaced)",
        "true",
    ),
    mistake(
        "operations may be numbered anyhow",
        "src/relay/replica.rs",
        "change.start_op == last_op + 1 && change.start_op > own_last_op",
        "change.start_op > own_last_op",
    ),
    mistake(
        "what a revoked device sends is taken",
        "src/relay.rs",
        "signer.revoked",
        "false",
    ),
    mistake(
        "what was held goes through when it comes again",
        "src/relay.rs",
        "hold.decided != Some(true)",
        "hold.decided == Some(false)",
    ),
    // What the relay judges.
    mistake(
        "the sale before stands, not the first",
        "src/relay/sales.rs",
        "sales.first().cloned()",
        "sales.last().cloned()",
    ),
    mistake(
        "a receipt number may come twice",
        "src/relay/sales.rs",
        "first.sale != sale.sale",
        "false",
    ),
    mistake(
        "any device of the holder counts as the holder",
        "src/relay/sales.rs",
        "lease.person == Some(sale.person) && lease.device == Some(device)",
        "lease.person == Some(sale.person)",
    ),
    mistake(
        "a new holder is not told what is sold",
        "src/relay/leases.rs",
        "!sold.is_empty()",
        "false",
    ),
    mistake(
        "what a batch undone held is leased",
        "src/relay/leases.rs",
        "self.is_undone(site, block)?",
        "false",
    ),
    mistake(
        "a code may be in two blocks",
        "src/relay/codes.rs",
        "duplicates.is_empty()",
        "true",
    ),
    mistake(
        "a batch is undone in somebody's hands",
        "src/relay/batches.rs",
        "lease.person.is_some()",
        "false",
    ),
    mistake(
        "a batch is undone though sold from",
        "src/relay/batches.rs",
        "!sold.is_empty() || self.is_any_handed_out(site, *block)?",
        "false",
    ),
    mistake(
        "a hand-over moves a block that moved since",
        "src/relay/stock.rs",
        "!may_take || !self.is_current(offer)?",
        "!may_take",
    ),
    mistake(
        "a hand-over is open whatever its turn",
        "src/relay/stock.rs",
        "lease.turn == offer.hand_over.turn && lease.person == Some(offer.from)",
        "lease.person == Some(offer.from)",
    ),
    mistake(
        "anybody takes what is handed over",
        "src/relay/stock.rs",
        "to == taker && who.may_at(Capability::Sell, offer.site)",
        "who.may_at(Capability::Sell, offer.site)",
    ),
    // What a device knows and does.
    mistake(
        "the giver sells on",
        "src/voucher.rs",
        "lease.turn == turn && lease.person == Some(from)",
        "false",
    ),
    mistake(
        "what is held elsewhere is sold here",
        "src/voucher.rs",
        "for fact in facts {\n                    self.take(&fact.vouchers());\n                }",
        "let _ = facts;",
    ),
    mistake(
        "one's own held sale is sold again",
        "src/replica.rs",
        "stock.take(&vouchers_of(put));",
        "let _ = put;",
    ),
    mistake(
        "writing again keeps the actor",
        "src/replica/outbox.rs",
        "self.new_actor(rng);",
        "let _ = rng;",
    ),
    mistake(
        "an accepted hold stays on the phone",
        "src/replica/outbox.rs",
        "settled.insert(*order);",
        "let _ = order;",
    ),
    mistake(
        "a document the relay lost is not brought back",
        "src/replica/receive.rs",
        "!document.heads.is_empty() && ids.contains(&DocumentId::of(self.me.org, key))",
        "false",
    ),
    mistake(
        "facts the relay lost are not brought back",
        "src/replica/receive.rs",
        "Fact::decode(bytes).is_ok_and(|fact| fact.by == self.me.person)",
        "false",
    ),
    mistake(
        "what the relay forgot to hold waits for ever",
        "src/replica/receive.rs",
        "!listed.contains(hold)",
        "false",
    ),
    mistake(
        "what was settled is made again from the journal",
        "src/replica/open.rs",
        "self.meta.settled.contains(&place)",
        "false",
    ),
    mistake(
        "pending work is not shown after a start",
        "src/replica/open.rs",
        "current.apply_chunks([change.chunk.as_slice()]).is_ok()",
        "false",
    ),
    mistake(
        "a contested field forgets what else was written",
        "src/document/sheet.rs",
        "self.records.insert(key.to_string(), field);",
        "let others = Vec::new();\n                self.records.insert(key.to_string(), Field { others, ..field });",
    ),
    mistake(
        "the standing value cannot be chosen",
        "src/document.rs",
        "puts.iter().any(|put| self.confirms_a_winner(put))",
        "false",
    ),
    // The session.
    mistake(
        "rows go to whoever is connected",
        "src/sync/relay.rs",
        "row.seq > from && !self.own.contains(&row.seq) && may_read(reader, &row.key)",
        "row.seq > from && !self.own.contains(&row.seq)",
    ),
    mistake(
        "a comparison looks at names, not at heads",
        "src/sync/relay.rs",
        "digest.get(document.id).flatten() != Some(document.digest)",
        "digest.get(document.id).is_none()",
    ),
    mistake(
        "dropped documents are not named",
        "src/sync/relay.rs",
        "!dropped.is_empty()",
        "false",
    ),
    mistake(
        "the cursor runs ahead",
        "src/sync/relay.rs",
        "self.cursor = to.max(from);",
        "self.cursor = to.max(from) + 1;",
    ),
    mistake(
        "work is pushed during a comparison",
        "src/sync/device.rs",
        "self.is_comparing = send_digest;",
        "self.is_comparing = false;",
    ),
];

//! What was reached. Each kind of thing is matched exhaustively, so that a new one does not compile until it is
//! named here; and what a run never reached is listed.

use std::collections::BTreeMap;
use std::fmt;

use crdt_model::admission::Malformed;
use crdt_model::command::Command;
use crdt_model::fact::{Ending, FactBody, HoldReason, KeptReason, StockNote, Verdict};
use crdt_model::relay::{AdmitError, Need};
use crdt_model::replica::PendingState;
use crdt_model::sync::device::{Effect, Event};
use crdt_model::sync::message::{
    CloseReason, DeviceMessage, Disposition, RefusalCode, RelayMessage,
};
use crdt_model::sync::relay::Step;
use crdt_model::voucher::VoucherState;

use crate::brief::Opening;

/// A type whose cases are counted.
pub trait Kind {
    const GROUP: &'static str;
    const ALL: &'static [&'static str];
    fn kind(&self) -> &'static str;
}

macro_rules! kinds {
    ($($type:ident, $group:literal: $($case:ident $fields:tt,)+;)+) => {
        $(impl Kind for $type {
            const GROUP: &'static str = $group;
            const ALL: &'static [&'static str] = &[$(stringify!($case)),+];
            fn kind(&self) -> &'static str {
                match self {
                    $(Self::$case $fields => stringify!($case),)+
                }
            }
        })+

        fn all() -> Vec<(&'static str, &'static str)> {
            let mut all = Vec::new();
            $(all.extend($type::ALL.iter().map(|kind| ($group, *kind)));)+
            all
        }
    };
}

kinds! {
    Disposition, "admission":
        Accepted {}, Known {}, Held {..}, Refused {..}, Rebase {},;
    RefusalCode, "refused":
        Malformed {..}, NotAllowed {}, Impossible {}, TooMuchHeld {}, TooManyDocuments {}, Later {},;
    Malformed, "malformed":
        TooLarge {}, UnknownField {}, WrongType {}, UnknownFact {}, FactNotOfItsIntent {}, FactOfAnotherPerson {},
        FactOverwritten {}, WrongDocument {}, WrongMonth {}, RelayOnly {}, BadValue {}, UnknownVoucher {},
        WrongPrice {}, UnknownAssignment {}, NotYoursToDecide {},;
    HoldReason, "held because":
        NotAllowed {}, DeviceRevoked {}, Later {},;
    AdmitError, "not looked at":
        WrongOrganisation {}, WrongAuthor {}, Missing {..},;
    Need, "asked of the store":
        Document {..}, Sold {..}, Codes {..}, BlocksOf {..}, SiteOf {..}, Receipt {..}, Replaced {..}, Record {..}, Intent {..}, Hold {..},
        Kept {..}, Devices {..},;
    FactBody, "fact in the log":
        Sale {..}, Replacement {..}, HeldDecision {..}, Codes {..}, Batch {..}, BatchUndone {..}, LeaseAsked {..},
        RecallAsked {..}, Leased {..}, Verdict {..}, HandOverGiven {..}, HandOverWithdrawn {..}, HandOverTaken {..},
        StockAsked {..}, StockAskWithdrawn {..}, StockAskDeclined {..}, StockNote {..},;
    Verdict, "verdict":
        DoubleSale {..}, SoldAfterRecall {..}, SoldElsewhere {..}, DuplicateCodes {..}, DuplicateReceipt {..},
        Held {..}, BatchKept {..}, HeldDecided {..},;
    KeptReason, "batch kept because":
        Leased {}, Sold {},;
    StockNote, "stock note":
        Offered {..}, Taken {..}, Asked {..}, Ended {..},;
    Ending, "ended":
        Taken {..}, Withdrawn {}, Overtaken {}, NotAllowed {}, Met {..}, Declined {},;
    VoucherState, "voucher":
        Unused {}, Sold {}, DoubleSold {}, Void {},;
    DeviceMessage, "device to relay":
        Hello {..}, Digest {..}, Push {..}, Ping {},;
    RelayMessage, "relay to device":
        Welcome {..}, Changes {..}, Snapshot {..}, Drop {..}, Unknown {..}, Synced {..}, Ack {..}, Pong {}, Bye {..},;
    CloseReason, "relay closes":
        AppTooOld {}, ServerTooOld {}, BadTicket {}, BadFrame {}, OutOfOrder {}, DeviceRevoked {}, Overloaded {},
        ShuttingDown {}, StoreAway {}, TooSlow {},;
    Step, "step of the relay":
        Send {..}, Identify {..}, Load {..}, List {}, SendSnapshots {..}, Admit {..}, Close {..},;
    Event, "event at a device":
        Tick {}, TryNow {}, Opened {..}, Closed {}, Frame {..}, Stored {..}, Posted {..}, Sealed {..},;
    Effect, "effect of a device":
        Commit {..}, Connect {}, Send {..}, Close {}, Seal {..}, NothingToSeal {}, Changed {}, Refused {..},;
    Opening, "start of a device":
        Whole {}, OfBrief {},;
    PendingState, "pending work":
        Waiting {}, Held {..}, Declined {..}, Refused {..},;
    Command, "command":
        SetProfile {..}, AddSite {..}, EditSite {..}, SetSiteActive {..}, PutFixture {..}, SetFixtureActive {..},
        AddPackage {..}, EditPackage {..}, ChangePackage {..}, SetPackageActive {..}, AddStaff {..}, SetGrants {..},
        SetStaffActive {..}, RenameStaff {..}, SetContacts {..}, RegisterClient {..}, RegisterClients {..},
        EditClient {..}, SetClientActive {..}, MakeBatch {..}, AddBlocks {..}, CompleteBatch {..}, UndoBatch {..},
        LeaseBlock {..}, RecallBlock {..}, GiveBlock {..}, WithdrawHandOver {..}, TakeBlock {..}, AskForStock {..},
        WithdrawAsk {..}, DeclineAsk {..}, Sell {..}, Replace {..}, DecideHeld {..}, SettleField {..}, BringBack {..},;
}

/// What no run reaches, and why.
const OUT_OF_REACH: &[(&str, &str, &str)] = &[
    (
        "not looked at",
        "Missing",
        "the driver asks for what is needed first",
    ),
    (
        "refused",
        "TooMuchHeld",
        "nobody has thousands of holds: tests/hostile/kept.rs",
    ),
    (
        "refused",
        "TooManyDocuments",
        "nobody begins thousands of tills: tests/hostile/kept.rs",
    ),
    (
        "refused",
        "Later",
        "no relay says so: tests/session/later.rs",
    ),
    (
        "held because",
        "Later",
        "no relay says so: tests/session/later.rs",
    ),
    (
        "relay closes",
        "AppTooOld",
        "one version is simulated: tests/session",
    ),
    (
        "relay closes",
        "ServerTooOld",
        "one version is simulated: tests/session",
    ),
    (
        "relay closes",
        "Overloaded",
        "said by the server's driver alone",
    ),
    (
        "relay closes",
        "ShuttingDown",
        "said by the server's driver alone",
    ),
    (
        "relay closes",
        "TooSlow",
        "said by the server's driver alone",
    ),
    (
        "event at a device",
        "Posted",
        "the simulated POST loses its answer: tests/session",
    ),
];

/// What two hundred seeds may miss, though a long run does not.
const RARE: &[(&str, &str)] = &[
    ("asked of the store", "SiteOf"),
    ("asked of the store", "Replaced"),
    ("command", "AddSite"),
    ("command", "DeclineAsk"),
    ("command", "Replace"),
    ("command", "SetFixtureActive"),
    ("command", "SettleField"),
    ("ended", "Declined"),
    ("ended", "NotAllowed"),
    ("fact in the log", "Replacement"),
    ("pending work", "Refused"),
    ("fact in the log", "StockAskDeclined"),
    ("verdict", "DuplicateReceipt"),
    ("batch kept because", "Sold"),
];

#[derive(Debug, Clone, Default)]
pub struct Coverage(BTreeMap<(&'static str, &'static str), u64>);

impl Coverage {
    pub fn saw<K: Kind>(&mut self, value: &K) {
        *self.0.entry((K::GROUP, value.kind())).or_default() += 1;
    }

    pub fn disposition(&mut self, disposition: &Disposition) {
        self.saw(disposition);
        match disposition {
            Disposition::Held(_, reason) => self.saw(reason),
            Disposition::Refused(code) => {
                self.saw(code);
                if let RefusalCode::Malformed(what) = code {
                    self.saw(what);
                }
            }
            _ => {}
        }
    }

    pub fn fact(&mut self, body: &FactBody) {
        self.saw(body);
        match body {
            FactBody::Verdict(verdict) => {
                self.saw(verdict);
                if let Verdict::BatchKept { reason, .. } = verdict {
                    self.saw(reason);
                }
            }
            FactBody::StockNote(note) => {
                self.saw(note);
                if let StockNote::Ended { how, .. } = note {
                    self.saw(how);
                }
            }
            _ => {}
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.0 {
            *self.0.entry(*kind).or_default() += count;
        }
    }

    fn missed(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        all().into_iter().filter(|kind| !self.0.contains_key(kind))
    }

    /// What should have been reached and was not.
    pub fn gaps(&self, is_short: bool) -> Vec<(&'static str, &'static str)> {
        self.missed()
            .filter(|(group, kind)| {
                let is_known = OUT_OF_REACH
                    .iter()
                    .any(|(of, name, _)| of == group && name == kind);
                let is_rare = is_short && RARE.contains(&(group, kind));
                !is_known && !is_rare
            })
            .collect()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = "";
        for (group, kind) in all() {
            if group != last {
                write!(f, "\n{group}:")?;
                last = group;
            }
            if let Some(count) = self.0.get(&(group, kind)) {
                write!(f, " {kind} {count};")?;
            }
        }
        for (group, kind) in self.missed() {
            let why = OUT_OF_REACH
                .iter()
                .find(|(of, name, _)| *of == group && *name == kind)
                .map_or("NOT EXPLAINED", |(_, _, why)| *why);
            write!(f, "\nnever: {group}, {kind} ({why})")?;
        }
        Ok(())
    }
}

//! Importing vouchers: the file stays in the worker, the page sees counts, samples and pages of refused rows.

use crdt_model::ids::{BatchId, PackageId, SiteId};
use crdt_model::import::{
    Detected, Group, Grouping, Kind, Layout, RefusedKind, RefusedRow, Sample,
};
use crdt_model::money::Money;
use crdt_model::package::PackageDetails;
use crdt_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Failure;

/// What the page asks of the import that is open in its worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ImportCall {
    /// Takes a file in and says what it seems to be.
    Open {
        name: String,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// It is another kind of file, or its first line does (not) name the columns.
    Detect {
        kind: Kind,
        header: Option<bool>,
    },
    /// Reads all rows, and asks which codes this device knows already.
    Read {
        kind: Kind,
        layout: Option<Layout>,
    },
    /// What would be made. Nothing is written.
    Plan(ImportChoices),
    Refused {
        only: Option<RefusedKind>,
        offset: u32,
        limit: u32,
    },
    Save {
        site: SiteId,
        choices: ImportChoices,
    },
    /// Ends what is under way.
    Stop,
    Close,
}

/// What each group of the file is sold as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportChoices {
    pub grouping: Grouping,
    pub block_size: u32,
    /// One a group, in their order.
    pub groups: Vec<GroupChoice>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum GroupChoice {
    LeaveOut,
    Package {
        package: PackageId,
        price: Money,
        label: String,
    },
    /// A package that is made first.
    New {
        details: PackageDetails,
        label: String,
    },
}

/// A file that was taken in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenedFile {
    pub detected: Detected,
    pub sample: Sample,
    /// Why its rows cannot be read like this.
    pub problem: Option<crdt_model::import::ImportError>,
}

/// A file whose rows were read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadFile {
    pub good: u32,
    pub refused: u32,
    pub reasons: Vec<(RefusedKind, u32)>,
    pub groups: Vec<Group>,
    /// Commands of a router's export that make no voucher.
    pub skipped: u32,
    /// A router's users, all of them without a password.
    pub has_no_passwords: bool,
    /// For whoever measures.
    pub took_millis: u32,
    pub longest_slice_millis: u32,
}

/// A page of refused rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusedPage {
    pub total: u32,
    pub rows: Vec<RefusedRow>,
}

/// What an import would make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportPlan {
    pub batches: Vec<PlannedView>,
    pub vouchers: u32,
    pub blocks: u32,
    pub value: Money,
    pub new_packages: Vec<String>,
    pub left_out: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedView {
    pub label: String,
    /// `None`: one that is made first.
    pub package: Option<PackageId>,
    /// Of one that is made first.
    pub package_name: String,
    pub price: Money,
    pub made_on: Option<Timestamp>,
    pub vouchers: u32,
    pub blocks: u32,
}

/// What came of saving.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportSaved {
    /// Where its batches are, whatever site is chosen by now.
    pub site: SiteId,
    /// Empty if it was stopped or failed before the first was made: then nothing of it can be sold.
    pub batches: Vec<MadeBatch>,
    /// So many were to be made.
    pub planned: u32,
    /// New packages, by name. They are made first, and stay whatever becomes of their vouchers.
    pub packages: Vec<String>,
    pub ended: ImportEnd,
    pub took_millis: u32,
    pub longest_slice_millis: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ImportEnd {
    Done,
    /// Somebody stopped it; what was written is discarded.
    Stopped,
    /// It failed; what is no batch yet is discarded, or waits to be, if that failed as well.
    Failed {
        failure: Failure,
        is_discarded: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MadeBatch {
    pub batch: BatchId,
    pub label: String,
    pub vouchers: u32,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProgress {
    pub step: ImportStep,
    pub done: u32,
    pub total: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportStep {
    Reading,
    Comparing,
    Saving,
}

/// Codes that are here, block by block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownCodes {
    pub blocks: Vec<KnownBlock>,
    /// From where to go on.
    pub next: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownBlock {
    /// Empty where the batch was never finished.
    pub batch: String,
    pub packed: String,
}

//! Files to read, and what to read of them.

use crdt_model::import::{
    ImportError, ImportLimits, RefusedReason, VoucherFile, VoucherRow, read_vouchers,
};

/// The export of the common voucher tool, with everything that goes wrong in one (invented values).
pub const ROUTER_EXPORT: &[u8] = include_bytes!("../fixtures/router-export.csv");

/// The same vouchers as the router itself exports them.
pub const ROUTER_SCRIPT: &[u8] = include_bytes!("../fixtures/router-export.rsc");

/// A router of a reseller: eight profiles, the batches of nine days, wrapped lines (invented values).
pub const RESELLER_ROUTER: &[u8] = include_bytes!("../fixtures/reseller-router.rsc");

pub fn read(text: &str) -> Result<VoucherFile, ImportError> {
    read_vouchers(text.as_bytes(), &ImportLimits::default())
}

pub fn row(line: u32, username: &str) -> VoucherRow {
    VoucherRow {
        line,
        username: username.to_owned(),
        password: None,
        profile: String::new(),
        uptime_limit_seconds: None,
        quota_bytes: None,
        validity: None,
        price: None,
        comment: None,
    }
}

pub fn reasons(file: &VoucherFile) -> Vec<(u32, RefusedReason)> {
    file.refused
        .iter()
        .map(|refused| (refused.line, refused.reason.clone()))
        .collect()
}

pub fn small_limits() -> ImportLimits {
    ImportLimits {
        bytes_max: 400,
        rows_max: 8,
        columns_max: 4,
        code_bytes_max: 6,
        comment_bytes_max: 10,
        raw_bytes_max: 7,
    }
}

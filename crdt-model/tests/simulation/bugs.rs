//! Mistakes that drivers make, planted on purpose: a simulation that does not find them finds nothing.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The relay acknowledges although the transaction failed.
    AckBeforeCommit,
    /// The device stores the cursor in a transaction before that of the changes it counts.
    CursorBeforeChanges,
    /// The small things (actor, cursor) outlive a wiped database.
    MetaOutlivesWipe,
    /// The journal is not flushed.
    JournalNotFlushed,
    /// The relay goes on where an earlier connection of the device was.
    SessionKeptAcrossConnections,
    /// The relay appends a batch again when it is pushed again.
    DuplicateAppended,
    /// A commit is reported stored before it is.
    StoredTooEarly,
    /// Verdicts on blocks are not stored.
    VerdictBlockForgotten,
    /// The relay never sends a device the rows that it wrote itself, whatever the connection.
    OwnRowsNeverSent,
    /// The relay's list of holds is not stored.
    HoldsForgotten,
    /// Sessions keep the rights they began with.
    RightsNeverRenewed,
    /// The relay keeps its cache although the transaction failed.
    CacheKeptAfterFailure,
    /// A crash tears a transaction of the device.
    TransactionTorn,
    /// Deletions never reach the device's database.
    DeletionsIgnored,
    /// After a restore from a backup the relay trusts old cursors.
    RestoreNotTold,
    /// The relay drops one readable row when it sends the log in pages.
    RowSkippedBetweenPages,
}

impl Bug {
    pub const ALL: [Self; 16] = [
        Self::AckBeforeCommit,
        Self::CursorBeforeChanges,
        Self::MetaOutlivesWipe,
        Self::JournalNotFlushed,
        Self::SessionKeptAcrossConnections,
        Self::DuplicateAppended,
        Self::StoredTooEarly,
        Self::VerdictBlockForgotten,
        Self::OwnRowsNeverSent,
        Self::HoldsForgotten,
        Self::RightsNeverRenewed,
        Self::CacheKeptAfterFailure,
        Self::TransactionTorn,
        Self::DeletionsIgnored,
        Self::RestoreNotTold,
        Self::RowSkippedBetweenPages,
    ];
}

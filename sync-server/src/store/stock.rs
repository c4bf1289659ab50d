//! `lease_turns`, `hand_overs`, `stock_asks`.

use crdt_model::fact::{Ending, HandOverGiven, Leased, StockAskDeclined, StockAsked};
use crdt_model::ids::{BlockId, IntentId, OrgId, PersonId, SiteId};
use crdt_model::time::Timestamp;
use sqlx::PgConnection;

use super::{SqlId, sql_index, sql_seq, sql_text};
use crate::clock::to_sql;

pub async fn add_turn(
    tx: &mut PgConnection,
    org: OrgId,
    site: SiteId,
    lease: &Leased,
    since: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into lease_turns (org_id, block_id, turn, site_id, person_id, device_id, cause_id, since)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(lease.block.sql())
    .bind(i64::from(lease.turn))
    .bind(site.sql())
    .bind(lease.person.map(|person| person.sql()))
    .bind(lease.device.map(|device| device.sql()))
    .bind(lease.cause.map(|cause| cause.sql()))
    .bind(to_sql(since))
    .execute(tx)
    .await
    .map(drop)
}

/// Where and when something was stated, and by whom.
pub struct Stated {
    pub id: IntentId,
    pub seq: u64,
    pub site: SiteId,
    pub by: PersonId,
    pub at: Timestamp,
}

pub async fn add_hand_over(
    tx: &mut PgConnection,
    org: OrgId,
    stated: &Stated,
    given: &HandOverGiven,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into hand_overs (
            org_id, given_id, seq, site_id, block_id, turn, from_id, to_id, package_id, price_minor, left_count, given_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(stated.id.sql())
    .bind(sql_seq(stated.seq))
    .bind(stated.site.sql())
    .bind(given.block.sql())
    .bind(i64::from(given.turn))
    .bind(stated.by.sql())
    .bind(given.to.map(|to| to.sql()))
    .bind(given.package.sql())
    .bind(given.price.minor())
    .bind(sql_index(given.left))
    .bind(to_sql(stated.at))
    .execute(tx)
    .await
    .map(drop)
}

pub async fn add_ask(
    tx: &mut PgConnection,
    org: OrgId,
    stated: &Stated,
    asked: &StockAsked,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into stock_asks (org_id, ask_id, seq, site_id, person_id, package_id, quantity, note, asked_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(stated.id.sql())
    .bind(sql_seq(stated.seq))
    .bind(stated.site.sql())
    .bind(stated.by.sql())
    .bind(asked.package.sql())
    .bind(sql_index(asked.quantity))
    .bind(asked.note.as_deref().map(sql_text))
    .bind(to_sql(stated.at))
    .execute(tx)
    .await
    .map(drop)
}

/// Keeps who declined an ask and why; that it ended is the relay's to say. As the relay, it hears of it in a till of who
/// asked, at the site of the ask.
pub async fn note_decline(
    tx: &mut PgConnection,
    org: OrgId,
    (site, till_of): (SiteId, PersonId),
    by: PersonId,
    declined: &StockAskDeclined,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        update stock_asks set declined_by = $3, declined_reason = $4
        where org_id = $1 and ask_id = $2 and site_id = $5 and person_id = $6 and ended_how is null
        ",
    )
    .bind(org.sql())
    .bind(declined.asked.sql())
    .bind(by.sql())
    .bind(sql_text(&declined.reason))
    .bind(site.sql())
    .bind(till_of.sql())
    .execute(tx)
    .await
    .map(drop)
}

/// A hand-over or an ask is over.
///
/// Each kind ends by its own words only: somebody may have given both the same id, and what is accepted has to be
/// stored.
pub async fn end(
    tx: &mut PgConnection,
    org: OrgId,
    of: IntentId,
    how: Ending,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    match how {
        Ending::Taken { by } => end_hand_over(tx, org, of, how, Some(by), now).await,
        Ending::Overtaken | Ending::NotAllowed => end_hand_over(tx, org, of, how, None, now).await,
        Ending::Met { block } => end_ask(tx, org, of, how, Some(block), now).await,
        Ending::Declined => end_ask(tx, org, of, how, None, now).await,
        Ending::Withdrawn => {
            end_hand_over(tx, org, of, how, None, now).await?;
            end_ask(tx, org, of, how, None, now).await
        }
    }
}

async fn end_hand_over(
    tx: &mut PgConnection,
    org: OrgId,
    of: IntentId,
    how: Ending,
    taken_by: Option<PersonId>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        update hand_overs set ended_how = $3, ended_at = $4, taken_by = $5
        where org_id = $1 and given_id = $2 and ended_how is null
        ",
    )
    .bind(org.sql())
    .bind(of.sql())
    .bind(how.code())
    .bind(to_sql(now))
    .bind(taken_by.map(|person| person.sql()))
    .execute(tx)
    .await
    .map(drop)
}

async fn end_ask(
    tx: &mut PgConnection,
    org: OrgId,
    of: IntentId,
    how: Ending,
    met_by: Option<BlockId>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        update stock_asks set ended_how = $3, ended_at = $4, block_id = $5
        where org_id = $1 and ask_id = $2 and ended_how is null
        ",
    )
    .bind(org.sql())
    .bind(of.sql())
    .bind(how.code())
    .bind(to_sql(now))
    .bind(met_by.map(|block| block.sql()))
    .execute(tx)
    .await
    .map(drop)
}

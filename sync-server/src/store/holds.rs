//! `held_changes`: what waits for a decision, and what was decided.

use crdt_model::codec;
use crdt_model::command::DocumentWrite;
use crdt_model::document::DocumentKey;
use crdt_model::fact::HoldReason;
use crdt_model::ids::{DeviceId, HoldId, IntentId, OrgId, PersonId};
use crdt_model::relay::Hold;
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{SqlId, by_person};
use crate::clock::to_sql;

const NOT_ALLOWED: &str = "not_allowed";
const DEVICE_REVOKED: &str = "device_revoked";
const ACCEPTED: &str = "accepted";
const DECLINED: &str = "declined";

row! {
    struct Row {
        hold_id: Uuid,
        doc_key: String,
        intent_id: Uuid,
        author: Uuid,
        device_id: Uuid,
        command: Vec<u8>,
        reason: String,
        weight: i64,
        decision: Option<String>,
    }
}

/// A row that is not what was written.
#[derive(Debug, thiserror::Error)]
#[error("the hold {0} cannot be read")]
struct Damaged(HoldId);

/// Those of these holds that there are.
pub async fn find(
    tx: &mut PgConnection,
    org: OrgId,
    ids: &[HoldId],
) -> Result<Vec<Hold>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(SqlId::sql).collect();
    let rows: Vec<Row> = sqlx::query_as(
        r"
        select hold_id, doc_key, intent_id, author, device_id, command, reason, weight, decision
        from held_changes
        where org_id = $1 and hold_id = any ($2)
        ",
    )
    .bind(org.sql())
    .bind(ids)
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            let id = HoldId::from_sql(row.hold_id);
            read(id, row).ok_or_else(|| sqlx::Error::Decode(Box::new(Damaged(id))))
        })
        .collect()
}

fn read(id: HoldId, row: &Row) -> Option<Hold> {
    let listed_in: DocumentKey = row.doc_key.parse().ok()?;
    let writes: Vec<DocumentWrite> = codec::decode(&row.command).ok()?;
    Some(Hold {
        id,
        listed_in,
        intent: IntentId::from_sql(row.intent_id),
        person: PersonId::from_sql(row.author),
        device: DeviceId::from_sql(row.device_id),
        reason: match row.reason.as_str() {
            DEVICE_REVOKED => HoldReason::DeviceRevoked,
            _ => HoldReason::NotAllowed,
        },
        writes,
        weight: u64::try_from(row.weight).unwrap_or(0),
        decided: row.decision.as_deref().map(|decision| decision == ACCEPTED),
    })
}

/// Adds a hold, what came later of a long intent, or what was decided about it. `decided_by` counts only with a
/// decision.
pub async fn put(
    tx: &mut PgConnection,
    org: OrgId,
    hold: &Hold,
    decided_by: Option<PersonId>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let reason = match hold.reason {
        HoldReason::NotAllowed | HoldReason::Later => NOT_ALLOWED,
        HoldReason::DeviceRevoked => DEVICE_REVOKED,
    };
    let decision = hold.decided.map(|accepted| match accepted {
        true => ACCEPTED,
        false => DECLINED,
    });
    sqlx::query(
        r"
        insert into held_changes (
            org_id, hold_id, doc_key, intent_id, author, device_id, command, reason, received_at, decided_at,
            decided_by, decision, weight
        )
        values (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, case when $10::text is null then null else $9 end, $11, $10, $12
        )
        on conflict (org_id, hold_id) do update set
            command = excluded.command,
            weight = excluded.weight,
            decided_at = excluded.decided_at,
            decided_by = excluded.decided_by,
            decision = excluded.decision
        where held_changes.decision is null
        ",
    )
    .bind(org.sql())
    .bind(hold.id.sql())
    .bind(hold.listed_in.to_string())
    .bind(hold.intent.sql())
    .bind(hold.person.sql())
    .bind(hold.device.sql())
    .bind(codec::encode(&hold.writes))
    .bind(reason)
    .bind(to_sql(now))
    .bind(decision)
    .bind(decided_by.map(|person| person.sql()))
    .bind(i64::try_from(hold.weight).unwrap_or(i64::MAX))
    .execute(tx)
    .await
    .map(drop)
}

/// What is held of these people weighs so much; nobody decided about it.
pub async fn weights_of(
    tx: &mut PgConnection,
    org: OrgId,
    people: &[PersonId],
) -> Result<Vec<(PersonId, u64)>, sqlx::Error> {
    let people: Vec<Uuid> = people.iter().map(SqlId::sql).collect();
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(
        r"
        select author, sum(weight)::bigint
        from held_changes
        where org_id = $1 and author = any ($2) and decided_at is null
        group by author
        ",
    )
    .bind(org.sql())
    .bind(people)
    .fetch_all(tx)
    .await?;
    Ok(by_person(rows))
}

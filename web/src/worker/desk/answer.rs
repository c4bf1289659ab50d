//! What the page asks and orders.

use crdt_model::command::Command;
use crdt_model::ids::IntentId;
use crdt_model::replica::Commit;
use crdt_model::sync::device::{Effect, Event};
use crdt_model::sync::rescue;

use super::{Desk, Lost};
use crate::protocol::{Answer, Failure, Order, Packed, Request, StoreWarning};
use crate::store::person::Kept;
use crate::views;
use crate::worker::account::now;
use crate::worker::orders::{self, Planned};
use crate::worker::{not_saved, seal};

impl Desk {
    pub(super) async fn answer(
        &mut self,
        request: Request,
    ) -> Result<Result<Answer, Failure>, Lost> {
        Ok(match request {
            Request::Do(order) => return self.execute(order).await,
            Request::Query(query) => {
                let around = self.around();
                let replica = &self.device.replica;
                let mut answer = views::answer(replica, &mut self.indexes, &query, around);
                if let Answer::Sync(view) = &mut answer {
                    view.sealed.clone_from(&self.sealed);
                }
                Ok(answer)
            }
            Request::ReadClients { bytes, site } => {
                let replica = &self.device.replica;
                views::client_plan(replica, &mut self.indexes, &bytes, site)
                    .map(|plan| Answer::ClientPlan(Packed::new(&plan)))
                    .map_err(Failure::ClientFile)
            }
            Request::SyncNow => {
                // A tab that has just come hears it; whatever else changes by the try tells of itself.
                self.is_asked_how = true;
                let effects = self.device.handle(Event::TryNow, now(), &mut self.rng);
                self.run(effects)
                    .await?
                    .map_err(not_saved)
                    .map(|_| Answer::SignedIn {
                        session: self.session.clone(),
                        unlock_ticket: None,
                    })
            }
            Request::Dismiss { intent } => {
                let commit = self.device.replica.dismiss(intent);
                self.changed = true;
                self.run(vec![Effect::Commit(commit)])
                    .await?
                    .map_err(not_saved)
                    .map(|_| Answer::Done)
            }
            Request::RescueFile => self.rescue().await,
            _ => Err(Failure::Unexpected),
        })
    }

    async fn execute(&mut self, order: Order) -> Result<Result<Answer, Failure>, Lost> {
        let planned = match orders::plan(&self.device.replica, order, now(), &mut self.rng) {
            Ok(planned) => planned,
            Err(refusal) => return Ok(Err(Failure::Refused(refusal))),
        };
        let is_sale = matches!(planned, Planned::Sell(_));
        // Of blocks without their batch no screen shows anything, and an import writes many.
        let is_shown = !matches!(&planned, Planned::Commands { commands, .. }
            if commands.iter().all(|command| matches!(command, Command::AddBlocks { .. })));
        let mut executed: Vec<(IntentId, Commit)> = Vec::new();
        let (refused, made) = match planned {
            Planned::Sell(order) => {
                let sold = self.device.sell(order, now(), &mut self.rng);
                (sold.map(|sold| executed.push(sold)), None)
            }
            Planned::Commands { commands, made } => {
                let mut commands = commands.into_iter();
                let refused = commands.try_for_each(|command| {
                    let one = self.device.execute(command, now(), &mut self.rng)?;
                    executed.push(one);
                    Ok(())
                });
                (refused, made)
            }
        };
        if let Err(refusal) = refused {
            // What came before it is in memory only, and the next commit would let it be sent: back to what is durable.
            if !executed.is_empty() {
                self.reload().await?;
            }
            return Ok(Err(Failure::Refused(refusal)));
        }
        let first = executed.first().map(|(id, _)| *id);
        self.changed |= is_shown;
        let mut kept = Ok(Kept::Both);
        for (_, commit) in executed {
            kept = self.commit(commit).await?;
            if kept.is_err() {
                break;
            }
        }
        match kept {
            Ok(kept) => {
                let sold = first
                    .filter(|_| is_sale)
                    .and_then(|id| views::sale(&self.device.replica, id));
                Ok(Ok(match (sold, made) {
                    (Some(mut sold), _) => {
                        sold.warning = match kept {
                            Kept::Both => None,
                            Kept::JournalOnly(_) => Some(StoreWarning::DatabaseFailed),
                            Kept::StoreOnly(_) => Some(StoreWarning::JournalFailed),
                        };
                        Answer::Sold(sold)
                    }
                    (None, Some(id)) => Answer::Made { id },
                    (None, None) => Answer::Done,
                }))
            }
            // Neither store took it. What is in memory must not be shown as done: back to what is durable.
            Err(_) => {
                self.reload().await?;
                Ok(Err(Failure::NotSaved))
            }
        }
    }

    /// All that waits, sealed batch by batch, as a file.
    async fn rescue(&self) -> Result<Answer, Failure> {
        let person = self.shared.person.borrow().clone();
        let key = self.signing_key(&person).await.ok_or(Failure::Unexpected)?;
        let mut sealed = Vec::new();
        for batch in self.device.replica.all_batches() {
            let bytes = seal::seal(&batch, &key, &person.relay_key).await;
            sealed.push(bytes.map_err(not_saved)?);
        }
        Ok(Answer::RescueFile {
            name: format!("viornet-rescue-{}.vrn", now().as_seconds()),
            bytes: rescue::write(sealed),
        })
    }
}

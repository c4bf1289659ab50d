//! Many who write into one document or one field as if they knew nothing of each other, and honest devices among them:
//! what these write then can still be read.

#[path = "../simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses the rest")]
mod random;

use crdt_model::client::ClientEdit;
use crdt_model::command::{Command, fact_put};
use crdt_model::document::{Actor, Container, Document, DocumentKey, Put};
use crdt_model::fact::{FactBody, StockAskWithdrawn};
use crdt_model::ids::{ClientId, HoldId, IntentId};
use crdt_model::relay::Outcome;
use crdt_model::replica::{Identity, Replica};
use crdt_model::sync::batch::Batch;
use crdt_model::sync::message::{Disposition, LoggedChange};
use serde_bytes::ByteBuf;

use super::holds::hold_a_sale;
use super::relay::{Author, Bench, NOW, record};
use random::Random;

/// An honest device that has these documents as the relay has them now.
struct Phone {
    of: Author,
    replica: Replica,
    rng: Random,
    /// What it has not heard of.
    unheard: Vec<LoggedChange>,
}

impl Phone {
    fn new(bench: &Bench, of: Author, documents: &[DocumentKey]) -> Self {
        // Each its own, or two would name their taps alike.
        let mut rng = Random::new(of.person.as_bytes()[0].into());
        let me = Identity {
            org: bench.org,
            person: of.person,
            device: of.device,
        };
        let mut replica = Replica::new(me, &mut rng);
        for key in documents {
            let saved = bench.document(key).save();
            let commit = replica.snapshot(*key, &saved, NOW, &mut rng).unwrap();
            replica.stored(commit.number);
        }
        Self {
            of,
            replica,
            rng,
            unheard: Vec::new(),
        }
    }

    fn execute(&mut self, command: Command) {
        let (_, commit) = self.replica.execute(command, NOW, &mut self.rng).unwrap();
        self.replica.stored(commit.number);
    }

    /// Over the wire and back.
    fn push(&mut self, bench: &mut Bench) -> Outcome {
        let batch = self.replica.next_batch().unwrap();
        let batch = Batch::decode(batch.org, batch.device, &batch.encode()).unwrap();
        let outcome = bench.admit_as(&self.of, &batch).unwrap();
        let results: Vec<(ByteBuf, Disposition)> = outcome
            .results
            .iter()
            .map(|(hash, answer)| (ByteBuf::from(hash[..8].to_vec()), *answer))
            .collect();
        let commit = self.replica.acknowledge(&results, NOW, &mut self.rng);
        self.replica.stored(commit.number);
        outcome
    }

    /// Rows of a document that this device has, for when it hears of them.
    fn will_hear(&mut self, outcome: &Outcome, of: DocumentKey) {
        let rows = outcome.rows.iter().filter(|row| row.document == of);
        self.unheard.extend(rows.map(|row| LoggedChange {
            key: row.document,
            chunk: row.chunk.clone().into(),
        }));
    }

    fn hear(&mut self, bench: &Bench) {
        let changes = std::mem::take(&mut self.unheard);
        let head = bench.state.head();
        let commit = self.replica.receive(head, changes, &mut self.rng);
        self.replica.stored(commit.number);
        assert!(!self.replica.has_gap());
    }
}

/// One of the agent's phone's many incarnations writes as if nothing were there.
fn write_blindly(
    bench: &mut Bench,
    salt: u8,
    key: DocumentKey,
    put: &dyn Fn(IntentId) -> Put,
) -> Outcome {
    let (agent, id, salt) = (bench.agent, bench.intent(), [salt; 16]);
    let actor = Actor::derive(agent.device, &salt);
    let written = Document::new().write(actor, NOW.as_seconds(), &[put(id)]);
    let mut batch = bench.batch(&agent, id, vec![(key, written.unwrap().plain)]);
    batch.salt = salt;
    bench.admit_as(&agent, &batch).unwrap()
}

fn answers(outcome: &Outcome) -> Vec<Disposition> {
    outcome.results.iter().map(|(_, answer)| *answer).collect()
}

fn decline(till: DocumentKey, hold: HoldId) -> Command {
    Command::DecideHeld {
        till,
        hold,
        accepted: false,
        reason: Some("no".into()),
        told: 1,
    }
}

#[test]
fn ad4_a_document_has_few_heads_whoever_writes_into_it() {
    let mut bench = Bench::new();
    let (agent, manager, owner) = (bench.agent, bench.manager, bench.owner);
    let till = bench.till(&agent);
    let (hold, _) = hold_a_sale(&mut bench);
    let mut early = Phone::new(&bench, owner, &[DocumentKey::Staff, till]);
    for n in 0..70 {
        let fact = bench.fact(
            &agent,
            FactBody::StockAskWithdrawn(StockAskWithdrawn {
                asked: IntentId::from_bytes([n; 16]),
            }),
        );
        let outcome = write_blindly(&mut bench, 100 + n, till, &|id: IntentId| {
            fact_put(&id.to_string(), &fact)
        });
        assert_eq!(answers(&outcome), [Disposition::Accepted]);
        early.will_hear(&outcome, till);
        // As they are in memory, and as they are stored.
        let heads = bench.document(&till).heads();
        assert!(heads.len() <= 16, "{} heads", heads.len());
        assert_eq!(bench.state.document(&till).unwrap().heads(), heads);
    }
    assert_eq!(bench.document(&till).sheet().facts.len(), 70);

    // Whoever decides about the sale writes on top of all that.
    let mut late = Phone::new(&bench, manager, &[DocumentKey::Staff, till]);
    late.execute(decline(till, hold));
    let outcome = late.push(&mut bench);
    assert_eq!(answers(&outcome), [Disposition::Accepted]);
    assert_eq!(outcome.holds[0].decided, Some(false));
    early.will_hear(&outcome, till);
    assert_eq!(bench.document(&till).heads().len(), 1);

    // And so does a device that heard of nothing, and hears of it afterwards.
    early.execute(decline(till, HoldId::from_bytes([9; 16])));
    let outcome = early.push(&mut bench);
    assert_eq!(answers(&outcome), [Disposition::Accepted]);
    early.hear(&bench);
    let heads = bench.document(&till).heads();
    assert_eq!(early.replica.heads(&till).unwrap(), heads);
}

#[test]
fn ad7_a_field_keeps_few_values_and_an_honest_edit_gets_through() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let client = ClientId::from_bytes([7; 16]);
    let field = format!("client/{client}/name");
    let clients = DocumentKey::Clients {
        site: bench.site,
        owner: agent.person,
        part: 0,
    };
    let id = bench.intent();
    bench.accepts(&agent, clients, id, &[record(&field, "Juma")]);
    let mut phone = Phone::new(&bench, manager, &[DocumentKey::Staff, clients]);
    let id = bench.intent();
    let outcome = bench.accepts(&agent, clients, id, &[record(&field, "Mama Juma")]);
    phone.will_hear(&outcome, clients);
    let mut blind = |bench: &mut Bench, salt: u8| {
        let put = |_: IntentId| record(&field, &format!("Juma {salt}"));
        let outcome = write_blindly(bench, salt, clients, &put);
        phone.will_hear(&outcome, clients);
        outcome
    };
    let rebase = [Disposition::Rebase];
    for salt in 101..116 {
        assert_eq!(answers(&blind(&mut bench, salt)), [Disposition::Accepted]);
    }
    let outcome = blind(&mut bench, 116);
    assert_eq!(answers(&outcome), rebase);
    assert!(outcome.rows.is_empty());
    // Its fields that nobody crowds are as open as before.
    let notes = |_: IntentId| record(&format!("client/{client}/notes"), "x");
    let outcome = write_blindly(&mut bench, 117, clients, &notes);
    assert_eq!(answers(&outcome), [Disposition::Accepted]);
    phone.will_hear(&outcome, clients);

    // Who edits the name without having heard of it waits until they have.
    phone.execute(Command::EditClient {
        client,
        edits: vec![ClientEdit::Name("Juma Ally".into())],
    });
    for _ in 0..2 {
        assert_eq!(answers(&phone.push(&mut bench)), rebase);
    }
    phone.hear(&bench);
    // What it wrote before goes once more.
    assert_eq!(answers(&phone.push(&mut bench)), rebase);
    let outcome = phone.push(&mut bench);
    assert_eq!(answers(&outcome), [Disposition::Accepted]);
    let name = bench.document(&clients).field(Container::Records, &field);
    let name = name.unwrap();
    assert_eq!((name.value, name.others), ("Juma Ally".into(), Vec::new()));
    assert_eq!(phone.replica.outbox().count(), 0);
}

/// Nobody can rebase with a device that is let in no more: its work waits for a decision as ever.
#[test]
fn he1_an_edit_of_a_crowded_field_from_a_revoked_device_is_held() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let field = format!("client/{}/name", ClientId::from_bytes([7; 16]));
    let clients = DocumentKey::Clients {
        site: bench.site,
        owner: agent.person,
        part: 0,
    };
    for salt in 100..117 {
        let put = |_: IntentId| record(&field, &format!("Juma {salt}"));
        write_blindly(&mut bench, salt, clients, &put);
    }
    bench.revoked.insert(agent.device);
    let put = |_: IntentId| record(&field, "Mama Juma");
    let outcome = write_blindly(&mut bench, 120, clients, &put);
    assert!(matches!(answers(&outcome)[..], [Disposition::Held(..)]));
}

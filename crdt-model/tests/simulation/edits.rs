//! What people write into records: who and what there is. Two edit the same field without signal, and somebody
//! chooses later.

use crdt_model::client::{ClientDetails, ClientEdit, clients};
use crdt_model::command::{Command, NewClient};
use crdt_model::contested::{Contested, contested};
use crdt_model::document::DocumentKey;
use crdt_model::fixture::{FixtureDetails, FixtureKind};
use crdt_model::ids::{BlockId, ClientId, PersonId, SiteId};
use crdt_model::package::PackageEdit;
use crdt_model::site;
use crdt_model::staff::Contacts;

use crate::world::{Check, World};

impl World {
    pub fn edit(&mut self, device: usize) -> Check {
        // The office edits most.
        let device = if self.random.chance(40) { 0 } else { device };
        let known = self.contested_at(device);
        if self.random.chance(60)
            && let Some(found) = self.random.pick(&known).cloned()
        {
            return self.settle_field(device, found);
        }
        let Some(command) = self.wanted_edit(device) else {
            return Ok(());
        };
        // Somebody else is at the same form, and neither has heard of the other.
        if self.random.chance(60) {
            let other = self.random.below(self.devices.len());
            let differently = self.differently(&command);
            self.command(other, differently);
        }
        self.command(device, command);
        Ok(())
    }

    pub fn contested_at(&self, device: usize) -> Vec<Contested> {
        let Some(core) = &self.devices[device].core else {
            return Vec::new();
        };
        let sheets = core.replica.sheets().iter();
        sheets
            .flat_map(|(document, sheet)| contested(sheet, *document, ""))
            .collect()
    }

    /// Whoever chooses sees from then on what they chose, and nothing beside it.
    pub fn settle_field(&mut self, device: usize, found: Contested) -> Check {
        let mut values = found.others;
        values.push(found.value);
        let Some(value) = self.random.pick(&values).cloned() else {
            return Ok(());
        };
        let command = Command::SettleField {
            document: found.document,
            key: found.key.clone(),
            value: value.clone(),
        };
        if self.command(device, command).is_none() {
            return Ok(());
        }
        let core = self.devices[device].core.as_ref();
        let sheet = core.map(|core| core.replica.sheets().get(&found.document));
        let field = sheet.and_then(|sheet| sheet.records.get(&found.key));
        match field {
            Some(field) if field.value == value && field.others.is_empty() => Ok(()),
            _ => Err(format!("{value:?} was chosen for {}: {field:?}", found.key)),
        }
    }

    fn wanted_edit(&mut self, device: usize) -> Option<Command> {
        let sheets = self.devices[device].core.as_ref()?.replica.sheets();
        let site = *self.random.pick(&self.sites)?;
        let package = *self.random.pick(&self.packages)?;
        let people: Vec<PersonId> = self.devices.iter().map(|device| device.me.person).collect();
        let person = *self.random.pick(&people)?;
        let known: Vec<ClientId> = clients(sheets).into_iter().map(|c| c.id).collect();
        let fixtures: Vec<_> = FixtureKind::ALL
            .into_iter()
            .flat_map(|kind| {
                let office = sheets.get(&DocumentKey::Site(site));
                office
                    .ids(kind.noun())
                    .filter_map(move |id| Some(kind.with_id(crdt_model::ids::from_text(id).ok()?)))
                    .collect::<Vec<_>>()
            })
            .collect();
        let details = site::details(sheets, site);
        let word = format!("word {}", self.random.below(1_000));
        Some(match self.random.below(14) {
            0..=3 => Command::EditClient {
                client: *self.random.pick(&known)?,
                edits: vec![match self.random.below(3) {
                    0 => ClientEdit::Name(word),
                    1 => ClientEdit::Notes(Some(word)),
                    _ => ClientEdit::Address(Some(word)),
                }],
            },
            4 => Command::SetClientActive {
                client: *self.random.pick(&known)?,
                active: self.random.chance(50),
            },
            5 => Command::RegisterClients {
                site,
                clients: (0..2)
                    .map(|_| NewClient {
                        client: ClientId::generate(self.now, &mut self.random),
                        details: ClientDetails {
                            name: word.clone(),
                            ..ClientDetails::default()
                        },
                    })
                    .collect(),
            },
            6..=7 => Command::ChangePackage {
                package,
                edits: vec![PackageEdit::Description(Some(word))],
            },
            8 => Command::RenameStaff { person, name: word },
            9 => Command::SetContacts {
                person,
                from: Contacts::default(),
                to: Contacts {
                    note: Some(word),
                    ..Contacts::default()
                },
            },
            10 => {
                let from = details?;
                let mut to = from.clone();
                to.name = word;
                Command::EditSite { site, from, to }
            }
            11 => match self.random.below(3) {
                0 => Command::SetSiteActive {
                    site,
                    active: self.random.chance(70),
                },
                1 => Command::AddSite {
                    site: SiteId::generate(self.now, &mut self.random),
                    name: word,
                    place: None,
                },
                _ => Command::SetProfile {
                    name: word,
                    timezone: "Africa/Dar_es_Salaam".into(),
                },
            },
            12 => Command::PutFixture {
                site,
                fixture: FixtureKind::Router
                    .with_id(*BlockId::generate(self.now, &mut self.random).as_bytes()),
                from: None,
                to: FixtureDetails {
                    name: word,
                    ..FixtureDetails::default()
                },
            },
            _ => Command::SetFixtureActive {
                site,
                fixture: *self.random.pick(&fixtures)?,
                active: self.random.chance(50),
            },
        })
    }

    /// The same form, filled in otherwise.
    fn differently(&mut self, command: &Command) -> Command {
        let word = format!("other {}", self.random.below(1_000));
        let mut command = command.clone();
        match &mut command {
            Command::EditClient { edits, .. } => {
                for edit in edits {
                    match edit {
                        ClientEdit::Name(name) => *name = word.clone(),
                        ClientEdit::Notes(text) | ClientEdit::Address(text) => {
                            *text = Some(word.clone());
                        }
                        _ => {}
                    }
                }
            }
            Command::ChangePackage { edits, .. } => {
                *edits = vec![PackageEdit::Description(Some(word))];
            }
            Command::RenameStaff { name, .. } => *name = word,
            // Each device makes its own ids.
            Command::RegisterClients { clients, .. } => {
                for new in clients {
                    new.client = ClientId::generate(self.now, &mut self.random);
                }
            }
            Command::EditSite { to, .. } => to.name = word,
            _ => {}
        }
        command
    }
}

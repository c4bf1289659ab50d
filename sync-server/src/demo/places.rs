//! What the office keeps of sites and people: contacts, positions, and what stands on the roof.

use anyhow::{Context, Result};
use crdt_model::client::ClientEdit;
use crdt_model::command::Command;
use crdt_model::fixture::{FixtureDetails, FixtureId, FixtureKind};
use crdt_model::ids::ClientId;
use crdt_model::phone::{Country, Phone};
use crdt_model::site::{self, Position, SiteDetails};
use crdt_model::staff::Contacts;
use crdt_model::time::Date;

use super::cast::{MEMBERS, OWNER, PLACES};
use super::world::World;

/// Of one site: zone, who answers there and how, where it is, and a note.
struct Office {
    zone: &'static str,
    contact: &'static str,
    phone: &'static str,
    position: (&'static str, &'static str),
    note: Option<&'static str>,
    /// The areas it serves.
    areas: &'static [&'static str],
}

/// In the order of the cast's places.
const OFFICES: [Office; 6] = [
    Office {
        zone: "Ilala",
        contact: "Joseph Massawe",
        phone: "0754 118 203",
        position: ("-6.8185", "39.2722"),
        note: Some("Ghorofa ya tatu; funguo za paa ziko kwa mlinzi"),
        areas: &["Msimbazi", "Gerezani", "Jangwani"],
    },
    Office {
        zone: "Temeke",
        contact: "Baraka Mrisho",
        phone: "0713 402 977",
        position: ("-6.8979", "39.2650"),
        note: None,
        areas: &["Rangi Tatu", "Kijichi"],
    },
    Office {
        zone: "Pwani",
        contact: "Juma Athumani",
        phone: "0786 330 145",
        position: ("-6.4427", "38.9034"),
        note: Some("Umeme hukatika mchana; betri ni ya masaa manne"),
        areas: &["Dunda", "Magomeni"],
    },
    Office {
        zone: "Pwani",
        contact: "Mwajuma Hassan",
        phone: "0621 905 518",
        position: ("-6.7667", "38.9167"),
        note: None,
        areas: &["Maili Moja", "Tumbi"],
    },
    Office {
        zone: "Tanga",
        contact: "Zainab Mgaya",
        phone: "0767 214 660",
        position: ("-5.0689", "39.0988"),
        note: None,
        areas: &["Ngamiani", "Chumbageni", "Makorora"],
    },
    Office {
        zone: "Unguja",
        contact: "Salim Omary",
        phone: "0777 419 083",
        position: ("-6.1630", "39.1921"),
        note: Some("Salim analipia umeme mwenyewe"),
        areas: &["Darajani", "Malindi"],
    },
];

/// The one who climbs on roofs writes down what he finds.
pub async fn describe_sites(world: &mut World) -> Result<()> {
    world.profile("emmanuel").exchange().await?;
    for (place, office) in OFFICES.iter().enumerate() {
        world.pass_minutes(3);
        let id = world.sites[place];
        let from = site::details(world.profile("emmanuel").replica().sheets(), id)
            .context("a site of the demo is not there")?;
        let (latitude, longitude) = office.position;
        let to = SiteDetails {
            place: Some(PLACES[place].place.into()),
            zone: Some(office.zone.into()),
            contact: Some(office.contact.into()),
            phone: Phone::parse(office.phone, Country::Tanzania).ok(),
            position: Position::parse(latitude, longitude),
            notes: office.note.map(Into::into),
            ..from.clone()
        };
        let command = Command::EditSite { site: id, from, to };
        world.profile("emmanuel").run(command).await?;
        for (kind, details) in fixtures(place, office) {
            let bytes = crdt_model::ids::generate(world.app.clock.now(), &mut world.random);
            let fixture: FixtureId = kind.with_id(bytes);
            let command = Command::PutFixture {
                site: id,
                fixture,
                from: None,
                to: details,
            };
            world.profile("emmanuel").run(command).await?;
        }
    }
    world.profile("emmanuel").contact().await
}

fn fixtures(place: usize, office: &Office) -> Vec<(FixtureKind, FixtureDetails)> {
    let name = PLACES[place].name;
    let short = name.split(' ').next().unwrap_or(name).to_lowercase();
    let number = place + 1;
    let router = FixtureDetails {
        name: format!("{short}-gw"),
        model: Some(if place == 0 { "RB4011iGS+" } else { "hEX S" }.into()),
        address: Some(format!("10.20.{number}.1")),
        serial: Some(format!("HC{number}07A9{number}KQ2")),
        ..FixtureDetails::default()
    };
    let mut fixtures = vec![(FixtureKind::Router, router)];
    for (at, where_) in ["Paa, kaskazini", "Paa, kusini"].into_iter().enumerate() {
        let access_point = FixtureDetails {
            name: format!("{short}-ap{}", at + 1),
            model: Some("OmniTIK 5 ac".into()),
            place: Some(where_.into()),
            ..FixtureDetails::default()
        };
        fixtures.push((FixtureKind::AccessPoint, access_point));
    }
    fixtures.extend(office.areas.iter().map(|area| {
        let details = FixtureDetails {
            name: (*area).into(),
            ..FixtureDetails::default()
        };
        (FixtureKind::Area, details)
    }));
    fixtures
}

/// How to reach everybody.
pub async fn write_contacts(world: &mut World) -> Result<()> {
    world.profile(OWNER).exchange().await?;
    for (number, member) in MEMBERS.iter().enumerate() {
        let digits = 2_310_407 + 517_003 * number;
        let to = Contacts {
            phone: Phone::parse(&format!("075{digits:07}"), Country::Tanzania).ok(),
            email: member
                .sells
                .is_empty()
                .then(|| format!("{}@pwani.example.com", member.login)),
            note: match member.login {
                "halima" => Some("Hukusanya madeni pia".into()),
                "salim" => Some("Analipa kila Ijumaa".into()),
                _ => None,
            },
        };
        let command = Command::SetContacts {
            person: world.profiles[number].who.person,
            from: Contacts::default(),
            to,
        };
        world.profile(OWNER).run(command).await?;
    }
    world.profile(OWNER).contact().await
}

/// Marketing goes through its list: who paid again, and who moved away.
pub async fn renew_clients(world: &mut World) -> Result<()> {
    world.profile("grace").exchange().await?;
    let listed: Vec<ClientId> = world.listed.iter().flatten().copied().collect();
    for (number, client) in listed.into_iter().enumerate() {
        let command = match number % 12 {
            0 | 4 | 8 => {
                let days = i32::try_from(world.random.between(0, 40)).unwrap_or_default() - 4;
                let last = Date::of(world.end).plus_days(days);
                Command::EditClient {
                    client,
                    edits: vec![ClientEdit::ExpiresOn(Some(last))],
                }
            }
            6 => Command::SetClientActive {
                client,
                active: false,
            },
            _ => continue,
        };
        world.profile("grace").run(command).await?;
    }
    world.profile("grace").contact().await
}

//! Who works at Pwani WiFi, where, and what is sold there. All of it is made up.

use crdt_model::capability::Role;
use crdt_model::money::Currency;
use crdt_model::package::{PackageDetails, Unit, Validity, first_packages};

pub const ORGANISATION: &str = "Pwani WiFi";
pub const TIMEZONE: &str = "Africa/Dar_es_Salaam";
/// The zone is three hours ahead of UTC all year.
pub const OFFSET_MILLIS: i64 = 3 * 60 * 60 * 1000;
pub const CURRENCY: Currency = Currency::Tzs;

/// What is sold, as a place in [`packages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Week,
    TwoWeeks,
    Month,
    ThreeMonths,
    Day,
    ThreeHours,
}

/// The catalog, in the order of [`Kind`].
pub fn packages() -> Vec<PackageDetails> {
    let short = |name: &str, price: i64, count: u32, unit: Unit| PackageDetails {
        name: name.into(),
        price: CURRENCY.major(price),
        validity: Validity { count, unit },
        ..first_packages(CURRENCY)[0].clone()
    };
    let mut packages = first_packages(CURRENCY).to_vec();
    packages.push(short("1 Day", 1_000, 1, Unit::Day));
    packages.push(short("3 Hours", 500, 3, Unit::Hour));
    // In Mbit/s down, devices at once, and what is little stock.
    let more = [
        (6, 2, 20, "Wiki nzima, simu na kompyuta"),
        (6, 2, 10, "Wiki mbili; huokoa shilingi 1,000"),
        (10, 3, 8, "Mwezi mmoja kwa nyumba ndogo"),
        (10, 4, 3, "Miezi mitatu kwa nyumba au ofisi"),
        (4, 1, 30, "Saa 24 tangu kuingia mara ya kwanza"),
        (3, 1, 30, "Masaa matatu, kwa haraka"),
    ];
    for (package, (mbps, devices, little, description)) in packages.iter_mut().zip(more) {
        package.download_kbps = Some(mbps * 1_000);
        package.upload_kbps = Some(mbps * 400);
        package.shared_users = Some(devices);
        package.low_stock = Some(little);
        package.description = Some(description.into());
    }
    packages
}

/// What of one kind is sold at a site.
pub struct Demand {
    pub kind: Kind,
    /// Vouchers on an ordinary day.
    pub daily: f64,
    /// As the people who make them name a batch.
    pub label: &'static str,
    /// Codes on one sheet, which one person gets.
    pub block: u32,
}

pub struct Place {
    pub name: &'static str,
    pub place: &'static str,
    pub demand: &'static [Demand],
    /// Who makes the vouchers and gives them out.
    pub office: &'static str,
}

const fn demand(kind: Kind, daily: f64, label: &'static str, block: u32) -> Demand {
    Demand {
        kind,
        daily,
        label,
        block,
    }
}

pub const KARIAKOO: usize = 0;
pub const MBAGALA: usize = 1;
pub const BAGAMOYO: usize = 2;
pub const KIBAHA: usize = 3;
pub const TANGA: usize = 4;
pub const UNGUJA: usize = 5;

pub const PLACES: [Place; 6] = [
    Place {
        name: "Kariakoo",
        place: "Mtaa wa Msimbazi, Dar es Salaam",
        demand: &[
            demand(Kind::ThreeHours, 8.0, "Kariakoo masaa 3", 50),
            demand(Kind::Day, 9.0, "KKOO siku 1", 50),
            demand(Kind::Week, 4.0, "Kariakoo Wiki - {}", 40),
            demand(Kind::Month, 1.3, "Mwezi 1 Kariakoo", 20),
        ],
        office: "rehema",
    },
    Place {
        name: "Mbagala",
        place: "Rangi Tatu, Temeke",
        demand: &[
            demand(Kind::Day, 8.0, "Mbagala Daily", 50),
            demand(Kind::Week, 4.5, "mbagala wiki", 40),
        ],
        office: "rehema",
    },
    Place {
        name: "Bagamoyo",
        place: "Stendi ya zamani, Bagamoyo",
        demand: &[
            demand(Kind::Day, 3.5, "Bagamoyo siku", 40),
            demand(Kind::Week, 3.0, "Bagamoyo 1wk {}", 30),
        ],
        office: "yusuf",
    },
    Place {
        name: "Kibaha",
        place: "Maili Moja, Kibaha",
        demand: &[
            demand(Kind::Week, 2.6, "KIBAHA WEEK", 30),
            demand(Kind::TwoWeeks, 1.3, "Kibaha wiki 2", 20),
        ],
        office: "yusuf",
    },
    Place {
        name: "Tanga Mjini",
        place: "Barabara ya 12, Ngamiani",
        demand: &[
            demand(Kind::Week, 3.0, "Tanga wiki moja", 40),
            demand(Kind::Month, 1.6, "Tanga monthly", 20),
            demand(Kind::ThreeMonths, 0.4, "Tanga miezi 3", 10),
        ],
        office: "neema",
    },
    Place {
        name: "Mji Mkongwe",
        place: "Darajani, Unguja",
        demand: &[
            demand(Kind::Day, 4.5, "Unguja 1 day", 50),
            demand(Kind::Week, 2.2, "Mji Mkongwe wiki {}", 30),
        ],
        office: "neema",
    },
];

/// How often a device meets the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// Connected from opening to closing.
    Counter,
    /// A phone with good coverage: several times a day.
    Often,
    /// A phone that is carried to where there is a signal in the evening.
    Evening,
    /// Somebody who reads: every so many days.
    Reads(u32),
}

pub struct Member {
    pub login: &'static str,
    pub name: &'static str,
    /// An empty list of sites: the whole organisation.
    pub roles: &'static [(Role, &'static [usize])],
    pub device: &'static str,
    pub rhythm: Rhythm,
    /// Where this person sells, and how much of a hundred sales there are theirs.
    pub sells: &'static [(usize, u32)],
    /// How long before the end nothing was heard of them any more.
    pub silent_minutes: u32,
    /// The stock waits for the next device that signs in: whoever tries the demo can sell at once.
    pub expects_device: bool,
}

const fn office(
    login: &'static str,
    name: &'static str,
    roles: &'static [(Role, &'static [usize])],
    device: &'static str,
    days: u32,
) -> Member {
    Member {
        login,
        name,
        roles,
        device,
        rhythm: Rhythm::Reads(days),
        sells: &[],
        silent_minutes: 90,
        expects_device: false,
    }
}

const fn seller(
    login: &'static str,
    name: &'static str,
    roles: &'static [(Role, &'static [usize])],
    device: &'static str,
    rhythm: Rhythm,
    sells: &'static [(usize, u32)],
) -> Member {
    Member {
        login,
        name,
        roles,
        device,
        rhythm,
        sells,
        silent_minutes: 25,
        expects_device: true,
    }
}

pub const OWNER: &str = "asha";

/// Everybody; the owner first.
pub const MEMBERS: [Member; 16] = [
    office(
        OWNER,
        "Asha Mwinyi",
        &[(Role::Owner, &[])],
        "Chrome on Windows",
        3,
    ),
    office(
        "daudi",
        "Daudi Komba",
        &[(Role::SuperAdmin, &[])],
        "Firefox on Linux",
        9,
    ),
    office(
        "neema",
        "Neema Shayo",
        &[(Role::Admin, &[])],
        "Chrome on Windows",
        1,
    ),
    Member {
        expects_device: true,
        ..seller(
            "rehema",
            "Rehema Mushi",
            &[(Role::Manager, &[KARIAKOO, MBAGALA])],
            "Edge on Windows",
            Rhythm::Reads(1),
            &[(KARIAKOO, 8)],
        )
    },
    office(
        "yusuf",
        "Yusuf Ally",
        &[
            (Role::Manager, &[BAGAMOYO, KIBAHA]),
            (Role::Technical, &[BAGAMOYO, KIBAHA]),
        ],
        "Chrome on Android",
        1,
    ),
    office(
        "fatma",
        "Fatma Khamis",
        &[(Role::Finance, &[])],
        "Chrome on Windows",
        2,
    ),
    office(
        "grace",
        "Grace Mollel",
        &[(Role::Marketing, &[])],
        "Chrome on Android",
        5,
    ),
    office(
        "emmanuel",
        "Emmanuel Lyimo",
        &[(Role::Technical, &[])],
        "Chrome on Android",
        4,
    ),
    seller(
        "joseph",
        "Joseph Massawe",
        &[(Role::Sales, &[KARIAKOO])],
        "Chrome on Windows",
        Rhythm::Counter,
        &[(KARIAKOO, 62)],
    ),
    seller(
        "zainab",
        "Zainab Mgaya",
        &[(Role::Sales, &[TANGA])],
        "Chrome on Windows",
        Rhythm::Counter,
        &[(TANGA, 100)],
    ),
    seller(
        "halima",
        "Halima Said",
        &[(Role::RecoveryAgent, &[]), (Role::Agent, &[MBAGALA])],
        "Chrome on Android",
        Rhythm::Often,
        &[(MBAGALA, 45)],
    ),
    seller(
        "baraka",
        "Baraka Mrisho",
        &[(Role::Agent, &[MBAGALA])],
        "Chrome on Android",
        Rhythm::Often,
        &[(MBAGALA, 55)],
    ),
    Member {
        silent_minutes: 13 * 60,
        ..seller(
            "juma",
            "Juma Athumani",
            &[(Role::Agent, &[BAGAMOYO])],
            "Chrome on Android",
            Rhythm::Evening,
            &[(BAGAMOYO, 100)],
        )
    },
    Member {
        silent_minutes: 50 * 60,
        expects_device: false,
        ..seller(
            "mwajuma",
            "Mwajuma Hassan",
            &[(Role::Agent, &[KIBAHA, BAGAMOYO])],
            "Samsung Internet on Android",
            Rhythm::Evening,
            &[(KIBAHA, 100)],
        )
    },
    Member {
        silent_minutes: 5 * 60,
        ..seller(
            "salim",
            "Salim Omary",
            &[(Role::Reseller, &[UNGUJA])],
            "Chrome on Android",
            Rhythm::Often,
            &[(UNGUJA, 100)],
        )
    },
    Member {
        expects_device: false,
        ..seller(
            "peter",
            "Peter Kessy",
            &[(Role::Agent, &[KARIAKOO])],
            "Chrome on Android",
            Rhythm::Evening,
            &[(KARIAKOO, 30)],
        )
    },
];

/// Where somebody stands in [`MEMBERS`].
pub fn member(login: &str) -> usize {
    MEMBERS
        .iter()
        .position(|member| member.login == login)
        .expect("the demo names its own people")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_there() {
        for role in Role::ALL {
            let is_there = MEMBERS
                .iter()
                .any(|member| member.roles.iter().any(|(has, _)| *has == role));
            assert!(is_there, "{role:?}");
        }
    }

    #[test]
    fn the_kinds_are_the_packages() {
        let names: Vec<String> = packages().into_iter().map(|package| package.name).collect();
        for (kind, name) in [
            (Kind::Week, "1 Week"),
            (Kind::TwoWeeks, "2 Weeks"),
            (Kind::Month, "1 Month"),
            (Kind::ThreeMonths, "3 Months"),
            (Kind::Day, "1 Day"),
            (Kind::ThreeHours, "3 Hours"),
        ] {
            assert_eq!(names[kind as usize], name);
        }
    }
}

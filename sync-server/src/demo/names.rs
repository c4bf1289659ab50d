//! Names, numbers and references as they are written on this coast.

use crdt_model::client::ClientDetails;
use crdt_model::mac::Mac;
use crdt_model::package::Connection;
use crdt_model::phone::{Country, Phone};
use crdt_model::time::Date;

use super::random::Random;

const FIRST: &[&str] = &[
    "Abdallah",
    "Agnes",
    "Aisha",
    "Ally",
    "Amina",
    "Anna",
    "Asia",
    "Athumani",
    "Aziza",
    "Bakari",
    "Beatrice",
    "Bahati",
    "Charles",
    "Chausiku",
    "Christina",
    "Dismas",
    "Elizabeth",
    "Emmanuel",
    "Esther",
    "Farida",
    "Fatuma",
    "Frank",
    "Furaha",
    "Godfrey",
    "Habiba",
    "Hamisi",
    "Happy",
    "Hassan",
    "Hawa",
    "Hussein",
    "Ibrahim",
    "Imani",
    "Issa",
    "Jackline",
    "Jamila",
    "John",
    "Joyce",
    "Juliana",
    "Jumanne",
    "Kassim",
    "Khadija",
    "Latifa",
    "Leila",
    "Lucas",
    "Maimuna",
    "Mariam",
    "Maryamu",
    "Mashaka",
    "Mohamed",
    "Moshi",
    "Musa",
    "Mwanaidi",
    "Mwanahamisi",
    "Nassoro",
    "Neema",
    "Nuru",
    "Omari",
    "Pendo",
    "Rajabu",
    "Ramadhani",
    "Rashidi",
    "Rehema",
    "Riziki",
    "Rose",
    "Rukia",
    "Saada",
    "Said",
    "Salama",
    "Salehe",
    "Saumu",
    "Selemani",
    "Shabani",
    "Shukuru",
    "Siwema",
    "Sofia",
    "Stella",
    "Subira",
    "Sultani",
    "Tabu",
    "Tatu",
    "Theresia",
    "Tumaini",
    "Upendo",
    "Winfrida",
    "Yahya",
    "Yohana",
    "Zaituni",
    "Zawadi",
    "Zuhura",
    "Zuwena",
];

const LAST: &[&str] = &[
    "Abdi",
    "Ally",
    "Bakari",
    "Chande",
    "Chuma",
    "Haji",
    "Hamad",
    "Issa",
    "Jongo",
    "Juma",
    "Kaboyonga",
    "Kapinga",
    "Kawambwa",
    "Kessy",
    "Khamis",
    "Kibwana",
    "Kigoda",
    "Kilindo",
    "Kimaro",
    "Kisoma",
    "Kombo",
    "Lema",
    "Lyimo",
    "Machano",
    "Magembe",
    "Makame",
    "Malima",
    "Mapunda",
    "Masanja",
    "Massawe",
    "Mbaga",
    "Mbwana",
    "Mchomvu",
    "Mfaume",
    "Mgaya",
    "Mhando",
    "Mkamba",
    "Mkwizu",
    "Mnyamani",
    "Mohamed",
    "Mollel",
    "Mpemba",
    "Mrema",
    "Mshana",
    "Msuya",
    "Mtoro",
    "Mushi",
    "Mwakyusa",
    "Mwambene",
    "Mwinyi",
    "Mziray",
    "Ngonyani",
    "Nyerere",
    "Omar",
    "Pazi",
    "Rajabu",
    "Ramadhani",
    "Salum",
    "Sanga",
    "Seif",
    "Shayo",
    "Shehe",
    "Shija",
    "Sinde",
    "Swai",
    "Tarimo",
    "Temba",
    "Ulaya",
    "Urassa",
    "Yusufu",
    "Zuberi",
];

/// What small shops and offices call themselves.
const SHOPS: &[&str] = &[
    "Duka la Mama Zawadi",
    "Saluni ya Pendo",
    "Mgahawa wa Bahari",
    "Stationery ya Kimaro",
    "Hosteli ya Upendo",
    "Garage ya Mzee Salum",
    "Duka la Dawa Tumaini",
    "Kinyozi Msasani",
    "Shule ya Awali Imani",
    "Pwani Tailors",
    "Mama Ntilie Tatu",
    "Bodaboda Stendi Kuu",
];

/// First digits of mobile numbers that people really have.
const PREFIXES: &[&str] = &[
    "071", "065", "067", "074", "075", "076", "068", "078", "069", "062", "061",
];

const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";
/// No letter or digit that is taken for another when it is read aloud or from a small print.
const CODE: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

const STREETS: &[&str] = &[
    "Mtaa wa Uhuru",
    "Mtaa wa Sokoni",
    "Barabara ya Nyerere",
    "Mtaa wa Msikitini",
    "Mtaa wa Shule",
    "Nyuma ya kituo cha mafuta",
    "Karibu na zahanati",
    "Mtaa wa Bandari",
];

const REMARKS: &[&str] = &[
    "Hupiga simu kabla ya kulipa",
    "Anataka risiti kwa WhatsApp",
    "Analipia majirani wawili pia",
    "Yupo wikendi tu",
    "Modemu ilibadilishwa mwezi wa tatu",
];

/// A client as marketing writes one down, with all that the office may know.
pub fn listed_client(random: &mut Random, number: u32, today: Date) -> ClientDetails {
    let is_line = random.chance(18);
    let mut days = |low, high| i32::try_from(random.between(low, high)).unwrap_or_default();
    let (registered_on, expires_on) = (
        today.plus_days(-days(5, 500)),
        today.plus_days(days(20, 95)),
    );
    ClientDetails {
        registered_on: Some(registered_on),
        expires_on: random.chance(45).then_some(expires_on),
        connection: Some(match is_line {
            true => Connection::Pppoe,
            false => Connection::Hotspot,
        }),
        mac: is_line.then(|| mac(random)).flatten(),
        sms_reminder: random.chance(60),
        notes: random
            .chance(12)
            .then(|| (*random.pick(REMARKS)).to_owned()),
        ..client(random, number)
    }
}

/// Of a maker of routers.
fn mac(random: &mut Random) -> Option<Mac> {
    const HEX: &[u8] = b"0123456789ABCDEF";
    format!("64D154{}", text(random, HEX, 6)).parse().ok()
}

/// A client nobody had before. Some have no number, few an e-mail address.
pub fn client(random: &mut Random, number: u32) -> ClientDetails {
    let name = match random.chance(4) {
        true => (*random.pick(SHOPS)).to_owned(),
        false => format!("{} {}", random.pick(FIRST), random.pick(LAST)),
    };
    let phone = match random.chance(93) {
        // The number of the client makes it another one's never.
        true => phone(random, number),
        false => None,
    };
    let email = random.chance(6).then(|| {
        let user = name.to_lowercase().replace(' ', ".");
        format!("{user}{}@example.com", random.between(1, 99))
    });
    let address = random.chance(55).then(|| {
        let street = *random.pick(STREETS);
        format!("{street}, nyumba {}", random.between(1, 240))
    });
    ClientDetails {
        name,
        phone,
        email,
        address,
        ..ClientDetails::default()
    }
}

fn phone(random: &mut Random, number: u32) -> Option<Phone> {
    let prefix = random.pick(PREFIXES);
    let rest = (number * 1_117 + 211_003) % 10_000_000;
    Phone::parse(&format!("{prefix}{rest:07}"), Country::Tanzania).ok()
}

/// `XXXX-XXXX`.
pub fn code(random: &mut Random) -> String {
    format!("{}-{}", text(random, CODE, 4), text(random, CODE, 4))
}

/// As the message of a mobile money provider names a payment.
pub fn mobile_reference(random: &mut Random) -> String {
    format!(
        "{}{}{}{}",
        text(random, LETTERS, 2),
        text(random, DIGITS, 2),
        text(random, LETTERS, 3),
        text(random, CODE, 3)
    )
}

pub fn bank_reference(random: &mut Random) -> String {
    format!(
        "FT26{}{}",
        text(random, DIGITS, 6),
        text(random, LETTERS, 4)
    )
}

fn text(random: &mut Random, letters: &[u8], count: usize) -> String {
    (0..count)
        .map(|_| char::from(*random.pick(letters)))
        .collect()
}

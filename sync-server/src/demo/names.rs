//! Names, numbers and references as they are written on this coast.

use crdt_model::client::ClientDetails;
use crdt_model::phone::{Country, Phone};

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
    ClientDetails {
        name,
        phone,
        email,
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

//! Every record field of `docs/DATA_MODEL.md`: what it may be, and what it may not.

use crdt_model::admission::{Malformed, Objection, caps, check};
use crdt_model::capability::Principal;
use crdt_model::document::{Container, DocumentKey, PlainOp, Scalar, Sheet};
use crdt_model::ids::{IntentId, PersonId, SiteId};

const SITE: SiteId = SiteId::from_bytes([2; 16]);
const PERSON: PersonId = PersonId::from_bytes([3; 16]);

/// Roles do not bind the relay: what is left are form and value.
fn judge(document: DocumentKey, key: &str, value: Scalar) -> Result<(), Objection> {
    let op = PlainOp {
        container: Container::Records,
        key: key.into(),
        value,
        replaces: Vec::new(),
    };
    let intent = IntentId::from_bytes([1; 16]);
    check(
        &Principal::relay(),
        &document,
        &Sheet::default(),
        intent,
        &op,
    )
}

const fn malformed(what: Malformed) -> Result<(), Objection> {
    Err(Objection::Malformed(what))
}

/// What a field may be, and values of its type that it may not.
struct Field {
    document: DocumentKey,
    key: String,
    good: Vec<Scalar>,
    bad: Vec<Scalar>,
}

fn texts(of: &[&str]) -> Vec<Scalar> {
    of.iter().map(|text| (*text).into()).collect()
}

/// Up to so many characters, of several bytes each.
fn text(document: DocumentKey, key: &str, max: usize) -> Field {
    Field {
        document,
        key: key.into(),
        good: texts(&["x", &"é".repeat(max)]),
        bad: texts(&["", " ", &"é".repeat(max + 1)]),
    }
}

fn optional_text(document: DocumentKey, key: &str, max: usize) -> Field {
    Field {
        document,
        key: key.into(),
        good: vec![Scalar::Null, "".into(), "é".repeat(max).into()],
        bad: vec!["é".repeat(max + 1).into()],
    }
}

fn one_of(document: DocumentKey, key: &str, codes: &[&str]) -> Field {
    Field {
        document,
        key: key.into(),
        good: texts(codes),
        bad: texts(&["", "EUR", &codes[0].to_lowercase()]),
    }
}

fn number(document: DocumentKey, key: &str, least: i64, most: i64) -> Field {
    let beyond = most.checked_add(1);
    Field {
        document,
        key: key.into(),
        good: vec![least.into(), most.into()],
        bad: [Some(least - 1), beyond]
            .into_iter()
            .flatten()
            .map(Into::into)
            .collect(),
    }
}

fn optional_number(key: &str, least: i64, most: i64) -> Field {
    let mut field = number(DocumentKey::Catalog, key, least, most);
    field.good.push(Scalar::Null);
    field
}

fn yes_or_no(document: DocumentKey, key: &str) -> Field {
    Field {
        document,
        key: key.into(),
        good: vec![true.into(), false.into()],
        bad: Vec::new(),
    }
}

fn fields() -> Vec<Field> {
    let (org, staff, catalog) = (DocumentKey::Org, DocumentKey::Staff, DocumentKey::Catalog);
    let public = DocumentKey::SitePublic(SITE);
    let clients = DocumentKey::Clients {
        site: SITE,
        owner: PERSON,
        part: 0,
    };
    let person = |field: &str| format!("person/{PERSON}/{field}");
    let package = |field: &str| format!("package/{PERSON}/{field}");
    let client = |field: &str| format!("client/{PERSON}/{field}");
    let currencies = ["TZS", "KES", "UGX", "RWF", "USD"];
    let kinds = ["HOTSPOT", "PPPOE"];
    let units = ["MINUTE", "HOUR", "DAY", "WEEK", "MONTH"];
    let phone = Field {
        document: clients,
        key: client("phone"),
        good: vec![Scalar::Null, "+255712345678".into()],
        bad: texts(&["", "0712345678", "+2557123456789012345"]),
    };
    vec![
        text(org, "org/name", 120),
        text(org, "org/timezone", 64),
        one_of(org, "org/currency", &currencies),
        text(staff, &person("name"), 120),
        yes_or_no(staff, &person("active")),
        yes_or_no(staff, &person("grant/AGENT@*")),
        yes_or_no(staff, &person(&format!("grant/AGENT@{SITE}"))),
        text(catalog, &package("name"), 60),
        number(catalog, &package("price"), 0, 1_000_000_000_000),
        number(catalog, &package("validity_count"), 1, 1_000),
        one_of(catalog, &package("validity_unit"), &units),
        optional_number(&package("uptime_limit_seconds"), 0, i64::MAX),
        optional_number(&package("quota_bytes"), 0, i64::MAX),
        optional_number(&package("use_within_days"), 0, i64::MAX),
        optional_text(catalog, &package("description"), 500),
        optional_number(&package("download_kbps"), 1, 100_000_000),
        optional_number(&package("upload_kbps"), 1, 100_000_000),
        optional_number(&package("shared_users"), 1, 1_000),
        optional_number(&package("low_stock"), 0, 100_000),
        one_of(catalog, &package("kind"), &kinds),
        yes_or_no(catalog, &package("active")),
        text(public, "site/name", 120),
        optional_text(public, "site/place", 120),
        text(clients, &client("name"), 120),
        phone,
        optional_text(clients, &client("email"), 254),
    ]
}

#[test]
fn ad6_every_field_has_its_type_and_its_values() {
    let is_null = |value: &Scalar| *value == Scalar::Null;
    for Field {
        document,
        key,
        good,
        bad,
    } in fields()
    {
        let say = |value: &Scalar| format!("{document} {key} {value:?}");
        let kinds = [
            Scalar::Null,
            true.into(),
            1.into(),
            "x".into(),
            Scalar::Bytes(vec![1].into()),
        ];
        for other in kinds.into_iter().filter(|kind| {
            !good.iter().any(|value| {
                std::mem::discriminant(value) == std::mem::discriminant(kind)
                    || is_null(kind) && is_null(value)
            })
        }) {
            let said = say(&other);
            let answer = judge(document, &key, other);
            assert_eq!(answer, malformed(Malformed::WrongType), "{said}");
        }
        for value in good {
            let said = say(&value);
            assert_eq!(judge(document, &key, value), Ok(()), "{said}");
        }
        for value in bad {
            let said = say(&value);
            let answer = judge(document, &key, value);
            assert_eq!(answer, malformed(Malformed::BadValue), "{said}");
        }
    }
}

#[test]
fn ad6_other_fields_are_unknown() {
    let unknown = malformed(Malformed::UnknownField);
    let everywhere = fields();
    for Field { document, key, .. } in &everywhere {
        for key in [format!("{key}/more"), format!("{key}x"), format!("x{key}")] {
            let answer = judge(*document, &key, "x".into());
            assert_eq!(answer, unknown, "{document} {key}");
        }
        // Nor is it a field of another document.
        for other in everywhere.iter().map(|field| field.document) {
            if other != *document {
                let answer = judge(other, key, "x".into());
                assert_eq!(answer, unknown, "{other} {key}");
            }
        }
    }
    let (site, person) = (SITE, PERSON);
    let month = "202611".parse().unwrap();
    for document in [
        DocumentKey::Site(site),
        DocumentKey::Batches(site),
        DocumentKey::Me(person),
        DocumentKey::Till {
            site,
            person,
            month,
        },
    ] {
        let answer = judge(document, "site/name", "x".into());
        assert_eq!(answer, unknown, "{document}");
    }
}

/// In SQL it could not be told from the whole organisation.
#[test]
fn ad6_a_site_of_zero_bytes_is_no_scope() {
    let unknown = malformed(Malformed::UnknownField);
    let zero = SiteId::from_bytes([0; 16]);
    for (site, answer) in [(zero, unknown), (SITE, Ok(()))] {
        let key = format!("person/{PERSON}/grant/AGENT@{site}");
        assert_eq!(judge(DocumentKey::Staff, &key, true.into()), answer);
    }
}

#[test]
fn ad2_keys_and_values_have_a_size() {
    let too_large = malformed(Malformed::TooLarge);
    let (catalog, name) = (DocumentKey::Catalog, format!("package/{PERSON}/name"));
    for (key, bytes, answer) in [
        // The name is too long by far, but looked at.
        (
            name.clone(),
            caps::VALUE_BYTES_MAX,
            malformed(Malformed::BadValue),
        ),
        (name, caps::VALUE_BYTES_MAX + 1, too_large),
        ("x".repeat(160), 1, malformed(Malformed::UnknownField)),
        ("x".repeat(161), 1, too_large),
    ] {
        let value = "x".repeat(bytes).into();
        assert_eq!(judge(catalog, &key, value), answer, "{bytes}");
    }
    assert_eq!(caps::VALUE_BYTES_MAX, 32 << 10);
}

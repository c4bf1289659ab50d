//! The owner's copy of everything: who may have it, what is in it, and that it says what SQL says.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use axum::http::{StatusCode, header};
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::Command;
use crdt_model::ids::PersonId;
use serde_json::{Value, json};
use sync_server::ids::new_id;
use sync_server::store::export::{LEFT_OUT, TABLES};

use crate::helpers::{Browser, PASSWORD, TestApp};
use crate::relay::{Shop, wait_for_block};

type Files = BTreeMap<String, String>;

async fn export(app: &TestApp, browser: &mut Browser) -> Files {
    let answer = browser.get(app, "/api/export").await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/zip");
    let disposition = answer.headers[header::CONTENT_DISPOSITION]
        .to_str()
        .unwrap();
    assert_eq!(
        disposition,
        "attachment; filename=\"viornet-2026-11-20.zip\""
    );
    let mut archive = zip::ZipArchive::new(Cursor::new(answer.bytes)).unwrap();
    let mut files = Files::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        files.insert(name, text);
    }
    files
}

/// Reads RFC 4180 strictly.
fn csv(text: &str) -> Vec<BTreeMap<String, String>> {
    let text = text.strip_prefix('\u{feff}').expect("Excel's mark");
    let mut rows: Vec<Vec<String>> = Vec::new();
    let (mut row, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {
                assert_eq!(characters.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    assert!(cell.is_empty() && row.is_empty(), "the last line ends");
    let names = rows.remove(0);
    rows.into_iter()
        .map(|row| {
            assert_eq!(row.len(), names.len());
            names.iter().cloned().zip(row).collect()
        })
        .collect()
}

#[tokio::test]
async fn an_export_says_what_sql_says() {
    let mut shop = Shop::open().await;
    let block = shop.import(&["=1+1", "A,2", "\"A3\"", "A4"]).await;
    let mut asha = shop.agent("asha").await;
    shop.lease(block, asha.person).await;
    wait_for_block(&mut asha, block).await;
    asha.sell(shop.order(1)).await;
    asha.sell(shop.order(2)).await;
    asha.settle().await;
    let files = export(&shop.app, &mut shop.office.browser).await;

    let sales = csv(&files["csv/sales.csv"]);
    let minor: i64 = sales
        .iter()
        .map(|sale| sale["total_minor"].parse::<i64>().unwrap())
        .sum();
    let (count, total, _) = shop.totals().await;
    assert_eq!((sales.len() as i64, minor), (count, total));
    assert_eq!(sales[0]["total_minor_decimal"], "50.00");
    assert_eq!(sales[0]["person_name"], "asha");
    assert_eq!(sales[0]["received_at_utc"], "2026-11-20T12:00:00.000Z");
    assert_eq!(
        sales[0]["received_at_local"],
        "2026-11-20T15:00:00.000+03:00"
    );
    let decimals: f64 = csv(&files["csv/sale_lines.csv"])
        .iter()
        .map(|line| line["price_minor_decimal"].parse::<f64>().unwrap())
        .sum();
    assert_eq!(decimals, 150.0);

    // JSON has the same rows, and the codes as they are; in CSV none is a formula.
    let json_sales: Vec<Value> = serde_json::from_str(&files["json/sales.json"]).unwrap();
    assert_eq!(json_sales.len(), sales.len());
    assert_eq!(json_sales[0]["total_minor"], 5_000);
    assert_eq!(json_sales[0]["total_minor_decimal"], "50.00");
    assert_eq!(json_sales[0]["receipt"], sales[0]["receipt"].as_str());
    let vouchers: Vec<Value> = serde_json::from_str(&files["json/vouchers.json"]).unwrap();
    let codes: Vec<&str> = vouchers
        .iter()
        .map(|voucher| voucher["username"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["=1+1", "A,2", "\"A3\"", "A4"]);
    let sold = vouchers.iter().filter(|voucher| voucher["is_sold"] == true);
    assert_eq!(sold.count(), 3);
    let codes: Vec<String> = csv(&files["csv/vouchers.csv"])
        .iter()
        .map(|voucher| voucher["username"].clone())
        .collect();
    assert_eq!(codes, ["'=1+1", "A,2", "\"A3\"", "A4"]);

    // Every table in both forms, and each described.
    let tables = [
        "organisation",
        "staff",
        "staff_roles",
        "staff_contacts",
        "areas",
        "routers",
        "access_points",
        "sites",
        "packages",
        "clients",
        "batches",
        "batch_undos",
        "blocks",
        "vouchers",
        "leases",
        "lease_turns",
        "hand_overs",
        "stock_asks",
        "sales",
        "sale_lines",
        "replacements",
        "voucher_sales",
        "verdicts",
        "holds",
        "audit",
    ];
    for table in tables {
        let rows = csv(&files[&format!("csv/{table}.csv")]);
        let objects: Vec<Value> =
            serde_json::from_str(&files[&format!("json/{table}.json")]).unwrap();
        assert_eq!(rows.len(), objects.len(), "{table}");
        assert!(
            files["README.txt"].contains(&format!("\r\n{table}  (")),
            "{table}"
        );
    }
    assert_eq!(files.len(), 2 * tables.len() + 1);
    assert!(files["README.txt"].contains("total_minor_decimal: TZS"));
    assert!(files["README.txt"].contains("\r\nNot in it:\r\n- passwords, also those of vouchers"));
    assert!(files["README.txt"].contains("\r\n  it, when, and why it was held"));
    let trail: Vec<Value> = serde_json::from_str(&files["json/audit.json"]).unwrap();
    let last = trail.last().unwrap();
    assert_eq!(last["action"], "EverythingExported");
    assert_eq!(
        last["actor"],
        sqlx::types::Uuid::from_bytes(*shop.office.person.as_bytes()).to_string()
    );
}

#[tokio::test]
async fn every_table_of_an_organisation_is_exported_or_left_out_on_purpose() {
    let app = TestApp::start().await;
    let mut owner = app.as_owner().await;
    let policies = "select tablename::text from pg_policies where schemaname = 'public' order by 1";
    let tables: Vec<String> = sqlx::query_scalar(policies)
        .fetch_all(&mut owner)
        .await
        .unwrap();
    let exported = TABLES.iter().map(|(table, _)| *table);
    let mut known: Vec<&str> = exported.chain(LEFT_OUT.iter().copied()).collect();
    known.sort_unstable();
    assert_eq!(tables, known);
}

#[tokio::test]
async fn no_secret_leaves_with_an_export() {
    let mut shop = Shop::open().await;
    shop.agent("asha").await;
    let files = export(&shop.app, &mut shop.office.browser).await;
    let mut owner = shop.app.as_owner().await;
    let secrets: Vec<String> = sqlx::query_scalar(
        "select password_hash from credentials
         union all select encode(secret, 'hex') from server_keys
         union all select encode(current_hash, 'hex') from refresh_sessions
         union all select encode(token_hash, 'hex') from invites
         union all select encode(public_key, 'hex') from devices
         union all select encode(hash, 'hex') from audit",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(secrets.len() > 6);
    for (name, text) in &files {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{name} holds {secret}");
        }
        assert!(!text.contains("argon2"), "{name}");
    }
}

#[tokio::test]
async fn another_organisation_is_not_in_it() {
    let app = TestApp::start().await;
    let (mut browser, _) = app.set_up().await;
    let other = app.add_organisation("Their Secret Net").await;
    app.add_person(other, "Their Secret Person").await;
    let files = export(&app, &mut browser).await;
    assert!(files.values().all(|text| !text.contains("Their Secret")));
    assert_eq!(csv(&files["csv/organisation.csv"]).len(), 1);
}

#[tokio::test]
async fn only_owners_export_everything() {
    let mut shop = Shop::open().await;
    let anybody = Browser::default().get(&shop.app, "/api/export").await;
    assert_eq!(anybody.problem(), "not-signed-in");
    for role in Role::ALL {
        let person = PersonId::from_bytes(new_id(shop.app.app.clock.now()));
        let grants = vec![Grant {
            role,
            scope: Scope::Organisation,
        }];
        let name = role.code().to_lowercase();
        let add = Command::AddStaff {
            person,
            name: name.clone(),
            grants,
        };
        shop.office.run(add).await;
        shop.office.settle().await;
        let body = json!({ "person_id": person.to_string() });
        let invited = shop
            .office
            .browser
            .post(&shop.app, "/api/invites", body)
            .await;
        let body = json!({ "token": invited.json()["token"], "login": name, "password": PASSWORD });
        let mut browser = Browser::default();
        let accepted = browser.post(&shop.app, "/api/invites/accept", body).await;
        assert_eq!(accepted.status, StatusCode::OK, "{:?}", accepted.json());
        let answer = browser.get(&shop.app, "/api/export").await;
        match role {
            Role::Owner | Role::SuperAdmin => assert_eq!(answer.status, StatusCode::OK, "{name}"),
            _ => assert_eq!(answer.problem(), "forbidden", "{name}"),
        }
    }
    assert_eq!(
        shop.count("select count(*) from audit where action = 'EverythingExported'")
            .await,
        2
    );
}

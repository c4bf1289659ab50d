//! Packages in SQL, as their document says them.

use crdt_model::command::Command;
use crdt_model::package::{Connection, PackageEdit};

use crate::relay::Shop;

#[tokio::test]
async fn every_field_of_a_package_is_in_sql() {
    let mut shop = Shop::open().await;
    let command = Command::ChangePackage {
        package: shop.package,
        edits: vec![
            PackageEdit::Description(Some("For phones".into())),
            PackageEdit::Download(Some(5_000)),
            PackageEdit::Upload(Some(1_000)),
            PackageEdit::SharedUsers(Some(2)),
            PackageEdit::Kind(Connection::Pppoe),
            PackageEdit::LowStock(Some(3)),
        ],
    };
    shop.office.run(command).await;
    shop.office.settle().await;
    let found = shop
        .count(
            r"
            select count(*) from packages
            where name = '1 Week' and price_minor = 5000 and description = 'For phones' and download_kbps = 5000
                and upload_kbps = 1000 and shared_users = 2 and kind = 'PPPOE' and low_stock = 3 and active
            ",
        )
        .await;
    assert_eq!(found, 1);

    let command = Command::ChangePackage {
        package: shop.package,
        edits: vec![PackageEdit::SharedUsers(None)],
    };
    shop.office.run(command).await;
    shop.office.settle().await;
    let cleared = "select count(*) from packages where shared_users is null and upload_kbps = 1000";
    assert_eq!(shop.count(cleared).await, 1);
}

//! The migrations, embedded. `migrations/README.md` has their rules.

use std::borrow::Cow;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

macro_rules! migration {
    ($name:literal) => {
        ($name, include_str!(concat!("../../migrations/", $name)))
    };
}
/// Listed by hand because the macro that reads the folder would build a second copy of sqlx for the compiler's
/// own use. A test compares the list with the folder.
const FILES: &[(&str, &str)] = &[
    migration!("20261120140000_create_roles_and_tenancy.sql"),
    migration!("20261120140100_create_people_and_sign_in.sql"),
    migration!("20261120140200_create_change_log.sql"),
    migration!("20261120150000_create_projections.sql"),
    migration!("20261120160000_add_log_history.sql"),
    migration!("20261125190000_add_package_fields.sql"),
    migration!("20261125190500_let_devices_be_replaced.sql"),
    migration!("20261125191000_add_client_fields.sql"),
    migration!("20261125191500_add_staff_and_sites.sql"),
    migration!("20261125193000_add_stock_ledger.sql"),
    migration!("20261125194500_let_batches_be_undone.sql"),
    migration!("20261125233000_make_reports_quick.sql"),
    migration!("20261126021500_find_expired_tickets.sql"),
    migration!("20261126111500_write_sales_quickly.sql"),
    migration!("20261126114500_find_replacements_of_sales.sql"),
    migration!("20261126150000_weigh_what_is_kept.sql"),
];

/// Everything there is to apply, in order.
pub fn migrator() -> Migrator {
    Migrator::with_migrations(
        FILES
            .iter()
            .map(|(name, sql)| migration_of(name, sql))
            .collect(),
    )
}

/// Only those with these versions: the tables as they were once.
pub fn migrator_of(versions: &[i64]) -> Migrator {
    let all = migrator();
    Migrator::with_migrations(
        all.iter()
            .filter(|migration| versions.contains(&migration.version))
            .cloned()
            .collect(),
    )
}

fn migration_of(name: &'static str, sql: &'static str) -> Migration {
    let (version, description) = name
        .trim_end_matches(".sql")
        .split_once('_')
        .expect("a migration is named <version>_<description>.sql");
    let version = version.parse().expect("a migration's version is a number");
    Migration::new(
        version,
        Cow::Owned(description.replace('_', " ")),
        MigrationType::Simple,
        SqlStr::from_static(sql),
        false,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        files.sort();
        let listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(listed, files);
    }
}

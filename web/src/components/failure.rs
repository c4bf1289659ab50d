//! What went wrong, in words: what happened, what is safe, what to do. Chosen by case, never from `Display`.

use crdt_model::batch::BatchError;
use crdt_model::client::{ADDRESS_LENGTH_MAX, ClientError, NOTES_LENGTH_MAX};
use crdt_model::command::Refusal;
use crdt_model::fixture::{FIXTURES_PER_SITE_MAX, FixtureError};
use crdt_model::hand_over::HandOverError;
use crdt_model::import::clients::ClientFileError;
use crdt_model::import::{Column, ImportError};
use crdt_model::package::PackageError;
use crdt_model::phone::PhoneError;
use crdt_model::sale::SellError;
use crdt_model::site::{SiteError, TEXT_LENGTH_MAX};
use crdt_model::staff::{ContactsError, NOTE_LENGTH_MAX};
use crdt_model::stock_ask::AskError;
use crdt_model::sync::rescue::RescueError;
use crdt_model::voucher::CodesError;
use yew::prelude::*;

use super::states::{Notice, Tone};
use crate::hooks::{App, use_app};
use crate::i18n::{Words, grouped};
use crate::protocol::Failure;

pub fn text(app: &App, failure: &Failure) -> String {
    let words = app.words();
    match failure {
        Failure::Refused(refusal) => refused(words, refusal),
        Failure::Import(error) | Failure::ClientFile(ClientFileError::File(error)) => {
            file(words, error)
        }
        Failure::ClientFile(ClientFileError::NoNameColumn { first_line }) => {
            words.fail_no_name_column(first_line)
        }
        Failure::ClientFile(ClientFileError::ColumnTwice { .. }) => {
            words.fail_column_twice_clients().into()
        }
        Failure::Rescue(RescueError::Unreadable) => words.fail_rescue_unreadable().into(),
        Failure::Rescue(RescueError::Newer) => words.fail_rescue_newer().into(),
        Failure::Rescue(RescueError::Foreign) => words.fail_rescue_foreign().into(),
        Failure::WrongPassword => words.fail_wrong_password().into(),
        Failure::Server { problem } => server(words, problem),
        Failure::OldPassword { .. } => words.old_password_hint().into(),
        Failure::Stopped => words.fail_stopped().into(),
        Failure::Offline => words.fail_offline().into(),
        Failure::Locked => words.fail_locked().into(),
        Failure::NotSaved => words.fail_not_saved().into(),
        Failure::Busy => words.fail_busy().into(),
        Failure::Unexpected => words.fail_unexpected().into(),
    }
}

fn server(words: Words, problem: &str) -> String {
    match problem {
        "too-many-attempts" => words.fail_attempts().into(),
        "wrong-login" => words.fail_wrong_password().into(),
        "already-set-up" => words.fail_set_up_done().into(),
        "link-invalid" => words.fail_link().into(),
        "link-expired" => words.fail_link_expired().into(),
        "link-used" => words.fail_link_used().into(),
        "link-revoked" => words.fail_link_revoked().into(),
        "device-refused" => words.fail_device_refused().into(),
        "forbidden" => words.fail_not_allowed().into(),
        "login-taken" => words.fail_login_taken().into(),
        "not-signed-in" | "session-ended" => words.fail_session_ended().into(),
        "unavailable" => words.fail_unavailable().into(),
        other => words.fail_server(other),
    }
}

pub fn client(words: Words, error: ClientError) -> String {
    match error {
        ClientError::Name => words.fail_name("120"),
        ClientError::Email => words.fail_email().into(),
        ClientError::Address => words.fail_too_long(&ADDRESS_LENGTH_MAX.to_string()),
        ClientError::Notes => words.fail_too_long(&NOTES_LENGTH_MAX.to_string()),
    }
}

fn refused(words: Words, refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotAllowed(_) => words.fail_not_allowed().into(),
        Refusal::NotYoursToGrant(_) => words.fail_not_yours_to_grant().into(),
        Refusal::Name { max } => words.fail_name(&max.to_string()),
        Refusal::Package(PackageError::Name) => words.fail_name("60"),
        Refusal::Package(PackageError::Price) | Refusal::Price => words.fail_price().into(),
        Refusal::Package(PackageError::Validity) => words.fail_validity().into(),
        Refusal::Package(PackageError::Limit) => words.fail_limit().into(),
        Refusal::Package(PackageError::Description) => words.fail_description("500"),
        Refusal::Package(PackageError::Speed) => words.fail_speed().into(),
        Refusal::Package(PackageError::SharedUsers) => words.fail_number("1,000", "1"),
        Refusal::Package(PackageError::LowStock) => words.fail_number("100,000", "0"),
        Refusal::Client(error) => client(words, *error),
        Refusal::TooManyClients => words.fail_too_many_clients().into(),
        Refusal::NoSuchClient => words.fail_no_client().into(),
        Refusal::Contacts(ContactsError::Email) => words.fail_email().into(),
        Refusal::Contacts(ContactsError::Note)
        | Refusal::Site(SiteError::Notes)
        | Refusal::Fixture(FixtureError::Note) => words.fail_text(&NOTE_LENGTH_MAX.to_string()),
        Refusal::Site(SiteError::Name) | Refusal::Fixture(FixtureError::Name) => {
            words.fail_name(&TEXT_LENGTH_MAX.to_string())
        }
        Refusal::Site(SiteError::Text) | Refusal::Fixture(FixtureError::Text) => {
            words.fail_text(&TEXT_LENGTH_MAX.to_string())
        }
        Refusal::Site(SiteError::Position) => words.fail_position().into(),
        Refusal::Fixture(FixtureError::TooMany) => {
            words.fail_too_many_fixtures(&FIXTURES_PER_SITE_MAX.to_string())
        }
        Refusal::NoSuchSite => words.fail_no_site().into(),
        Refusal::NotYourself => words.fail_not_yourself().into(),
        Refusal::LastOwner => words.fail_last_owner().into(),
        Refusal::Codes(CodesError::Code) => words.fail_code().into(),
        Refusal::Codes(CodesError::Count) => words.fail_block_count().into(),
        Refusal::Codes(CodesError::TooLong) => words.fail_block_long().into(),
        Refusal::TooManyBlocks => words.fail_too_many_blocks().into(),
        Refusal::Timezone => words.fail_timezone().into(),
        Refusal::Place { max } => words.fail_place(&max.to_string()),
        Refusal::Reason { .. } => words.fail_reason_long().into(),
        Refusal::Sell(error) => sell(words, error),
        Refusal::HandOver(error) => hand_over(words, *error).into(),
        Refusal::Ask(AskError::Quantity) => words.fail_number(&grouped(10_000), "1"),
        Refusal::Ask(AskError::AlreadyAsked) => words.fail_already_asked().into(),
        Refusal::Ask(AskError::NotOpen) => words.fail_ask_not_open().into(),
        Refusal::Batch(error) => batch(words, *error),
        Refusal::NoSuchPackage => words.fail_no_package().into(),
        Refusal::NoSuchPerson => words.fail_no_person().into(),
        Refusal::NoSuchBlock => words.fail_no_block().into(),
        Refusal::BlockIsLeased => words.fail_block_leased().into(),
        Refusal::ReasonNeeded => words.fail_reason().into(),
        Refusal::NotContested => words.fail_not_contested().into(),
    }
}

fn hand_over(words: Words, error: HandOverError) -> &'static str {
    match error {
        HandOverError::NotYours => words.fail_hand_over_not_yours(),
        HandOverError::TurnUnknown => words.fail_hand_over_turn(),
        HandOverError::AlreadyGiven => words.fail_hand_over_given(),
        HandOverError::ToYourself => words.fail_hand_over_self(),
        HandOverError::CannotSell => words.fail_hand_over_cannot_sell(),
        HandOverError::NotOpen => words.fail_hand_over_not_open(),
        HandOverError::OtherSite => words.fail_hand_over_site(),
        HandOverError::NotForYou => words.fail_hand_over_not_for_you(),
        HandOverError::AlreadyTaken => words.fail_hand_over_taken(),
    }
}

fn batch(words: Words, error: BatchError) -> String {
    match error {
        BatchError::NoSuchBatch | BatchError::BlockMissing => words.fail_no_batch().into(),
        BatchError::Undone => words.fail_batch_undone().into(),
        BatchError::Leased => words.fail_batch_leased().into(),
        BatchError::Sold => words.fail_batch_sold().into(),
    }
}

fn sell(words: Words, error: &SellError) -> String {
    match error {
        SellError::Quantity => words.fail_quantity().into(),
        SellError::NothingLeft { left: 0 } => words.fail_none_left().into(),
        SellError::NothingLeft { left } => words.fail_nothing_left(*left),
        SellError::NotInYourBlock => words.fail_not_in_your_block().into(),
        SellError::HandedOver => words.fail_handed_over().into(),
        SellError::AlreadySold => words.fail_already_sold().into(),
        SellError::Void => words.fail_void().into(),
        SellError::Reference => words.fail_reference().into(),
        SellError::NoSuchSale => words.fail_no_sale().into(),
        SellError::NotContradicted => words.fail_not_contradicted().into(),
        SellError::SiteClosed => words.fail_site_closed().into(),
    }
}

pub fn file(words: Words, error: &ImportError) -> String {
    match error {
        ImportError::Empty => words.file_empty().into(),
        ImportError::TooManyBytes { .. } | ImportError::TooManyRows { .. } => {
            words.file_too_large().into()
        }
        ImportError::TooManyColumns { .. } => words.file_columns().into(),
        ImportError::Utf16 => words.file_encoding().into(),
        ImportError::NotUtf8 { line } => {
            format!(
                "{}: {}",
                words.import_line(&grouped(u64::from(*line))),
                words.file_encoding()
            )
        }
        ImportError::NoCodeColumn { first_line } => words.file_no_code_column(first_line),
        ImportError::TooManyProfiles { limit } => words.file_profiles(&limit.to_string()),
        ImportError::ColumnTwice { column } => {
            words.file_column_twice(self::column(words, *column))
        }
    }
}

pub fn column(words: Words, column: Column) -> &'static str {
    match column {
        Column::Code => words.column_code(),
        Column::Username => words.column_username(),
        Column::Password => words.column_password(),
        Column::Profile => words.column_profile(),
        Column::Validity => words.column_validity(),
        Column::UptimeLimit => words.column_uptime(),
        Column::Quota => words.column_quota(),
        Column::Price => words.column_price(),
        Column::Comment => words.column_comment(),
    }
}

pub fn phone(words: Words, error: &PhoneError) -> &'static str {
    match error {
        PhoneError::TooShort { .. } => words.fail_phone_short(),
        PhoneError::TooLong { .. } => words.fail_phone_long(),
        _ => words.fail_phone(),
    }
}

#[derive(Properties, PartialEq)]
pub struct FailureNoteProps {
    pub failure: Option<Failure>,
}

/// Why the act above or below it did not happen.
#[component]
pub fn FailureNote(props: &FailureNoteProps) -> Html {
    let app = use_app();
    match &props.failure {
        Some(failure) => {
            html! { <Notice tone={Tone::Danger} testid="failure">{ text(&app, failure) }</Notice> }
        }
        None => Html::default(),
    }
}

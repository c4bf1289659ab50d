//! The screens. Each asks the worker for its view, parses its forms into the protocol's types, and shows the result;
//! no rule lives here.

pub mod clients;
pub mod home;
pub mod import;
pub mod invite;
pub mod not_found;
pub mod package;
pub mod packages;
pub mod person;
pub mod receipt;
pub mod sale;
pub mod sales;
pub mod sell;
pub mod set_up;
pub mod settings;
pub mod shell;
pub mod sign_in;
pub mod site;
pub mod sites;
pub mod staff;
pub mod stock;
pub mod sync;
pub mod voucher;
pub mod voucher_list;
pub mod vouchers;

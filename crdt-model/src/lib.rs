//! What every part of ViorNet agrees on: the domain, the documents, who may do what, and the sync protocol.
//!
//! Pure: no IO, no clock, no runtime; time and randomness are arguments. Commands write ([`command`]), folds read
//! ([`sheets`] and the nouns), the relay admits ([`admission`], [`relay`]), and [`replica`] with [`sync`] carry it
//! between devices.

pub mod admission;
pub mod batch;
pub mod capability;
pub mod client;
pub mod codec;
pub mod command;
pub mod contested;
pub mod document;
pub mod fact;
pub mod fixture;
pub mod hand_over;
pub mod ids;
pub mod import;
pub mod mac;
pub mod money;
pub mod package;
pub mod phone;
pub mod relay;
pub mod replica;
pub mod sale;
pub mod sealing;
pub mod sheets;
pub mod site;
pub mod staff;
pub mod stock_ask;
pub mod sync;
pub mod time;
pub mod voucher;

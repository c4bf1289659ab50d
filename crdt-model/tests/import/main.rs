//! Voucher files as people have them, and the laws of reading one.

mod export;
mod files;
mod laws;
mod list;
mod script;

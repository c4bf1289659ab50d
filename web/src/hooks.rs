//! What components share: the context, questions to the worker, and what the browser is asked for.

pub mod app;
pub mod ask;
pub mod browser;
pub mod download;
pub mod filters;
pub mod form;
pub mod keys;
pub mod place;
pub mod relief;
pub mod signal;
pub mod today;
pub mod update;
pub mod worker;

pub use app::{App, AppAction, Phase, use_app};
pub use ask::{Act, Load, use_act, use_query};
pub use filters::use_filters;
pub use signal::use_signal;
pub use today::use_today;

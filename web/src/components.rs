//! Dumb, reusable parts: properties in, callbacks out. They know words and formats, no documents and no rules.

pub mod badge;
pub mod button;
pub mod chart;
pub mod code;
pub mod contested;
pub mod dialog;
pub mod failure;
pub mod field;
pub mod file_button;
pub mod filter;
pub mod icon;
pub mod menu;
pub mod money;
pub mod qr;
pub mod states;
pub mod status;
pub mod time_left;
pub mod toast;
pub mod virtual_rows;

pub use badge::RoleBadge;
pub use button::{Button, Look, Tap};
pub use chart::{Bar, Bars};
pub use code::Code;
pub use contested::ContestedNote;
pub use dialog::Dialog;
pub use field::{Check, Field, MoneyField, Select, TextArea};
pub use filter::{FilterChip, FilterChips, with_first};
pub use icon::{Glyph, Icon, icon};
pub use menu::Menu;
pub use money::{Amount, figures};
pub use qr::Qr;
pub use states::{Empty, Failed, Notice, Skeleton, Tone};
pub use status::{Chip, SafetyChip, chip, safety_chip};
pub use time_left::TimeLeft;
pub use virtual_rows::{FewRows, List, Page, Pages, Table, VirtualRows, use_pages};

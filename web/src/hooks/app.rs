//! The one context of the UI: who is signed in, what the worker last told, and the person's preferences.
//!
//! No truth is here; everything can be asked of the worker again.

use std::rc::Rc;

use crdt_model::ids::SiteId;
use crdt_model::money::{Currency, Money};
use crdt_model::time::{Reading, Timestamp};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::browser;
use super::worker::WorkerHandle;
use crate::format::{self, Zone};
use crate::i18n::{Lang, Words};
use crate::protocol::{Answer, ImportProgress, SaleView, Session, Start, SyncPill};

/// Where the app is.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// The worker has not answered yet.
    Starting,
    /// There is no worker, so there is no app.
    Broken,
    SignedOut(Rc<Start>),
    SignedIn(Rc<Session>),
    /// Locked or signed out: nothing is shown any more, and the page is about to begin anew.
    Leaving,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub const fn code(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn from_code(code: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|theme| theme.code() == code)
            .unwrap_or_default()
    }
}

/// A message that comes and goes; `undo` offers the way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    pub id: u32,
    pub text: String,
    pub undo: Option<Callback<()>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AppState {
    pub phase: Phase,
    pub pill: Option<SyncPill>,
    /// Grows whenever something on screen may be out of date.
    pub revision: u32,
    pub lang: Lang,
    pub theme: Theme,
    /// The site chosen in the header.
    pub site: Option<SiteId>,
    pub toast: Option<Toast>,
    /// The sale that was just made, so that its receipt needs no question.
    pub last_sale: Option<Rc<SaleView>>,
    /// How far the import of this tab is.
    pub import: Option<ImportProgress>,
}

pub enum AppAction {
    Phase(Phase),
    Pill(SyncPill),
    Changed,
    Lang(Lang),
    Theme(Theme),
    Site(SiteId),
    Toast {
        text: String,
        undo: Option<Callback<()>>,
    },
    /// Takes the toast away if it is still this one.
    ToastGone(u32),
    Sold(Rc<SaleView>),
    Import(ImportProgress),
}

impl AppState {
    /// From the settings of this device, else of the browser.
    pub fn new() -> Self {
        let lang = browser::setting("language")
            .or_else(browser::browser_language)
            .and_then(|code| Lang::from_code(&code))
            .unwrap_or_default();
        Self {
            phase: Phase::Starting,
            pill: None,
            revision: 0,
            lang,
            theme: browser::setting("theme")
                .map(|code| Theme::from_code(&code))
                .unwrap_or_default(),
            site: browser::setting("site").and_then(|id| id.parse().ok()),
            toast: None,
            last_sale: None,
            import: None,
        }
    }
}

impl Default for AppState {
    fn default() -> Self {
        Self::new()
    }
}

impl Reducible for AppState {
    type Action = AppAction;

    fn reduce(self: Rc<Self>, action: AppAction) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            // Whatever the worker said before it heard of it.
            AppAction::Phase(_) if self.phase == Phase::Leaving => {}
            AppAction::Phase(phase) => {
                // Once shown, a site stays until another is chosen: the first of the list changes when one is added.
                if let Phase::SignedIn(session) = &phase
                    && !session.sites.iter().any(|site| Some(site.id) == next.site)
                {
                    next.site = session.sites.first().map(|site| site.id).or(next.site);
                }
                next.phase = phase;
                next.revision += 1;
            }
            AppAction::Pill(pill) => next.pill = Some(pill),
            AppAction::Changed => next.revision += 1,
            AppAction::Lang(lang) => next.lang = lang,
            AppAction::Theme(theme) => next.theme = theme,
            AppAction::Site(site) => next.site = Some(site),
            AppAction::Toast { text, undo } => {
                let id = self
                    .toast
                    .as_ref()
                    .map_or(0, |toast| toast.id.wrapping_add(1));
                next.toast = Some(Toast { id, text, undo });
            }
            AppAction::ToastGone(id) => {
                if self.toast.as_ref().is_some_and(|toast| toast.id == id) {
                    next.toast = None;
                }
            }
            AppAction::Sold(sale) => next.last_sale = Some(sale),
            AppAction::Import(progress) => next.import = Some(progress),
        }
        Rc::new(next)
    }
}

/// What every component can ask for with [`use_app`].
#[derive(Clone, PartialEq)]
pub struct App {
    pub state: UseReducerHandle<AppState>,
    /// `None`: it could not be started.
    pub worker: Option<WorkerHandle>,
}

impl App {
    pub fn words(&self) -> Words {
        Words(self.state.lang)
    }

    pub fn session(&self) -> Option<Rc<Session>> {
        match &self.state.phase {
            Phase::SignedIn(session) => Some(session.clone()),
            _ => None,
        }
    }

    pub fn currency(&self) -> Currency {
        self.session()
            .map_or(Currency::Tzs, |session| session.currency)
    }

    pub fn zone(&self) -> Zone {
        self.session().map_or(Zone::Fixed(0), |session| {
            Zone::Named(session.timezone.clone())
        })
    }

    pub fn money(&self, amount: Money) -> String {
        format::money(amount, self.currency())
    }

    /// How the clock of this device is read, as far as the worker has told.
    pub fn clock(&self) -> Reading {
        let pill = self.state.pill.as_ref();
        pill.map_or_else(Reading::default, |pill| pill.clock)
    }

    /// The instant that it is, by the clock that the worker dates things with. For labels and days on screen: what is
    /// written down is timed by the worker.
    pub fn now(&self) -> Timestamp {
        self.clock().present(browser::now())
    }

    /// `today 14:02`.
    pub fn when(&self, at: Timestamp) -> String {
        format::when(self.words(), at, self.now(), &self.zone())
    }

    /// `Fri 20 Nov 2026 14:02`.
    pub fn when_for_good(&self, at: Timestamp) -> String {
        format::when_for_good(self.words(), at, &self.zone())
    }

    pub fn when_short(&self, at: Timestamp) -> String {
        format::when_short(self.words(), at, self.now(), &self.zone())
    }

    pub fn is_online(&self) -> bool {
        self.state.pill.as_ref().is_some_and(|pill| pill.online)
    }

    /// What this device is to show is on its way for the first time.
    pub fn is_fetching(&self) -> bool {
        let pill = self.state.pill.as_ref();
        pill.is_none_or(|pill| pill.is_new && pill.is_fetching)
    }

    /// The site chosen in the header, or the first one the person works at.
    pub fn site(&self) -> Option<SiteId> {
        let session = self.session()?;
        let chosen = self
            .state
            .site
            .filter(|chosen| session.sites.iter().any(|site| site.id == *chosen));
        chosen.or_else(|| session.sites.first().map(|site| site.id))
    }

    pub fn site_name(&self, id: SiteId) -> Option<String> {
        let session = self.session()?;
        session
            .sites
            .iter()
            .chain(&session.closed_sites)
            .find(|site| site.id == id)
            .map(|site| site.name.clone())
    }

    pub fn toast(&self, text: impl Into<String>) {
        self.state.dispatch(AppAction::Toast {
            text: text.into(),
            undo: None,
        });
    }

    /// Copies, and says whether it is done.
    pub fn copy(&self, text: String) {
        let app = self.clone();
        spawn_local(async move {
            let is_copied = browser::copy(&text).await;
            let words = app.words();
            app.toast(if is_copied {
                words.copied()
            } else {
                words.copy_failed()
            });
        });
    }

    pub fn toast_with_undo(&self, text: impl Into<String>, undo: Callback<()>) {
        self.state.dispatch(AppAction::Toast {
            text: text.into(),
            undo: Some(undo),
        });
    }

    /// Takes in the end of set-up, sign-in, unlock and invite.
    pub fn enter(&self, answer: Answer) {
        if let Answer::SignedIn {
            session,
            unlock_ticket,
        } = answer
        {
            browser::keep_unlock_ticket(unlock_ticket.as_deref());
            self.state
                .dispatch(AppAction::Phase(Phase::SignedIn(Rc::new(session))));
        }
    }
}

/// The context. Every component of the app is below its provider.
#[hook]
pub fn use_app() -> App {
    use_context::<App>().expect("the app provides its context at the root")
}

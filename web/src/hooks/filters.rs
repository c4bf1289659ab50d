//! What a list is narrowed to stands in the address: a reload, a link and the way back keep it.

use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;
use yew::prelude::*;
use yew_router::prelude::*;

use crate::route::Route;

/// What the filters of a screen are; its fields are texts, empty where nothing is chosen.
pub trait Fields: Clone + Default + PartialEq + Serialize + DeserializeOwned + 'static {}

impl<T: Clone + Default + PartialEq + Serialize + DeserializeOwned + 'static> Fields for T {}

/// The filters as the address has them, and the way to others.
#[derive(Clone, PartialEq)]
pub struct Filters<T> {
    now: T,
    to: Callback<T>,
}

impl<T> Deref for Filters<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.now
    }
}

impl<T: Fields> Filters<T> {
    /// One field becomes what somebody chose or typed.
    pub fn change(&self, edit: fn(&mut T, String)) -> Callback<String> {
        let Self { now, to } = self.clone();
        Callback::from(move |value| {
            let mut next = now.clone();
            edit(&mut next, value);
            to.emit(next);
        })
    }

    pub fn set(&self, next: T) {
        self.to.emit(next);
    }

    pub fn clear(&self) -> Callback<()> {
        let to = self.to.clone();
        Callback::from(move |()| to.emit(T::default()))
    }

    pub fn is_clear(&self) -> bool {
        self.now == T::default()
    }
}

/// The filters of the screen at an address.
#[hook]
pub fn use_filters<T: Fields>(route: Route) -> Filters<T> {
    let navigator = use_navigator();
    let now = use_location()
        .and_then(|location| location.query::<T>().ok())
        .unwrap_or_default();
    let to = use_callback((route, navigator), |next: T, (route, navigator)| {
        if let Some(navigator) = navigator {
            // The address only names filters; one that cannot be written is not kept.
            let _ = navigator.replace_with_query(route, &next);
        }
    });
    Filters { now, to }
}

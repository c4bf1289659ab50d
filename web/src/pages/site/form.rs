//! The form of a site.

use crdt_model::phone::Phone;
use crdt_model::site::{Position, SiteDetails, SiteError};
use yew::prelude::*;

use crate::components::failure::{self, FailureNote};
use crate::components::{Button, Field, Glyph, Look};
use crate::format::country;
use crate::hooks::form::{bind, filled, submit};
use crate::hooks::{browser, use_app};
use crate::protocol::Failure;

#[derive(Properties, PartialEq)]
pub struct SiteFormProps {
    #[prop_or_default]
    pub details: SiteDetails,
    pub label: AttrValue,
    pub busy: bool,
    pub failure: Option<Failure>,
    pub onsave: Callback<SiteDetails>,
}

#[component]
pub fn SiteForm(props: &SiteFormProps) -> Html {
    let app = use_app();
    let words = app.words();
    let old = &props.details;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let name = use_state(|| old.name.clone());
    let place = use_state(|| text(&old.place));
    let zone = use_state(|| text(&old.zone));
    let contact = use_state(|| text(&old.contact));
    let phone = use_state(|| old.phone.as_ref().map(Phone::to_string).unwrap_or_default());
    let latitude = use_state(|| {
        old.position
            .map(Position::latitude_text)
            .unwrap_or_default()
    });
    let longitude = use_state(|| {
        old.position
            .map(Position::longitude_text)
            .unwrap_or_default()
    });
    let notes = use_state(|| text(&old.notes));
    let is_checked = use_state(|| false);
    let no_position = use_state(|| false);

    let parsed_phone = filled(&phone)
        .map(|text| Phone::parse(&text, country(app.currency())))
        .transpose();
    // Nothing in both is no position; in one of them it is a mistake.
    let position = match (filled(&latitude), filled(&longitude)) {
        (None, None) => Some(None),
        (latitude, longitude) => Position::parse(
            &latitude.unwrap_or_default(),
            &longitude.unwrap_or_default(),
        )
        .map(Some),
    };
    let details = parsed_phone
        .as_ref()
        .ok()
        .zip(position)
        .map(|(phone, position)| SiteDetails {
            name: name.trim().to_string(),
            place: filled(&place),
            zone: filled(&zone),
            contact: filled(&contact),
            phone: phone.clone(),
            position,
            notes: filled(&notes),
        });
    let wrong = details.as_ref().and_then(|details| details.check().err());
    let onsubmit = {
        let (onsave, is_checked) = (props.onsave.clone(), is_checked.clone());
        submit(move || {
            is_checked.set(true);
            if let (Some(details), None) = (details.clone(), wrong) {
                onsave.emit(details);
            }
        })
    };
    let locate = {
        let (latitude, longitude, no_position) =
            (latitude.clone(), longitude.clone(), no_position.clone());
        Callback::from(move |()| {
            let (latitude, longitude, no_position) =
                (latitude.clone(), longitude.clone(), no_position.clone());
            browser::locate(Callback::from(move |found: Option<Position>| {
                no_position.set(found.is_none());
                if let Some(position) = found {
                    latitude.set(position.latitude_text());
                    longitude.set(position.longitude_text());
                }
            }));
        })
    };
    let checked = |problem: Option<&'static str>| problem.filter(|_| *is_checked);
    let too_long = wrong
        .filter(|wrong| *is_checked && matches!(wrong, SiteError::Text | SiteError::Notes))
        .map(|wrong| Failure::Refused(wrong.into()));
    html! {
        <form class="form" {onsubmit} novalidate=true>
            <Field id="site-name" label={words.site_name()} value={(*name).clone()} oninput={bind(&name)} autofocus=true
                error={checked(name.trim().is_empty().then(|| words.fail_needed()))} />
            <div class="pair">
                <Field id="site-place" label={words.site_place()} value={(*place).clone()} oninput={bind(&place)} optional=true />
                <Field id="site-zone" label={words.zone()} value={(*zone).clone()} oninput={bind(&zone)} optional=true />
            </div>
            <div class="pair">
                <Field id="site-contact" label={words.contact_person()} value={(*contact).clone()} oninput={bind(&contact)} optional=true />
                <Field id="site-phone" kind="tel" inputmode="tel" label={words.phone()} value={(*phone).clone()} oninput={bind(&phone)} optional=true
                    error={checked(parsed_phone.as_ref().err().map(|error| failure::phone(words, error)))} />
            </div>
            <div class="pair">
                <Field id="site-latitude" label={words.latitude()} value={(*latitude).clone()} oninput={bind(&latitude)} optional=true
                    error={checked(position.is_none().then(|| words.fail_position()))} />
                <Field id="site-longitude" label={words.longitude()} value={(*longitude).clone()} oninput={bind(&longitude)} optional=true />
            </div>
            if browser::can_locate() {
                <Button label={words.use_my_position()} glyph={Glyph::MapPin} onclick={locate} />
            }
            if *no_position { <p class="field-error" role="status">{ words.no_position() }</p> }
            <Field id="site-notes" label={words.note()} value={(*notes).clone()} oninput={bind(&notes)} optional=true />
            <FailureNote failure={props.failure.clone().or(too_long)} />
            <div class="actions actions-bottom"><Button label={props.label.clone()} look={Look::Primary} submit=true busy={props.busy} /></div>
        </form>
    }
}

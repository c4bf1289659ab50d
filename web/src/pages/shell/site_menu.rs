//! The site one works at now, and a way to add one.

use yew::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{Button, Dialog, Field, Glyph, Icon, Look, Menu};
use crate::hooks::{AppAction, use_act, use_app};
use crate::pages::sites::may_add;
use crate::protocol::Order;

#[component]
pub fn SiteMenu() -> Html {
    let app = use_app();
    let words = app.words();
    let is_adding = use_state(|| false);
    let Some(session) = app.session() else {
        return Html::default();
    };
    let here = app.site();
    let name = here
        .and_then(|site| app.site_name(site))
        .unwrap_or_else(|| words.no_site().to_string());
    let may_add = may_add(&session);
    if session.sites.len() < 2 && !may_add {
        return html! { <span class="site-name">{ name }</span> };
    }
    let items = session.sites.iter().map(|site| {
        let (state, id) = (app.state.clone(), site.id);
        let choose = Callback::from(move |_: MouseEvent| {
            state.dispatch(AppAction::Site(id));
        });
        html! {
            <button type="button" class="menu-item" data-closes="" onclick={choose}
                aria-pressed={if Some(id) == here { "true" } else { "false" }}>
                <Icon glyph={if Some(id) == here { Glyph::Check } else { Glyph::MapPin }} />{ &site.name }
            </button>
        }
    });
    let open = {
        let is_adding = is_adding.clone();
        Callback::from(move |_: MouseEvent| is_adding.set(true))
    };
    let close = {
        let is_adding = is_adding.clone();
        Callback::from(move |()| is_adding.set(false))
    };
    html! {
        <>
            <Menu class="site-menu" label={format!("{}: {name}", words.site())} button={html! {
                <><span class="site-name">{ name }</span><Icon glyph={Glyph::ChevronDown} /></>
            }}>
                { for items }
                if may_add {
                    <button type="button" class="menu-item" data-closes="" onclick={open}><Icon glyph={Glyph::Plus} />{ words.add_site() }</button>
                }
            </Menu>
            if *is_adding { <AddSite onclose={close} /> }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct AddSiteProps {
    onclose: Callback<()>,
}

#[component]
fn AddSite(props: &AddSiteProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let name = use_state(String::new);
    let place = use_state(String::new);
    let is_missing = use_state(|| false);
    let set = |field: &UseStateHandle<String>| {
        let field = field.clone();
        Callback::from(move |text| field.set(text))
    };
    let onsubmit = {
        let (app, act, onclose) = (app.clone(), act.clone(), props.onclose.clone());
        let (name, place, is_missing) = (name.clone(), place.clone(), is_missing.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            is_missing.set(name.trim().is_empty());
            if name.trim().is_empty() {
                return;
            }
            let place = Some(place.trim().to_string()).filter(|place| !place.is_empty());
            let order = Order::AddSite {
                name: name.trim().to_string(),
                place,
            };
            let (app, onclose) = (app.clone(), onclose.clone());
            act.order(order, move |_| {
                app.toast(app.words().site_added());
                onclose.emit(());
            });
        })
    };
    html! {
        <Dialog title={words.add_site()} onclose={props.onclose.clone()}>
            <form class="form" {onsubmit} novalidate=true>
                <Field id="site-name" label={words.site_name()} value={(*name).clone()} oninput={set(&name)} autofocus=true
                    error={is_missing.then(|| words.fail_needed())} />
                <Field id="site-place" label={words.site_place()} value={(*place).clone()} oninput={set(&place)} optional=true />
                <FailureNote failure={act.failure.clone()} />
                <div class="actions">
                    <Button label={words.add_site()} look={Look::Primary} submit=true busy={act.is_busy} />
                </div>
            </form>
        </Dialog>
    }
}

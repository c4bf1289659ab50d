//! How a person gets in: the one-time link, and the devices they signed in on. All of it is the server's, so it
//! needs a connection.

use crdt_model::ids::PersonId;
use crdt_model::time::Timestamp;
use yew::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::{Button, Chip, Dialog, Glyph, Look, Notice, Qr, Skeleton, TimeLeft, Tone};
use crate::hooks::form::set;
use crate::hooks::{browser, use_act, use_app};
use crate::protocol::{Answer, DeviceView, InviteView, Request, StaffView};

#[derive(Properties, PartialEq)]
pub struct SignInProps {
    pub person: StaffView,
}

#[component]
pub fn SignIn(props: &SignInProps) -> Html {
    let app = use_app();
    let words = app.words();
    let load = use_act();
    let devices = use_state(|| None::<Vec<DeviceView>>);
    let id = props.person.person;
    let ask = {
        let (load, devices) = (load.clone(), devices.clone());
        Callback::from(move |()| {
            let devices = devices.clone();
            load.choose(Request::Devices { person: id }, move |answer| {
                if let Answer::Devices(known) = answer {
                    devices.set(Some(known.open()));
                }
            });
        })
    };
    {
        let ask = ask.clone();
        use_effect_with((id, app.is_online()), move |(_, is_online)| {
            if *is_online {
                ask.emit(());
            }
        });
    }
    // A link means another thing to somebody who has signed in before, so its button waits for the answer. Where none can be
    // had the button comes without it, and stays: beside it a link may be shown that was just made.
    let is_there = use_mut_ref(|| false);
    *is_there.borrow_mut() |= devices.is_some() || load.failure.is_some();
    let is_asking = app.is_online() && !*is_there.borrow();
    let has_signed_in = devices.as_ref().is_some_and(|known| !known.is_empty());
    html! {
        <>
            <section class="card-box invite">
                <h2>{ words.sign_in() }</h2>
                if is_asking {
                    <Skeleton rows=1 />
                } else {
                    <Invite person={id} name={props.person.name.clone()} {has_signed_in} />
                }
            </section>
            <section class="card-box">
                <h2>{ words.devices() }</h2>
                if let Some(known) = &*devices {
                    <Devices known={known.clone()} name={props.person.name.clone()} onchange={ask} />
                } else if app.is_online() {
                    <FailureNote failure={load.failure.clone()} />
                } else {
                    <p class="muted">{ words.devices_offline() }</p>
                }
            </section>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct InviteProps {
    person: PersonId,
    name: String,
    /// Then the link gives a new password.
    has_signed_in: bool,
}

/// A one-time link, to be sent or scanned.
#[component]
fn Invite(props: &InviteProps) -> Html {
    let app = use_app();
    let words = app.words();
    let (act, list, revoke) = (use_act(), use_act(), use_act());
    let link = use_state(|| None::<(String, Timestamp)>);
    let open = use_state(|| None::<InviteView>);
    let person = props.person;
    let ask_open = {
        let (list, open) = (list.clone(), open.clone());
        Callback::from(move |()| {
            let open = open.clone();
            list.choose(Request::Invites, move |answer| {
                if let Answer::Invites(invites) = answer {
                    open.set(
                        invites
                            .open()
                            .into_iter()
                            .find(|invite| invite.person == person),
                    );
                }
            });
        })
    };
    {
        let ask_open = ask_open.clone();
        use_effect_with((person, app.is_online()), move |(_, is_online)| {
            if *is_online {
                ask_open.emit(());
            }
        });
    }
    let make = {
        let (act, link, ask_open) = (act.clone(), link.clone(), ask_open.clone());
        Callback::from(move |()| {
            let (link, ask_open) = (link.clone(), ask_open.clone());
            act.run(Request::Invite { person }, move |answer| {
                if let Answer::InviteLink { path, expires_at } = answer {
                    link.set(Some((format!("{}{path}", browser::origin()), expires_at)));
                    ask_open.emit(());
                }
            });
        })
    };
    let withdraw = {
        let (app, revoke, link, open) = (app.clone(), revoke.clone(), link.clone(), open.clone());
        Callback::from(move |()| {
            let (app, link, open) = (app.clone(), link.clone(), open.clone());
            revoke.run(Request::RevokeInvite { person }, move |_| {
                link.set(None);
                open.set(None);
                app.toast(app.words().invite_withdrawn());
            });
        })
    };
    let (label, hint) = match props.has_signed_in {
        true => (
            words.new_sign_in_link(),
            words.new_sign_in_link_hint(&props.name),
        ),
        false => (words.invite_link(), words.invite_link_hint(&props.name)),
    };
    let is_open = open.is_some() || link.is_some();
    html! {
        <>
            if let Some((address, expires_at)) = &*link {
                <h3>{ words.invite_made(&props.name) }</h3>
                <Notice tone={Tone::Plain}>
                    { words.invite_hint(&app.when(*expires_at)) }{ " " }<TimeLeft until={*expires_at} />
                </Notice>
                <Qr text={address.clone()} label={words.invite_qr()} />
                <p class="link-text" data-testid="invite-link" translate="no">{ address }</p>
                <ShareLink address={address.clone()} />
            } else if let Some(open) = &*open {
                <Notice tone={Tone::Plain} testid="open-invite">{ words.invite_open() }{ " " }<TimeLeft until={open.expires_at} /></Notice>
            } else {
                <p class="muted">{ hint }</p>
            }
            <FailureNote failure={act.failure.clone().or_else(|| revoke.failure.clone())} />
            <div class="actions">
                <Button {label} glyph={Glyph::Link} look={if is_open { Look::Plain } else { Look::Primary }} busy={act.is_busy} onclick={make} />
                if is_open { <Button label={words.withdraw()} look={Look::Quiet} busy={revoke.is_busy} onclick={withdraw} /> }
            </div>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ShareLinkProps {
    address: String,
}

#[component]
fn ShareLink(props: &ShareLinkProps) -> Html {
    let app = use_app();
    let words = app.words();
    let copy = {
        let (app, address) = (app.clone(), props.address.clone());
        Callback::from(move |()| app.copy(address.clone()))
    };
    let share = {
        let address = props.address.clone();
        Callback::from(move |()| browser::share(&address))
    };
    html! {
        <div class="actions">
            <Button label={words.copy()} glyph={Glyph::Copy} onclick={copy} />
            if browser::can_share() { <Button label={words.share()} glyph={Glyph::Share2} onclick={share} /> }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct DevicesProps {
    known: Vec<DeviceView>,
    name: String,
    onchange: Callback<()>,
}

#[component]
fn Devices(props: &DevicesProps) -> Html {
    let app = use_app();
    let words = app.words();
    let act = use_act();
    let asked = use_state(|| None::<DeviceView>);
    let close = set(&asked, None);
    let revoke = {
        let (app, act, asked, onchange) = (
            app.clone(),
            act.clone(),
            asked.clone(),
            props.onchange.clone(),
        );
        Callback::from(move |()| {
            let Some(device) = (*asked).clone() else {
                return;
            };
            let (app, asked, onchange) = (app.clone(), asked.clone(), onchange.clone());
            let request = Request::RevokeDevice {
                device: device.device,
            };
            act.run(request, move |_| {
                app.toast(app.words().device_revoked(&device.label));
                asked.set(None);
                onchange.emit(());
            });
        })
    };
    html! {
        <>
            if props.known.is_empty() { <p class="muted">{ words.no_devices() }</p> }
            <ul class="rows" data-testid="devices">
                { for props.known.iter().map(|device| html! {
                    <li class="row" key={device.device.to_string()}>
                        <span class="row-main">
                            <strong>{ if device.label.is_empty() { words.unnamed_device() } else { &device.label } }</strong>
                            <span class="muted">{ words.last_seen(&app.when(device.seen_at)) }</span>
                        </span>
                        if let Some(at) = device.revoked_at {
                            <Chip tone={Tone::Plain} label={words.revoked_at(&app.when(at))} />
                        } else if device.is_this {
                            <Chip tone={Tone::Safe} label={words.this_device()} />
                        } else {
                            <Button label={words.revoke()} look={Look::Quiet} onclick={set(&asked, Some(device.clone()))} />
                        }
                    </li>
                }) }
            </ul>
            if let Some(device) = &*asked {
                <Dialog title={words.revoke_title(&device.label)} onclose={close.clone()}>
                    <p>{ words.revoke_consequence(&props.name) }</p>
                    <p>{ words.revoke_then() }</p>
                    <FailureNote failure={act.failure.clone()} />
                    <div class="actions">
                        <Button label={words.revoke_device()} look={Look::Danger} busy={act.is_busy} onclick={revoke} />
                        <Button label={words.cancel()} look={Look::Quiet} onclick={close} />
                    </div>
                </Dialog>
            }
        </>
    }
}

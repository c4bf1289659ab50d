//! Small things the browser is asked for: storage of settings, the clock, the address, the clipboard.

use std::collections::BTreeMap;

use crdt_model::site::Position;
use crdt_model::time::Timestamp;
use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, Clipboard, HtmlAnchorElement, Storage, Url, window};
use yew::Callback;

/// What this device's clock says, which may be wrong: a screen asks [`App::now`](super::App::now).
pub fn now() -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds of our time fit many times"
    )]
    let millis = js_sys::Date::now() as i64;
    Timestamp::from_millis(millis)
}

fn local() -> Option<Storage> {
    window()?.local_storage().ok()?
}

fn session() -> Option<Storage> {
    window()?.session_storage().ok()?
}

/// A setting kept on this device.
pub fn setting(name: &str) -> Option<String> {
    local()?.get_item(&format!("viornet.{name}")).ok()?
}

/// The settings whose names begin so, by what follows.
pub fn settings(prefix: &str) -> BTreeMap<String, String> {
    let Some(local) = local() else {
        return BTreeMap::new();
    };
    let prefix = format!("viornet.{prefix}");
    let names = (0..local.length().unwrap_or(0)).filter_map(|at| local.key(at).ok()?);
    names
        .filter_map(|name| {
            let rest = name.strip_prefix(&prefix)?.to_owned();
            Some((rest, local.get_item(&name).ok()??))
        })
        .collect()
}

/// A browser that refuses storage forgets settings; nothing else suffers.
pub fn keep_setting(name: &str, value: Option<&str>) {
    let Some(local) = local() else { return };
    let name = format!("viornet.{name}");
    let _ = match value {
        Some(value) => local.set_item(&name, value),
        None => local.remove_item(&name),
    };
}

const TICKET: &str = "viornet.unlock";

/// What lets this tab reload without the password.
pub fn unlock_ticket() -> Option<Vec<u8>> {
    let hex = session()?.get_item(TICKET).ok()??;
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect()
}

pub fn keep_unlock_ticket(ticket: Option<&[u8]>) {
    let Some(session) = session() else { return };
    let _ = match ticket {
        Some(ticket) => {
            let hex: String = ticket.iter().map(|byte| format!("{byte:02x}")).collect();
            session.set_item(TICKET, &hex)
        }
        None => session.remove_item(TICKET),
    };
}

/// What stands after `#`: the secret of a one-time link, which never reaches a server's log.
pub fn fragment() -> Option<String> {
    let hash = window()?.location().hash().ok()?;
    Some(hash.strip_prefix('#')?.to_string()).filter(|token| !token.is_empty())
}

/// This address, for links to be sent.
pub fn origin() -> String {
    window()
        .and_then(|window| window.location().origin().ok())
        .unwrap_or_default()
}

/// Begins anew with empty memory, at this address or another.
pub fn reload(path: Option<&str>) {
    let Some(window) = window() else { return };
    let _ = match path {
        Some(path) => window.location().assign(path),
        None => window.location().reload(),
    };
}

pub fn browser_language() -> Option<String> {
    window()?.navigator().language()
}

/// The zone this browser runs in.
pub fn browser_timezone() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::new(&Array::new(), &Object::new());
    Reflect::get(&format.resolved_options(), &"timeZone".into())
        .ok()?
        .as_string()
}

/// How this device calls itself in sentences: by the room its screen has, like the layout.
pub fn device_word() -> &'static str {
    let width = window()
        .and_then(|window| window.inner_width().ok())
        .and_then(|width| width.as_f64());
    if width.is_some_and(|width| width >= 900.0) {
        "computer"
    } else {
        "phone"
    }
}

pub fn set_root_attribute(name: &str, value: Option<&str>) {
    let root = window()
        .and_then(|window| window.document())
        .and_then(|document| document.document_element());
    let Some(root) = root else { return };
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

pub fn set_title(title: &str) {
    if let Some(document) = window().and_then(|window| window.document()) {
        document.set_title(title);
    }
}

/// Puts the keyboard at the beginning of the page, as a page load would.
pub fn focus(selector: &str) {
    let found = window()
        .and_then(|window| window.document())
        .and_then(|document| document.query_selector(selector).ok().flatten());
    if let Some(element) = found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = element.focus();
    }
}

/// What has the focus now.
pub fn focused() -> Option<web_sys::HtmlElement> {
    window()?.document()?.active_element()?.dyn_into().ok()
}

pub fn print() {
    if let Some(window) = window() {
        let _ = window.print();
    }
}

/// Whether the clipboard took it. Without a secure address there is none, and a browser may ask or refuse.
pub async fn copy(text: &str) -> bool {
    let Some(window) = window() else { return false };
    let found = Reflect::get(&window.navigator(), &"clipboard".into());
    let Some(clipboard) = found.ok().filter(JsValue::is_object) else {
        return false;
    };
    let clipboard: Clipboard = clipboard.unchecked_into();
    JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

/// Whether the device has a share sheet.
pub fn can_share() -> bool {
    window()
        .is_some_and(|window| Reflect::has(&window.navigator(), &"share".into()).unwrap_or(false))
}

pub fn share(text: &str) {
    let Some(window) = window() else { return };
    let data = web_sys::ShareData::new();
    data.set_text(text);
    drop(window.navigator().share_with_data(&data));
}

/// Saves bytes as a file of the person's.
pub fn download(name: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    download_blob(name, &blob(&parts)?)
}

/// What the browser keeps for us, of bytes or of other blobs.
pub fn blob(parts: &Array) -> Result<Blob, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type("application/octet-stream");
    Blob::new_with_blob_sequence_and_options(parts, &options)
}

pub fn download_blob(name: &str, blob: &Blob) -> Result<(), JsValue> {
    let address = Url::create_object_url_with_blob(blob)?;
    let document = window()
        .and_then(|window| window.document())
        .ok_or(JsValue::NULL)?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&address)
}

fn geolocation() -> Option<JsValue> {
    let navigator = window()?.navigator();
    let found = Reflect::get(&navigator, &"geolocation".into()).ok()?;
    (!found.is_undefined() && !found.is_null()).then_some(found)
}

/// Whether the browser may know where it is.
pub fn can_locate() -> bool {
    geolocation().is_some()
}

/// Longer than a phone takes to find satellites in the open.
const LOCATE_MILLIS: u32 = 30_000;

/// Asks where this device is; nothing where the person or the browser says no.
pub fn locate(then: Callback<Option<Position>>) {
    let Some(geolocation) = geolocation() else {
        then.emit(None);
        return;
    };
    let found = {
        let then = then.clone();
        Closure::once_into_js(move |position: JsValue| then.emit(read_position(&position)))
    };
    let failed = {
        let then = then.clone();
        Closure::once_into_js(move |_: JsValue| then.emit(None))
    };
    let options = Object::new();
    // An option that cannot be set leaves the browser's own.
    let _ = Reflect::set(&options, &"enableHighAccuracy".into(), &true.into());
    let _ = Reflect::set(&options, &"timeout".into(), &LOCATE_MILLIS.into());
    let asked = Reflect::get(&geolocation, &"getCurrentPosition".into())
        .and_then(|ask| ask.dyn_into::<Function>())
        .and_then(|ask| ask.call3(&geolocation, &found, &failed, &options));
    if asked.is_err() {
        then.emit(None);
    }
}

fn read_position(position: &JsValue) -> Option<Position> {
    let coordinates = Reflect::get(position, &"coords".into()).ok()?;
    let degrees = |name: &str| {
        let value = Reflect::get(&coordinates, &name.into()).ok()?.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "180 degrees in units of 1e-7 fit many times"
        )]
        let units = (value * 1e7).round() as i64;
        Some(units)
    };
    let position = Position {
        latitude: degrees("latitude")?,
        longitude: degrees("longitude")?,
    };
    position.is_possible().then_some(position)
}

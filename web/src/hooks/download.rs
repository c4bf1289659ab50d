//! A large answer of the server saved as a file, with how much has come so far.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Request, RequestInit, Response};

use super::browser;
use crate::protocol::Failure;

/// Chunks are small; the browser keeps joined ones out of our memory.
const CHUNKS_JOINED: u32 = 256;

/// Fetches with a token, tells `so_far` in bytes, and hands the file to the browser when all of it is here.
pub async fn fetch_file(
    path: &str,
    token: &str,
    name: &str,
    so_far: impl Fn(u64),
) -> Result<(), Failure> {
    let unexpected = |_: JsValue| Failure::Unexpected;
    let window = web_sys::window().ok_or(Failure::Unexpected)?;
    let init = RequestInit::new();
    init.set_method("GET");
    let request = Request::new_with_str_and_init(path, &init).map_err(unexpected)?;
    request
        .headers()
        .set("Authorization", &format!("Bearer {token}"))
        .map_err(unexpected)?;
    let response: Response = JsFuture::from(window.fetch_with_request(&request))
        .await
        .map_err(|_| Failure::Offline)?
        .unchecked_into();
    if response.status() != 200 {
        return Err(Failure::of_status(response.status()));
    }
    let reader: ReadableStreamDefaultReader = response
        .body()
        .ok_or(Failure::Unexpected)?
        .get_reader()
        .unchecked_into();
    let (blobs, mut chunks, mut bytes) = (Array::new(), Array::new(), 0_u64);
    loop {
        // A connection that breaks on the way ends here: half an archive is not kept.
        let read = JsFuture::from(reader.read())
            .await
            .map_err(|_| Failure::Offline)?;
        let field = |name: &str| Reflect::get(&read, &name.into()).map_err(unexpected);
        if field("done")?.is_truthy() {
            break;
        }
        let chunk: Uint8Array = field("value")?.unchecked_into();
        bytes += u64::from(chunk.length());
        chunks.push(&chunk);
        if chunks.length() >= CHUNKS_JOINED {
            blobs.push(&browser::blob(&chunks).map_err(unexpected)?.into());
            chunks = Array::new();
        }
        so_far(bytes);
    }
    blobs.push(&browser::blob(&chunks).map_err(unexpected)?.into());
    let whole = browser::blob(&blobs).map_err(unexpected)?;
    browser::download_blob(name, &whole).map_err(unexpected)
}

//! A worker that runs the store contract and the device's other browser parts in a real browser, and posts what it found
//! as JSON: `{"passed": [..], "failed": [..]}`. The e2e tests load it; it is not part of the app.

#[cfg(target_arch = "wasm32")]
fn main() {
    wasm_bindgen_futures::spawn_local(web::store::contract::browser::run_and_post());
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

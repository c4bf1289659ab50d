//! A worker that runs the store contract and the device's other browser parts in a real browser, and posts what it found
//! as JSON: `{"passed": [..], "failed": [..]}`. Its name chooses other work (`store/contract/browser.rs`).
//! `e2e/tests/store.test.mjs` loads it; it is not part of the app.

#[cfg(target_arch = "wasm32")]
fn main() {
    wasm_bindgen_futures::spawn_local(web::store::contract::browser::main());
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

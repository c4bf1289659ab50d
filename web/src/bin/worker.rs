//! The worker module: documents, stores, keys and the link to the relay.

#[cfg(target_arch = "wasm32")]
fn main() {
    wasm_bindgen_futures::spawn_local(web::worker::run());
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

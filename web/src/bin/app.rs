//! The UI module. It runs only in a browser; a native build of the workspace gets an empty program.

fn main() {
    #[cfg(target_arch = "wasm32")]
    web::app::run();
}

//! The UI whole: every screen. It runs only in a browser; a native build gets an empty program.

fn main() {
    #[cfg(target_arch = "wasm32")]
    web::app::run(web::pages::office);
}

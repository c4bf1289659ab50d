//! The UI's first module: what a phone sells with. It runs only in a browser; a native build gets an empty program.

fn main() {
    #[cfg(target_arch = "wasm32")]
    web::app::run(web::pages::till);
}

//! Every endpoint, on one screen.

use std::path::Path;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use crdt_model::admission::caps::FRAME_BYTES_MAX;

use crate::app::SharedApp;
use crate::auth::origin;
use crate::handlers::{BODY_BYTES_MAX, account, devices, export, health, invites, sign_in, sync};
use crate::headers::Headers;
use crate::metrics;
use crate::problem::Problem;
use crate::web_app::WebApp;

pub fn router(app: SharedApp, web: &Path) -> Router {
    let api = Router::new()
        .route("/setup", post(sign_in::set_up))
        .route("/sign-in", post(sign_in::sign_in))
        .route("/refresh", post(sign_in::refresh))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/me", get(account::me))
        .route("/devices", post(devices::register))
        .route("/devices/revoke", post(devices::revoke))
        .route("/people/{person}/devices", get(devices::list))
        .route("/export", get(export::everything))
        .route("/ticket", post(devices::ticket))
        .route("/invites", get(invites::list).post(invites::invite))
        .route("/invites/revoke", post(invites::revoke))
        .route("/invites/look", post(invites::look))
        .route("/invites/accept", post(invites::accept))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .fallback(async || Problem::NotFound)
        .layer(from_fn_with_state(app.clone(), origin::require));
    let web = WebApp::new(web);
    let headers = Headers::new(&app.origins);
    let push = post(sync::push).layer(DefaultBodyLimit::max(FRAME_BYTES_MAX));
    Router::new()
        .route("/api/push", push)
        .nest("/api", api)
        .route("/sync", get(sync::connect))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(move |request| web.clone().serve(request))
        .layer(from_fn_with_state(app.clone(), metrics::observe))
        .layer(from_fn(move |request, next| {
            headers.clone().add(request, next)
        }))
        .with_state(app)
}

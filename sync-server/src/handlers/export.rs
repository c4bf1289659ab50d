//! The owner's copy of everything.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::app::SharedApp;
use crate::auth::SignedIn;
use crate::export::{self, Export};
use crate::problem::Problem;

/// `GET /api/export`
pub async fn everything(
    State(app): State<SharedApp>,
    caller: SignedIn,
) -> Result<Response, Problem> {
    let Export { file_name, body } = export::begin(&app, caller).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file_name}\""),
        ),
    ];
    Ok((headers, body).into_response())
}

//! Small pieces of the browser that several modules need, usable in a worker: the global scope, promises, time-outs.

use std::future::Future;
use std::task::Poll;

use futures::future::{Either, select};
use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::WorkerGlobalScope;

/// The global object of this worker.
pub fn worker_scope() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Which build of the app this worker is: its address, which names its content.
pub fn build() -> &'static str {
    thread_local! {
        static BUILD: &'static str = worker_scope().location().href().leak();
    }
    BUILD.with(|build| *build)
}

/// Waits for a promise and takes its value as `T`; whoever calls it knows the type from the platform's documentation.
pub async fn settled<T: JsCast>(promise: Promise) -> Result<T, JsValue> {
    JsFuture::from(promise).await.map(JsCast::unchecked_into)
}

/// Waits at most so long.
pub async fn within<T>(milliseconds: u32, future: impl Future<Output = T>) -> Option<T> {
    let timer = gloo_timers::future::TimeoutFuture::new(milliseconds);
    match select(std::pin::pin!(future), timer).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// Lets every task go on first that can.
pub async fn others_first() {
    let mut has_waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The name of a DOM exception or JavaScript error, such as `QuotaExceededError`.
pub fn error_name(error: &JsValue) -> String {
    property(error, "name").unwrap_or_default()
}

/// What an error says, for logs.
pub fn error_text(error: &JsValue) -> String {
    let name = error_name(error);
    match property(error, "message") {
        Some(message) if name.is_empty() => message,
        Some(message) => format!("{name}: {message}"),
        None if name.is_empty() => format!("{error:?}"),
        None => name,
    }
}

fn property(object: &JsValue, name: &str) -> Option<String> {
    if !object.is_object() {
        return object.as_string();
    }
    js_sys::Reflect::get(object, &name.into()).ok()?.as_string()
}

//! The few calls of WebCrypto that the keys need, with their arguments in the browser's form.

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CryptoKey, SubtleCrypto};

use crate::{
    browser::{settled, worker_scope},
    store::{StoreError, profile::browser::crypto_error},
};

/// WebCrypto, which browsers offer only over HTTPS and on loopback.
pub fn subtle() -> Result<SubtleCrypto, StoreError> {
    let crypto = worker_scope()
        .crypto()
        .map_err(|error| crypto_error(&error))?;
    let subtle = crypto.subtle();
    if subtle.is_undefined() {
        return Err(StoreError::Unavailable("WebCrypto needs HTTPS".into()));
    }
    Ok(subtle)
}

/// `{name, ...}` as WebCrypto's algorithm arguments are written.
pub fn algorithm(name: &str, parameters: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in [("name", JsValue::from_str(name))].iter().chain(parameters) {
        Reflect::set(&object, &(*key).into(), value).expect("a fresh object takes any property");
    }
    object
}

/// Generates a key, or a pair, that cannot be exported (a pair's public half always can).
pub async fn generate<T: JsCast>(algorithm: &Object, usages: &[&str]) -> Result<T, StoreError> {
    let usages: Array = usages
        .iter()
        .map(|usage| JsValue::from_str(usage))
        .collect();
    let promise = subtle()?
        .generate_key_with_object(algorithm, false, &usages)
        .map_err(|error| crypto_error(&error))?;
    settled(promise.unchecked_into())
        .await
        .map_err(|error| crypto_error(&error))
}

pub async fn sign(
    algorithm: &Object,
    key: &CryptoKey,
    bytes: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let promise = subtle()?
        .sign_with_object_and_js_u8_array(algorithm, key, &Uint8Array::from(bytes))
        .map_err(|error| crypto_error(&error))?;
    buffer(promise.unchecked_into()).await
}

pub async fn encrypt(
    algorithm: &Object,
    key: &CryptoKey,
    bytes: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let promise = subtle()?
        .encrypt_with_object_and_js_u8_array(algorithm, key, &Uint8Array::from(bytes))
        .map_err(|error| crypto_error(&error))?;
    buffer(promise.unchecked_into()).await
}

pub async fn decrypt(
    algorithm: &Object,
    key: &CryptoKey,
    bytes: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let promise = subtle()?
        .decrypt_with_object_and_js_u8_array(algorithm, key, &Uint8Array::from(bytes))
        .map_err(|error| crypto_error(&error))?;
    buffer(promise.unchecked_into()).await
}

pub async fn export_raw(key: &CryptoKey) -> Result<Vec<u8>, StoreError> {
    let promise = subtle()?
        .export_key("raw", key)
        .map_err(|error| crypto_error(&error))?;
    buffer(promise.unchecked_into()).await
}

async fn buffer(promise: js_sys::Promise) -> Result<Vec<u8>, StoreError> {
    let buffer: JsValue = settled(promise)
        .await
        .map_err(|error| crypto_error(&error))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

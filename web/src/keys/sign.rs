//! The device's signing key for one person: ECDSA P-256 in WebCrypto, not exportable, so that a copied file cannot sign
//! elsewhere. The relay learns the public half at the first sign-in.

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::CryptoKey;

use super::webcrypto::{algorithm, export_raw, generate, sign};
use crate::store::StoreError;

/// A key pair that lives in the browser; it is stored by structured clone, without ever showing its private half.
#[derive(Clone)]
pub struct SigningKey {
    pair: JsValue,
    private: CryptoKey,
    public: CryptoKey,
}

impl SigningKey {
    pub async fn generate() -> Result<Self, StoreError> {
        let p256 = algorithm("ECDSA", &[("namedCurve", "P-256".into())]);
        let pair: Object = generate(&p256, &["sign", "verify"]).await?;
        Self::from_js(&pair)
            .ok_or_else(|| StoreError::Failed("the browser made no key pair".into()))
    }

    /// From what [`SigningKey::as_js`] gave.
    pub fn from_js(pair: &JsValue) -> Option<Self> {
        let key = |name: &str| {
            Reflect::get(pair, &name.into())
                .ok()?
                .dyn_into::<CryptoKey>()
                .ok()
        };
        Some(Self {
            pair: pair.clone(),
            private: key("privateKey")?,
            public: key("publicKey")?,
        })
    }

    pub fn as_js(&self) -> &JsValue {
        &self.pair
    }

    /// ECDSA over SHA-256 of `bytes`: r and s, 32 bytes each.
    pub async fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        sign(
            &algorithm("ECDSA", &[("hash", "SHA-256".into())]),
            &self.private,
            bytes,
        )
        .await
    }

    /// The public key as an uncompressed SEC1 point: 0x04, x and y, 65 bytes.
    pub async fn public_key(&self) -> Result<Vec<u8>, StoreError> {
        export_raw(&self.public).await
    }
}

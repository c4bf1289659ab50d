//! The `.br` and `.gz` that lie beside each file of a release, so that the server never compresses.

use std::io::Write;

use anyhow::Result;

/// Endings that gain nothing from being compressed again.
const PACKED: &[&str] = &[".png", ".woff2", ".webp"];

pub fn is_worth_it(name: &str) -> bool {
    !PACKED.iter().any(|ending| name.ends_with(ending))
}

/// Quality 11 and the largest standard window: made once, downloaded often.
pub fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &parameters)?;
    Ok(packed)
}

/// Without a name or a time in the header, so that equal input gives equal output.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

//! The ZIP around the files, written to a queue as it grows.

use std::io::{self, Write};

use axum::body::Bytes;
use tokio::sync::mpsc;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

/// With more rows a file may pass four gigabytes, which takes a form that the oldest programs cannot read.
pub const ROWS_IN_SMALL_FILE_MAX: i64 = 4_000_000;
const OUT_BYTES: usize = 64 << 10;

/// What the archive is made of, in order.
pub enum Piece {
    Begin { name: String, is_large: bool },
    Text(Vec<u8>),
    Finish,
}

/// Takes pieces until the last. Without it the archive has no end, and no program takes it for a whole one.
pub fn write(
    mut pieces: mpsc::Receiver<Piece>,
    sink: mpsc::Sender<Result<Bytes, io::Error>>,
    date: time::Date,
) {
    let mut zip = ZipWriter::new_stream(Sink {
        sink: sink.clone(),
        buffer: Vec::with_capacity(OUT_BYTES),
    });
    let year = u16::try_from(date.year()).unwrap_or(1980);
    let at = DateTime::from_date_and_time(year, date.month().into(), date.day(), 0, 0, 0);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(4))
        .last_modified_time(at.unwrap_or_default())
        .unix_permissions(0o600);
    while let Some(piece) = pieces.blocking_recv() {
        let written = match piece {
            Piece::Begin { name, is_large } => zip
                .start_file(name, options.large_file(is_large))
                .map_err(io::Error::other),
            Piece::Text(bytes) => zip.write_all(&bytes),
            Piece::Finish => {
                let finished = zip.finish().map_err(io::Error::other);
                if let Err(error) = finished.and_then(|inner| inner.into_inner().flush()) {
                    tracing::debug!(%error, "an export was not taken");
                }
                return;
            }
        };
        if let Err(error) = written {
            tracing::debug!(%error, "an export was not taken");
            let _ = sink.blocking_send(Err(error));
            break;
        }
    }
    // Otherwise its `Drop` would write a proper end.
    std::mem::forget(zip);
}

struct Sink {
    sink: mpsc::Sender<Result<Bytes, io::Error>>,
    buffer: Vec<u8>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= OUT_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(OUT_BYTES));
        self.sink
            .blocking_send(Ok(full.into()))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

//! The form of a backup file.
//!
//! ```text
//! magic (16) ‖ length of the header (4, big-endian) ‖ header (JSON) ‖ content (raw deflate) ‖ SHA-256 of all before (32)
//! ```
//!
//! The content has, for each table of the header in its order, frames of PostgreSQL's COPY text: a length (4) that
//! is not 0, and as many bytes. A length of 0 ends the table. Nothing of the file is believed before its hash.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::store::backup::Shape;

/// The line ending shows a copy that was made "as text".
const MAGIC: &[u8; 16] = b"ViorNet backup\r\n";
pub const FORMAT: u32 = 1;
const HEADER_BYTES_MAX: u32 = 1 << 20;
pub const FRAME_BYTES_MAX: usize = 256 << 10;
const HASH_BYTES: u64 = 32;
const BEGINNING_BYTES: u64 = 20;

/// What a file says of itself. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: u32,
    pub made_at_ms: i64,
    pub viornet: String,
    pub postgresql: String,
    /// Versions of the migrations that had made the tables.
    pub migrations: Vec<i64>,
    pub organisations: Vec<Organisation>,
    pub tables: Vec<Table>,
    pub sequences: Vec<(String, i64)>,
    /// What was wrong already.
    pub problems: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub id: String,
    pub name: String,
    /// Changes in its log.
    pub changes: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    #[serde(flatten)]
    pub shape: Shape,
    pub rows: u64,
}

impl Header {
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    pub fn rows_of(&self, name: &str) -> u64 {
        let found = self.tables.iter().find(|table| table.shape.name == name);
        found.map_or(0, |table| table.rows)
    }
}

/// Why a file is not taken. Nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot {what} {path}")]
    Io {
        what: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{0} is there already; choose another name")]
    Exists(PathBuf),
    #[error("{0} is not a ViorNet backup")]
    Foreign(PathBuf),
    #[error(
        "{path} has format {format}: a newer ViorNet made it, and this one reads format {FORMAT}"
    )]
    NewerFormat { path: PathBuf, format: u32 },
    #[error(
        "{0} is not whole, or was altered: its checksum does not fit. Copy it again, or take another backup"
    )]
    NotWhole(PathBuf),
    #[error("{path} contradicts itself: {what}")]
    Contradiction { path: PathBuf, what: String },
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError::Io { what, path, source }
}

/// Writes and hashes.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A file in the making, under another name and readable by nobody else. Dropped before [`Draft::keep`], it is
/// gone.
pub struct Draft {
    path: PathBuf,
    temporary: PathBuf,
    content: Option<DeflateEncoder<Hashed<BufWriter<File>>>>,
}

impl Draft {
    pub fn begin(path: &Path, header: &Header) -> Result<Self, FileError> {
        if path.symlink_metadata().is_ok() {
            return Err(FileError::Exists(path.to_owned()));
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let temporary = path.with_file_name(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(io_error("create", &temporary))?;
        let mut out = Hashed {
            inner: BufWriter::with_capacity(FRAME_BYTES_MAX, file),
            hash: Sha256::new(),
        };
        let mut draft = Self {
            path: path.to_owned(),
            temporary,
            content: None,
        };
        let written = serde_json::to_vec(header)
            .map_err(io::Error::other)
            .and_then(|header| {
                out.write_all(MAGIC)?;
                let length = u32::try_from(header.len()).map_err(io::Error::other)?;
                out.write_all(&length.to_be_bytes())?;
                out.write_all(&header)
            });
        written.map_err(io_error("write", &draft.temporary))?;
        // Level 1: an hour's work on a slow machine matters more than a fifth of the size.
        draft.content = Some(DeflateEncoder::new(out, Compression::fast()));
        Ok(draft)
    }

    /// Some bytes of the table that is being written.
    pub fn frame(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let temporary = &self.temporary;
        let Some(content) = &mut self.content else {
            return Ok(());
        };
        let mut write = |chunk: &[u8]| {
            let length = u32::try_from(chunk.len()).map_err(io::Error::other)?;
            content.write_all(&length.to_be_bytes())?;
            content.write_all(chunk)
        };
        bytes
            .chunks(FRAME_BYTES_MAX)
            .try_for_each(&mut write)
            .map_err(io_error("write", temporary))
    }

    pub fn end_table(&mut self) -> Result<(), FileError> {
        match &mut self.content {
            Some(content) => content
                .write_all(&[0; 4])
                .map_err(io_error("write", &self.temporary)),
            None => Ok(()),
        }
    }

    /// Seals the file and gives it its name, all of it on the disk. Answers its size.
    pub fn keep(mut self) -> Result<u64, FileError> {
        let (path, temporary) = (self.path.clone(), self.temporary.clone());
        let Some(content) = self.content.take() else {
            return Ok(0);
        };
        let finish = || -> io::Result<u64> {
            let Hashed { mut inner, hash } = content.finish()?;
            inner.write_all(&hash.finalize())?;
            let file = inner.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            let size = file.metadata()?.len();
            give_name(&temporary, &path)?;
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(size)
        };
        finish().map_err(io_error("write", &path))
    }
}

/// A link and not a renaming, which would take the place of a file that appeared meanwhile. USB sticks and shares often have
/// no links.
fn give_name(temporary: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(temporary, path) {
        Err(error) if has_no_links(&error) => rename_if_free(temporary, path),
        linked => linked,
    }
}

/// What link(2) says of a file system that has none: EPERM, EOPNOTSUPP or ENOSYS.
fn has_no_links(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported
    )
}

fn rename_if_free(temporary: &Path, path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(temporary, path),
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}

/// A file whose every byte is as it was written.
pub struct Checked {
    pub header: Header,
    path: PathBuf,
    file: File,
    content_at: u64,
    content_bytes: u64,
}

impl Checked {
    /// Reads the whole file once.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let failed = |what| io_error(what, path);
        let mut file = File::open(path).map_err(failed("open"))?;
        let size = file.metadata().map_err(failed("look at"))?.len();
        let mut beginning = [0; BEGINNING_BYTES as usize];
        if file.read_exact(&mut beginning).is_err() || beginning[..16] != *MAGIC {
            return Err(FileError::Foreign(path.to_owned()));
        }
        let length =
            u32::from_be_bytes([beginning[16], beginning[17], beginning[18], beginning[19]]);
        let not_whole = || FileError::NotWhole(path.to_owned());
        let content_at = BEGINNING_BYTES + u64::from(length);
        if length > HEADER_BYTES_MAX || size < content_at + HASH_BYTES {
            return Err(not_whole());
        }
        let mut bytes = vec![0; length as usize];
        file.read_exact(&mut bytes).map_err(failed("read"))?;
        // Before the hash, because a newer format may have another one.
        if let Ok(Format { format }) = serde_json::from_slice(&bytes)
            && format > FORMAT
        {
            return Err(FileError::NewerFormat {
                path: path.to_owned(),
                format,
            });
        }
        let mut hash = Sha256::new();
        hash.update(beginning);
        hash.update(&bytes);
        let content_bytes = size - content_at - HASH_BYTES;
        let mut rest = BufReader::with_capacity(FRAME_BYTES_MAX, (&file).take(content_bytes));
        io::copy(&mut rest, &mut HashOnly(&mut hash)).map_err(failed("read"))?;
        let mut expected = [0; HASH_BYTES as usize];
        (&file).read_exact(&mut expected).map_err(|_| not_whole())?;
        if hash.finalize().as_slice() != expected {
            return Err(not_whole());
        }
        let header = serde_json::from_slice(&bytes).map_err(|error| FileError::Contradiction {
            path: path.to_owned(),
            what: format!("its header cannot be read ({error})"),
        })?;
        Ok(Self {
            header,
            path: path.to_owned(),
            file,
            content_at,
            content_bytes,
        })
    }

    /// The tables, from the first.
    pub fn content(&self) -> Result<Content, FileError> {
        let mut file = self
            .file
            .try_clone()
            .map_err(io_error("open", &self.path))?;
        file.seek(SeekFrom::Start(self.content_at))
            .map_err(io_error("read", &self.path))?;
        let bytes = BufReader::with_capacity(FRAME_BYTES_MAX, file.take(self.content_bytes));
        Ok(Content {
            path: self.path.clone(),
            bytes: DeflateDecoder::new(bytes),
        })
    }

    /// Whether the content has what the header says, without a database.
    pub fn count_rows(&self) -> Result<(), FileError> {
        let mut content = self.content()?;
        let mut frame = Vec::new();
        for table in &self.header.tables {
            let mut rows = 0;
            while content.next_frame(&mut frame)? {
                rows += lines(&frame);
            }
            self.expect_rows(table, rows)?;
        }
        Ok(())
    }

    pub fn expect_rows(&self, table: &Table, rows: u64) -> Result<(), FileError> {
        if rows == table.rows {
            return Ok(());
        }
        Err(FileError::Contradiction {
            path: self.path.clone(),
            what: format!(
                "{} should have {} rows and has {rows}",
                table.shape.name, table.rows
            ),
        })
    }
}

/// COPY text has one line a row; an end of line within a value is written as `\n`.
pub fn lines(frame: &[u8]) -> u64 {
    frame.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

struct HashOnly<'a>(&'a mut Sha256);

impl Write for HashOnly<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads what [`Draft`] wrote.
pub struct Content {
    path: PathBuf,
    bytes: DeflateDecoder<BufReader<io::Take<File>>>,
}

impl Content {
    /// The next bytes of this table. False at its end; the next call begins the next table.
    pub fn next_frame(&mut self, frame: &mut Vec<u8>) -> Result<bool, FileError> {
        let failed = |error: io::Error| FileError::Contradiction {
            path: self.path.clone(),
            what: format!("its content cannot be read ({error})"),
        };
        let mut length = [0; 4];
        self.bytes.read_exact(&mut length).map_err(&failed)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > FRAME_BYTES_MAX {
            return Err(failed(io::ErrorKind::InvalidData.into()));
        }
        frame.resize(length, 0);
        self.bytes.read_exact(frame).map_err(&failed)?;
        Ok(length > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_are_no_links_a_file_that_appeared_keeps_its_place() {
        let folder = std::env::temp_dir().join(format!("viornet-draft-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (draft, path) = (folder.join("b.part"), folder.join("b.viornet"));
        fs::write(&draft, "new").unwrap();
        rename_if_free(&draft, &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        fs::write(&draft, "newer").unwrap();
        let refused = rename_if_free(&draft, &path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        fs::remove_dir_all(&folder).unwrap();
    }
}

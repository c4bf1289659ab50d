//! Files in the origin's private file system, for the worker: whole small files that a kill cannot tear.
//!
//! It must not know what is in them; [`super::journal::opfs`] has its own, appending way.

use gloo_timers::future::TimeoutFuture;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions,
    FileSystemGetFileOptions, FileSystemReadWriteOptions, FileSystemSyncAccessHandle,
};

use super::{StoreError, journal};
use crate::browser::{error_name, error_text, settled, worker_scope};

const OPEN_RETRIES: u32 = 3;
const OPEN_RETRY_MS: u32 = 50;

/// A folder of the private file system.
#[derive(Clone)]
pub struct Folder(FileSystemDirectoryHandle);

impl Folder {
    /// Opens `path` below the root, creating what is missing.
    pub async fn open(path: &[&str]) -> Result<Self, StoreError> {
        let storage = worker_scope().navigator().storage();
        if !Reflect::has(&storage, &"getDirectory".into()).unwrap_or(false) {
            return Err(StoreError::Unavailable("no private file system".into()));
        }
        let mut folder: FileSystemDirectoryHandle = settled(storage.get_directory())
            .await
            .map_err(|error| StoreError::Unavailable(error_text(&error)))?;
        for name in path {
            let options = FileSystemGetDirectoryOptions::new();
            options.set_create(true);
            folder = settled(folder.get_directory_handle_with_options(name, &options))
                .await
                .map_err(|error| file_error(&error))?;
        }
        Ok(Self(folder))
    }

    /// The names of everything in the folder.
    pub async fn names(&self) -> Result<Vec<String>, StoreError> {
        let entries = self.0.keys();
        let mut names = Vec::new();
        loop {
            let promise = entries.next().map_err(|error| file_error(&error))?;
            let step: js_sys::IteratorNext = settled(promise.unchecked_into())
                .await
                .map_err(|error| file_error(&error))?;
            if step.done() {
                return Ok(names);
            }
            names.extend(step.value().as_string());
        }
    }

    /// The bytes of a file; none if there is no such file.
    pub async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let handle = match settled::<FileSystemFileHandle>(self.0.get_file_handle(name)).await {
            Ok(handle) => handle,
            Err(error) if error_name(&error) == "NotFoundError" => return Ok(None),
            Err(error) => return Err(file_error(&error)),
        };
        let file: File = settled(handle.get_file())
            .await
            .map_err(|error| file_error(&error))?;
        let buffer: JsValue = settled(file.array_buffer())
            .await
            .map_err(|error| file_error(&error))?;
        Ok(Some(Uint8Array::new(&buffer).to_vec()))
    }

    pub async fn size(&self, name: &str) -> Result<u64, StoreError> {
        let handle: FileSystemFileHandle = settled(self.0.get_file_handle(name))
            .await
            .map_err(|error| file_error(&error))?;
        let file: File = settled(handle.get_file())
            .await
            .map_err(|error| file_error(&error))?;
        Ok(file.size() as u64)
    }

    /// Removes a file. One that another tab holds open stays, and so does the error.
    pub async fn remove(&self, name: &str) -> Result<(), StoreError> {
        match settled::<JsValue>(self.0.remove_entry(name)).await {
            Ok(_) => Ok(()),
            Err(error) if error_name(&error) == "NotFoundError" => Ok(()),
            Err(error) => Err(file_error(&error)),
        }
    }

    /// Removes a folder in this one with its files, as far as no tab holds them open.
    pub async fn remove_folder(&self, name: &str) -> Result<(), StoreError> {
        let handle = self.0.get_directory_handle(name);
        let folder = match settled::<FileSystemDirectoryHandle>(handle).await {
            Ok(folder) => Self(folder),
            Err(error) if error_name(&error) == "NotFoundError" => return Ok(()),
            Err(error) => return Err(file_error(&error)),
        };
        for file in folder.names().await? {
            folder.remove(&file).await?;
        }
        self.remove(name).await
    }

    /// Opens a file for exclusive writing, creating it.
    pub async fn writer(&self, name: &str) -> Result<FileWriter, StoreError> {
        let options = FileSystemGetFileOptions::new();
        options.set_create(true);
        let handle: FileSystemFileHandle =
            settled(self.0.get_file_handle_with_options(name, &options))
                .await
                .map_err(|error| file_error(&error))?;
        // Another tab, or this page before its reload, may be about to close it.
        let mut attempt = 0;
        loop {
            match settled(handle.create_sync_access_handle()).await {
                Ok(handle) => return Ok(FileWriter(handle)),
                Err(error)
                    if attempt < OPEN_RETRIES
                        && error_name(&error) == "NoModificationAllowedError" =>
                {
                    attempt += 1;
                    TimeoutFuture::new(OPEN_RETRY_MS).await;
                }
                Err(error) => return Err(file_error(&error)),
            }
        }
    }

    /// Writes a small file so that after a kill at any moment the old or the new bytes are read, never a mix:
    /// two slots are written in turn, each with a number and a checksum.
    pub async fn put_small(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let slots = self.slots(name).await?;
        let newest = slots.iter().flatten().map(|frame| frame.number).max();
        let older = match &slots {
            [Some(first), Some(second)] => usize::from(second.number < first.number),
            [Some(_), None] => 1,
            _ => 0,
        };
        let writer = self.writer(&slot_name(name, older)).await?;
        writer.truncate(0)?;
        writer.write_at(
            0,
            &journal::frame(newest.map_or(0, |number| number + 1), bytes),
        )?;
        writer.flush()
    }

    /// Reads what [`Folder::put_small`] wrote last.
    pub async fn get_small(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let slots = self.slots(name).await?;
        Ok(slots
            .into_iter()
            .flatten()
            .max_by_key(|frame| frame.number)
            .map(|frame| frame.payload))
    }

    /// Removes what [`Folder::put_small`] wrote.
    pub async fn remove_small(&self, name: &str) -> Result<(), StoreError> {
        self.remove(&slot_name(name, 0)).await?;
        self.remove(&slot_name(name, 1)).await
    }

    /// The names given to [`Folder::put_small`] in this folder.
    pub async fn small_names(&self) -> Result<Vec<String>, StoreError> {
        let mut names: Vec<String> = self
            .names()
            .await?
            .iter()
            .filter_map(|name| name.strip_suffix(".0").or_else(|| name.strip_suffix(".1")))
            .map(str::to_owned)
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    async fn slots(&self, name: &str) -> Result<[Option<journal::Frame>; 2], StoreError> {
        let read = async |at| -> Result<Option<journal::Frame>, StoreError> {
            let bytes = self.read(&slot_name(name, at)).await?;
            Ok(bytes.and_then(|bytes| journal::recover(&bytes).frames.into_iter().next()))
        };
        let (first, second) = futures::try_join!(read(0), read(1))?;
        Ok([first, second])
    }
}

fn slot_name(name: &str, slot: usize) -> String {
    format!("{name}.{slot}")
}

/// A file open for exclusive, synchronous writing; closed when dropped.
pub struct FileWriter(FileSystemSyncAccessHandle);

impl FileWriter {
    pub fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(at as f64);
        let written = self
            .0
            .write_with_js_u8_array_and_options(&Uint8Array::from(bytes), &options)
            .map_err(|error| file_error(&error))?;
        // A short write is how some browsers say that the disk is full.
        if written as usize == bytes.len() {
            Ok(())
        } else {
            Err(StoreError::Full)
        }
    }

    pub fn read_at(&self, at: u64, len: usize) -> Result<Vec<u8>, StoreError> {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(at as f64);
        let mut bytes = vec![0; len];
        let read = self
            .0
            .read_with_u8_array_and_options(&mut bytes, &options)
            .map_err(|error| file_error(&error))?;
        bytes.truncate(read as usize);
        Ok(bytes)
    }

    pub fn truncate(&self, len: u64) -> Result<(), StoreError> {
        self.0
            .truncate_with_f64(len as f64)
            .map_err(|error| file_error(&error))
    }

    /// Returns when the bytes are on the disk.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.0.flush().map_err(|error| file_error(&error))
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn file_error(error: &JsValue) -> StoreError {
    match error_name(error).as_str() {
        "QuotaExceededError" => StoreError::Full,
        "SecurityError" => StoreError::Unavailable(error_text(error)),
        _ => StoreError::Failed(error_text(error)),
    }
}

//! The rescue file: what waits on a device that cannot connect, for another device to carry. Each batch in it is signed and
//! sealed as it would be pushed, so who carries it can neither read nor alter it, and carrying it twice does no harm.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::admission::caps;
use crate::codec;

/// So long may a file be that is read.
pub const RESCUE_BYTES_MAX: usize = 32 << 20;
/// 256 changes each: more than a phone makes in years.
const BATCHES_MAX: usize = 1_024;
const KIND: &str = "ViorNet rescue";
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct RescueFile {
    kind: String,
    version: u8,
    #[serde(deserialize_with = "codec::at_most::<_, _, BATCHES_MAX>")]
    batches: Vec<ByteBuf>,
}

/// Why a file cannot be sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum RescueError {
    /// Another kind of file, or one that was cut or altered.
    #[error("not a rescue file, or not a whole one")]
    Unreadable,
    #[error("a rescue file of a newer version")]
    Newer,
    /// Sealed for another server, or by a device that this one does not know.
    #[error("a rescue file of another organisation")]
    Foreign,
}

/// The file of `batches`, sealed, oldest first.
pub fn write(batches: Vec<Vec<u8>>) -> Vec<u8> {
    codec::encode(&RescueFile {
        kind: KIND.into(),
        version: VERSION,
        batches: batches.into_iter().map(ByteBuf::from).collect(),
    })
}

/// The batches of a file, in the order in which they are to be pushed.
pub fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, RescueError> {
    if bytes.len() > RESCUE_BYTES_MAX {
        return Err(RescueError::Unreadable);
    }
    let file: RescueFile = codec::decode(bytes).map_err(|_| RescueError::Unreadable)?;
    if file.kind != KIND {
        return Err(RescueError::Unreadable);
    }
    if file.version > VERSION {
        return Err(RescueError::Newer);
    }
    let batches: Vec<Vec<u8>> = file.batches.into_iter().map(ByteBuf::into_vec).collect();
    let is_batch = |batch: &Vec<u8>| !batch.is_empty() && batch.len() <= caps::FRAME_BYTES_MAX;
    if batches.is_empty() || !batches.iter().all(is_batch) {
        return Err(RescueError::Unreadable);
    }
    Ok(batches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let batches = vec![vec![1, 2, 3], vec![4]];
        assert_eq!(read(&write(batches.clone())), Ok(batches));
    }

    #[test]
    fn another_file_a_cut_one_and_a_newer_one_are_told_apart() {
        let whole = write(vec![vec![7; 100]]);
        assert_eq!(read(b"code,price"), Err(RescueError::Unreadable));
        assert_eq!(
            read(&whole[..whole.len() - 1]),
            Err(RescueError::Unreadable)
        );
        assert_eq!(read(&write(Vec::new())), Err(RescueError::Unreadable));
        let newer = codec::encode(&RescueFile {
            kind: KIND.into(),
            version: VERSION + 1,
            batches: vec![ByteBuf::from(vec![1])],
        });
        assert_eq!(read(&newer), Err(RescueError::Newer));
    }
}

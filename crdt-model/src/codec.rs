//! The one encoding of everything ViorNet writes down or sends: CBOR (RFC 8949) through serde.
//!
//! Structs are maps with short stable names, so that fields can be added for ever: an unknown field is skipped,
//! a missing one takes its default.

use serde::{Deserialize as _, Serialize, de::DeserializeOwned};

/// Bytes that are not what they should be. The text is for logs, never for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot be read: {0}")]
pub struct DecodeError(String);

/// # Panics
/// Never for the types of this crate: encoding into memory fails only for types that CBOR cannot express.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    minicbor_serde::to_vec(value).expect("our types have a CBOR form")
}

/// Deeper than anything we write, and shallow enough for any stack: a type that holds itself is read by a call for each
/// level, and a stack that overflows ends the whole program.
const DEPTH_MAX: usize = 32;

/// The head of a data item (RFC 8949, 3).
struct Head {
    major: u8,
    /// `None`: of indefinite length, until a break.
    argument: Option<u64>,
    is_break: bool,
    /// Where what follows it begins; a string's bytes are passed over.
    next: usize,
}

/// What is no CBOR is somebody else's to find out: `None`.
fn head(bytes: &[u8], at: usize) -> Option<Head> {
    let first = *bytes.get(at)?;
    let (major, short) = (first >> 5, first & 31);
    let width = match short {
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => 0,
    };
    let argument = bytes.get(at + 1..at + 1 + width)?;
    let argument = match (width, short) {
        (0, 31) => None,
        (0, short) => Some(u64::from(short)),
        _ => Some(
            argument
                .iter()
                .fold(0_u64, |n, byte| (n << 8) | u64::from(*byte)),
        ),
    };
    let passed = match (major, argument) {
        (2 | 3, Some(length)) => usize::try_from(length).unwrap_or(usize::MAX),
        _ => 0,
    };
    Some(Head {
        major,
        argument,
        is_break: first == 0xff,
        next: (at + 1 + width).saturating_add(passed),
    })
}

/// Does a CBOR text have more data items than this? Every item takes memory when it is read, an empty one as well,
/// so a limit of bytes alone is none.
pub fn has_more_items_than(bytes: &[u8], items_max: usize) -> bool {
    let (mut at, mut items) = (0, 0);
    while let Some(head) = head(bytes, at) {
        items += 1;
        if items > items_max {
            return true;
        }
        at = head.next;
    }
    false
}

/// Whether items lie in each other deeper than [`DEPTH_MAX`].
fn is_too_deep(bytes: &[u8]) -> bool {
    // How many items each level around still holds; `None` until a break.
    let mut around = [None::<u64>; DEPTH_MAX];
    let mut depth = 0;
    let mut at = 0;
    while let Some(head) = head(bytes, at) {
        at = head.next;
        let inside = match (head.major, head.argument) {
            (4, count) => count.map_or(Some(None), |count| Some(Some(count))),
            (5, count) => count.map_or(Some(None), |count| Some(Some(count.saturating_mul(2)))),
            (6, _) => Some(Some(1)),
            (2 | 3, None) => Some(None),
            _ => None,
        };
        match inside {
            Some(Some(0)) => {}
            Some(inside) => {
                let Some(level) = around.get_mut(depth) else {
                    return true;
                };
                *level = inside;
                depth += 1;
                continue;
            }
            // It ends the innermost, of indefinite length; anywhere else it is no CBOR.
            None if head.is_break => depth = depth.saturating_sub(1),
            None => {}
        }
        // An item is complete, and with it perhaps those around it.
        while depth > 0 {
            match &mut around[depth - 1] {
                None => break,
                Some(left) if *left > 1 => {
                    *left -= 1;
                    break;
                }
                Some(_) => depth -= 1,
            }
        }
    }
    false
}

/// Reads exactly one value; anything after it is an error, and so is nesting deeper than 32.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    if is_too_deep(bytes) {
        return Err(DecodeError("it is nested too deep".into()));
    }
    let mut deserializer = minicbor_serde::Deserializer::new(bytes);
    let value =
        T::deserialize(&mut deserializer).map_err(|error| DecodeError(error.to_string()))?;
    if deserializer.decoder().position() != bytes.len() {
        return Err(DecodeError("bytes follow the value".into()));
    }
    Ok(value)
}

/// For `deserialize_with`, in CBOR: a value whose name came later than this version takes the type's default. Not for
/// types that hold ids: what is kept to be tried twice does not read them as they are written.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de> + Default,
{
    Ok(OrDefault::deserialize(deserializer)?.get())
}

/// The same as a value of its own.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum OrDefault<T> {
    Known(T),
    Later(serde::de::IgnoredAny),
}

impl<T: Default> OrDefault<T> {
    pub(crate) fn get(self) -> T {
        match self {
            Self::Known(value) => value,
            Self::Later(_) => T::default(),
        }
    }
}

/// For `deserialize_with`: a list of at most `MAX` elements. Anything longer is an error as soon as it shows, so that
/// a few bytes that claim millions of elements cost nothing.
pub fn at_most<'de, D, T, const MAX: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    struct AtMost<T, const MAX: usize>(std::marker::PhantomData<T>);

    impl<'de, T: serde::Deserialize<'de>, const MAX: usize> serde::de::Visitor<'de> for AtMost<T, MAX> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "at most {MAX} elements")
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(element) = seq.next_element()? {
                if list.len() == MAX {
                    return Err(serde::de::Error::invalid_length(MAX + 1, &self));
                }
                list.push(element);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_seq(AtMost::<T, MAX>(std::marker::PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `levels` around a null, each opened by `open` and closed by `close`.
    fn nested(levels: usize, open: &[u8], close: &[u8]) -> Vec<u8> {
        [open.repeat(levels), vec![0xf6], close.repeat(levels)].concat()
    }

    #[test]
    fn depth_is_counted_through_every_container() {
        let kinds: [(&[u8], &[u8]); 5] = [
            (&[0x81], &[]),
            (&[0x9f], &[0xff]),
            (&[0xa1, 0x01], &[]),
            (&[0xbf, 0x01], &[0xff]),
            (&[0xc1], &[]),
        ];
        for (open, close) in kinds {
            assert!(!is_too_deep(&nested(DEPTH_MAX, open, close)));
            assert!(is_too_deep(&nested(DEPTH_MAX + 1, open, close)));
        }
    }

    #[test]
    fn what_lies_side_by_side_is_not_deep() {
        // Many small ones in one, of either kind of length, with strings that look like containers.
        for (open, close) in [(vec![0x99, 0x03, 0xe8], vec![]), (vec![0x9f], vec![0xff])] {
            let inner = [0x82, 0x80, 0x42, 0x81, 0x81].repeat(1_000);
            let bytes = [open, inner, close].concat();
            assert!(!is_too_deep(&bytes));
        }
    }
}

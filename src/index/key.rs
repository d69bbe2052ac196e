//! [`Key`]: the bytes that an entry of an index is ordered by.

use std::cmp::Ordering;
use std::sync::Arc;

/// Keys up to this length lie in the entry itself, those of times with milliseconds among them.
const SHORT_LEN_MAX: usize = 30;

/// Some bytes, ordered as bytes; most keys are short and need no memory of their own.
#[derive(Clone)]
pub(crate) struct Key(Form);

#[derive(Clone)]
enum Form {
    /// The first `len` of `bytes`.
    Short {
        len: u8,
        bytes: [u8; SHORT_LEN_MAX],
    },
    Long(Arc<[u8]>),
}

impl Key {
    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.0 {
            Form::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Form::Long(bytes) => bytes,
        }
    }
}

impl From<&[u8]> for Key {
    fn from(key: &[u8]) -> Key {
        let mut bytes = [0; SHORT_LEN_MAX];
        match bytes.get_mut(..key.len()) {
            Some(place) => place.copy_from_slice(key),
            None => return Key(Form::Long(Arc::from(key))),
        }
        Key(Form::Short { len: key.len() as u8, bytes })
    }
}

impl Default for Key {
    fn default() -> Key {
        Key::from(&[][..])
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Key {}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:02x?}", self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_length_keep_their_bytes_and_order() {
        let text: Vec<u8> = (1..=60).collect();
        let mut before: Option<Key> = None;
        for len in 0..=60 {
            let key = Key::from(&text[..len]);
            assert_eq!(key.bytes(), &text[..len]);
            assert!(before.as_ref().is_none_or(|before| before < &key && *before != key));
            before = Some(key);
        }
        assert!(size_of::<Key>() <= 32);
    }
}

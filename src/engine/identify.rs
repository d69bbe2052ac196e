//! From any form of ID to a document: short IDs, UUIDs, pieces of UUIDs, keys.

use uuid::Uuid;

use crate::engine::state::State;
use crate::error::{Error, ErrorKind, Result};
use crate::model::document::check_key;

const PIECE_DIGITS_MIN: usize = 6;
const CANDIDATES_MAX: usize = 10;

/// An ID as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identifier<'a> {
    /// `key:` and what follows, exactly.
    Key(&'a str),
    /// A whole UUID.
    Uuid(u128),
    /// `uuid:` and some hexadecimal digits.
    Piece(&'a str),
    /// Everything else.
    Short(&'a str),
}

/// Tells the forms apart. Space around an ID does not count, but for keys.
pub(crate) fn identifier(text: &str) -> Identifier<'_> {
    if let Some(key) = text.trim_start().strip_prefix("key:") {
        return Identifier::Key(key);
    }
    let text = text.trim();
    let labelled = text.get(..5).filter(|label| label.eq_ignore_ascii_case("uuid:"));
    let rest = if labelled.is_some() { text.get(5..).unwrap_or("") } else { text };
    let whole = (rest.len() == 36).then(|| Uuid::try_parse(rest).ok()).flatten();
    match whole {
        Some(uuid) => Identifier::Uuid(uuid.as_u128()),
        None if labelled.is_some() => Identifier::Piece(rest),
        None => Identifier::Short(text),
    }
}

impl State {
    /// The document that `text` names, in any form. A piece of a UUID costs a look at all UUIDs,
    /// every other form the same at any size of the store.
    ///
    /// # Errors
    /// INVALID for what is no ID, NOTFOUND, and AMBIGUOUS with the UUIDs that fit.
    pub(crate) fn resolve(&self, text: &str) -> Result<u32> {
        match identifier(text) {
            Identifier::Short(id) => self.forest().resolve(id),
            Identifier::Piece(digits) => self.resolve_piece(text, digits),
            Identifier::Uuid(uuid) => {
                self.find_uuid(uuid).ok_or_else(|| not_found(text, "no document has this UUID"))
            }
            Identifier::Key(key) => {
                check_key(key)?;
                self.find_key(key).ok_or_else(|| not_found(text, "no document has this key"))
            }
        }
        .map_err(|error| error.id(text.chars().take(80).collect::<String>()))
    }

    fn resolve_piece(&self, text: &str, digits: &str) -> Result<u32> {
        let hex: String = digits.chars().filter(|&letter| letter != '-').collect();
        let value = (PIECE_DIGITS_MIN..=32)
            .contains(&hex.len())
            .then(|| u128::from_str_radix(&hex, 16).ok().filter(|_| !hex.starts_with('+')))
            .flatten()
            .ok_or_else(|| {
                Error::invalid("uuid: takes the first or last 6 to 32 hexadecimal digits")
                    .named("MALFORMED_ID")
            })?;
        let bits = hex.len() as u32 * 4;
        let mask = u128::MAX >> (128 - bits);
        let fits = |slot: &u32| {
            let uuid = self.uuid(*slot);
            uuid >> (128 - bits) == value || uuid & mask == value
        };
        let found: Vec<u32> = self.slots().filter(fits).take(CANDIDATES_MAX).collect();
        match found.as_slice() {
            [] => Err(not_found(text, "no UUID begins or ends so")),
            [slot] => Ok(*slot),
            several => Err(Error::new(
                ErrorKind::Ambiguous,
                format!("{digits}: several UUIDs begin or end so"),
            )
            .candidates(several.iter().map(|&slot| self.uuid_text(slot)).collect())
            .hint("give more digits")),
        }
    }
}

fn not_found(text: &str, reason: &str) -> Error {
    let shown: String = text.trim().chars().take(80).collect();
    Error::new(ErrorKind::NotFound, format!("{shown}: {reason}"))
}

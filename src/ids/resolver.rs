//! From a short ID to the document it names, and how far it got when there is none.

use crate::error::{Error, ErrorKind, Result};
use crate::ids::forest::{Forest, ROOT};
use crate::ids::id_text::digits;
use crate::ids::{prefixes, short_id};

impl Forest {
    /// The document that a short ID names. Letter case does not count.
    ///
    /// # Errors
    /// INVALID for what is no ID; NOTFOUND saying how far the ID resolved and what is there.
    pub(crate) fn resolve(&self, text: &str) -> Result<u32> {
        let lower = text.to_ascii_lowercase();
        let mut at = ROOT;
        for level in short_id::parse(&lower)? {
            let found = self.child(at, level);
            at = found.ok_or_else(|| self.unresolved(text, at, level))?;
        }
        Ok(at)
    }

    fn child(&self, parent: u32, level: short_id::Level<'_>) -> Option<u32> {
        let codes = prefixes::read(level.letters, &self.schema)?;
        let prefix = self.prefixes.find(&codes)?;
        let partition = self.partitions.get(self.find_partition(parent, prefix).1?)?;
        if !self.stable {
            return partition.members.select(level.number.checked_sub(1)?);
        }
        let number_of = |slot| self.nodes.get(slot).map_or(0, |node| node.number);
        let place = partition.members.position_by(|slot| number_of(slot).cmp(&level.number));
        partition.members.select(place).filter(|&slot| number_of(slot) == level.number)
    }

    /// Says how far the ID resolved: `1.4: 1 has 3 children`.
    fn unresolved(&self, text: &str, parent: u32, level: short_id::Level<'_>) -> Error {
        let letters = level.letters;
        let shown: String = text.trim().chars().take(80).collect();
        let not_found = |message: String| {
            Error::new(ErrorKind::NotFound, message).named("UNRESOLVED_ID").id(shown.clone())
        };
        let known = prefixes::read(letters, &self.schema);
        if known.is_none() {
            let hint = "the prefixes are those that IDs show in a listing";
            return not_found(format!("{shown}: there is no prefix '{letters}'")).hint(hint);
        }
        let base = if parent == ROOT { None } else { self.id(parent) };
        let partition = known
            .and_then(|codes| self.prefixes.find(&codes))
            .and_then(|prefix| self.find_partition(parent, prefix).1)
            .and_then(|partition| self.partitions.get(partition));
        let count = partition.map_or(0, |partition| partition.members.len());
        let noun = match (count, parent == ROOT) {
            (1, true) => "document at the top",
            (_, true) => "documents at the top",
            (1, false) => "child",
            (_, false) => "children",
        };
        let has_prefixes = self.list(parent).len() > 1;
        let which = match letters {
            "" if has_prefixes => " without a prefix".to_owned(),
            "" => String::new(),
            letters => format!(" with the prefix {letters}"),
        };
        let owner = base.clone().unwrap_or_else(|| "the store".to_owned());
        let message = format!("{shown}: {owner} has {count} {noun}{which}");
        let last = partition.and_then(|partition| {
            let slot = partition.members.last()?;
            let number = self.number(slot).map(|(_, number)| number)?;
            let mut id = base.map(|base| base + ".").unwrap_or_default();
            id.push_str(letters);
            id.push_str(digits(number, &mut [0; 10]));
            Some(id)
        });
        not_found(message).candidates(last.into_iter().collect())
    }
}

//! Combinations of visible prefixes, interned, and how letters are read as one.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use crate::model::document::Codes;
use crate::model::schema::Schema;

/// The prefix texts in use, each with the codes that make it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefixes {
    combinations: Vec<(Codes, String)>,
    by_codes: HashMap<Codes, u32, RandomState>,
}

impl Prefixes {
    /// The combination that `codes` show, known from now on.
    pub(crate) fn intern(&mut self, visible: Codes, schema: &Schema) -> u32 {
        if let Some(&known) = self.by_codes.get(&visible) {
            return known;
        }
        let number = self.combinations.len() as u32;
        self.combinations.push((visible, text(&visible, schema)));
        self.by_codes.insert(visible, number);
        number
    }

    /// The combination of `visible`, if it was ever in use.
    pub(crate) fn find(&self, visible: &Codes) -> Option<u32> {
        self.by_codes.get(visible).copied()
    }

    /// The codes of a combination; their order is the order of siblings.
    pub(crate) fn codes(&self, combination: u32) -> Codes {
        self.combinations.get(combination as usize).map(|(codes, _)| *codes).unwrap_or_default()
    }

    /// The places of all combinations in the order of siblings.
    pub(crate) fn order(&self) -> Vec<u32> {
        let mut sorted: Vec<u32> = (0..).take(self.combinations.len()).collect();
        sorted.sort_by_key(|&combination| self.codes(combination));
        let mut places = vec![0; sorted.len()];
        for (place, combination) in (0..).zip(sorted) {
            places.get_mut(combination as usize).into_iter().for_each(|it| *it = place);
        }
        places
    }

    /// The text of a combination.
    pub(crate) fn text(&self, combination: u32) -> &str {
        self.combinations.get(combination as usize).map_or("", |(_, text)| text)
    }
}

/// Keeps the codes whose value shows a prefix, and makes the others 0.
pub(crate) fn visible(codes: &Codes, schema: &Schema) -> Codes {
    let mut visible = *codes;
    for (index, code) in visible.iter_mut().enumerate() {
        let dimension = schema.dimensions.get(index);
        if dimension.is_none_or(|dimension| dimension.visible_prefix(*code).is_none()) {
            *code = 0;
        }
    }
    visible
}

/// The prefix text that visible codes make.
pub(crate) fn text(visible: &Codes, schema: &Schema) -> String {
    let parts = schema.dimensions.iter().zip(visible);
    parts.filter_map(|(dimension, &code)| dimension.visible_prefix(code)).collect()
}

/// Reads the letters of one level: exactly as IDs show them, or else, when all of them are
/// prefixes of one letter, in any order.
pub(crate) fn read(letters: &str, schema: &Schema) -> Option<Codes> {
    let mut codes = Codes::default();
    if read_exactly(letters, 0, schema, &mut codes, &mut BTreeSet::new()) {
        return Some(codes);
    }
    read_in_any_order(letters, schema)
}

/// Reads `letters` as prefixes of the dimensions from `first` on. The schema has made sure that
/// there is one way at most; `failed` keeps ways already tried from being tried again.
fn read_exactly(
    letters: &str,
    first: usize,
    schema: &Schema,
    codes: &mut Codes,
    failed: &mut BTreeSet<(usize, usize)>,
) -> bool {
    if letters.is_empty() {
        return true;
    }
    if !failed.insert((first, letters.len())) {
        return false;
    }
    for (index, dimension) in schema.dimensions.iter().enumerate().skip(first) {
        for (value, prefix) in &dimension.prefixes {
            let Some(rest) = letters.strip_prefix(prefix.as_str()) else { continue };
            let code = dimension.code(value);
            let shown = dimension.visible_prefix(code).is_some();
            if shown && read_exactly(rest, index + 1, schema, codes, failed) {
                if let Some(place) = codes.get_mut(index) {
                    *place = code;
                }
                return true;
            }
        }
    }
    false
}

fn read_in_any_order(letters: &str, schema: &Schema) -> Option<Codes> {
    let mut codes = Codes::default();
    for position in 0..letters.len() {
        let letter = letters.get(position..=position)?;
        let (index, code) =
            schema.dimensions.iter().enumerate().find_map(|(index, dimension)| {
                let (value, _) = dimension.prefixes.iter().find(|(_, prefix)| prefix == letter)?;
                let code = dimension.code(value);
                dimension.visible_prefix(code).map(|_| (index, code))
            })?;
        let place = codes.get_mut(index)?;
        if *place != 0 {
            return None;
        }
        *place = code;
    }
    Some(codes)
}

//! Documents by the combination of their values in the declared dimensions (facets).
//!
//! Most stores have few combinations, however many documents: what a condition on dimensions takes
//! is decided once for each of them. That counts without a walk, and finds rare documents.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use crate::index::{HashIndex, Members, Table};
use crate::model::document::Codes;

/// All combinations that documents have, or had.
#[derive(Clone, Default)]
pub(super) struct Facets {
    by_codes: HashIndex,
    facets: Table<Facet>,
    hasher: RandomState,
}

/// The documents of one combination, in the order of arrival.
#[derive(Clone)]
pub(super) struct Facet {
    pub(super) codes: Codes,
    pub(super) members: Members,
}

impl Facets {
    /// The combinations of documents that come in the order of arrival.
    pub(super) fn of(documents: impl Iterator<Item = (Codes, u32)>) -> Facets {
        let mut facets = Facets::default();
        let mut lists: Vec<Vec<u32>> = Vec::new();
        for (codes, slot) in documents {
            let facet = facets.find(&codes).unwrap_or_else(|| facets.create(codes));
            if facet as usize == lists.len() {
                lists.push(Vec::new());
            }
            if let Some(list) = lists.get_mut(facet as usize) {
                list.push(slot);
            }
        }
        for (facet, list) in (0..).zip(lists) {
            if let Some(facet) = facets.facets.get_mut(facet) {
                facet.members = Members::of(&list);
            }
        }
        facets
    }

    /// All combinations.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Facet> {
        self.facets.iter()
    }

    /// Adds a document to its combination.
    pub(super) fn add(&mut self, codes: Codes, slot: u32) {
        let facet = self.find(&codes).unwrap_or_else(|| self.create(codes));
        if let Some(facet) = self.facets.get_mut(facet) {
            facet.members.insert(slot, &|one: u32, other: u32| one.cmp(&other));
        }
    }

    /// Takes a document out of its combination.
    pub(super) fn remove(&mut self, codes: Codes, slot: u32) {
        let facet = self.find(&codes).and_then(|facet| self.facets.get_mut(facet));
        if let Some(facet) = facet {
            facet.members.remove(slot, &|one: u32, other: u32| one.cmp(&other));
        }
    }

    fn find(&self, codes: &Codes) -> Option<u32> {
        let is_it = |facet| self.facets.get(facet).is_some_and(|facet| facet.codes == *codes);
        self.by_codes.find(self.hash(codes), is_it)
    }

    fn hash(&self, codes: &Codes) -> u32 {
        self.hasher.hash_one(codes) as u32
    }

    fn create(&mut self, codes: Codes) -> u32 {
        let facet = self.facets.push(Facet { codes, members: Members::new() });
        self.by_codes.insert(self.hash(&codes), facet);
        facet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_found_by_their_combination_and_clones_stay_as_they_were() {
        let mut facets = Facets::default();
        let codes = |status, priority| {
            let mut codes = Codes::default();
            (codes[0], codes[1]) = (status, priority);
            codes
        };
        for slot in 0..1_000 {
            facets.add(codes((slot % 3) as u16, (slot % 2) as u16), slot);
        }
        let before = facets.clone();
        (0..1_000).step_by(6).for_each(|slot| facets.remove(codes(0, 0), slot));
        facets.remove(codes(9, 9), 1);
        let counts = |facets: &Facets| -> Vec<u32> {
            facets.iter().map(|facet| facet.members.len()).collect()
        };
        assert_eq!(counts(&before), [167, 167, 167, 167, 166, 166]);
        assert_eq!(counts(&facets), [0, 167, 167, 167, 166, 166]);
        facets.add(codes(0, 0), 6);
        assert_eq!(facets.iter().next().unwrap().members.select(0), Some(6));
    }
}

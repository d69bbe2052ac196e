//! Finding a name among the members of an object: by looking at each while they are few, through
//! a hash table once they are many, so that no object makes reading it slower than linear.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Up to so many names, comparing them all is as fast as hashing one.
const SCANNED_MAX: usize = 24;
/// Room for the names of a document is made at once.
const FEW: usize = 8;

/// Places of names in a list that the owner keeps; made when the list gets long.
#[derive(Clone, Debug, Default)]
pub(super) struct NameIndex(Option<Box<Table>>);

#[derive(Clone, Debug)]
struct Table {
    hasher: RandomState,
    places: HashTable<usize>,
}

impl NameIndex {
    /// The place of `name` in `list`.
    pub(super) fn find<T>(&self, name: &str, list: &[T], name_of: fn(&T) -> &str) -> Option<usize> {
        match &self.0 {
            None => list.iter().position(|item| name_of(item) == name),
            Some(table) => table
                .places
                .find(table.hasher.hash_one(name), |&place| {
                    list.get(place).is_some_and(|item| name_of(item) == name)
                })
                .copied(),
        }
    }

    /// Takes note that a name was put at the end of `list`.
    pub(super) fn appended<T>(&mut self, list: &[T], name_of: fn(&T) -> &str) {
        if list.len() <= SCANNED_MAX {
            return;
        }
        let (table, first) = match &mut self.0 {
            Some(table) => (table, list.len() - 1),
            empty => (empty.insert(Box::new(Table::new())), 0),
        };
        let Table { hasher, places } = &mut **table;
        let hash_at = |place: usize| list.get(place).map(|item| hasher.hash_one(name_of(item)));
        for place in first..list.len() {
            let hash = hash_at(place).unwrap_or_default();
            places.insert_unique(hash, place, |&place| hash_at(place).unwrap_or_default());
        }
    }

    /// Takes note that `name`, which was at `place`, is going to be taken out of its list.
    pub(super) fn remove(&mut self, name: &str, place: usize) {
        let Some(table) = &mut self.0 else { return };
        let hash = table.hasher.hash_one(name);
        if let Ok(entry) = table.places.find_entry(hash, |&known| known == place) {
            entry.remove();
        }
        table.places.iter_mut().filter(|known| **known > place).for_each(|known| *known -= 1);
    }
}

impl Table {
    fn new() -> Table {
        Table { hasher: RandomState::default(), places: HashTable::new() }
    }
}

/// The names met so far in one object whose values are not kept.
#[derive(Default)]
pub(crate) struct Names<'a> {
    list: Vec<Cow<'a, str>>,
    index: NameIndex,
}

impl<'a> Names<'a> {
    /// Begins another object.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.index = NameIndex::default();
    }

    /// Adds `name`, unless it is there: then says no.
    pub(crate) fn add(&mut self, name: Cow<'a, str>) -> bool {
        let name_of = <Cow<'a, str> as AsRef<str>>::as_ref;
        if self.index.find(&name, &self.list, name_of).is_some() {
            return false;
        }
        if self.list.is_empty() {
            self.list.reserve(FEW);
        }
        self.list.push(name);
        self.index.appended(&self.list, name_of);
        true
    }
}

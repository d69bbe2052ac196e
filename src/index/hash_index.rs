//! [`HashIndex`]: `u32` values found by the hash of what they stand for.
//!
//! Small hash tables (shards) hang in a tree that is walked by the upper bits of the hash; a full
//! shard becomes a node of smaller ones, so that adding never passes over all values. A shard is
//! one piece of memory, searched from the place that the lowest bits name on (linear probing), and
//! knows the hashes of its values: a search touches little memory, and growing asks nobody.
//!
//! It neither hashes nor compares: the caller does both, with a hash whose bits are all well mixed
//! and seeded (keys come from outside).

use std::sync::Arc;

use crate::memory::prefetch;

/// How many bits of the hash each level of the tree takes, from the highest on.
const LEVEL_BITS: u32 = 3;
/// The number of children of a node.
const FANOUT: usize = 1 << LEVEL_BITS;
/// Below this level shards grow without splitting: only values with equal hashes get there, and
/// the lowest bits stay for the shards.
const LEVEL_MAX: u32 = 8;
/// Cells of a shard at first, and before it splits. Numbers of cells are powers of two.
const CELLS_MIN: usize = 8;
const CELLS_MAX: usize = 128;

/// A set of `u32` values, any but `u32::MAX`, that is cloned in constant time.
#[derive(Clone)]
pub(crate) struct HashIndex {
    root: Node,
    len: u32,
}

#[derive(Clone)]
enum Node {
    Inner(Arc<[Node; FANOUT]>),
    Shard(Shard),
}

#[derive(Clone)]
struct Shard {
    cells: Arc<[Cell]>,
    len: u32,
}

#[derive(Clone, Copy)]
struct Cell {
    hash: u32,
    value: u32,
}

impl Cell {
    const EMPTY: Cell = Cell { hash: 0, value: u32::MAX };

    fn is_empty(self) -> bool {
        self.value == Cell::EMPTY.value
    }
}

impl Default for HashIndex {
    fn default() -> Self {
        HashIndex::new()
    }
}

impl HashIndex {
    /// An index without values.
    pub(crate) fn new() -> HashIndex {
        HashIndex { root: Node::of(&[], 0), len: 0 }
    }

    /// An index of values, each with its hash, which is made faster than by inserting them. `meet`
    /// is asked of values with one hash, in their order, which of the two alone is to be found by
    /// it; none when they stand for different things.
    pub(crate) fn of(
        values: impl Iterator<Item = (u32, u32)>,
        mut meet: impl FnMut(u32, u32) -> Option<u32>,
    ) -> HashIndex {
        let mut cells: Vec<Cell> = values.map(|(hash, value)| Cell { hash, value }).collect();
        cells.sort_unstable_by_key(|cell| (cell.hash, cell.value));
        let mut kept: Vec<Cell> = Vec::with_capacity(cells.len());
        let mut first = 0;
        for cell in cells {
            if kept.last().is_none_or(|last| last.hash != cell.hash) {
                first = kept.len();
            }
            let mut equal = kept.get_mut(first..).unwrap_or_default().iter_mut();
            let met = equal.find_map(|other| meet(other.value, cell.value).map(|it| (other, it)));
            match met {
                Some((other, value)) => other.value = value,
                None => kept.push(cell),
            }
        }
        HashIndex { root: Node::of(&kept, 0), len: kept.len() as u32 }
    }

    /// The number of values.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// A value inserted with `hash` that `eq` recognises.
    pub(crate) fn find(&self, hash: u32, eq: impl Fn(u32) -> bool) -> Option<u32> {
        let mut node = &self.root;
        let mut level = 0;
        loop {
            match node {
                Node::Inner(children) => {
                    node = children.get(place(hash, level))?;
                    level += 1;
                }
                Node::Shard(shard) => return shard.find(hash, eq).map(|(_, value)| value),
            }
        }
    }

    /// Asks memory for where [`HashIndex::find`] begins to look.
    pub(crate) fn prefetch(&self, hash: u32) {
        let mut node = Some(&self.root);
        let mut level = 0;
        while let Some(Node::Inner(children)) = node {
            node = children.get(place(hash, level));
            level += 1;
        }
        if let Some(Node::Shard(shard)) = node {
            shard.cells.get(hash as usize & (shard.cells.len() - 1)).into_iter().for_each(prefetch);
        }
    }

    /// Adds `value`, found by `hash` from now on.
    ///
    /// It is added even if an equal one is there: look with [`HashIndex::find`] before.
    pub(crate) fn insert(&mut self, hash: u32, value: u32) {
        let mut node = &mut self.root;
        let mut level = 0;
        loop {
            if let Node::Shard(shard) = node {
                if !shard.is_full() {
                    break;
                }
                if shard.cells.len() < CELLS_MAX || level >= LEVEL_MAX {
                    *shard = shard.doubled();
                    break;
                }
                *node = shard.split(level);
            }
            let Node::Inner(children) = node else { break };
            let Some(child) = Arc::make_mut(children).get_mut(place(hash, level)) else { return };
            node = child;
            level += 1;
        }
        if let Node::Shard(shard) = node {
            shard.put(Cell { hash, value });
            self.len += 1;
        }
    }

    /// Takes out a value inserted with `hash` that `eq` recognises.
    pub(crate) fn remove(&mut self, hash: u32, eq: impl Fn(u32) -> bool) -> Option<u32> {
        let value = self.find(hash, eq)?;
        let mut node = &mut self.root;
        let mut level = 0;
        while let Node::Inner(children) = node {
            node = Arc::make_mut(children).get_mut(place(hash, level))?;
            level += 1;
        }
        let Node::Shard(shard) = node else { return None };
        let (at, _) = shard.find(hash, |other| other == value)?;
        shard.take(at);
        self.len -= 1;
        Some(value)
    }
}

impl Node {
    /// The node of `level` for cells in the order of their hashes.
    fn of(cells: &[Cell], level: u32) -> Node {
        if level >= LEVEL_MAX || cells.len() <= CELLS_MAX / 4 * 3 {
            return Node::Shard(Shard::of(cells));
        }
        let mut rest = cells;
        let children = std::array::from_fn(|child| {
            let end = rest.partition_point(|cell| place(cell.hash, level) <= child);
            let (own, behind) = rest.split_at(end);
            rest = behind;
            Node::of(own, level + 1)
        });
        Node::Inner(Arc::new(children))
    }
}

impl Shard {
    /// A shard with as much room as it takes.
    fn of(values: &[Cell]) -> Shard {
        let count = (values.len() * 4).div_ceil(3).next_power_of_two().max(CELLS_MIN);
        Shard::with_room(count, values.iter().copied())
    }

    /// A shard of so many cells.
    fn with_room(count: usize, values: impl Iterator<Item = Cell>) -> Shard {
        let (mut cells, mut len) = (vec![Cell::EMPTY; count], 0);
        for value in values {
            len += u32::from(put(&mut cells, value));
        }
        Shard { cells: cells.into(), len }
    }

    /// Whether another value would make searches long: a quarter of the cells stays empty.
    fn is_full(&self) -> bool {
        self.len as usize >= self.cells.len() / 4 * 3
    }

    /// Where a value is, and the value.
    fn find(&self, hash: u32, eq: impl Fn(u32) -> bool) -> Option<(usize, u32)> {
        cells_from(&self.cells, hash)
            .take_while(|(_, cell)| !cell.is_empty())
            .find(|(_, cell)| cell.hash == hash && eq(cell.value))
            .map(|(at, cell)| (at, cell.value))
    }

    /// Adds a value; a cell must be empty.
    fn put(&mut self, new: Cell) {
        self.len += u32::from(put(Arc::make_mut(&mut self.cells), new));
    }

    /// Takes the value at a place out. What follows it may have been put there because of it, so
    /// all up to the next empty cell is put anew.
    fn take(&mut self, at: usize) {
        let behind: Vec<(usize, Cell)> = cells_from(&self.cells, at as u32)
            .skip(1)
            .take_while(|(_, cell)| !cell.is_empty())
            .collect();
        let cells = Arc::make_mut(&mut self.cells);
        for at in behind.iter().map(|(at, _)| *at).chain([at]) {
            if let Some(cell) = cells.get_mut(at) {
                *cell = Cell::EMPTY;
            }
        }
        self.len -= 1 + behind.len() as u32;
        behind.into_iter().for_each(|(_, cell)| self.put(cell));
    }

    fn values(&self) -> impl Iterator<Item = Cell> {
        self.cells.iter().copied().filter(|cell| !cell.is_empty())
    }

    /// The same values in twice the cells.
    fn doubled(&self) -> Shard {
        Shard::with_room(self.cells.len() * 2, self.values())
    }

    /// The node that takes the place of a full shard of `level`.
    fn split(&self, level: u32) -> Node {
        let mut values: [Vec<Cell>; FANOUT] = Default::default();
        for cell in self.values() {
            values.get_mut(place(cell.hash, level)).into_iter().for_each(|some| some.push(cell));
        }
        Node::Inner(Arc::new(values.map(|some| Node::Shard(Shard::of(&some)))))
    }
}

/// The cells from the one that `hash` names on, around the end, each with its place. How many there
/// are is a power of two.
fn cells_from(cells: &[Cell], hash: u32) -> impl Iterator<Item = (usize, Cell)> {
    let mask = cells.len() - 1;
    (hash as usize & mask..).map_while(move |at| Some((at & mask, *cells.get(at & mask)?)))
}

/// Puts a value into the first cell for it that is empty; false when none is.
fn put(cells: &mut [Cell], new: Cell) -> bool {
    let empty = cells_from(cells, new.hash).take(cells.len()).find(|(_, cell)| cell.is_empty());
    let cell = empty.and_then(|(at, _)| cells.get_mut(at));
    cell.map(|cell| *cell = new).is_some()
}

/// Where in a node of `level` (the root's is 0) the way to `hash` goes on.
fn place(hash: u32, level: u32) -> usize {
    (hash >> (u32::BITS - LEVEL_BITS * (level + 1))) as usize % FANOUT
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::index::random::{Random, mix};

    impl HashIndex {
        fn sane(&self, hash_of: &impl Fn(u32) -> u32) {
            fn walk(node: &Node, path: &mut Vec<usize>, hash_of: &impl Fn(u32) -> u32) -> usize {
                match node {
                    Node::Inner(children) => {
                        assert!(path.len() < LEVEL_MAX as usize);
                        let mut len = 0;
                        for (at, child) in children.iter().enumerate() {
                            path.push(at);
                            len += walk(child, path, hash_of);
                            path.pop();
                        }
                        len
                    }
                    Node::Shard(shard) => {
                        let deepest = path.len() == LEVEL_MAX as usize;
                        assert!(deepest || shard.cells.len() <= CELLS_MAX);
                        for Cell { hash, value } in shard.values() {
                            assert_eq!(hash, hash_of(value));
                            let levels = path.iter().zip(0..);
                            levels.for_each(|(&at, level)| assert_eq!(at, place(hash, level)));
                        }
                        assert_eq!(shard.values().count(), shard.len as usize);
                        assert!(shard.len as usize <= shard.cells.len() / 4 * 3);
                        shard.len as usize
                    }
                }
            }
            assert_eq!(walk(&self.root, &mut Vec::new(), hash_of), self.len as usize);
        }
    }

    /// Values stand for keys: key -> value, and the key of each value ever given.
    struct Fixture {
        index: HashIndex,
        model: HashMap<u64, u32>,
        keys: Vec<u64>,
        hash: fn(u64) -> u32,
    }

    impl Fixture {
        fn new(hash: fn(u64) -> u32) -> Fixture {
            Fixture { index: HashIndex::new(), model: HashMap::new(), keys: Vec::new(), hash }
        }

        fn insert(&mut self, key: u64) {
            let value = self.keys.len() as u32;
            self.keys.push(key);
            self.index.insert((self.hash)(key), value);
            self.model.insert(key, value);
        }

        fn remove(&mut self, key: u64) {
            let keys = &self.keys;
            let found = self.index.remove((self.hash)(key), |value| keys[value as usize] == key);
            assert_eq!(found, self.model.remove(&key));
        }

        fn find(&self, index: &HashIndex, key: u64) -> Option<u32> {
            index.find((self.hash)(key), |value| self.keys[value as usize] == key)
        }

        fn check(&self, index: &HashIndex, model: &HashMap<u64, u32>, range: usize) {
            index.sane(&|value| (self.hash)(self.keys[value as usize]));
            assert_eq!(index.len() as usize, model.len());
            for key in 0..range as u64 {
                assert_eq!(self.find(index, key), model.get(&key).copied());
            }
        }
    }

    fn mixed(key: u64) -> u32 {
        mix(key) as u32
    }

    fn random_operations(salt: u64, hash: fn(u64) -> u32, range: usize, steps: usize) {
        let mut random = Random::new(salt);
        let mut fixture = Fixture::new(hash);
        let mut clones = Vec::new();
        for step in 0..steps {
            let key = random.below(range) as u64;
            let growing = step / (steps / 4) % 2 == 0;
            let known = fixture.find(&fixture.index, key);
            assert_eq!(known, fixture.model.get(&key).copied());
            if random.below(10) < 8 && growing == known.is_none() {
                if growing { fixture.insert(key) } else { fixture.remove(key) }
            } else if known.is_none() {
                fixture.remove(key);
            }
            if random.below(steps / 10) == 0 {
                clones.push((fixture.index.clone(), fixture.model.clone()));
            }
        }
        fixture.check(&fixture.index, &fixture.model, range);
        clones.iter().for_each(|(index, model)| fixture.check(index, model, range));
    }

    #[test]
    fn random_operations_agree_with_a_map_and_clones_stay_as_they_were() {
        random_operations(1, mixed, 20_000, 100_000);
        random_operations(2, mixed, 300, 10_000);
    }

    #[test]
    fn bad_hashes_are_slow_but_right() {
        random_operations(3, |_| 0, 1000, 6000);
        random_operations(4, |key| (key % 3) as u32, 1000, 6000);
        random_operations(5, |key| (key as u32) << 25, 1000, 6000);
    }

    #[test]
    fn an_index_made_at_once_finds_what_one_made_one_by_one_finds() {
        for (salt, hash) in [(6, mixed as fn(u64) -> u32), (7, |_| 0), (8, |key| (key % 5) as u32)]
        {
            for count in [0, 1, 6, 7, 95, 96, 97, 800, 5_000] {
                let count = if salt == 6 { count } else { count.min(800) };
                let mut random = Random::new(salt);
                let mut fixture = Fixture::new(hash);
                let keys: Vec<u64> = (0..count).map(|_| random.below(count) as u64).collect();
                for (value, &key) in (0..).zip(&keys) {
                    fixture.model.entry(key).or_insert(value);
                }
                let hashes = (0..).zip(&keys).map(|(value, &key)| (hash(key), value));
                fixture.index = HashIndex::of(hashes, |one, other| {
                    assert!(one < other);
                    (keys[one as usize] == keys[other as usize]).then_some(one)
                });
                fixture.keys = keys;
                fixture.check(&fixture.index, &fixture.model, count);
                let (before, model) = (fixture.index.clone(), fixture.model.clone());
                (0..200).for_each(|key| fixture.insert(1_000_000 + key));
                fixture.check(&fixture.index, &fixture.model, count);
                fixture.check(&before, &model, count);
            }
        }
    }

    #[test]
    fn several_values_with_one_hash_are_told_apart() {
        let mut index = HashIndex::new();
        (0..5).for_each(|value| index.insert(9, value));
        assert_eq!(index.find(9, |value| value == 3), Some(3));
        assert_eq!(index.find(9, |value| value == 7), None);
        assert_eq!(index.remove(9, |value| value == 3), Some(3));
        assert_eq!(index.remove(9, |value| value == 3), None);
        assert_eq!((index.find(9, |value| value == 3), index.len()), (None, 4));
    }

    #[test]
    fn removing_what_is_not_there_copies_nothing() {
        let mut fixture = Fixture::new(mixed);
        (0..90).for_each(|key| fixture.insert(key));
        let clone = fixture.index.clone();
        fixture.remove(90);
        let (Node::Shard(one), Node::Shard(other)) = (&fixture.index.root, &clone.root) else {
            panic!("90 values fit into one shard");
        };
        assert!(Arc::ptr_eq(&one.cells, &other.cells));
    }
}

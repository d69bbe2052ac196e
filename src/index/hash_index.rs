//! [`HashIndex`]: `u32` values found by the hash of what they stand for.
//!
//! Small hash tables (shards) hang in a tree that is walked by the upper bits of the hash; a full
//! shard becomes a node of smaller ones, so that adding never passes over all values. It neither
//! hashes nor compares: the caller does both, with a hash whose bits are all well mixed and seeded
//! (keys come from outside).

use std::sync::Arc;

use hashbrown::HashTable;

/// How many bits of the hash each level of the tree takes.
const LEVEL_BITS: u32 = 2;
/// The number of children of a node.
const FANOUT: usize = 1 << LEVEL_BITS;
/// The uppermost bits of a hash, which a shard uses as its tags; the tree takes those below them.
const TAG_BITS: u32 = 7;
/// A shard splits when it would grow beyond this number of values, which just fit into 128 buckets.
const SHARD_LEN_MAX: usize = 112;
/// Below this level shards grow without splitting: only values with equal hashes get there, and
/// the lowest bits stay for the shards, which use them for their buckets.
const LEVEL_MAX: u32 = 16;

/// A set of `u32` values that is cloned in constant time.
#[derive(Clone)]
pub(crate) struct HashIndex {
    root: Node,
    len: u32,
}

#[derive(Clone)]
enum Node {
    Inner(Arc<[Node; FANOUT]>),
    Shard(Arc<HashTable<u32>>),
}

impl Default for HashIndex {
    fn default() -> Self {
        HashIndex::new()
    }
}

impl HashIndex {
    /// An index without values.
    pub(crate) fn new() -> HashIndex {
        HashIndex { root: Node::Shard(Arc::new(HashTable::new())), len: 0 }
    }

    /// The number of values.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// A value inserted with `hash` that `eq` recognises.
    pub(crate) fn find(&self, hash: u64, eq: impl Fn(u32) -> bool) -> Option<u32> {
        let mut node = &self.root;
        let mut level = 0;
        loop {
            match node {
                Node::Inner(children) => {
                    node = children.get(place(hash, level))?;
                    level += 1;
                }
                Node::Shard(shard) => return shard.find(hash, |&value| eq(value)).copied(),
            }
        }
    }

    /// Adds `value`, found by `hash` from now on; `rehash` gives the hash of any value in here.
    ///
    /// It is added even if an equal one is there: look with [`HashIndex::find`] before.
    pub(crate) fn insert(&mut self, hash: u64, value: u32, rehash: impl Fn(u32) -> u64) {
        let mut node = &mut self.root;
        let mut level = 0;
        loop {
            if let Node::Shard(shard) = node {
                if shard.len() < SHARD_LEN_MAX || level >= LEVEL_MAX {
                    break;
                }
                *node = split(shard, level, &rehash);
            }
            let Node::Inner(children) = node else { break };
            let Some(child) = Arc::make_mut(children).get_mut(place(hash, level)) else { return };
            node = child;
            level += 1;
        }
        if let Node::Shard(shard) = node {
            Arc::make_mut(shard).insert_unique(hash, value, |&value| rehash(value));
            self.len += 1;
        }
    }

    /// Takes out a value inserted with `hash` that `eq` recognises.
    pub(crate) fn remove(&mut self, hash: u64, eq: impl Fn(u32) -> bool) -> Option<u32> {
        let value = self.find(hash, eq)?;
        let mut node = &mut self.root;
        let mut level = 0;
        while let Node::Inner(children) = node {
            node = Arc::make_mut(children).get_mut(place(hash, level))?;
            level += 1;
        }
        let Node::Shard(shard) = node else { return None };
        let entry = Arc::make_mut(shard).find_entry(hash, |&other| other == value).ok()?;
        self.len -= 1;
        Some(entry.remove().0)
    }
}

/// Where in a node of `level` (the root's is 0) the way to `hash` goes on.
fn place(hash: u64, level: u32) -> usize {
    (hash >> (u64::BITS - TAG_BITS - LEVEL_BITS * (level + 1))) as usize % FANOUT
}

/// The node that takes the place of a full shard of `level`.
fn split(full: &HashTable<u32>, level: u32, rehash: &impl Fn(u32) -> u64) -> Node {
    let mut shards: [HashTable<u32>; FANOUT] = std::array::from_fn(|_| HashTable::new());
    for &value in full {
        let hash = rehash(value);
        if let Some(shard) = shards.get_mut(place(hash, level)) {
            shard.insert_unique(hash, value, |&value| rehash(value));
        }
    }
    Node::Inner(Arc::new(shards.map(|shard| Node::Shard(Arc::new(shard)))))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::index::random::{Random, mix};

    impl HashIndex {
        fn sane(&self, hash_of: &impl Fn(u32) -> u64) {
            fn walk(node: &Node, path: &mut Vec<usize>, hash_of: &impl Fn(u32) -> u64) -> usize {
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
                        assert!(deepest || shard.len() <= SHARD_LEN_MAX);
                        for &value in &**shard {
                            let levels = path.iter().zip(0..);
                            levels.for_each(|(&at, level)| {
                                assert_eq!(at, place(hash_of(value), level));
                            });
                        }
                        shard.len()
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
        hash: fn(u64) -> u64,
    }

    impl Fixture {
        fn new(hash: fn(u64) -> u64) -> Fixture {
            Fixture { index: HashIndex::new(), model: HashMap::new(), keys: Vec::new(), hash }
        }

        fn insert(&mut self, key: u64) {
            let value = self.keys.len() as u32;
            self.keys.push(key);
            self.index
                .insert((self.hash)(key), value, |other| (self.hash)(self.keys[other as usize]));
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

    fn random_operations(salt: u64, hash: fn(u64) -> u64, range: usize, steps: usize) {
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
        random_operations(1, mix, 20_000, 100_000);
        random_operations(2, mix, 300, 10_000);
    }

    #[test]
    fn bad_hashes_are_slow_but_right() {
        random_operations(3, |_| 0, 1000, 6000);
        random_operations(4, |key| key % 3, 1000, 6000);
        random_operations(5, |key| key << 57, 1000, 6000);
    }

    #[test]
    fn several_values_with_one_hash_are_told_apart() {
        let mut index = HashIndex::new();
        (0..5).for_each(|value| index.insert(9, value, |_| 9));
        assert_eq!(index.find(9, |value| value == 3), Some(3));
        assert_eq!(index.find(9, |value| value == 7), None);
        assert_eq!(index.remove(9, |value| value == 3), Some(3));
        assert_eq!(index.remove(9, |value| value == 3), None);
        assert_eq!((index.find(9, |value| value == 3), index.len()), (None, 4));
    }

    #[test]
    fn removing_what_is_not_there_copies_nothing() {
        let mut fixture = Fixture::new(mix);
        (0..100).for_each(|key| fixture.insert(key));
        let clone = fixture.index.clone();
        fixture.remove(100);
        let (Node::Shard(one), Node::Shard(other)) = (&fixture.index.root, &clone.root) else {
            panic!("100 values fit into one shard");
        };
        assert!(Arc::ptr_eq(one, other));
    }
}

//! A forest and beside it the plain model: documents in a map, everything else counted anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::ids::LEVELS_MAX;
use crate::ids::forest::{Forest, Parent, Seat};
use crate::model::document::Codes;
use crate::model::json::parse;
use crate::model::schema::Schema;
use crate::model::time::Time;

const SCHEMA: &str = r#"{"dimensions":[
    {"name":"status","type":"enumerated","values":["pending","active","waiting","done"],
     "prefixes":{"active":"a","done":"d"},"default_value":"pending"},
    {"name":"parent","type":"hierarchical"},
    {"name":"priority","type":"enumerated","values":["low","medium","high"],
     "prefixes":{"high":"h","low":"l"},"default_value":"medium"}]}"#;
/// The UUIDs in use: few, so that documents wait for each other and come back.
const UUIDS: u64 = 40;

/// Random numbers that a seed repeats.
pub(super) struct Chance(SmallRng);

impl Chance {
    pub(super) fn new(seed: u64) -> Chance {
        Chance(SmallRng::seed_from_u64(seed))
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        (!list.is_empty()).then(|| list[self.below(list.len() as u64) as usize])
    }
}

#[derive(Clone, Debug)]
pub(super) struct Plain {
    pub(super) uuid: u128,
    pub(super) parent: Option<u128>,
    pub(super) codes: Codes,
    pub(super) created: i64,
    /// The numbers given under the present parent, by prefix text.
    pub(super) numbers: BTreeMap<String, u32>,
}

/// One level of a place: siblings are in this order.
pub(super) type Level = (Codes, i64, u32);

#[derive(Clone)]
pub(super) struct World {
    pub(super) forest: Forest,
    pub(super) documents: BTreeMap<u32, Plain>,
    /// Highest numbers given, by parent and prefix text.
    highest: BTreeMap<(Option<u32>, String), u32>,
    /// No two documents are created at one time.
    pub(super) distinct_times: bool,
    /// So many more changes are made while documents come in the order of their times.
    pub(super) steps_in_order: u64,
}

impl World {
    pub(super) fn new(stable: bool) -> World {
        let schema = Schema::from_call(&parse(SCHEMA).unwrap()).unwrap();
        let mut forest = Forest::new(Arc::new(schema));
        if stable {
            forest.number_stably(BTreeMap::new(), &|_, _| 0);
        }
        World {
            forest,
            documents: BTreeMap::new(),
            highest: BTreeMap::new(),
            distinct_times: false,
            steps_in_order: 0,
        }
    }

    pub(super) fn find(&self, uuid: u128) -> Option<u32> {
        self.documents.iter().find(|(_, document)| document.uuid == uuid).map(|(&slot, _)| slot)
    }

    fn parent_of(&self, slot: u32) -> Option<u32> {
        self.find(self.documents[&slot].parent?)
    }

    pub(super) fn is_root(&self, slot: u32) -> bool {
        self.documents[&slot].parent.is_none()
    }

    /// The documents from a root down to `slot`; none when it has no place.
    pub(super) fn chain(&self, slot: u32) -> Option<Vec<u32>> {
        let mut chain = vec![slot];
        let mut at = slot;
        while !self.is_root(at) {
            at = self.parent_of(at)?;
            chain.push(at);
            if chain.len() > LEVELS_MAX as usize {
                return None;
            }
        }
        chain.reverse();
        Some(chain)
    }

    pub(super) fn children(&self, slot: u32) -> Vec<u32> {
        let own = self.documents[&slot].uuid;
        let slots = self.documents.keys().copied();
        slots.filter(|child| self.documents[child].parent == Some(own)).collect()
    }

    /// The codes of status and priority that show a prefix.
    fn visible(&self, slot: u32) -> Codes {
        visible(&self.documents[&slot].codes)
    }

    fn siblings(&self, parent: Option<u32>, codes: &Codes) -> Vec<u32> {
        let is_in = |&slot: &u32| match parent {
            None => self.is_root(slot),
            Some(parent) => self.parent_of(slot) == Some(parent),
        };
        let slots = self.documents.keys().copied().filter(is_in);
        let mut found: Vec<u32> = slots.filter(|&slot| self.visible(slot) == *codes).collect();
        found.sort_by_key(|&slot| self.level_of(slot));
        found
    }

    fn level_of(&self, slot: u32) -> Level {
        let document = &self.documents[&slot];
        let visible = self.visible(slot);
        let order = match self.forest.stable {
            true => i64::from(document.numbers.get(&text(&visible)).copied().unwrap_or(0)),
            false => document.created,
        };
        (visible, order, slot)
    }

    /// Where a placed document stands.
    pub(super) fn place(&self, slot: u32) -> Option<Vec<Level>> {
        Some(self.chain(slot)?.into_iter().map(|slot| self.level_of(slot)).collect())
    }

    fn number(&self, slot: u32) -> u32 {
        let visible = self.visible(slot);
        if self.forest.stable {
            return self.documents[&slot].numbers[&text(&visible)];
        }
        let siblings = self.siblings(self.parent_of(slot), &visible);
        siblings.iter().position(|&other| other == slot).unwrap() as u32 + 1
    }

    pub(super) fn id(&self, slot: u32) -> Option<String> {
        let levels = self.chain(slot)?.into_iter();
        let levels =
            levels.map(|slot| format!("{}{}", text(&self.visible(slot)), self.number(slot)));
        Some(levels.collect::<Vec<_>>().join("."))
    }

    /// All documents in the order of a walk.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut slots: Vec<u32> = self.documents.keys().copied().collect();
        slots.sort_by_cached_key(|&slot| match self.place(slot) {
            Some(place) => (0, place),
            None => (1, vec![(Codes::default(), self.documents[&slot].created, slot)]),
        });
        slots
    }

    /// The parents, documents or none, and prefix texts under which somebody hangs.
    pub(super) fn partitions(&self) -> BTreeSet<(Option<u32>, String)> {
        let slots = self.documents.keys().copied();
        slots
            .filter(|&slot| self.is_root(slot) || self.parent_of(slot).is_some())
            .map(|slot| (self.parent_of(slot), text(&self.visible(slot))))
            .collect()
    }

    /// The last number of a partition.
    pub(super) fn last_number(&self, parent: Option<u32>, prefix: &str) -> u32 {
        let members = self.documents.keys().copied().filter(|&slot| {
            let is_here = self.is_root(slot) || self.parent_of(slot).is_some();
            is_here && self.parent_of(slot) == parent && text(&self.visible(slot)) == prefix
        });
        members.map(|slot| self.number(slot)).max().unwrap_or(0)
    }

    fn seat(&self, parent: Option<u128>, codes: Codes, created: i64, claim: u32) -> Seat {
        let parent = match parent.map(|uuid| (uuid, self.find(uuid))) {
            None => Parent::Root,
            Some((_, Some(slot))) => Parent::Slot(slot),
            Some((uuid, None)) => Parent::Missing(Some(uuid)),
        };
        Seat { created: Time::from_unix(created, 0), parent, codes, claim }
    }

    /// Gives the document its number, once it hangs below somebody.
    fn give_number(&mut self, slot: u32) {
        let parent = self.parent_of(slot);
        if !self.forest.stable || (parent.is_none() && !self.is_root(slot)) {
            return;
        }
        let prefix = text(&self.visible(slot));
        let highest = self.highest.entry((parent, prefix.clone())).or_insert(0);
        self.documents.get_mut(&slot).unwrap().numbers.entry(prefix).or_insert_with(|| {
            *highest += 1;
            *highest
        });
    }

    pub(super) fn insert(
        &mut self,
        uuid: u128,
        parent: Option<u128>,
        [status, priority]: [u16; 2],
        created: i64,
    ) -> u32 {
        let mut codes = Codes::default();
        (codes[0], codes[2]) = (status, priority);
        let slot = self.forest.insert(uuid, &self.seat(parent, codes, created, 0));
        let numbers = BTreeMap::new();
        let before = self.documents.insert(slot, Plain { uuid, parent, codes, created, numbers });
        assert!(before.is_none(), "slots are never reused");
        self.give_number(slot);
        for child in self.children(slot) {
            self.give_number(child);
        }
        slot
    }

    pub(super) fn relocate(
        &mut self,
        slot: u32,
        parent: Option<u128>,
        [status, priority]: [u16; 2],
        created: i64,
    ) {
        let document = self.documents.get_mut(&slot).unwrap();
        (document.codes[0], document.codes[2]) = (status, priority);
        if document.parent != parent {
            document.numbers.clear();
        }
        let prefix = text(&visible(&document.codes));
        let claim = document.numbers.get(&prefix).copied().unwrap_or(0);
        let codes = document.codes;
        let seat = self.seat(parent, codes, created, claim);
        if self.forest.stable && claim > 0 {
            assert_eq!(self.forest.number_at(&seat, Some(slot)), claim, "its number is free");
        }
        self.forest.relocate(slot, &seat);
        let document = self.documents.get_mut(&slot).unwrap();
        (document.parent, document.created) = (parent, created);
        self.give_number(slot);
    }

    pub(super) fn remove(&mut self, slot: u32) {
        self.forest.remove(slot);
        self.documents.remove(&slot);
        self.highest.retain(|(parent, _), _| *parent != Some(slot));
    }

    pub(super) fn descendants(&self, top: u32) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        let mut open = vec![top];
        while let Some(slot) = open.pop() {
            open.extend(self.children(slot).into_iter().filter(|&child| found.insert(child)));
        }
        found
    }

    /// Removes it and all below it as a cascade does: children before parents.
    pub(super) fn remove_tree(&mut self, top: u32) {
        let mut below = self.forest.descendants(top);
        let mut expected = self.descendants(top);
        expected.remove(&top);
        assert_eq!(below.iter().copied().collect::<BTreeSet<u32>>(), expected);
        assert_eq!(below.len(), expected.len(), "each once");
        below.insert(0, top);
        below.into_iter().rev().for_each(|slot| self.remove(slot));
    }

    pub(super) fn remove_everything(&mut self) {
        while let Some(&slot) = self.documents.keys().next() {
            self.remove_tree(slot);
        }
    }

    /// One random change.
    pub(super) fn step(&mut self, chance: &mut Chance) {
        let slots: Vec<u32> = self.documents.keys().copied().collect();
        let codes = [chance.below(5) as u16, chance.below(4) as u16];
        let mut created = chance.below(30) as i64;
        if self.distinct_times {
            created = chance.below(1 << 37) as i64;
        }
        let is_in_order = self.steps_in_order > 0;
        if is_in_order {
            self.steps_in_order -= 1;
            // Of two with one time, the first to come is the first.
            created = 100 + i64::from(self.forest.nodes.len() / 2);
        }
        let picked = chance.pick(&slots);
        match (chance.below(10), picked) {
            (0..=5, _) | (_, None) => {
                let uuid = u128::from(chance.below(UUIDS));
                if self.find(uuid).is_none() {
                    let any = u128::from(chance.below(UUIDS));
                    let known = picked.map(|slot| self.documents[&slot].uuid);
                    let parent = match chance.below(10) {
                        0..=2 => None,
                        3 => Some(any),
                        _ => known,
                    };
                    self.insert(uuid, parent, codes, created);
                }
            }
            (6 | 7, Some(slot)) => {
                let below = self.descendants(slot);
                let allowed = |other: &u32| *other != slot && !below.contains(other);
                let others: Vec<u32> = slots.iter().copied().filter(allowed).collect();
                let now = self.documents[&slot].parent;
                let is_orphan = now.is_some_and(|uuid| self.find(uuid).is_none());
                let parent = match chance.below(4) {
                    0 => None,
                    1 if is_orphan || !now.is_some_and(|uuid| self.within(uuid, slot)) => now,
                    _ => chance.pick(&others).map(|slot| self.documents[&slot].uuid),
                };
                // What only comes a little later counts as not moved, in `walks`.
                let kept = self.documents[&slot].created;
                let keeps_time = self.distinct_times || is_in_order;
                let created = if keeps_time { kept } else { created };
                self.relocate(slot, parent, codes, created);
            }
            (8, Some(slot)) => self.remove_tree(slot),
            (_, Some(slot)) => {
                if self.children(slot).is_empty() {
                    self.remove(slot);
                }
            }
        }
    }

    fn within(&self, uuid: u128, top: u32) -> bool {
        self.find(uuid).is_some_and(|slot| slot == top || self.descendants(top).contains(&slot))
    }
}

/// Status 2 is active and 4 done; priority 1 is low and 3 high. The others show nothing.
fn visible(codes: &Codes) -> Codes {
    let mut visible = Codes::default();
    visible[0] = [0, 0, 2, 0, 4][usize::from(codes[0])];
    visible[2] = [0, 1, 0, 3][usize::from(codes[2])];
    visible
}

fn text(visible: &Codes) -> String {
    let status = ["", "", "a", "", "d"][usize::from(visible[0])];
    let priority = ["", "l", "", "h"][usize::from(visible[2])];
    format!("{status}{priority}")
}

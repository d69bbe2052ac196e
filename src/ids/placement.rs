//! Which documents have a place in the trees: levels, cycles, and what hangs in the air.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ids::LEVELS_MAX;
use crate::ids::forest::{Forest, MISSING, ROOT};

impl Forest {
    /// Brings it and what hangs below it into, or out of, the set of unplaced documents. `before`
    /// is the level it had.
    pub(super) fn settle(&mut self, slot: u32, before: Option<u32>) {
        let level = self.level_below_parent(slot);
        let has_children = self.nodes.get(slot).is_some_and(|node| !node.children.is_empty());
        if let Some(level) = level {
            let reach = match before {
                Some(before) if has_children => level + self.deepest.saturating_sub(before),
                _ => level,
            };
            self.deepest = self.deepest.max(reach).min(LEVELS_MAX);
            // `deepest` says nothing of unplaced documents, which may hang below this one.
            let unmoved = before.is_some() && reach <= LEVELS_MAX;
            let new_leaf = before.is_none() && !has_children;
            if (unmoved || new_leaf) && self.unplaced.is_empty() {
                return;
            }
        }
        self.settle_subtree(slot, level);
    }

    fn settle_subtree(&mut self, top: u32, level: Option<u32>) {
        let mut stack = vec![(top, level)];
        let mut visited = BTreeSet::new();
        while let Some((slot, level)) = stack.pop() {
            // A cycle comes round to its top again.
            if level.is_none() && !visited.insert(slot) {
                continue;
            }
            match level {
                Some(level) => {
                    self.deepest = self.deepest.max(level);
                    if self.unplaced.contains(&slot) {
                        Arc::make_mut(&mut self.unplaced).remove(&slot);
                    }
                }
                None => {
                    Arc::make_mut(&mut self.unplaced).insert(slot);
                }
            }
            let below = level.and_then(|level| (level < LEVELS_MAX).then_some(level + 1));
            stack.extend(self.children(slot).map(|child| (child, below)));
        }
    }

    fn level_below_parent(&self, slot: u32) -> Option<u32> {
        match self.nodes.get(slot)?.parent {
            ROOT => Some(1),
            MISSING => None,
            parent => {
                let level = self.level(parent)? + 1;
                (level <= LEVELS_MAX && parent != slot).then_some(level)
            }
        }
    }

    /// Whether it has an ID.
    pub(crate) fn is_placed(&self, slot: u32) -> bool {
        !self.unplaced.contains(&slot)
    }

    /// The documents that have no ID, by slot.
    pub(crate) fn unplaced(&self) -> &BTreeSet<u32> {
        &self.unplaced
    }

    /// Its level, 1 for a root; none for an unplaced document. Costs its level.
    pub(crate) fn level(&self, slot: u32) -> Option<u32> {
        if !self.is_placed(slot) {
            return None;
        }
        let mut level = 1;
        let mut at = self.nodes.get(slot)?.parent;
        while at != ROOT && level <= LEVELS_MAX {
            at = self.nodes.get(at)?.parent;
            level += 1;
        }
        (level <= LEVELS_MAX).then_some(level)
    }

    /// Whether `slot` is `top` or hangs below it. Costs the level of `slot`.
    pub(crate) fn is_within(&self, slot: u32, top: u32) -> bool {
        let mut at = slot;
        for _ in 0..=LEVELS_MAX {
            if at == top {
                return true;
            }
            match self.nodes.get(at).map(|node| node.parent) {
                Some(ROOT | MISSING) | None => return false,
                Some(parent) => at = parent,
            }
        }
        false
    }

    /// Whether `slot`, with all that hangs below it, can hang below `parent` without going deeper
    /// than [`LEVELS_MAX`]. Costs the levels; the size of its subtree only where it comes close.
    pub(crate) fn fits_below(&self, slot: Option<u32>, parent: u32) -> bool {
        let level = self.chain(parent) + 1;
        let Some(slot) = slot.filter(|&slot| self.has_children(slot)) else {
            return level <= LEVELS_MAX;
        };
        let height_at_most = self.deepest.saturating_sub(self.level(slot).unwrap_or(0));
        let surely = self.unplaced.is_empty() && level + height_at_most <= LEVELS_MAX;
        surely || level + self.height(slot) <= LEVELS_MAX
    }

    /// Documents from `slot` up to the end of its chain of parents, itself included; above
    /// [`LEVELS_MAX`] it is not followed further.
    fn chain(&self, slot: u32) -> u32 {
        let mut at = slot;
        let mut count = 0;
        while at < MISSING && count <= LEVELS_MAX {
            at = self.nodes.get(at).map_or(ROOT, |node| node.parent);
            count += 1;
        }
        count
    }

    fn height(&self, top: u32) -> u32 {
        let mut height = 0;
        let mut row: Vec<u32> = self.children(top).filter(|&slot| slot != top).collect();
        while !row.is_empty() && height <= LEVELS_MAX {
            height += 1;
            // A cycle leads back to its top, which leaves it when it moves.
            let below = row.iter().flat_map(|&slot| self.children(slot));
            row = below.filter(|&slot| slot != top).collect();
        }
        height
    }
}

//! The partitions below one document, or those of the roots.

use std::sync::Arc;

/// Numbers of partitions in the order of their prefixes. Most documents that others hang below have
/// one partition, which lies in the value itself.
#[derive(Clone, Default)]
pub(super) enum PartitionList {
    #[default]
    Empty,
    One(u32),
    Many(Arc<Vec<u32>>),
}

impl PartitionList {
    /// The partitions.
    pub(super) fn as_slice(&self) -> &[u32] {
        match self {
            PartitionList::Empty => &[],
            PartitionList::One(partition) => std::slice::from_ref(partition),
            PartitionList::Many(partitions) => partitions,
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, PartitionList::Empty)
    }

    /// Adds a partition at its place.
    pub(super) fn insert(&mut self, place: usize, partition: u32) {
        match self {
            PartitionList::Empty => *self = PartitionList::One(partition),
            PartitionList::One(other) => {
                let mut both = vec![*other];
                both.insert(place, partition);
                *self = PartitionList::Many(Arc::new(both));
            }
            PartitionList::Many(partitions) => Arc::make_mut(partitions).insert(place, partition),
        }
    }

    /// Takes a partition out.
    pub(super) fn remove(&mut self, partition: u32) {
        let mut left = self.as_slice().to_vec();
        left.retain(|&other| other != partition);
        *self = match left.as_slice() {
            [] => PartitionList::Empty,
            [one] => PartitionList::One(*one),
            _ => PartitionList::Many(Arc::new(left)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::random::Random;

    #[test]
    fn it_holds_what_a_vector_holds_and_clones_stay_as_they_were() {
        let mut random = Random::new(3);
        let (mut list, mut model) = (PartitionList::default(), Vec::new());
        for number in 0..2_000 {
            let (before, before_model) = (list.clone(), model.clone());
            if model.len() > 4 || random.below(3) == 0 && !model.is_empty() {
                let gone = model.remove(random.below(model.len()));
                list.remove(gone);
            } else {
                let place = random.below(model.len() + 1);
                list.insert(place, number);
                model.insert(place, number);
            }
            assert_eq!(list.as_slice(), model);
            assert_eq!(list.is_empty(), model.is_empty());
            assert_eq!(before.as_slice(), before_model);
        }
    }
}

//! The members of a JSON object: in their order, each name once.

use super::Value;
use super::names::NameIndex;

/// Names and values in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    members: Vec<(String, Value)>,
    index: NameIndex,
}

fn name_of(member: &(String, Value)) -> &str {
    &member.0
}

impl Object {
    fn place(&self, name: &str) -> Option<usize> {
        self.index.find(name, &self.members, name_of)
    }

    /// The value of the member `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(self.place(name)?).map(|(_, value)| value)
    }

    /// The value of the member `name`, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let place = self.place(name)?;
        self.members.get_mut(place).map(|(_, value)| value)
    }

    /// Whether there is a member `name`.
    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Sets a member, where it stands or else at the end; gives the old value.
    pub(crate) fn insert(&mut self, name: String, value: Value) -> Option<Value> {
        if let Some(old) = self.get_mut(&name) {
            return Some(std::mem::replace(old, value));
        }
        self.append(name, value);
        None
    }

    /// Adds a member that is known not to be there.
    pub(crate) fn append(&mut self, name: String, value: Value) {
        self.members.push((name, value));
        self.index.appended(&self.members, name_of);
    }

    /// Takes a member out, the others keeping their order; linear in the number of members.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.place(name)?;
        self.index.remove(name, place);
        Some(self.members.remove(place).1)
    }

    /// Puts members in the order of their ranks; behind them, in their order, those without one.
    pub(crate) fn order_by(&mut self, rank: impl Fn(&str) -> Option<usize>) {
        let rank = |member: &(String, Value)| rank(&member.0).unwrap_or(usize::MAX);
        if self.members.is_sorted_by_key(rank) {
            return;
        }
        self.members.sort_by_key(rank);
        self.index = NameIndex::default();
        self.index.appended(&self.members, name_of);
    }

    /// The members in their order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&String, &Value)> + Clone {
        self.members.iter().map(|(name, value)| (name, value))
    }

    /// The number of members.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

/// Of members with one name, the last value stays, at the place of the first.
impl FromIterator<(String, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(members: I) -> Object {
        let mut object = Object::default();
        for (name, value) in members {
            object.insert(name, value);
        }
        object
    }
}

impl IntoIterator for Object {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::Number;

    fn numbered(names: impl Iterator<Item = u64>) -> Object {
        names.map(|n| (n.to_string(), Value::Number(Number::from(n)))).collect()
    }

    #[test]
    fn insert_replaces_in_place_or_appends() {
        let mut object = numbered(0..3);
        assert_eq!(object.insert("1".into(), Value::Null), Some(Value::Number(1_u64.into())));
        assert_eq!(object.insert("x".into(), Value::Bool(true)), None);
        assert_eq!(Value::Object(object).to_text(), r#"{"0":0,"1":null,"2":2,"x":true}"#);
    }

    #[test]
    fn members_are_ordered_by_rank_and_found_afterwards() {
        for count in [0, 3, 24, 25, 60] {
            let mut object = numbered(0..count);
            // Odd ones first, from the last on; the others stay behind them as they are.
            let rank = |name: &str| {
                let number: usize = name.parse().unwrap();
                (number % 2 == 1).then(|| 100 - number)
            };
            object.order_by(rank);
            let odd = (0..count).filter(|n| n % 2 == 1).rev();
            let expected: Vec<u64> = odd.chain((0..count).filter(|n| n % 2 == 0)).collect();
            let values = expected.iter().map(|&n| Value::Number(n.into()));
            assert!(object.iter().map(|(_, value)| value.clone()).eq(values));
            for (place, n) in expected.iter().enumerate() {
                assert_eq!(object.place(&n.to_string()), Some(place));
            }
        }
    }

    #[test]
    fn members_are_found_and_removed_whatever_their_number() {
        for count in [0, 1, 23, 24, 25, 26, 500] {
            let mut object = numbered(0..count);
            let mut expected: Vec<String> = (0..count).map(|n| n.to_string()).collect();
            for n in (0..count).step_by(3) {
                assert_eq!(object.remove(&n.to_string()), Some(Value::Number(n.into())));
                assert!(object.remove(&n.to_string()).is_none());
                expected.retain(|name| *name != n.to_string());
                object.insert(format!("new{n}"), Value::Null);
                expected.push(format!("new{n}"));
                assert_eq!(object.len(), expected.len());
            }
            let names: Vec<&String> = object.iter().map(|(name, _)| name).collect();
            assert_eq!(names, expected.iter().collect::<Vec<_>>());
            for (place, name) in expected.iter().enumerate() {
                assert_eq!(object.place(name), Some(place));
                assert!(object.get(name).is_some() && object.contains_key(name));
            }
            assert!(!object.contains_key("0") && object.get_mut("absent").is_none());
        }
    }

    #[test]
    fn collecting_and_changing_a_hundred_thousand_members_is_quick() {
        // Looking at every member each time would be 10^10 comparisons: minutes.
        let mut object = numbered(0..100_000);
        for n in 0..100_000_u64 {
            object.insert(n.to_string(), Value::Null);
        }
        assert_eq!(object.len(), 100_000);
        assert!(object.iter().all(|(_, value)| *value == Value::Null));
    }
}

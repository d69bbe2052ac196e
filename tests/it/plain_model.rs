//! Short IDs as a child would work them out: every rule of the design by looking at everything.
//!
//! It shares nothing with the library, keeps no structure between calls and is as slow as it
//! looks. A *handle* is the model's own name for a document.

use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) type Handle = u32;

pub(crate) const STATUSES: [&str; 3] = ["pending", "active", "done"];
pub(crate) const PRIORITIES: [&str; 3] = ["low", "medium", "high"];

/// The schema that this model knows by heart.
pub(crate) fn schema(stable: bool) -> String {
    let numbering = if stable { "stable" } else { "dense" };
    format!(
        r#"{{"dimensions":[
            {{"name":"status","type":"enumerated","values":["pending","active","done"],
             "prefixes":{{"active":"a","done":"d"}},"default_value":"pending"}},
            {{"name":"priority","type":"enumerated","values":["low","medium","high"],
             "prefixes":{{"high":"h"}},"default_value":"medium"}},
            {{"name":"parent","type":"hierarchical","ref_field":"parent_id"}}],
            "numbering":"{numbering}"}}"#
    )
}

#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) uuid: String,
    /// Nanoseconds since the year began; set when the store has told it.
    pub(crate) created: i64,
    pub(crate) parent: Option<Handle>,
    pub(crate) status: usize,
    pub(crate) priority: usize,
    /// Stable numbering: the numbers it was given under its present parent, by prefix text.
    numbers: BTreeMap<&'static str, u32>,
}

/// One change, in terms of handles.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Add { parent: Option<Handle>, status: usize, priority: usize, created: Option<i64> },
    Change { targets: Vec<Handle>, status: Option<usize>, priority: Option<usize> },
    Move { target: Handle, parent: Option<Handle> },
    Delete { target: Handle, cascade: bool },
}

/// Why an action is refused.
pub(crate) type Refused = &'static str;

/// The documents of each partition: by parent, status and whether the priority is high.
type Partitions = BTreeMap<(Option<Handle>, usize, bool), Vec<(i64, Handle)>>;

#[derive(Clone)]
pub(crate) struct PlainModel {
    stable: bool,
    /// By handle, which is the order of arrival; shared with the copies that tests keep.
    pub(crate) documents: BTreeMap<Handle, Rc<Document>>,
    next: Handle,
    /// Stable numbering: the highest number ever given in each partition.
    highest: BTreeMap<(Option<Handle>, &'static str), u32>,
}

impl PlainModel {
    pub(crate) fn new(stable: bool) -> PlainModel {
        PlainModel { stable, documents: BTreeMap::new(), next: 0, highest: BTreeMap::new() }
    }

    /// Does the action, or nothing; gives the documents it changed, added or deleted.
    pub(crate) fn apply(&mut self, action: &Action) -> Result<Vec<Handle>, Refused> {
        match action {
            Action::Add { parent, status, priority, .. } => {
                self.known(*parent)?;
                let handle = self.next;
                self.next += 1;
                let document = Document {
                    uuid: String::new(),
                    created: i64::MAX,
                    parent: *parent,
                    status: *status,
                    priority: *priority,
                    numbers: BTreeMap::new(),
                };
                self.documents.insert(handle, Rc::new(document));
                self.number(handle);
                Ok(vec![handle])
            }
            Action::Change { targets, status, priority } => {
                for target in targets {
                    let document = self.document_mut(*target).ok_or("it is gone")?;
                    document.status = status.unwrap_or(document.status);
                    document.priority = priority.unwrap_or(document.priority);
                    self.number(*target);
                }
                Ok(targets.clone())
            }
            Action::Move { target, parent } => self.change_parent(*target, *parent),
            Action::Delete { target, cascade } => self.delete(*target, *cascade),
        }
    }

    pub(crate) fn document_mut(&mut self, handle: Handle) -> Option<&mut Document> {
        self.documents.get_mut(&handle).map(Rc::make_mut)
    }

    fn known(&self, handle: Option<Handle>) -> Result<(), Refused> {
        match handle {
            Some(handle) if !self.documents.contains_key(&handle) => Err("no such parent"),
            _ => Ok(()),
        }
    }

    fn change_parent(
        &mut self,
        target: Handle,
        parent: Option<Handle>,
    ) -> Result<Vec<Handle>, Refused> {
        self.known(Some(target))?;
        self.known(parent)?;
        let mut ancestor = parent;
        while let Some(handle) = ancestor {
            if handle == target {
                return Err("it would be below itself");
            }
            ancestor = self.documents[&handle].parent;
        }
        let document = self.document_mut(target).ok_or("it is gone")?;
        if document.parent != parent {
            document.parent = parent;
            document.numbers.clear();
        }
        self.number(target);
        Ok(vec![target])
    }

    fn delete(&mut self, target: Handle, cascade: bool) -> Result<Vec<Handle>, Refused> {
        self.known(Some(target))?;
        let doomed = self.subtree(target);
        if doomed.len() > 1 && !cascade {
            return Err("it has children");
        }
        for handle in &doomed {
            self.documents.remove(handle);
        }
        Ok(doomed)
    }

    /// `top` and all below it, in the default order.
    fn subtree(&self, top: Handle) -> Vec<Handle> {
        let mut found = vec![top];
        for child in self.children(Some(top)) {
            found.extend(self.subtree(child));
        }
        found
    }

    /// Stable numbering: gives the document a number in its partition unless it has one.
    fn number(&mut self, handle: Handle) {
        let (prefix, document) = (self.prefix(handle), &self.documents[&handle]);
        if self.stable && !document.numbers.contains_key(prefix) {
            let highest = self.highest.entry((document.parent, prefix)).or_insert(0);
            *highest += 1;
            let number = *highest;
            self.document_mut(handle).map(|document| document.numbers.insert(prefix, number));
        }
    }

    fn prefix(&self, handle: Handle) -> &'static str {
        let document = &self.documents[&handle];
        match (document.status, document.priority == 2) {
            (0, false) => "",
            (0, true) => "h",
            (1, false) => "a",
            (1, true) => "ah",
            (_, false) => "d",
            (_, true) => "dh",
        }
    }

    /// The number of the document among those with its parent and its prefixes.
    fn position(&self, handle: Handle) -> u32 {
        let (document, prefix) = (&self.documents[&handle], self.prefix(handle));
        if self.stable {
            return document.numbers[prefix];
        }
        let before = self.documents.iter().filter(|(other, one)| {
            one.parent == document.parent
                && (one.created, **other) < (document.created, handle)
                && self.prefix(**other) == prefix
        });
        u32::try_from(before.count()).expect("few documents") + 1
    }

    /// The short ID of a document.
    pub(crate) fn id(&self, handle: Handle) -> String {
        let own = format!("{}{}", self.prefix(handle), self.position(handle));
        match self.documents[&handle].parent {
            Some(parent) => format!("{}.{own}", self.id(parent)),
            None => own,
        }
    }

    fn children(&self, parent: Option<Handle>) -> Vec<Handle> {
        let mut found: Vec<(usize, bool, u32, Handle)> = self
            .documents
            .iter()
            .filter(|(_, document)| document.parent == parent)
            .map(|(handle, document)| {
                (document.status, document.priority == 2, self.position(*handle), *handle)
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(.., handle)| handle).collect()
    }

    /// All documents with their IDs, in the default order of a listing. Every partition is sorted
    /// once here, where `id` counts for each document anew.
    pub(crate) fn listing(&self) -> Vec<(String, String)> {
        let mut partitions = Partitions::new();
        for (handle, document) in &self.documents {
            let key = (document.parent, document.status, document.priority == 2);
            partitions.entry(key).or_default().push((document.created, *handle));
        }
        let mut out = Vec::new();
        self.list_below(None, "", &mut partitions, &mut out);
        out
    }

    fn list_below(
        &self,
        parent: Option<Handle>,
        above: &str,
        partitions: &mut Partitions,
        out: &mut Vec<(String, String)>,
    ) {
        for (status, high) in [(0, false), (0, true), (1, false), (1, true), (2, false), (2, true)]
        {
            let Some(mut members) = partitions.remove(&(parent, status, high)) else { continue };
            members.sort_unstable();
            let mut numbered: Vec<(u32, Handle)> =
                (1..).zip(members.iter().map(|(_, handle)| *handle)).collect();
            if self.stable {
                for (number, handle) in &mut numbered {
                    *number = self.position(*handle);
                }
                numbered.sort_unstable();
            }
            for (number, handle) in numbered {
                let id = format!("{above}{}{number}", self.prefix(handle));
                out.push((self.documents[&handle].uuid.clone(), id.clone()));
                self.list_below(Some(handle), &format!("{id}."), partitions, out);
            }
        }
    }
}

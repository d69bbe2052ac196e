//! Which way to the documents of a query is the cheapest.
//!
//! Every way may lead past documents that the query does not select, never past one that it does:
//! each is asked, unless the way is exact. So what is decided here is a matter of time alone. Costs
//! are counted in steps of a walk over all documents; the factors are measured (`docs/design.md`).

use serde::Serialize;

use crate::engine::facets::Facets;
use crate::engine::state::State;
use crate::query::{IndexRule, Named, Selection, Source};

/// What a document costs that is found out of order, and has to be sorted.
const SORTED: u64 = 10;
/// What a document costs that is sorted by what its text holds, or read from an index.
const READ: u64 = 20;
/// So many ways are there for most queries.
const PLANS_EXPECTED: usize = 4;

/// How the documents of a query are found.
#[derive(Clone, Debug)]
pub(super) enum Access {
    /// All documents, in the default order.
    Scan,
    /// The documents below one, in the default order.
    Subtree(u32),
    /// The documents that a condition names; they have to be sorted.
    Named(Vec<u32>),
    /// Some documents, which have to be sorted.
    Slots(Vec<u32>),
    /// The documents whose values in the dimensions conditions do not rule out: the same.
    Facets,
    /// The entries of an index between these positions: their documents have to be sorted.
    Gathered { index: usize, positions: Vec<(u32, u32)> },
    /// The same, in the order that is wanted but for ties: `parts` of the key make it.
    Ordered { index: usize, positions: (u32, u32), fixed: usize, parts: usize, is_reversed: bool },
    /// What the query asks of an index, in its order.
    Asked { index: usize, positions: (u32, u32), is_reversed: bool },
}

/// How a query is answered.
pub(super) struct Plan {
    pub(super) access: Access,
    /// How many documents are looked at, at most.
    pub(super) estimated: u64,
    /// Whether all documents looked at are selected, so that none has to be asked.
    pub(super) is_exact: bool,
    why: &'static str,
    cost: u64,
}

/// A plan, as callers see it.
#[derive(Serialize)]
pub(crate) struct Explanation {
    access: &'static str,
    index: Option<String>,
    estimated: u64,
    order: &'static str,
    why: &'static str,
}

/// Chooses how to answer a query.
pub(super) fn plan(selection: &Selection, state: &State) -> Plan {
    if let Some(asked) = selection.asked() {
        let positions = state
            .entries(asked.index)
            .map_or((0, 0), |entries| State::positions(entries, &asked.range));
        return Plan {
            access: Access::Asked {
                index: asked.index,
                positions,
                is_reversed: asked.is_descending,
            },
            estimated: u64::from(positions.1 - positions.0),
            is_exact: selection.matches_everything(),
            why: "the query names the index",
            cost: 0,
        };
    }
    let mut plans = Vec::with_capacity(PLANS_EXPECTED);
    plans.push(scan(selection, state));
    plans.extend(named(selection, state));
    plans.extend(by_facets(selection, state));
    for (place, rule) in state.rules().iter().enumerate() {
        plans.extend(by_index(selection, state, place, rule));
    }
    let selected = plans.iter().map(|plan| plan.estimated).min().unwrap_or_default().max(1);
    for plan in &mut plans {
        plan.cost = plan.cost(selection, selected);
    }
    let best = plans.into_iter().min_by_key(|plan| plan.cost);
    best.unwrap_or_else(|| scan(selection, state))
}

impl Plan {
    /// What the plan costs when about `selected` documents are selected.
    fn cost(&self, selection: &Selection, selected: u64) -> u64 {
        let all = self.estimated;
        // Who reads in order stops when the page is full.
        let wanted = selection.limit().map(|limit| limit.saturating_add(selection.offset()));
        let until_full =
            wanted.map_or(all, |wanted| all.min(wanted.saturating_mul(all).div_ceil(selected)));
        match &self.access {
            Access::Asked { .. } => 0,
            Access::Scan | Access::Subtree(_) if selection.is_native_order() => until_full,
            Access::Ordered { .. } => until_full.saturating_mul(READ),
            _ if selection.is_native_order() => all.saturating_mul(SORTED),
            _ => all.saturating_mul(READ),
        }
    }

    /// The plan as callers see it.
    pub(super) fn explain(self, selection: &Selection, state: &State) -> Explanation {
        let rule = match &self.access {
            Access::Gathered { index, .. }
            | Access::Ordered { index, .. }
            | Access::Asked { index, .. } => state.rules().get(*index),
            _ => None,
        };
        let access = match &self.access {
            Access::Scan => "scan",
            Access::Named(_) => "id",
            Access::Slots(_) | Access::Facets | Access::Subtree(_) => "filter",
            _ if rule.is_some_and(IndexRule::is_key_index) => "key",
            _ => "index",
        };
        let order = match &self.access {
            Access::Asked { .. } | Access::Ordered { .. } => "index",
            _ if selection.is_native_order() => "native",
            _ => "sort",
        };
        let index = rule.map(|rule| rule.name.clone());
        Explanation { access, index, estimated: self.estimated, order, why: self.why }
    }
}

fn scan(selection: &Selection, state: &State) -> Plan {
    Plan {
        access: Access::Scan,
        estimated: u64::from(state.len()),
        is_exact: selection.matches_everything(),
        why: "nothing leads to fewer documents, or to the first of them sooner",
        cost: 0,
    }
}

/// By conditions that name documents.
fn named(selection: &Selection, state: &State) -> Option<Plan> {
    let forest = state.forest();
    let (access, estimated, why) = match selection.named(state)? {
        Named::Slots(slots) => {
            let count = slots.len();
            (Access::Named(slots), count, "a condition names the documents")
        }
        Named::ChildrenOf(parent) => {
            let slots: Vec<u32> = forest.children(parent).collect();
            let count = slots.len();
            (Access::Slots(slots), count, "a condition names the parent")
        }
        Named::Under(top) if selection.is_native_order() && forest.is_placed(top) => {
            let count = forest.descendants(top).len();
            (Access::Subtree(top), count, "a condition names the top of a subtree")
        }
        Named::Under(top) => {
            let slots = forest.descendants(top);
            let count = slots.len();
            (Access::Slots(slots), count, "a condition names the top of a subtree")
        }
    };
    Some(Plan { access, estimated: estimated as u64, is_exact: false, why, cost: 0 })
}

/// All combinations of values, where these tell anything of which documents are selected.
fn facets<'s>(selection: &Selection, state: &'s State) -> Option<&'s Facets> {
    if selection.reads_codes() { state.facets() } else { None }
}

/// By the combinations of values that conditions leave.
fn by_facets(selection: &Selection, state: &State) -> Option<Plan> {
    let (mut estimated, mut is_exact) = (0, true);
    for facet in facets(selection, state)?.iter().filter(|facet| !facet.members.is_empty()) {
        let selected = selection.decide(&facet.codes);
        if selected != Some(false) {
            estimated += u64::from(facet.members.len());
            is_exact &= selected == Some(true);
        }
    }
    // Gathering most documents is never cheaper than to walk.
    if estimated.saturating_mul(2) > u64::from(state.len()) {
        return None;
    }
    Some(Plan {
        access: Access::Facets,
        estimated,
        is_exact,
        why: "conditions on dimensions leave few documents",
        cost: 0,
    })
}

/// The documents whose values in the dimensions the conditions do not rule out.
pub(super) fn in_facets<'s>(
    selection: &'s Selection,
    state: &'s State,
) -> impl Iterator<Item = u32> + 's {
    let facets = facets(selection, state).map(Facets::iter);
    let left = facets.into_iter().flatten().filter(|it| selection.decide(&it.codes) != Some(false));
    left.flat_map(|facet| facet.members.iter_from(0))
}

/// Whether documents are selected, by the prefix of the partition they are in; nothing where that
/// does not tell. All documents of a prefix may have the same values, and often do.
pub(super) fn decided_by_prefix(selection: &Selection, state: &State) -> Vec<Option<bool>> {
    let mut by_prefix: Vec<Option<Option<bool>>> = Vec::new();
    let facets = facets(selection, state).map(Facets::iter);
    for facet in facets.into_iter().flatten().filter(|facet| !facet.members.is_empty()) {
        let Some(prefix) = state.forest().prefix_of(&facet.codes) else { continue };
        let place = prefix as usize;
        by_prefix.resize(by_prefix.len().max(place + 1), None);
        if let Some(decided) = by_prefix.get_mut(place) {
            let one = selection.decide(&facet.codes);
            *decided = Some(decided.map_or(one, |others| others.filter(|_| others == one)));
        }
    }
    by_prefix.into_iter().map(Option::flatten).collect()
}

fn by_index(selection: &Selection, state: &State, index: usize, rule: &IndexRule) -> Option<Plan> {
    // Most indexes of a store have nothing to do with a query.
    if !selection.is_about(rule) && selection.order_on(rule, 0).is_none() {
        return None;
    }
    let narrowed = selection.narrow(rule, state)?;
    let order = selection.order_on(rule, narrowed.fixed);
    if narrowed.is_everything && order.is_none() {
        return None;
    }
    let entries = state.entries(index)?;
    let ranges = narrowed.ranges.iter();
    let positions: Vec<(u32, u32)> = ranges.map(|range| State::positions(entries, range)).collect();
    let estimated = positions.iter().map(|(first, end)| u64::from(end - first)).sum();
    let access = match (order, positions.as_slice()) {
        (Some((parts, is_reversed)), [positions]) => Access::Ordered {
            index,
            positions: *positions,
            fixed: narrowed.fixed,
            parts,
            is_reversed,
        },
        _ => Access::Gathered { index, positions },
    };
    let why = match access {
        Access::Ordered { .. } => "the index has the order that is wanted",
        _ => "conditions on the fields of the index leave few documents",
    };
    let is_exact = narrowed.is_exact;
    Some(Plan { access, estimated, is_exact, why, cost: 0 })
}

/// How many documents the query selects, where their dimensions tell.
pub(super) fn decided(selection: &Selection, state: &State) -> Option<u64> {
    let facets = facets(selection, state)?.iter();
    let counts = facets.filter(|facet| !facet.members.is_empty()).map(|facet| {
        let selected = selection.decide(&facet.codes)?;
        Some(if selected { u64::from(facet.members.len()) } else { 0 })
    });
    counts.sum()
}

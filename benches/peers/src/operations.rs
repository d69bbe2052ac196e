//! What is measured of each peer, and that all of them answer the same.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use crate::clock::{of_calls, of_waits, percentile, processor_ns};
use crate::document::{Document, PRIORITIES, Random, STATUSES, documents};
use crate::peer::{BATCH, PAGE, Peer};
use crate::process::bytes_written;
use crate::results::Results;
use crate::{command, files, in_memory, threads};

/// Changes of a status whose results are compared.
const CHANGES: usize = 6;
/// Durable calls of a kind.
const WAITS: u32 = 200;

/// Fills a store in an empty folder with `count` documents, and measures what it does.
pub fn measure<P: Peer>(folder: &Path, count: u32) -> Results {
    let all = documents(0, count);
    let mut peer = P::open(folder);
    let mut results = Results::default();
    let start = processor_ns();
    for batch in all.chunks(BATCH) {
        peer.add_batch(batch);
    }
    results.figure("add in batches, ns", (processor_ns() - start) / f64::from(count));
    documents_alone(&peer, &all, &mut results);
    listings(&peer, count, &mut results);
    pages(&peer, count, &mut results);
    short_ids(&peer, &all, &mut results);
    peer.close();
    files::measure::<P>(folder, count, &mut results);
    let mut peer = P::open(folder);
    changed(&mut peer, &all, &mut results);
    durable(&mut peer, &all, &mut results);
    command::measure::<P>(folder, &mut results);
    in_memory::measure::<P>(count, &mut results);
    files::checkpoint(&mut peer, count, &mut results);
    threads::measure(&peer, count, &mut results);
    peer.close();
    files::recovery::<P>(folder, count, &mut results);
    results
}

impl Results {
    fn answer(&mut self, name: &str, answer: &str) {
        let mut hasher = DefaultHasher::new();
        answer.hash(&mut hasher);
        self.answers.push((name.to_owned(), hasher.finish()));
    }

    /// An answer that lists documents: which, and in which order.
    fn documents(&mut self, name: &str, text: impl AsRef<[u8]>) {
        self.answer(name, &uuids(text.as_ref()).join(","));
    }

    /// An answer whose order is the peer's own.
    fn set_of_documents(&mut self, name: &str, mut uuids: Vec<String>) {
        uuids.sort();
        self.answer(name, &uuids.join(","));
    }
}

/// Documents of all ages, in no order.
fn some(all: &[Document]) -> Vec<&Document> {
    let mut random = Random(7);
    (0..4096).map(|_| &all[random.below(all.len() as u32) as usize]).collect()
}

fn documents_alone<P: Peer>(peer: &P, all: &[Document], results: &mut Results) {
    let some = some(all);
    let one = |number: usize| some[number % some.len()];
    results.figure("get by UUID, ns", of_calls(|number| peer.get(&one(number).uuid)));
    results.figure("get by key, ns", of_calls(|number| peer.get_by_key(&one(number).key)));
    results.figure("look up in an index, ns", of_calls(|number| peer.find(one(number).reference)));
    results.figure("range of 50 in an index, ns", of_calls(|number| peer.range(&one(number).due)));
    results.documents("get by UUID", peer.get(&some[0].uuid));
    results.documents("get by key", peer.get_by_key(&some[1].key));
    results.documents("look up in an index", peer.find(some[2].reference));
    results.documents("range of 50 in an index", peer.range(&some[3].due));
}

fn listings<P: Peer>(peer: &P, count: u32, results: &mut Results) {
    let state = |number: usize| (STATUSES[number % 3], PRIORITIES[number / 3 % 3]);
    results.figure(
        "list of 50 by creation, ns",
        of_calls(|number| {
            let (status, priority) = state(number);
            peer.list(status, priority)
        }),
    );
    results.figure(
        "list of 50 with IDs in their order, ns",
        of_calls(|number| {
            let (status, priority) = state(number);
            peer.list_with_ids(status, priority)
        }),
    );
    results.figure(
        "count of two filters, ns",
        of_calls(|number| {
            let (status, priority) = state(number);
            peer.count(status, priority)
        }),
    );
    results
        .figure("scan to one text, a document, ns", of_calls(|_| peer.scan()) / f64::from(count));
    results.figure("first document of a cursor, ns", of_calls(|_| peer.first()));
    for number in 0..9 {
        let (status, priority) = state(number);
        results.documents("list of 50 by creation", peer.list(status, priority));
        results
            .documents("list of 50 with IDs in their order", peer.list_with_ids(status, priority));
        let counted = peer.count(status, priority).to_string();
        results.answer("count of two filters", &counted);
    }
    results.set_of_documents("scan", uuids(peer.scan().as_ref()));
    let mut streamed = Vec::new();
    peer.each(|text| streamed.extend(uuids(text)));
    results.set_of_documents("stream", streamed);
}

fn pages<P: Peer>(peer: &P, count: u32, results: &mut Results) {
    let deep = (count / PAGE / 2).min(999);
    let mut place = None;
    for _ in 0..deep {
        place = Some(peer.page(place.as_deref()).1);
    }
    results.figure("page 1, ns", of_calls(|_| peer.page(None)));
    results.figure("page 1,000 or the middle one, ns", of_calls(|_| peer.page(place.as_deref())));
    results.figure("the same page by offset, ns", of_calls(|_| peer.page_by_offset(deep * PAGE)));
}

fn short_ids<P: Peer>(peer: &P, all: &[Document], results: &mut Results) {
    results.figure("short IDs of all, a document, ns", of_calls(|_| peer.ids()) / all.len() as f64);
    let pairs = sorted_pairs(peer);
    results.answer("short IDs of all", &format!("{pairs:?}"));
    let mut random = Random(11);
    // Fewer of large stores: some peers look at all documents for each.
    let questions = (5_000_000 / all.len()).clamp(16, 512);
    let some: Vec<&str> = (0..questions)
        .map(|_| pairs[random.below(pairs.len() as u32) as usize].0.as_str())
        .collect();
    results.figure("resolve an ID, ns", of_calls(|number| peer.resolve(some[number % some.len()])));
    for id in &some {
        let resolved =
            String::from_utf8_lossy(peer.resolve(id).as_ref()).trim_matches('"').to_owned();
        results.answer("resolve an ID", &resolved);
    }
}

/// Changes that the answers must show.
fn changed<P: Peer>(peer: &mut P, all: &[Document], results: &mut Results) {
    for (number, document) in some(all).iter().take(CHANGES).enumerate() {
        peer.set_status(&document.uuid, STATUSES[number % 3]);
    }
    results.answer("short IDs after changes", &format!("{:?}", sorted_pairs(peer)));
    for number in 0..9 {
        let (status, priority) = (STATUSES[number % 3], PRIORITIES[number / 3]);
        let counted = peer.count(status, priority).to_string();
        results.answer("count after changes", &counted);
    }
}

/// The short IDs of all documents, each with its UUID, by ID.
fn sorted_pairs<P: Peer>(peer: &P) -> Vec<(String, String)> {
    let mut pairs = pairs(peer.ids().as_ref());
    pairs.sort();
    pairs
}

fn durable<P: Peer>(peer: &mut P, all: &[Document], results: &mut Results) {
    let some = some(all);
    let new = documents(all.len() as u32, WAITS);
    let (start, written) = (processor_ns(), bytes_written());
    let times = of_waits(new.len(), |number| peer.add(&new[number]));
    let each = |total: f64| total / times.len() as f64;
    results.figure("durable add, processor, ns", each(processor_ns() - start));
    results.figure("written by a durable add, bytes", each(bytes_written() - written));
    results.figure("durable add, p10, us", percentile(&times, 10));
    results.figure("durable add, p50, us", percentile(&times, 50));
    let times =
        of_waits(new.len(), |number| peer.set_status(&some[number].uuid, STATUSES[number % 3]));
    results.figure("durable change of a status, p50, us", percentile(&times, 50));
}

/// The UUIDs of the documents in a text, in its order: parents are named by another member.
fn uuids(text: &[u8]) -> Vec<String> {
    after(text, r#""uuid":""#).map(|rest| rest[..36].to_owned()).collect()
}

/// The ID and UUID of each document.
fn pairs(text: &[u8]) -> Vec<(String, String)> {
    let ids =
        after(text, r#""id":""#).map(|rest| rest.split('"').next().unwrap_or_default().to_owned());
    ids.zip(uuids(text)).collect()
}

/// What stands behind each place where a text has a mark.
fn after<'a>(text: &'a [u8], mark: &'a str) -> impl Iterator<Item = &'a str> {
    let text = std::str::from_utf8(text).expect("UTF-8");
    text.match_indices(mark).map(move |(place, _)| &text[place + mark.len()..])
}

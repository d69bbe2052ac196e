//! [`TextHeap`]: immutable texts of many documents in few allocations.
//!
//! Texts are appended to the tail; a full one becomes a segment that is only read. Texts that were
//! removed stay where they are until their segment is mostly dead: then what lives in it moves to
//! the tail, and the caller is told the new places. It does not interpret the texts.

use std::sync::Arc;

use super::table::{Roomy, Table};
use crate::memory::prefetch;

/// The size of a segment: its text and its entries together stay below that.
const SEGMENT_BYTES: usize = 16 * 1024;
/// A longer text gets a segment of its own, so that no segment ends with much unused room.
const SHARED_TEXT_BYTES_MAX: usize = SEGMENT_BYTES / 4;
/// What an entry takes beside its text.
const ENTRY_BYTES: usize = size_of::<Entry>();
/// What memory gives at once.
const LINE_BYTES: usize = 64;
/// Instead of an owner: the text was removed.
const DEAD: u32 = u32::MAX;
/// Instead of the number of a segment: there is none.
const NO_SEGMENT: u32 = u32::MAX;

/// Where a text is. Once it is removed, its span must not be used any more: the place may be given
/// to another text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    /// The number of the segment.
    segment: u32,
    /// Where in the segment it starts, and its length; [`WHOLE`] for a text that is all of it.
    start: u16,
    len: u16,
}

/// What no text that shares a segment has for a length.
const WHOLE: u16 = u16::MAX;

const _: () = assert!(SEGMENT_BYTES < WHOLE as usize, "places in shared segments fit");

impl Span {
    /// The span of no text.
    pub(crate) const NONE: Span = Span { segment: NO_SEGMENT, start: 0, len: 0 };

    /// The text, given that of the segment.
    fn text(self, segment: &str) -> Option<&str> {
        match (usize::from(self.start), self.len) {
            (_, 0) => None,
            (_, WHOLE) => Some(segment),
            (start, len) => segment.get(start..start + usize::from(len)),
        }
    }
}

/// A heap of texts that is cloned in constant time.
#[derive(Clone)]
pub(crate) struct TextHeap {
    /// All segments, and a place for the tail.
    segments: Table<Segment, 16>,
    /// The first free number of a segment; each of them names the next.
    free: u32,
    /// The segment that texts are added to; apart, so that adding copies nothing else.
    tail: Tail,
    live_bytes: usize,
    held_bytes: usize,
}

#[derive(Clone)]
enum Segment {
    Full(Arc<Full>),
    /// No segment has this number, or the tail has.
    Free {
        next: u32,
    },
}

/// A segment that gets no more texts.
#[derive(Clone)]
struct Full {
    text: Arc<str>,
    entries: Vec<Entry>,
    /// The size of the texts that live and of their entries.
    live_bytes: usize,
}

#[derive(Clone)]
struct Tail {
    /// The number it has, and will have when it is full.
    number: u32,
    text: Arc<String>,
    entries: Arc<Roomy<Entry>>,
    live_bytes: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    owner: u32,
    /// Where in the segment its text starts; it ends where the next starts.
    start: u32,
}

impl Default for TextHeap {
    fn default() -> Self {
        TextHeap::new()
    }
}

impl TextHeap {
    /// A heap without texts.
    pub(crate) fn new() -> TextHeap {
        TextHeap {
            segments: Table::new(),
            free: NO_SEGMENT,
            tail: Tail::new(NO_SEGMENT),
            live_bytes: 0,
            held_bytes: 0,
        }
    }

    /// Adds `text`, which is not empty, for `owner`, which is any number but `u32::MAX`.
    pub(crate) fn add(&mut self, owner: u32, text: &str) -> Span {
        self.live_bytes += text.len();
        self.held_bytes += text.len();
        if text.len() > SHARED_TEXT_BYTES_MAX {
            let segment = self.take_number();
            let entries = vec![Entry { owner, start: 0 }];
            let live_bytes = size(text, &entries);
            self.put(segment, Full { text: text.into(), entries, live_bytes });
            return Span { segment, start: 0, len: WHOLE };
        }
        let needed = text.len() + ENTRY_BYTES;
        if self.tail.number == NO_SEGMENT || self.tail.bytes() + needed > SEGMENT_BYTES {
            let next = Tail::new(self.take_number());
            let full = std::mem::replace(&mut self.tail, next);
            self.put(full.number, full.into_full());
        }
        let start = self.tail.append(owner, text);
        Span { segment: self.tail.number, start: start as u16, len: text.len() as u16 }
    }

    /// The text at `span`; none at [`Span::NONE`].
    pub(crate) fn get(&self, span: Span) -> Option<&str> {
        if span.segment == self.tail.number {
            return span.text(&self.tail.text);
        }
        match self.segments.get(span.segment)? {
            Segment::Full(full) => span.text(&full.text),
            Segment::Free { .. } => None,
        }
    }

    /// Asks memory for texts, in stages: within each, nothing waits for anything else.
    pub(crate) fn prefetch(&self, spans: impl Iterator<Item = Span>) {
        let mut segments = self.segments.reader();
        let fulls = spans.filter_map(|span| match segments.get(span.segment)? {
            Segment::Full(full) => Some((&**full, span)),
            Segment::Free { .. } => None,
        });
        let fulls: Vec<(&Full, Span)> =
            fulls.inspect(|(full, _)| prefetch(&full.live_bytes)).collect();
        for (full, Span { start, len, .. }) in fulls {
            // Making a text of them would look at them already.
            let bytes = full.text.as_bytes().get(usize::from(start)..).unwrap_or_default();
            bytes.iter().take(len.into()).step_by(LINE_BYTES).for_each(prefetch);
        }
    }

    /// Removes the text at `span`. Other texts may be moved by that: they are returned with their
    /// owners and new spans, which hold from now on.
    pub(crate) fn remove(&mut self, span: Span) -> Vec<(u32, Span)> {
        let Some(len) = self.get(span).map(str::len) else { return Vec::new() };
        if span.segment == self.tail.number {
            let Some(place) = living(&self.tail.entries.0, span) else { return Vec::new() };
            kill(&mut Arc::make_mut(&mut self.tail.entries).0, place);
            self.live_bytes -= len;
            self.tail.live_bytes -= len + ENTRY_BYTES;
            // It is left to grow until there is something to win.
            let bytes = self.tail.bytes();
            if bytes >= SEGMENT_BYTES / 2 && self.tail.live_bytes < bytes / 2 {
                let old = std::mem::replace(&mut self.tail, Tail::new(span.segment));
                return self.add_again(&old.text, &old.entries.0);
            }
            return Vec::new();
        }
        let Some(segment) = self.segments.get_mut(span.segment) else { return Vec::new() };
        let Segment::Full(full) = segment else { return Vec::new() };
        let Some(place) = living(&full.entries, span) else { return Vec::new() };
        self.live_bytes -= len;
        let live_bytes = full.live_bytes - len - ENTRY_BYTES;
        if live_bytes >= size(&full.text, &full.entries) / 2 {
            let full = Arc::make_mut(full);
            full.live_bytes = live_bytes;
            kill(&mut full.entries, place);
            return Vec::new();
        }
        let mut old = Arc::clone(full);
        *segment = Segment::Free { next: self.free };
        self.free = span.segment;
        let old = Arc::make_mut(&mut old);
        kill(&mut old.entries, place);
        self.add_again(&old.text, &old.entries)
    }

    /// How many bytes of full segments it holds that `other` does not hold.
    pub(crate) fn bytes_beyond(&self, other: &TextHeap) -> usize {
        let own = self.segments.iter().enumerate().map(|(number, segment)| match segment {
            Segment::Full(full) => {
                let there = u32::try_from(number).ok().and_then(|it| other.segments.get(it));
                let shared = matches!(there, Some(Segment::Full(it)) if Arc::ptr_eq(it, full));
                if shared { 0 } else { size(&full.text, &full.entries) }
            }
            Segment::Free { .. } => 0,
        });
        own.sum()
    }

    /// The bytes of all texts that live, and of all that are held.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        (self.live_bytes, self.held_bytes)
    }

    /// A number that no segment has.
    fn take_number(&mut self) -> u32 {
        match self.segments.get(self.free) {
            Some(Segment::Free { next }) => std::mem::replace(&mut self.free, *next),
            _ => self.segments.push(Segment::Free { next: NO_SEGMENT }),
        }
    }

    fn put(&mut self, number: u32, full: Full) {
        if let Some(place) = self.segments.get_mut(number) {
            *place = Segment::Full(Arc::new(full));
        }
    }

    /// Adds what lives of a segment that was taken out, and tells the owners and new spans.
    fn add_again(&mut self, text: &str, entries: &[Entry]) -> Vec<(u32, Span)> {
        self.held_bytes -= text.len();
        let mut moved = Vec::new();
        for (owner, text) in living_texts(text, entries) {
            self.live_bytes -= text.len();
            moved.push((owner, self.add(owner, text)));
        }
        moved
    }
}

impl Tail {
    fn new(number: u32) -> Tail {
        Tail { number, text: Arc::default(), entries: Arc::new(Roomy(Vec::new())), live_bytes: 0 }
    }

    fn bytes(&self) -> usize {
        size(&self.text, &self.entries.0)
    }

    /// Adds a text and tells where it starts.
    fn append(&mut self, owner: u32, text: &str) -> u32 {
        let start = self.text.len() as u32;
        Arc::make_mut(&mut self.entries).0.push(Entry { owner, start });
        self.live_bytes += text.len() + ENTRY_BYTES;
        let bytes = self.text.len() + text.len();
        match Arc::get_mut(&mut self.text) {
            Some(own) if own.capacity() >= bytes => own.push_str(text),
            _ => {
                let mut own = String::with_capacity(bytes.next_power_of_two());
                own.push_str(&self.text);
                own.push_str(text);
                self.text = Arc::new(own);
            }
        }
        start
    }

    /// The same in its least size.
    fn into_full(self) -> Full {
        Full {
            text: self.text.as_str().into(),
            entries: self.entries.0.as_slice().to_owned(),
            live_bytes: self.live_bytes,
        }
    }
}

/// The size of a segment.
fn size(text: &str, entries: &[Entry]) -> usize {
    text.len() + size_of_val(entries)
}

/// The texts of a segment that live, with their owners.
fn living_texts<'a>(text: &'a str, entries: &'a [Entry]) -> impl Iterator<Item = (u32, &'a str)> {
    let ends = entries.iter().skip(1).map(|next| next.start as usize).chain([text.len()]);
    let living = entries.iter().zip(ends).filter(|(entry, _)| entry.owner != DEAD);
    living.filter_map(|(entry, end)| Some((entry.owner, text.get(entry.start as usize..end)?)))
}

/// The place of the entry at `span`, if its text was not removed.
fn living(entries: &[Entry], span: Span) -> Option<usize> {
    let place = entries.binary_search_by_key(&u32::from(span.start), |entry| entry.start).ok()?;
    entries.get(place).is_some_and(|entry| entry.owner != DEAD).then_some(place)
}

/// Marks an entry as removed.
fn kill(entries: &mut [Entry], place: usize) {
    if let Some(entry) = entries.get_mut(place) {
        entry.owner = DEAD;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::random::Random;

    impl TextHeap {
        fn sane(&self) {
            let tail = &self.tail;
            let mut live = self.live_in(tail.number, &tail.entries.0, tail.live_bytes);
            let mut held = tail.text.len();
            let mut free = 0;
            for (segment, number) in self.segments.iter().zip(0..) {
                match segment {
                    Segment::Full(full) => {
                        assert_ne!(number, tail.number);
                        let bytes = size(&full.text, &full.entries);
                        assert!(bytes <= SEGMENT_BYTES || full.entries.len() == 1);
                        assert!(full.live_bytes >= bytes / 4);
                        live += self.live_in(number, &full.entries, full.live_bytes);
                        held += full.text.len();
                    }
                    Segment::Free { .. } => free += usize::from(number != tail.number),
                }
            }
            assert_eq!(self.bytes(), (live, held));
            let mut next = self.free;
            while let Some(Segment::Free { next: following }) = self.segments.get(next) {
                assert_ne!(next, tail.number);
                next = *following;
                free -= 1;
            }
            assert_eq!((next, free), (NO_SEGMENT, 0));
        }

        /// The bytes of the texts that live in a segment, checked against its own count.
        fn live_in(&self, segment: u32, entries: &[Entry], live_bytes: usize) -> usize {
            let text = match self.segments.get(segment) {
                Some(Segment::Full(full)) => &*full.text,
                _ => self.tail.text.as_str(),
            };
            let lengths: Vec<usize> = living_texts(text, entries).map(|it| it.1.len()).collect();
            let bytes: usize = lengths.iter().sum();
            assert_eq!(live_bytes, bytes + lengths.len() * ENTRY_BYTES);
            bytes
        }
    }

    /// The heap and, by owner, what should be in it.
    #[derive(Clone)]
    struct Fixture {
        heap: TextHeap,
        texts: Vec<Option<(Span, String)>>,
    }

    impl Fixture {
        fn new() -> Fixture {
            Fixture { heap: TextHeap::new(), texts: Vec::new() }
        }

        fn add(&mut self, text: String) -> usize {
            let owner = self.texts.len();
            let span = self.heap.add(owner as u32, &text);
            self.texts.push(Some((span, text)));
            owner
        }

        fn remove(&mut self, owner: usize) -> usize {
            let Some((span, _)) = self.texts[owner].take() else { return 0 };
            let moved = self.heap.remove(span);
            for &(owner, span) in &moved {
                self.texts[owner as usize].as_mut().unwrap().0 = span;
            }
            moved.len()
        }

        fn check(&self) {
            self.heap.sane();
            let mut bytes = 0;
            for (span, text) in self.texts.iter().flatten() {
                assert_eq!(self.heap.get(*span), Some(text.as_str()));
                bytes += text.len();
            }
            assert_eq!(self.heap.bytes().0, bytes);
        }
    }

    fn random_text(random: &mut Random, len_max: usize) -> String {
        let len = random.below(len_max);
        let letter = char::from(b'a' + random.below(26) as u8);
        let mut text: String = std::iter::repeat_n(letter, len).collect();
        text.insert(random.below(len + 1), '\u{fc}');
        text
    }

    fn random_operations(salt: u64, len_max: usize, steps: usize) {
        let mut random = Random::new(salt);
        let mut fixture = Fixture::new();
        let mut clones = Vec::new();
        for step in 0..steps {
            let growing = step / (steps / 6) % 2 == 0;
            if fixture.texts.is_empty() || growing == (random.below(10) < 7) {
                fixture.add(random_text(&mut random, len_max));
            } else {
                let owner = random.below(fixture.texts.len());
                fixture.remove(owner);
            }
            if random.below(steps / 10) == 0 {
                clones.push(fixture.clone());
            }
            if step % (steps / 20) == 0 {
                fixture.check();
            }
        }
        fixture.check();
        clones.iter().for_each(Fixture::check);
    }

    #[test]
    fn random_operations_agree_with_a_list_and_clones_stay_as_they_were() {
        random_operations(1, 700, 10_000);
        random_operations(2, 12_000, 3000);
        random_operations(3, 3, 40_000);
    }

    #[test]
    fn texts_of_every_length_come_back() {
        let mut fixture = Fixture::new();
        let near = [SHARED_TEXT_BYTES_MAX, SEGMENT_BYTES];
        let lengths = near.iter().flat_map(|&len| [len - ENTRY_BYTES, len - 1, len, len + 1]);
        for len in lengths.chain([1, 2, 1, 100_000]) {
            fixture.add("x".repeat(len));
        }
        fixture.check();
        (0..fixture.texts.len()).for_each(|owner| {
            fixture.remove(owner);
        });
        fixture.check();
        assert_eq!(fixture.heap.bytes().0, 0);
    }

    #[test]
    fn a_text_rewritten_again_and_again_does_not_fill_the_heap() {
        let mut fixture = Fixture::new();
        let mut moved = 0;
        let mut owner = fixture.add("a counter".into());
        for step in 0..100_000 {
            moved += fixture.remove(owner);
            owner = fixture.add(format!("{step:300}"));
            if step % 100 == 0 {
                fixture.add(format!("{step:300}"));
            }
        }
        fixture.check();
        let (live, held) = fixture.heap.bytes();
        assert!(held < 2 * live + SEGMENT_BYTES, "{live} bytes live, {held} are held");
        assert!(moved < 100_000, "{moved} texts were moved, more than were removed");
        assert!(fixture.heap.segments.len() < 100);
    }

    #[test]
    fn survivors_move_and_the_caller_is_told() {
        let mut fixture = Fixture::new();
        let owners: Vec<usize> = (0..200).map(|at| fixture.add(format!("{at:400}"))).collect();
        let moved: usize = owners[..30].iter().map(|&owner| fixture.remove(owner)).sum();
        assert!(moved > 0);
        fixture.check();
        let spans = fixture.texts.iter().flatten().map(|(span, _)| *span);
        let distinct: std::collections::HashSet<Span> = spans.collect();
        assert_eq!(distinct.len(), 170);
    }

    #[test]
    fn removing_a_text_again_does_nothing() {
        let mut fixture = Fixture::new();
        let owner = fixture.add("one".into());
        fixture.add("two".into());
        let span = fixture.texts[owner].as_ref().unwrap().0;
        assert_eq!(fixture.heap.remove(span), []);
        assert_eq!(fixture.heap.remove(span), []);
        assert_eq!(fixture.heap.get(Span::NONE), None);
        assert_eq!(fixture.heap.remove(Span::NONE), []);
        assert_eq!(fixture.heap.bytes(), (3, 6));
    }
}

//! A store of ordered tables, as someone would use it who keeps JSON documents in it: their texts
//! by number, and tables that lead to them, written by hand. Each call is one transaction.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::document::Document;
use crate::fields::Fields;
use crate::ids::{self, Place, State, Tree};
use crate::peer::{PAGE, Peer};
use crate::tables::{Read, Table, Tables, Write};

/// Before all numbers; LMDB takes no empty key.
const BEGINNING: &[u8] = &[0];

pub struct Keyed<T> {
    tables: T,
    /// The number of the document added last.
    last: AtomicU64,
}

fn key_of(uuid: &str) -> [u8; 16] {
    Uuid::parse_str(uuid).expect("a UUID").into_bytes()
}

fn number_of(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("8 bytes"))
}

/// The number at the end of a key.
fn number_behind(key: &[u8]) -> &[u8] {
    &key[key.len() - 8..]
}

fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// Texts joined to an array, until there are enough.
struct Array {
    text: String,
    left: u32,
}

impl Array {
    fn of(left: u32) -> Self {
        Array { text: String::from("["), left }
    }

    /// Adds an element that a function writes; tells whether more are wanted.
    fn push(&mut self, write: impl FnOnce(&mut String)) -> bool {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        write(&mut self.text);
        self.left -= 1;
        self.left > 0
    }

    fn end(mut self) -> String {
        self.text.push(']');
        self.text
    }
}

fn put_document(reader: &impl Read, number: &[u8], to: &mut String) {
    reader.get(Table::Documents, number, |text| to.push_str(text_of(text)));
}

/// A page of the documents behind a number, without the first few.
fn page_of(reader: &impl Read, after: u64, mut skipped: u32) -> String {
    let mut page = Array::of(PAGE);
    reader.each(Table::Documents, &(after + 1).to_be_bytes(), |_, text| {
        if skipped > 0 {
            skipped -= 1;
            return true;
        }
        page.push(|to| to.push_str(text_of(text)))
    });
    page.end()
}

/// The tree that the table of places holds.
struct Places<'a, R>(&'a R);

impl<R: Read> Tree for Places<'_, R> {
    fn places(&self, parent: u64, state: State, mut take: impl FnMut(&Place) -> bool) {
        let from = [parent.to_be_bytes().as_slice(), &state].concat();
        self.0.each(Table::Places, &from, |key, uuid| {
            take(&Place {
                parent: number_of(&key[..8]),
                state: [key[8], key[9]],
                number: number_of(number_behind(key)),
                uuid: Uuid::from_slice(uuid).expect("16 bytes"),
            })
        });
    }
}

/// The keys that lead to a document by its state, and by its place.
fn keys_by_state(writer: &mut impl Write, fields: &Fields, number: &[u8]) -> [Vec<u8>; 2] {
    let state = [&fields.state(), fields.created_at.as_bytes(), number].concat();
    let parent = match fields.dimensions.parent_id {
        Some(uuid) => writer.get(Table::Uuids, &key_of(uuid)),
        None => 0_u64.to_be_bytes().to_vec(),
    };
    let place = [parent.as_slice(), &state].concat();
    [state, place]
}

impl<T: Tables> Keyed<T> {
    fn insert(&self, writer: &mut T::Writer<'_>, document: &Document) {
        let fields = Fields::of(&document.text);
        let number = (self.last.fetch_add(1, Ordering::Relaxed) + 1).to_be_bytes();
        let uuid = key_of(fields.uuid);
        let reference = fields.data.reference.to_be_bytes();
        let due = [fields.data.due.as_bytes(), &number].concat();
        let [state, place] = keys_by_state(writer, &fields, &number);
        writer.put(Table::Documents, &number, document.text.as_bytes());
        writer.put(Table::Uuids, &uuid, &number);
        writer.put(Table::Keys, fields.key.as_bytes(), &number);
        writer.put(Table::References, &reference, &number);
        writer.put(Table::Dues, &due, &[]);
        writer.put(Table::States, &state, &[]);
        writer.put(Table::Places, &place, &uuid);
    }

    /// The document that a table leads to.
    fn led_to(&self, table: Table, key: &[u8]) -> String {
        self.tables.read(|reader| {
            let mut text = String::new();
            reader.get(table, key, |number| put_document(reader, number, &mut text));
            text
        })
    }
}

impl<T: Tables> Peer for Keyed<T> {
    type Text = String;

    const NAME: &str = T::NAME;
    const RECOVERS: bool = T::RECOVERS;

    fn open(folder: &Path) -> Self {
        let tables = T::open(folder);
        let last = tables.read(|reader| reader.last(Table::Documents));
        Keyed { tables, last: AtomicU64::new(last.map_or(0, |it| number_of(&it))) }
    }

    fn close(self) {
        self.tables.close();
    }

    fn add_batch(&mut self, documents: &[Document]) {
        self.tables.write(|writer| documents.iter().for_each(|it| self.insert(writer, it)));
    }

    fn add(&mut self, document: &Document) {
        self.tables.write(|writer| self.insert(writer, document));
    }

    fn adder(&self) -> impl FnMut(&Document) + Send {
        |document| self.tables.write(|writer| self.insert(writer, document))
    }

    fn set_status(&mut self, uuid: &str, status: &str) {
        self.tables.write(|writer| {
            let uuid = key_of(uuid);
            let number = writer.get(Table::Uuids, &uuid);
            let text = writer.get(Table::Documents, &number);
            let changed = Fields::with_status(text_of(&text), status);
            let old = keys_by_state(writer, &Fields::of(text_of(&text)), &number);
            let new = keys_by_state(writer, &Fields::of(&changed), &number);
            writer.remove(Table::States, &old[0]);
            writer.remove(Table::Places, &old[1]);
            writer.put(Table::Documents, &number, changed.as_bytes());
            writer.put(Table::States, &new[0], &[]);
            writer.put(Table::Places, &new[1], &uuid);
        });
    }

    fn get(&self, uuid: &str) -> String {
        self.led_to(Table::Uuids, &key_of(uuid))
    }

    fn get_by_key(&self, key: &str) -> String {
        self.led_to(Table::Keys, key.as_bytes())
    }

    fn find(&self, reference: u32) -> String {
        self.led_to(Table::References, &reference.to_be_bytes())
    }

    fn range(&self, due: &str) -> String {
        self.tables.read(|reader| {
            let mut page = Array::of(PAGE);
            reader.each(Table::Dues, due.as_bytes(), |key, _| {
                page.push(|to| put_document(reader, number_behind(key), to))
            });
            page.end()
        })
    }

    fn list(&self, status: &str, priority: &str) -> String {
        let state = ids::state(status, priority);
        self.tables.read(|reader| {
            let mut page = Array::of(PAGE);
            reader.each(Table::States, &state, |key, _| {
                key.starts_with(&state)
                    && page.push(|to| put_document(reader, number_behind(key), to))
            });
            page.end()
        })
    }

    fn list_with_ids(&self, status: &str, priority: &str) -> String {
        let state = ids::state(status, priority);
        self.tables.read(|reader| {
            let mut page = Array::of(PAGE);
            ids::in_order(&Places(reader), 0, "", &mut |id, place| {
                place.state != state
                    || page.push(|to| {
                        reader.get(Table::Documents, &place.number.to_be_bytes(), |text| {
                            to.extend([r#"{"id":""#, id, r#"","#, &text_of(text)[1..]]);
                        });
                    })
            });
            page.end()
        })
    }

    fn count(&self, status: &str, priority: &str) -> u64 {
        let state = ids::state(status, priority);
        let mut count = 0;
        self.tables.read(|reader| {
            reader.each(Table::States, &state, |key, _| {
                let is_one = key.starts_with(&state);
                count += u64::from(is_one);
                is_one
            });
        });
        count
    }

    fn page(&self, after: Option<&str>) -> (String, String) {
        let after: u64 = after.map_or(0, |it| it.parse().expect("a number"));
        let page = self.tables.read(|reader| page_of(reader, after, 0));
        (page, (after + u64::from(PAGE)).to_string())
    }

    fn page_by_offset(&self, offset: u32) -> String {
        self.tables.read(|reader| page_of(reader, 0, offset))
    }

    fn first(&self) -> String {
        let mut first = String::new();
        self.tables.read(|reader| {
            reader.each(Table::Documents, BEGINNING, |_, text| {
                first.push_str(text_of(text));
                false
            });
        });
        first
    }

    fn each(&self, mut take: impl FnMut(&[u8])) {
        self.tables.read(|reader| {
            reader.each(Table::Documents, BEGINNING, |_, text| {
                take(text);
                true
            });
        });
    }

    fn scan(&self) -> String {
        let mut all = Array::of(u32::MAX);
        self.tables.read(|reader| {
            reader.each(Table::Documents, BEGINNING, |_, text| {
                all.push(|to| to.push_str(text_of(text)))
            });
        });
        all.end()
    }

    fn ids(&self) -> String {
        self.tables.read(|reader| ids::all(&Places(reader)))
    }

    fn resolve(&self, id: &str) -> String {
        self.tables.read(|reader| ids::resolve(&Places(reader), id).to_string())
    }
}

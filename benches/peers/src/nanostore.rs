//! This project's store, through its C interface as a program in C has it.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;

use crate::document::Document;
use crate::peer::{PAGE, Peer};

// As in include/nanostore.h.
unsafe extern "C" {
    fn nanostore_open(
        path: *const c_char,
        options: *const c_char,
        store: *mut *mut c_void,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_snapshot(
        store: *mut c_void,
        snapshot: *mut *mut c_void,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_close(store: *mut *mut c_void, error: *mut *mut c_void) -> c_int;
    fn nanostore_define(
        store: *mut c_void,
        schema: *const c_char,
        options: *const c_char,
        report: *mut *mut c_char,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_add(
        store: *mut c_void,
        document: *const c_char,
        options: *const c_char,
        out: *mut *mut c_char,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_update(
        store: *mut c_void,
        id: *const c_char,
        patch: *const c_char,
        options: *const c_char,
        out: *mut *mut c_char,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_apply(
        store: *mut c_void,
        operations: *const c_char,
        options: *const c_char,
        out: *mut *mut c_char,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_get(
        store: *mut c_void,
        id: *const c_char,
        options: *const c_char,
        out: *mut *mut c_char,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_resolve_id(
        store: *mut c_void,
        id: *const c_char,
        out: *mut *mut c_char,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_list(
        store: *mut c_void,
        query: *const c_char,
        out: *mut *mut c_char,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_count(
        store: *mut c_void,
        query: *const c_char,
        out: *mut i64,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_cursor_open(
        store: *mut c_void,
        query: *const c_char,
        cursor: *mut *mut c_void,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_cursor_next(
        cursor: *mut c_void,
        out: *mut *mut c_char,
        error: *mut *mut c_void,
    ) -> c_int;
    fn nanostore_checkpoint(store: *mut c_void, error: *mut *mut c_void) -> c_int;
    fn nanostore_version() -> *const c_char;
    fn nanostore_cursor_close(cursor: *mut c_void);
    fn nanostore_string_free(text: *mut c_char);
    fn nanostore_error_message(error: *mut c_void) -> *const c_char;
}

/// The dimensions that every measurement has.
pub const DIMENSIONS: &str = r#""dimensions":[
    {"name":"status","type":"enumerated","values":["pending","active","done"],
     "prefixes":{"active":"a","done":"d"},"default_value":"pending"},
    {"name":"priority","type":"enumerated","values":["low","medium","high"],
     "prefixes":{"low":"l","high":"h"},"default_value":"medium"},
    {"name":"parent","type":"hierarchical","ref_field":"parent_id"}]"#;

/// The indexes that answer what the peers have indexes for.
pub const INDEXES: [&str; 3] = [
    r#"{"name":"by_due","fields":["data.due"]}"#,
    r#"{"name":"by_ref","fields":["data.ref"],"unique":true}"#,
    r#"{"name":"by_state","fields":["status","priority","created_at"]}"#,
];

/// The file in the folder of a store.
pub const FILE: &str = "store.json";

/// A text that the library gave.
pub struct Text(*mut c_char);

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the library gives texts that end in NUL.
        unsafe { CStr::from_ptr(self.0) }.to_bytes()
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        // SAFETY: it came from the library and is freed once.
        unsafe { nanostore_string_free(self.0) }
    }
}

/// A call whose last two arguments are an output and an error.
macro_rules! call {
    ($function:ident($($argument:expr),*) -> $kind:ty) => {{
        let (mut out, mut error): ($kind, *mut c_void) = (<$kind as Empty>::EMPTY, ptr::null_mut());
        // SAFETY: handles are open, texts end in NUL, and both outputs are valid for writes.
        let status = unsafe { $function($($argument,)* &mut out, &mut error) };
        must(status, error, stringify!($function));
        out
    }};
}

trait Empty {
    const EMPTY: Self;
}
impl<T> Empty for *mut T {
    const EMPTY: Self = ptr::null_mut();
}
impl Empty for i64 {
    const EMPTY: Self = 0;
}

fn must(status: c_int, error: *mut c_void, what: &str) {
    if status != 0 {
        // SAFETY: a failed call gives an error, and its text ends in NUL.
        let message = unsafe { CStr::from_ptr(nanostore_error_message(error)) };
        panic!("{what}: {}", message.to_string_lossy());
    }
}

pub fn c_text(text: impl Into<Vec<u8>>) -> CString {
    CString::new(text).expect("a text without NUL")
}

/// A handle on a store.
pub struct Nanostore(*mut c_void);

// SAFETY: nanostore.h: handles may be used by any threads at the same time.
unsafe impl Send for Nanostore {}
// SAFETY: as above.
unsafe impl Sync for Nanostore {}

impl Nanostore {
    pub fn with(path: &Path, options: &str) -> Self {
        let (path, options) = (c_text(path.as_os_str().as_encoded_bytes()), c_text(options));
        Nanostore(call!(nanostore_open(path.as_ptr(), options.as_ptr()) -> *mut c_void))
    }

    pub fn snapshot(&self) -> Self {
        Nanostore(call!(nanostore_snapshot(self.0) -> *mut c_void))
    }

    pub fn define(&self, schema: &str) {
        let schema = c_text(schema);
        Text(call!(nanostore_define(self.0, schema.as_ptr(), ptr::null()) -> *mut c_char));
    }

    pub fn list_by(&self, query: &str) -> Text {
        let query = c_text(query);
        Text(call!(nanostore_list(self.0, query.as_ptr()) -> *mut c_char))
    }

    fn get_by(&self, id: &str) -> Text {
        let id = c_text(id);
        Text(call!(nanostore_get(self.0, id.as_ptr(), ptr::null()) -> *mut c_char))
    }

    pub fn add_all(&self, documents: &[Document]) {
        let operations: Vec<String> = documents
            .iter()
            .map(|it| format!(r#"{{"op":"add","document":{}}}"#, it.text))
            .collect();
        let operations = c_text(format!("[{}]", operations.join(",")));
        let mut error = ptr::null_mut();
        // SAFETY: the handle is open, the text ends in NUL, and the error is valid for writes.
        let status = unsafe {
            nanostore_apply(self.0, operations.as_ptr(), ptr::null(), ptr::null_mut(), &mut error)
        };
        must(status, error, "apply");
    }

    pub fn add_one(&self, document: &Document) {
        let text = c_text(document.text.as_str());
        Text(call!(nanostore_add(self.0, text.as_ptr(), ptr::null()) -> *mut c_char));
    }

    pub fn change_status(&self, uuid: &str, status: &str) {
        let uuid = c_text(uuid);
        let patch = c_text(format!(r#"{{"dimensions":{{"status":"{status}"}}}}"#));
        let (uuid, patch) = (uuid.as_ptr(), patch.as_ptr());
        Text(call!(nanostore_update(self.0, uuid, patch, ptr::null()) -> *mut c_char));
    }

    /// Calls a function with each document of a cursor, until it returns false.
    pub fn cursor(&self, query: &str, mut take: impl FnMut(Text) -> bool) {
        let query = c_text(query);
        let cursor = call!(nanostore_cursor_open(self.0, query.as_ptr()) -> *mut c_void);
        loop {
            let text = call!(nanostore_cursor_next(cursor) -> *mut c_char);
            if text.is_null() || !take(Text(text)) {
                break;
            }
        }
        // SAFETY: the cursor is open, and is not used again.
        unsafe { nanostore_cursor_close(cursor) }
    }
}

impl Drop for Nanostore {
    fn drop(&mut self) {
        let mut error = ptr::null_mut();
        // SAFETY: the handle is open, and is not used again.
        must(unsafe { nanostore_close(&mut self.0, &mut error) }, error, "close");
    }
}

/// The version of the library.
pub fn version() -> String {
    // SAFETY: it takes nothing, and gives a text that ends in NUL.
    unsafe { CStr::from_ptr(nanostore_version()) }.to_string_lossy().into_owned()
}

/// The store of a folder, with the indexes of all measurements and another option.
fn in_folder(folder: &Path, option: &str) -> Nanostore {
    let schema = format!(r#""schema":{{{DIMENSIONS},"indexes":[{}]}}"#, INDEXES.join(","));
    Nanostore::with(&folder.join(FILE), &format!("{{{schema}{option}}}"))
}

impl Peer for Nanostore {
    type Text = Text;

    const NAME: &str = "nanostore";
    const RECOVERS: bool = true;

    fn open(folder: &Path) -> Self {
        in_folder(folder, "")
    }

    fn close(self) {}

    fn add_batch(&mut self, documents: &[Document]) {
        self.add_all(documents);
    }

    fn add(&mut self, document: &Document) {
        self.add_one(document);
    }

    fn adder(&self) -> impl FnMut(&Document) + Send {
        |document| self.add_one(document)
    }

    fn set_status(&mut self, uuid: &str, status: &str) {
        self.change_status(uuid, status);
    }

    fn get(&self, uuid: &str) -> Text {
        self.get_by(uuid)
    }

    fn get_by_key(&self, key: &str) -> Text {
        self.get_by(&format!("key:{key}"))
    }

    fn find(&self, reference: u32) -> Text {
        self.list_by(&format!(r#"{{"where":{{"data.ref":{reference}}}}}"#))
    }

    fn range(&self, due: &str) -> Text {
        let from = format!(r#""where":{{"data.due":{{"$gte":"{due}"}}}}"#);
        self.list_by(&format!(r#"{{{from},"order_by":["data.due"],"limit":{PAGE}}}"#))
    }

    fn list(&self, status: &str, priority: &str) -> Text {
        let state = format!(r#""where":{{"status":"{status}","priority":"{priority}"}}"#);
        self.list_by(&format!(r#"{{{state},"order_by":["created_at"],"limit":{PAGE}}}"#))
    }

    fn list_with_ids(&self, status: &str, priority: &str) -> Text {
        self.list_by(&format!(
            r#"{{"where":{{"status":"{status}","priority":"{priority}"}},"limit":{PAGE}}}"#
        ))
    }

    fn count(&self, status: &str, priority: &str) -> u64 {
        let query =
            c_text(format!(r#"{{"where":{{"status":"{status}","priority":"{priority}"}}}}"#));
        call!(nanostore_count(self.0, query.as_ptr()) -> i64) as u64
    }

    fn page(&self, after: Option<&str>) -> (Text, String) {
        let after = after.map(|token| format!(r#","after":"{token}""#)).unwrap_or_default();
        let page = self.list_by(&format!(r#"{{"limit":{PAGE}{after}}}"#));
        let text = page.as_ref();
        let tail = String::from_utf8_lossy(&text[text.len().saturating_sub(2000)..]).into_owned();
        let next = tail
            .rsplit_once(r#""next":""#)
            .map(|(_, next)| next.trim_end_matches("\"}").to_owned());
        (page, next.unwrap_or_default())
    }

    fn page_by_offset(&self, offset: u32) -> Text {
        self.list_by(&format!(r#"{{"limit":{PAGE},"offset":{offset}}}"#))
    }

    fn first(&self) -> Text {
        let mut first = None;
        self.cursor("{}", |text| {
            first = Some(text);
            false
        });
        first.expect("a document")
    }

    fn each(&self, mut take: impl FnMut(&[u8])) {
        self.cursor("{}", |text| {
            take(text.as_ref());
            true
        });
    }

    fn scan(&self) -> Text {
        self.list_by("{}")
    }

    fn ids(&self) -> Text {
        self.list_by(r#"{"fields":["id","uuid"]}"#)
    }

    fn resolve(&self, id: &str) -> Text {
        let id = c_text(id);
        Text(call!(nanostore_resolve_id(self.0, id.as_ptr()) -> *mut c_char))
    }

    fn checkpoint(&mut self) -> bool {
        let mut error = ptr::null_mut();
        // SAFETY: the handle is open, and the error is valid for writes.
        must(unsafe { nanostore_checkpoint(self.0, &mut error) }, error, "checkpoint");
        true
    }

    fn left(folder: &Path, documents: &[Document]) -> Self {
        let store = in_folder(folder, r#","durability":"batched""#);
        documents.iter().for_each(|it| store.add_one(it));
        store
    }
}

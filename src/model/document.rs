//! A document: what it holds, how it is written, and whether it keeps its schema's rules.
//!
//! A stored document is the compact JSON text that calls return, without the short ID, which is
//! computed and spliced in. What a person mistyped in a file stays in the document as it is
//! ([`Document::problems`] lists it) until a write mends it.

use std::borrow::Cow;
use std::fmt::Write as _;

use uuid::Uuid;

use crate::error::{Error, ErrorKind, Result, shown};
use crate::model::json::{JsonText, Number, Object, Value, cut, quote};
use crate::model::schema::{CODE_OTHER, DIMENSIONS_MAX, Dimension, DimensionKind, Schema};
use crate::model::time::Time;

/// Bytes of a key at most.
pub(crate) const KEY_BYTES_MAX: usize = 512;
/// Characters of a parent that nobody has understood that a message shows at most.
const PARENT_SHOWN_MAX: usize = 40;
/// Where the short ID is spliced into a stored text: behind `{"uuid":"0194..."`.
const ID_PLACE: usize = r#"{"uuid":""#.len() + 36 + 1;
/// The members that a document may have; computed ones among them.
pub(crate) const MEMBERS: [&str; 13] = [
    "uuid",
    "id",
    "key",
    "rev",
    "title",
    "body",
    "dimensions",
    "data",
    "numbers",
    "created_at",
    "updated_at",
    "level",
    "has_children",
];
/// The members that are computed for output and never stored.
pub(crate) const COMPUTED_MEMBERS: [&str; 3] = ["id", "level", "has_children"];

/// The values of a document in all dimensions, as codes: see `Dimension::code`.
pub(crate) type Codes = [u16; DIMENSIONS_MAX];

/// One document in memory, while it is read, changed or written. What most changes leave alone
/// stays text.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) uuid: Uuid,
    pub(crate) key: Option<JsonText<'static>>,
    pub(crate) rev: u64,
    pub(crate) title: JsonText<'static>,
    pub(crate) body: JsonText<'static>,
    /// Declared dimensions (the parent under its `ref_field`) and others, in the order of output.
    pub(crate) dimensions: Object,
    /// An object.
    pub(crate) data: JsonText<'static>,
    /// Numbers given under the present parent, by prefix text (stable numbering).
    pub(crate) numbers: Object,
    pub(crate) created_at: JsonText<'static>,
    pub(crate) updated_at: JsonText<'static>,
    /// Members that this version does not know.
    pub(crate) others: Object,
}

/// Who a document hangs below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParentRef {
    /// Nobody: it is a root.
    Root,
    /// The document of that UUID, which may be missing.
    Uuid(Uuid),
    /// No UUID: what a person wrote and nobody has understood.
    Unreadable,
}

/// The parent as a document has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GivenParent<'d> {
    /// Whether it is among the dimensions; beside them else, where people put it.
    is_dimension: bool,
    name: &'d str,
    value: &'d Value,
}

impl<'d> GivenParent<'d> {
    /// The path of the member.
    pub(crate) fn field(&self) -> String {
        let within = if self.is_dimension { "dimensions." } else { "" };
        format!("{within}{}", self.name)
    }

    /// What it says, if that may be an ID.
    pub(crate) fn text(&self) -> Option<&'d str> {
        match self.value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.as_str()),
            _ => None,
        }
    }

    fn uuid(&self) -> Option<Uuid> {
        self.value.as_str().and_then(|text| Uuid::try_parse(text).ok())
    }
}

/// A rule that a document found in a file breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: &'static str,
    pub(crate) field: String,
    pub(crate) message: String,
}

impl Default for Document {
    fn default() -> Document {
        Document {
            uuid: Uuid::nil(),
            key: None,
            rev: 0,
            title: JsonText::NULL,
            body: JsonText::NULL,
            dimensions: Object::default(),
            data: JsonText::EMPTY_OBJECT,
            numbers: Object::default(),
            created_at: JsonText::NULL,
            updated_at: JsonText::NULL,
            others: Object::default(),
        }
    }
}

impl Document {
    /// Reads a stored text.
    ///
    /// # Errors
    /// INTERNAL when the text is not one that [`Document::write`] wrote.
    pub(crate) fn from_stored(text: &str) -> Result<Document> {
        let broken = || Error::new(ErrorKind::Internal, "a stored document cannot be read back");
        let mut document = Document::default();
        let mut read = "{".len();
        for (name, value) in cut::members(text) {
            read += r#""":,"#.len() + name.len() + value.len();
            let value = JsonText::stored(value);
            match name {
                "uuid" => {
                    let uuid = value.as_str().and_then(|text| Uuid::try_parse(&text).ok());
                    document.uuid = uuid.ok_or_else(broken)?;
                }
                "rev" => document.rev = value.as_text().parse().map_err(|_| broken())?,
                "key" => document.key = Some(value.into_owned()),
                "title" => document.title = value.into_owned(),
                "body" => document.body = value.into_owned(),
                "dimensions" => document.dimensions = value.object(),
                "data" => document.data = value.into_owned(),
                "numbers" => document.numbers = value.object(),
                "created_at" => document.created_at = value.into_owned(),
                "updated_at" => document.updated_at = value.into_owned(),
                other => document.others.append(cut::unescaped(other).into_owned(), value.value()),
            }
        }
        if read == text.len() { Ok(document) } else { Err(broken()) }
    }

    /// Appends the compact text that is stored and returned (without the short ID).
    pub(crate) fn write(&self, out: &mut String) {
        out.push_str(r#"{"uuid":""#);
        push_uuid(self.uuid, out);
        out.push('"');
        if let Some(key) = &self.key {
            push_member("key", key.as_text(), out);
        }
        push_name("rev", out);
        // Writing to a text cannot fail.
        let _ = write!(out, "{}", self.rev);
        push_member("title", self.title.as_text(), out);
        push_member("body", self.body.as_text(), out);
        push_name("dimensions", out);
        self.dimensions.write(out);
        push_member("data", self.data.as_text(), out);
        if !self.numbers.is_empty() {
            push_name("numbers", out);
            self.numbers.write(out);
        }
        push_member("created_at", self.created_at.as_text(), out);
        push_member("updated_at", self.updated_at.as_text(), out);
        for (name, value) in self.others.iter() {
            out.push(',');
            quote(name, out);
            out.push(':');
            value.write(out);
        }
        out.push('}');
    }

    /// The key, where there is a well-formed one.
    pub(crate) fn key_text(&self) -> Option<Cow<'_, str>> {
        self.key.as_ref()?.as_str().filter(|key| check_key(key).is_ok())
    }

    /// When it was created; a time that cannot be read counts as the least one.
    pub(crate) fn created(&self) -> Time {
        self.created_at.as_str().and_then(|text| Time::parse(&text).ok()).unwrap_or(Time::MIN)
    }

    /// The codes of its values; default ones where it has none.
    pub(crate) fn codes(&self, schema: &Schema) -> Codes {
        let mut codes = Codes::default();
        for (dimension, code) in schema.dimensions.iter().zip(codes.iter_mut()) {
            if dimension.kind == DimensionKind::Enumerated {
                *code = match self.dimensions.get(&dimension.name) {
                    None => dimension.default_code(),
                    Some(Value::String(text)) => dimension.code(text),
                    Some(_) => CODE_OTHER,
                };
            }
        }
        codes
    }

    /// Who it hangs below.
    pub(crate) fn parent(&self, schema: &Schema) -> ParentRef {
        match schema.hierarchy().and_then(|hierarchy| self.given_parent(hierarchy)) {
            None => ParentRef::Root,
            Some(given) => given.uuid().map_or(ParentRef::Unreadable, ParentRef::Uuid),
        }
    }

    /// The parent as it is given: in the member where a store writes it, else where people do.
    pub(crate) fn given_parent<'d>(&'d self, hierarchy: &'d Dimension) -> Option<GivenParent<'d>> {
        if let Some(value) = self.dimensions.get(hierarchy.member()) {
            return Some(GivenParent { is_dimension: true, name: hierarchy.member(), value });
        }
        self.parents_by_hand(hierarchy).next()
    }

    /// The parent in members that a store does not write: under the name of the dimension, as
    /// calls take it, and beside the dimensions.
    pub(crate) fn parents_by_hand<'d>(
        &'d self,
        hierarchy: &'d Dimension,
    ) -> impl Iterator<Item = GivenParent<'d>> {
        let (name, member) = (hierarchy.name.as_str(), hierarchy.member());
        let places = [
            (true, name, self.dimensions.get(name).filter(|_| name != member)),
            (false, member, self.others.get(member)),
            (false, name, self.others.get(name).filter(|_| name != member)),
        ];
        places.into_iter().filter_map(|(is_dimension, name, value)| {
            let given = GivenParent { is_dimension, name, value: value? };
            given.text().filter(|text| !text.is_empty()).map(|_| given)
        })
    }

    /// Hangs it below the document of that UUID, or below nobody, whatever a person wrote.
    pub(crate) fn set_parent(&mut self, hierarchy: &Dimension, parent: Option<Uuid>) {
        while self.take_parent(hierarchy) {}
        if let Some(parent) = parent {
            self.adopt_parent(hierarchy, parent);
        }
    }

    /// Writes the UUID of the parent in the place of what a person wrote for it.
    pub(crate) fn adopt_parent(&mut self, hierarchy: &Dimension, parent: Uuid) {
        self.take_parent(hierarchy);
        let mut text = String::with_capacity(36);
        push_uuid(parent, &mut text);
        self.dimensions.insert(hierarchy.member().to_owned(), Value::String(text));
    }

    /// Takes out the member that gives the parent; false when there is none.
    fn take_parent(&mut self, hierarchy: &Dimension) -> bool {
        let given = self.given_parent(hierarchy);
        let Some((is_dimension, name)) = given.map(|it| (it.is_dimension, it.name.to_owned()))
        else {
            return false;
        };
        let members = if is_dimension { &mut self.dimensions } else { &mut self.others };
        members.remove(&name).is_some()
    }

    /// The number it was given under its present parent with the prefix text `prefix`, or 0.
    pub(crate) fn number(&self, prefix: &str) -> u32 {
        match self.numbers.get(prefix) {
            Some(Value::Number(number)) => {
                number.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// Notes the number it has under its present parent with the prefix text `prefix`.
    pub(crate) fn set_number(&mut self, prefix: String, number: u32) {
        self.numbers.insert(prefix, Value::Number(Number::from(u64::from(number))));
    }

    /// Puts declared dimensions first, in schema order, and adds the default values that are
    /// missing. Returns a bit for each dimension whose default was added.
    pub(crate) fn complete(&mut self, schema: &Schema) -> u8 {
        let mut implied = 0;
        for (index, dimension) in schema.dimensions.iter().enumerate() {
            let Some(value) = &dimension.default_value else { continue };
            if !self.dimensions.contains_key(&dimension.name) {
                self.dimensions.append(dimension.name.clone(), Value::String(value.clone()));
                implied |= 1 << index;
            }
        }
        let members = schema.dimensions.iter().map(Dimension::member);
        self.dimensions.order_by(|name| members.clone().position(|member| member == name));
        implied
    }

    /// Takes back the default values that [`Document::complete`] added.
    pub(crate) fn strip(&mut self, schema: &Schema, implied: u8) {
        for (index, dimension) in schema.dimensions.iter().enumerate() {
            if implied & (1 << index) != 0 {
                self.dimensions.remove(&dimension.name);
            }
        }
    }

    /// What in it breaks the rules of documents or of `schema`.
    pub(crate) fn problems(&self, schema: &Schema) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut report = |kind, field: &str, message: String| {
            problems.push(Problem { kind, field: field.to_owned(), message });
        };
        if let Some(key) = &self.key {
            match key.as_str().as_deref().map(check_key) {
                Some(Ok(())) => {}
                Some(Err(error)) => report("key", "key", error.message().to_owned()),
                None => report("type", "key", format!("a key is a text, not {}", key.type_name())),
            }
        }
        for (field, value) in [("title", &self.title), ("body", &self.body)] {
            if value.as_str().is_none() {
                report("type", field, format!("a {field} is a text, not {}", value.type_name()));
            }
        }
        for (field, value) in [("created_at", &self.created_at), ("updated_at", &self.updated_at)] {
            if value.as_str().is_none_or(|text| Time::parse(&text).is_err()) {
                report("time", field, format!("{field} is not an RFC 3339 time"));
            }
        }
        for dimension in &schema.dimensions {
            if dimension.kind == DimensionKind::Hierarchical {
                if let Some(given) = self.given_parent(dimension) {
                    if let Some((kind, message)) = unreadable(&given) {
                        report(kind, &given.field(), message);
                    }
                }
                continue;
            }
            let Some(value) = self.dimensions.get(&dimension.name) else { continue };
            let (kind, message) = match value {
                Value::String(text) if dimension.allows(text) => continue,
                Value::String(text) => ("value", dimension.complaint(text)),
                value => ("type", format!("a dimension holds a text, not {}", value.type_name())),
            };
            report(kind, &format!("dimensions.{}", dimension.member()), message);
        }
        problems
    }
}

/// Why a parent cannot be read; none when it can.
fn unreadable(given: &GivenParent<'_>) -> Option<(&'static str, String)> {
    match (given.uuid(), given.text()) {
        (Some(_), _) => None,
        (None, Some(text)) => {
            let text = shown(text, PARENT_SHOWN_MAX);
            let message = format!(
                "the parent '{text}' led to no document, or to two, when it was taken in: give \
                 its UUID, or give the parent by a call"
            );
            Some(("parent", message))
        }
        (None, None) => {
            let found = given.value.type_name();
            Some(("type", format!("a dimension holds a text, not {found}")))
        }
    }
}

/// Checks a key: 1 to 512 bytes without NUL.
pub(crate) fn check_key(key: &str) -> Result<()> {
    if key.is_empty() || key.contains('\0') {
        return Err(Error::invalid("a key has at least one character and no NUL").field("key"));
    }
    if key.len() > KEY_BYTES_MAX {
        let message = format!("a key has at most {KEY_BYTES_MAX} bytes, not {}", key.len());
        return Err(Error::new(ErrorKind::Limit, message).field("key"));
    }
    Ok(())
}

/// Checks the length of a document's text.
pub(crate) fn check_document_bytes(bytes: usize, most: usize) -> Result<()> {
    if bytes <= most {
        return Ok(());
    }
    let message = format!("a document has at most {most} bytes, not {bytes}");
    Err(Error::new(ErrorKind::Limit, message)
        .named("DOCUMENT_BYTES")
        .hint("max_document_bytes, an open option, sets the limit"))
}

/// Appends a UUID in its hyphenated lower-case form.
pub(crate) fn push_uuid(uuid: Uuid, out: &mut String) {
    out.push_str(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
}

/// Appends the name of a member that every version knows: it needs no escapes.
fn push_name(name: &'static str, out: &mut String) {
    out.push_str(",\"");
    out.push_str(name);
    out.push_str("\":");
}

fn push_member(name: &'static str, value: &str, out: &mut String) {
    push_name(name, out);
    out.push_str(value);
}

/// Appends a stored text as calls return it, with the short ID spliced in behind the UUID; `null`
/// for an empty text.
pub(crate) fn push_output(text: &str, id: Option<&str>, out: &mut String) {
    let Some((head, tail)) = text.split_at_checked(ID_PLACE).filter(|(_, tail)| !tail.is_empty())
    else {
        out.push_str("null");
        return;
    };
    let name = r#","id":"#;
    // Just what it takes, and the NUL that ends it in C: what is over would be given back.
    out.reserve(text.len() + name.len() + id.map_or(4, |id| id.len() + 2) + 1);
    out.push_str(head);
    out.push_str(name);
    push_id(id, out);
    out.push_str(tail);
}

/// A stored text with another revision.
pub(crate) fn with_rev(text: &str, rev: u64) -> Option<String> {
    let mut rest = text.get(ID_PLACE..)?;
    if let Some(key) = rest.strip_prefix(r#","key":"#) {
        rest = key.get(cut::value(key)?.len()..)?;
    }
    let rest = rest.strip_prefix(r#","rev":"#)?;
    let head = text.get(..text.len() - rest.len())?;
    let tail = rest.get(cut::value(rest)?.len()..)?;
    Some(format!("{head}{rev}{tail}"))
}

/// Appends a short ID as JSON: it needs no escapes.
pub(crate) fn push_id(id: Option<&str>, out: &mut String) {
    match id {
        Some(id) => {
            out.push('"');
            out.push_str(id);
            out.push('"');
        }
        None => out.push_str("null"),
    }
}

/// The key in a stored text, still quoted: it stands right behind the UUID.
pub(crate) fn quoted_key(text: &str) -> Option<&str> {
    let rest = text.get(ID_PLACE..)?.strip_prefix(r#","key":"#)?;
    // An empty key is a mistake in a file, and so is one that is no text.
    cut::string(rest).filter(|quoted| quoted.len() > 2)
}

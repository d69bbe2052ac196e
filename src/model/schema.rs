//! The schema of a collection: its dimensions, its canonical view and how it numbers.
//!
//! A schema comes from a caller, who is told of every mistake, or from a data file, where members
//! that this version does not know are kept. Either way the rules of short IDs hold: they are what
//! makes an ID read one way only.

mod indexes;

use serde::Deserialize;

pub(crate) use indexes::{IndexDeclaration, KEY_INDEX, ReduceKind};

use crate::error::{Error, ErrorKind, Result, shown};
use crate::model::json::{Object, Raw, Value, from_value};
use crate::model::prefix;

/// Dimensions in one schema at most.
pub(crate) const DIMENSIONS_MAX: usize = 7;
const VALUES_MAX: usize = 60_000;
const NAME_BYTES_MAX: usize = 255;
/// Declared values, and characters of a wrong one, that an error shows at most.
const LISTED_MAX: usize = 40;
const SHOWN_MAX: usize = 80;
const RESERVED_NAMES: [&str; 9] =
    ["uuid", "id", "key", "rev", "title", "body", "created_at", "updated_at", "data"];
const MEMBERS: [&str; 5] =
    ["dimensions", "canonical_view", "numbering", "schema_version", "indexes"];
const DIMENSION_MEMBERS: [&str; 6] =
    ["name", "type", "values", "prefixes", "default_value", "ref_field"];
const MEMBERS_OF_LATER_VERSIONS: [&str; 3] = ["links", "validate", "storage"];

/// The code of a document's value in a dimension: see [`Dimension::code`].
pub(crate) const CODE_NONE: u16 = 0;
/// The code of a value that is none of the declared ones.
pub(crate) const CODE_OTHER: u16 = u16::MAX;

/// How the documents of a partition get their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Numbering {
    /// From 1 without holes.
    #[default]
    Dense,
    /// A number, once given, stays with its document.
    Stable,
}

/// What a dimension does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DimensionKind {
    /// Holds one text of a set, or any text.
    Enumerated,
    /// Holds the UUID of the parent document.
    Hierarchical,
}

/// One declared dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) kind: DimensionKind,
    /// Absent: any text.
    pub(crate) values: Option<Vec<String>>,
    /// Value and prefix, in the order in which they were declared.
    pub(crate) prefixes: Vec<(String, String)>,
    pub(crate) default_value: Option<String>,
    /// The member that holds the parent; of the hierarchical dimension only.
    pub(crate) ref_field: Option<String>,
}

impl Dimension {
    /// The member of `dimensions` that holds the value.
    pub(crate) fn member(&self) -> &str {
        self.ref_field.as_deref().unwrap_or(&self.name)
    }

    /// The code of a value: its place among `values` from 1, or among the values with a prefix
    /// where any text is allowed; [`CODE_OTHER`] for every other text.
    pub(crate) fn code(&self, value: &str) -> u16 {
        let place = match &self.values {
            Some(values) => values.iter().position(|known| known == value),
            None => self.prefixes.iter().position(|(known, _)| known == value),
        };
        place.and_then(|place| u16::try_from(place + 1).ok()).unwrap_or(CODE_OTHER)
    }

    /// The value that `code` stands for.
    pub(crate) fn value(&self, code: u16) -> Option<&str> {
        let place = usize::from(code).checked_sub(1)?;
        match &self.values {
            Some(values) => values.get(place).map(String::as_str),
            None => self.prefixes.get(place).map(|(value, _)| value.as_str()),
        }
    }

    /// The code of a document that has no value here.
    pub(crate) fn default_code(&self) -> u16 {
        self.default_value.as_deref().map_or(CODE_NONE, |value| self.code(value))
    }

    /// The prefix that IDs show for `code`: none for the default value.
    pub(crate) fn visible_prefix(&self, code: u16) -> Option<&str> {
        let value = self.value(code)?;
        if self.default_value.as_deref() == Some(value) {
            return None;
        }
        self.prefixes.iter().find(|(known, _)| known == value).map(|(_, prefix)| prefix.as_str())
    }

    /// Whether `value` may be written here.
    pub(crate) fn allows(&self, value: &str) -> bool {
        self.values.as_ref().is_none_or(|values| values.iter().any(|known| known == value))
    }

    /// Checks that `value` may be written here.
    ///
    /// # Errors
    /// INVALID with the declared values.
    pub(crate) fn check(&self, value: &str) -> Result<()> {
        if self.allows(value) { Ok(()) } else { Err(self.outside(value)) }
    }

    #[cold]
    fn outside(&self, value: &str) -> Error {
        let (list, found) = (self.listed(), shown(value, SHOWN_MAX));
        Error::invalid(format!("'{}' takes one of {list}, not '{found}'", self.name))
            .named("VALUE_OUTSIDE_DIMENSION")
            .expected(format!("one of {list}"))
            .actual(found)
            .known(value, self.values.clone().unwrap_or_default())
    }

    /// What is wrong with a document of a file that holds `value` here.
    pub(crate) fn complaint(&self, value: &str) -> String {
        let found = shown(value, SHOWN_MAX);
        format!("'{}' holds '{found}', which is none of {}", self.name, self.listed())
    }

    /// The declared values, or the first of many.
    fn listed(&self) -> String {
        let values = self.values.as_deref().unwrap_or_default();
        let more = if values.len() > LISTED_MAX { ", ..." } else { "" };
        values.get(..LISTED_MAX).unwrap_or(values).join(", ") + more
    }
}

/// The schema of a collection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) canonical_view: Option<Value>,
    pub(crate) numbering: Numbering,
    pub(crate) schema_version: Option<u64>,
    pub(crate) indexes: Vec<IndexDeclaration>,
    /// The object it was read from, as the data file keeps it.
    pub(crate) source: Value,
}

/// Two schemas are equal when they mean the same, however they are written.
impl PartialEq for Schema {
    fn eq(&self, other: &Schema) -> bool {
        self.dimensions == other.dimensions
            && self.canonical_view == other.canonical_view
            && self.numbering == other.numbering
            && self.schema_version == other.schema_version
            && self.indexes == other.indexes
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaText {
    #[serde(default)]
    dimensions: Vec<DimensionText>,
    canonical_view: Option<Raw>,
    #[serde(default)]
    numbering: Numbering,
    schema_version: Option<u64>,
    indexes: Option<Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DimensionText {
    name: String,
    #[serde(rename = "type")]
    kind: DimensionKind,
    values: Option<Vec<String>>,
    prefixes: Option<Raw>,
    default_value: Option<String>,
    ref_field: Option<String>,
}

impl Schema {
    /// Reads the schema that a caller gave.
    ///
    /// # Errors
    /// INVALID naming the member, UNSUPPORTED for members of later versions, LIMIT.
    pub(crate) fn from_call(value: &Value) -> Result<Schema> {
        if let Some(object) = value.as_object() {
            for name in MEMBERS_OF_LATER_VERSIONS {
                if object.contains_key(name) {
                    let message = format!("this version does not know '{name}' in a schema yet");
                    return Err(Error::new(ErrorKind::Unsupported, message).field(name));
                }
            }
        }
        Schema::read(value, value.clone())
    }

    /// Reads the schema that a data file holds; members this version does not know are kept.
    pub(crate) fn from_file(value: &Value) -> Result<Schema> {
        let Some(object) = value.as_object() else {
            return Schema::read(value, value.clone());
        };
        let mut understood = keep(object, &MEMBERS);
        if let Some(Value::Array(dimensions)) = understood.get_mut("dimensions") {
            for dimension in dimensions {
                if let Value::Object(members) = dimension {
                    *members = keep(members, &DIMENSION_MEMBERS);
                }
            }
        }
        if let Some(indexes) = understood.get_mut("indexes") {
            indexes::keep_known(indexes);
        }
        Schema::read(&Value::Object(understood), value.clone())
    }

    /// The objects in a stored schema, with what is before their members in a path and the names
    /// that these may have.
    pub(crate) fn levels(source: &Value) -> Vec<(String, &Object, &'static [&'static str])> {
        let Some(object) = source.as_object() else { return Vec::new() };
        let mut levels: Vec<(String, &Object, &[&str])> = vec![(String::new(), object, &MEMBERS)];
        let lists: [(&str, &[&str]); 2] =
            [("dimensions", &DIMENSION_MEMBERS), ("indexes", &indexes::MEMBERS)];
        for (list, known) in lists {
            let Some(Value::Array(elements)) = object.get(list) else { continue };
            let objects = elements.iter().map(Value::as_object).enumerate();
            levels.extend(
                objects.filter_map(|(place, object)| {
                    Some((format!("{list}.{place}."), object?, known))
                }),
            );
        }
        levels
    }

    fn read(value: &Value, source: Value) -> Result<Schema> {
        let text: SchemaText = from_value(value)?;
        if let Some(Raw(view)) = &text.canonical_view {
            if view.as_object().is_none() {
                return Err(Error::invalid(format!(
                    "canonical_view takes a where object, not {}",
                    view.type_name()
                ))
                .field("canonical_view"));
            }
        }
        let mut dimensions = Vec::new();
        for (index, dimension) in text.dimensions.into_iter().enumerate() {
            let place = format!("dimensions.{index}");
            dimensions.push(dimension.check().map_err(|error| error.within(&place))?);
        }
        check_together(&dimensions).map_err(|error| error.within("dimensions"))?;
        Ok(Schema {
            dimensions,
            canonical_view: text.canonical_view.map(|Raw(view)| view),
            numbering: text.numbering,
            schema_version: text.schema_version,
            indexes: match &text.indexes {
                Some(Raw(value)) => indexes::read(value).map_err(|e| e.within("indexes"))?,
                None => Vec::new(),
            },
            source,
        })
    }

    /// The place of the dimension called `name`; the hierarchical one also answers to its
    /// `ref_field`.
    pub(crate) fn dimension(&self, name: &str) -> Option<usize> {
        self.dimensions.iter().position(|dimension| {
            dimension.name == name || dimension.ref_field.as_deref() == Some(name)
        })
    }

    /// The hierarchical dimension.
    pub(crate) fn hierarchy(&self) -> Option<&Dimension> {
        self.dimensions.iter().find(|dimension| dimension.kind == DimensionKind::Hierarchical)
    }
}

fn keep(object: &Object, names: &[&str]) -> Object {
    let known = object.iter().filter(|(name, _)| names.contains(&name.as_str()));
    known.map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl DimensionText {
    fn check(self) -> Result<Dimension> {
        check_name(&self.name, "name")?;
        let prefixes = self.prefixes()?;
        match self.kind {
            DimensionKind::Enumerated => self.enumerated(prefixes),
            DimensionKind::Hierarchical => self.hierarchical(&prefixes),
        }
    }

    fn prefixes(&self) -> Result<Vec<(String, String)>> {
        let Some(Raw(value)) = &self.prefixes else { return Ok(Vec::new()) };
        let object = value.as_object().ok_or_else(|| {
            Error::invalid("prefixes takes an object of value and prefix").field("prefixes")
        })?;
        object
            .iter()
            .map(|(name, prefix)| {
                let text = prefix.as_str().filter(|text| prefix::is_well_formed(text));
                let text = text.ok_or_else(|| {
                    Error::invalid(format!(
                        "the prefix of '{name}' is not made of the letters a to z (1 to {})",
                        prefix::LETTERS_MAX
                    ))
                    .field(format!("prefixes.{name}"))
                })?;
                Ok((name.clone(), text.to_owned()))
            })
            .collect()
    }

    fn enumerated(self, prefixes: Vec<(String, String)>) -> Result<Dimension> {
        if self.ref_field.is_some() {
            return Err(Error::invalid("only the hierarchical dimension has a ref_field")
                .field("ref_field"));
        }
        if let Some(values) = &self.values {
            check_values(values)?;
            let declared = |value: &String| values.contains(value);
            if let Some((value, _)) = prefixes.iter().find(|(value, _)| !declared(value)) {
                return Err(Error::invalid(format!("prefixes names '{value}', not one of values"))
                    .field(format!("prefixes.{value}"))
                    .known(value, values.clone()));
            }
            if let Some(value) = self.default_value.as_ref().filter(|value| !declared(value)) {
                return Err(Error::invalid(format!(
                    "default_value '{value}' is not one of values"
                ))
                .field("default_value")
                .known(value, values.clone()));
            }
        }
        Ok(Dimension {
            name: self.name,
            kind: self.kind,
            values: self.values,
            prefixes,
            default_value: self.default_value,
            ref_field: None,
        })
    }

    fn hierarchical(self, prefixes: &[(String, String)]) -> Result<Dimension> {
        if self.values.is_some() || self.default_value.is_some() || !prefixes.is_empty() {
            return Err(Error::invalid(format!(
                "the hierarchical dimension '{}' takes name, type and ref_field only",
                self.name
            )));
        }
        let ref_field = self.ref_field.unwrap_or_else(|| format!("{}_id", self.name));
        check_name(&ref_field, "ref_field")?;
        Ok(Dimension {
            name: self.name,
            kind: self.kind,
            values: None,
            prefixes: Vec::new(),
            default_value: None,
            ref_field: Some(ref_field),
        })
    }
}

fn check_name(name: &str, member: &str) -> Result<()> {
    if name.len() > NAME_BYTES_MAX {
        let message = format!("a {member} has at most {NAME_BYTES_MAX} bytes, not {}", name.len());
        return Err(Error::new(ErrorKind::Limit, message).field(member));
    }
    let reason = if name.is_empty() {
        "is empty"
    } else if RESERVED_NAMES.contains(&name) {
        "is a member that every document has"
    } else if name.starts_with(['_', '$']) {
        "begins with '_' or '$'"
    } else if name.contains(['.', ':', ',', '|', '\\']) || name.chars().any(char::is_control) {
        "holds one of . : , | \\ or a control character"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("the {member} '{name}' of a dimension {reason}")).field(member))
}

fn check_values(values: &[String]) -> Result<()> {
    if values.is_empty() {
        return Err(
            Error::invalid("values is empty; leave it out to allow any text").field("values")
        );
    }
    if values.len() > VALUES_MAX {
        let message = format!("values has at most {VALUES_MAX} members, not {}", values.len());
        return Err(Error::new(ErrorKind::Limit, message).field("values"));
    }
    let mut sorted: Vec<&String> = values.iter().collect();
    sorted.sort_unstable();
    for pair in sorted.windows(2) {
        if let [first, second] = pair {
            if first == second {
                return Err(Error::invalid(format!("values names '{first}' twice")).field("values"));
            }
        }
    }
    if sorted.first().is_some_and(|value| value.is_empty()) {
        return Err(Error::invalid("a value is an empty text").field("values"));
    }
    Ok(())
}

fn check_together(dimensions: &[Dimension]) -> Result<()> {
    if dimensions.len() > DIMENSIONS_MAX {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("a schema has at most {DIMENSIONS_MAX} dimensions, not {}", dimensions.len()),
        ));
    }
    let hierarchies = dimensions.iter().filter(|d| d.kind == DimensionKind::Hierarchical).count();
    if hierarchies > 1 {
        return Err(Error::invalid("a schema has at most one hierarchical dimension"));
    }
    let mut names: Vec<&str> = Vec::new();
    for dimension in dimensions {
        let own = [Some(dimension.name.as_str()), dimension.ref_field.as_deref()];
        let own: Vec<&str> = own.into_iter().flatten().collect();
        if let Some(name) = own.iter().find(|name| names.contains(name)) {
            return Err(Error::invalid(format!("two dimensions are called '{name}'")));
        }
        names.extend(own);
    }
    let prefixes: Vec<(usize, &str)> = dimensions
        .iter()
        .enumerate()
        .flat_map(|(index, dimension)| {
            dimension.prefixes.iter().map(move |(_, prefix)| (index, prefix.as_str()))
        })
        .collect();
    prefix::check_unambiguous(&prefixes)
}

//! The members of a document that tables lead to it by, read where they stand in its text.

use serde::Deserialize;

use crate::ids::{self, State};

#[derive(Deserialize)]
pub struct Fields<'a> {
    pub uuid: &'a str,
    pub key: &'a str,
    #[serde(borrow)]
    pub dimensions: Dimensions<'a>,
    #[serde(borrow)]
    pub data: Data<'a>,
    pub created_at: &'a str,
}

#[derive(Deserialize)]
pub struct Dimensions<'a> {
    status: &'a str,
    priority: &'a str,
    pub parent_id: Option<&'a str>,
}

#[derive(Deserialize)]
pub struct Data<'a> {
    pub due: &'a str,
    #[serde(rename = "ref")]
    pub reference: u32,
}

impl<'a> Fields<'a> {
    pub fn of(text: &'a str) -> Self {
        serde_json::from_str(text).expect("a document")
    }

    pub fn state(&self) -> State {
        ids::state(self.dimensions.status, self.dimensions.priority)
    }

    /// The text with another status in it.
    pub fn with_status(text: &str, status: &str) -> String {
        let old = Fields::of(text).dimensions.status;
        let start = old.as_ptr() as usize - text.as_ptr() as usize;
        [&text[..start], status, &text[start + old.len()..]].concat()
    }
}

//! Tables as JSON.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;

use crate::table::build::Table;
use crate::table::fields::Field;

/// One row as an object, in the order of the fields; absent values are null.
struct Row<'a>(&'a [Field<'a>], usize);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for field in self.0 {
            map.serialize_entry(&field.key, &field.at(self.1).ok())?;
        }
        map.end()
    }
}

/// A table as JSON.
#[derive(serde::Serialize)]
struct Whole<'a> {
    table: &'a str,
    titles: Vec<&'a String>,
    notes: &'a [String],
    fields: Vec<serde_json::Value>,
    rows: Vec<Row<'a>>,
    missing: Vec<serde_json::Value>,
}

impl Table {
    /// One object: `table`, `titles`, `notes`; `fields` with key, type, unit and name of each; `rows`,
    /// each an object with every key, null where there is no value; and `missing`, which says of each
    /// null why.
    ///
    /// # Panics
    /// Never: a table is plain data.
    pub fn json(&self) -> String {
        let fields = self.fields();
        let mut missing = Vec::new();
        for row in 0..self.rows {
            let absent = |field: &Field<'_>| {
                let why = &field.at(row).err()?.why;
                Some(json!({"row": row, "key": field.key, "why": why}))
            };
            missing.extend(fields.iter().filter_map(absent));
        }
        let about = |field: &Field<'_>| json!({"key": field.key, "type": field.kind(), "unit": field.unit, "name": field.about});
        let whole = Whole {
            table: &self.name,
            titles: self
                .parts
                .iter()
                .filter(|title| !title.is_empty())
                .collect(),
            notes: &self.notes,
            fields: fields.iter().map(about).collect(),
            rows: (0..self.rows).map(|row| Row(&fields, row)).collect(),
            missing,
        };
        serde_json::to_string_pretty(&whole).expect("plain data") + "\n"
    }
}

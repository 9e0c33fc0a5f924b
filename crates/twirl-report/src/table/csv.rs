//! Tables as comma-separated values.

use csv::{Terminator, WriterBuilder};

use crate::table::build::Table;
use crate::table::fields::Datum;
use crate::text::{Medium, escape};

impl Table {
    /// Comma-separated values (RFC 4180) with a head line, at full precision. Absent values are empty;
    /// text that a spreadsheet would take for a formula begins with an apostrophe.
    ///
    /// # Panics
    /// Never: memory takes every write.
    pub fn csv(&self) -> String {
        let fields = self.fields();
        let mut csv = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .from_writer(Vec::new());
        csv.write_record(fields.iter().map(|field| &field.key))
            .expect("memory");
        for row in 0..self.rows {
            let cell = |datum| match datum {
                Datum::Text(text) => escape(text, Medium::Csv),
                Datum::Integer(value) => value.to_string(),
                Datum::Real(value) => value.to_string(),
                Datum::Flag(value) => value.to_string(),
            };
            let cells = fields
                .iter()
                .map(|field| field.at(row).map_or_else(|_| String::new(), cell));
            csv.write_record(cells).expect("rows as long as the head");
        }
        String::from_utf8(csv.into_inner().expect("memory")).expect("made of text")
    }
}

//! A table as machines get it: fields of one type each, at full precision.

use serde::Serialize;

use twirl_compare::{Reach, Reached};

use crate::table::build::Table;
use crate::table::cell::{Bounded, Missing};
use crate::table::column::{Column, Data, Plain, Values};

/// A field: a part of a column that is one value a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field<'a> {
    pub(crate) key: String,
    pub(crate) unit: &'static str,
    pub(crate) about: &'a str,
    pub(crate) values: Plain,
}

/// A value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Datum<'a> {
    Text(&'a str),
    Integer(u64),
    Real(f64),
    Flag(bool),
}

impl Table {
    /// All fields, in the order of the columns.
    pub(crate) fn fields(&self) -> Vec<Field<'_>> {
        let with_key = self.columns.iter().filter(|column| !column.key.is_empty());
        with_key.flat_map(Column::fields).collect()
    }
}

impl Field<'_> {
    /// The value in a row, or why there is none.
    pub(crate) fn at(&self, row: usize) -> Result<Datum<'_>, &Missing> {
        match &self.values {
            Plain::Text(values) => values[row].as_ref().map(|text| Datum::Text(text)),
            Plain::Integer(values) => values[row].as_ref().map(|value| Datum::Integer(*value)),
            Plain::Real(values) => values[row].as_ref().map(|value| Datum::Real(*value)),
            Plain::Flag(values) => values[row].as_ref().map(|value| Datum::Flag(*value)),
        }
    }

    /// Name of its type.
    pub(crate) fn kind(&self) -> &'static str {
        match self.values {
            Plain::Text(_) => "text",
            Plain::Integer(_) => "integer",
            Plain::Real(_) => "real",
            Plain::Flag(_) => "flag",
        }
    }
}

impl Column {
    fn fields(&self) -> Vec<Field<'_>> {
        let field = |key: String, values: Plain| Field {
            unit: if matches!(values, Plain::Real(_)) {
                self.unit
            } else {
                ""
            },
            key,
            about: &self.name,
            values,
        };
        let own = |values: Plain| field(self.key.clone(), values);
        let ends = |pick: &dyn Fn(usize) -> Values<f64>| {
            let key = |end: &str| match self.stem.unwrap_or(&self.key) {
                "" => end.to_owned(),
                stem => format!("{stem}_{end}"),
            };
            [("low", 0), ("high", 1)].map(|(end, place)| field(key(end), Plain::Real(pick(place))))
        };
        match &self.data {
            Data::Plain(values) => vec![own(values.clone())],
            Data::Estimate(values) => {
                let end = |place: usize| -> Values<f64> {
                    let end = |value: &Bounded| finite(value.interval.clone()?[place]);
                    values
                        .iter()
                        .map(|value| end(value.as_ref().map_err(Missing::clone)?))
                        .collect()
                };
                let mut fields = vec![own(Plain::Real(each(values, |value| Ok(value.value))))];
                fields.extend(ends(&end));
                fields
            }
            Data::Reach(values, number) => {
                let end = |place: usize| {
                    each(values, |reached| {
                        let ends = reached.interval.ok_or("too few seeds for an interval")?;
                        finite(ends[place])
                    })
                };
                let word = each(values, |reached| Ok(word(reached).to_owned()));
                let number = field((*number).to_owned(), Plain::Real(each(values, bound)));
                let mut fields = vec![own(Plain::Text(word)), number];
                fields.extend(ends(&end));
                fields
            }
        }
    }
}

fn each<T, U>(values: &Values<T>, of: impl Fn(&T) -> Result<U, Missing>) -> Values<U> {
    let value = |value: &Result<T, Missing>| of(value.as_ref().map_err(Missing::clone)?);
    values.iter().map(value).collect()
}

fn finite(value: f64) -> Result<f64, Missing> {
    let finite = value.is_finite().then_some(value);
    finite.ok_or_else(|| "no bound on this side".into())
}

fn word(reached: &Reached) -> &'static str {
    match reached.value {
        Reach::At(_) => "at",
        Reach::Before(_) => "before",
        Reach::Never { .. } => "never",
    }
}

fn bound(reached: &Reached) -> Result<f64, Missing> {
    match reached.value {
        Reach::At(value) | Reach::Before(value) | Reach::Never { after: value } => finite(value),
    }
}

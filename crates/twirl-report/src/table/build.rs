//! Tables are made from rows of any type and, for each column, a function of a row.

use twirl_compare::Reached;

use crate::table::cell::{Bounded, Known};
use crate::table::column::{Column, Data, Ends, Plain, Values};

/// A table: typed, named columns of equal length.
///
/// People see it in one or more parts, each with a title; machines get all columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name for machines: that of its file.
    pub name: String,
    /// What must be read beside it, one line each.
    pub notes: Vec<String>,
    pub(crate) parts: Vec<String>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: usize,
    /// Whether people do not see rows that hold nothing but labels.
    pub(crate) full_rows_only: bool,
}

impl Table {
    /// Only what people see first.
    #[must_use]
    pub fn first_part(mut self) -> Self {
        self.columns.retain(|column| column.part == 0);
        self.parts.truncate(1);
        self
    }
}

/// Name for people and key for machines. One text is both, with underscores for its spaces.
pub trait Heading {
    /// Name and key.
    fn heading(self) -> [String; 2];
}

impl Heading for &str {
    fn heading(self) -> [String; 2] {
        [self.to_owned(), self.replace(' ', "_")]
    }
}

impl<N: Into<String>, K: Into<String>> Heading for (N, K) {
    fn heading(self) -> [String; 2] {
        [self.0.into(), self.1.into()]
    }
}

/// A table under construction: rows, and the columns so far. Each method adds the column that it is
/// named after, and returns it.
///
/// ```
/// use twirl_report::Columns;
///
/// let rows = [("painn", 600, Some(0.25)), ("plain", 1200, None)];
/// let mut columns = Columns::new("arms", "Arms and their losses", &rows);
/// columns.label("arm", |row| row.0);
/// columns.integer(("params", "parameters"), |row| row.1 as u64);
/// columns.real("loss", |row| row.2.ok_or("no record")).digits(2);
/// let table = columns.table();
/// assert_eq!(table.csv(), "arm,parameters,loss\r\npainn,600,0.25\r\nplain,1200,\r\n");
/// assert!(table.text().contains("plain   1,200     -"));
/// ```
#[derive(Debug)]
pub struct Columns<'a, R> {
    rows: &'a [R],
    table: Table,
}

impl<'a, R> Columns<'a, R> {
    /// A table that people see under a title.
    pub fn new(name: impl Into<String>, title: impl Into<String>, rows: &'a [R]) -> Self {
        let table = Table {
            name: name.into(),
            notes: Vec::new(),
            parts: vec![title.into()],
            columns: Vec::new(),
            rows: rows.len(),
            full_rows_only: false,
        };
        Self { rows, table }
    }

    /// A table for machines alone.
    pub fn data(name: impl Into<String>, rows: &'a [R]) -> Self {
        Self::new(name, "", rows)
    }

    /// What follows stands in a part of its own for people, after the labels of the first.
    pub fn part(&mut self, title: impl Into<String>) {
        self.table.parts.push(title.into());
    }

    /// What follows is for machines alone.
    pub fn unseen(&mut self) {
        self.part("");
    }

    /// People do not see a row of a part in which it has no value: what it lacks is said elsewhere.
    pub fn leave_out_empty(&mut self) {
        self.table.full_rows_only = true;
    }

    /// A line that must be read beside the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.table.notes.push(note.into());
    }

    /// The table.
    pub fn table(self) -> Table {
        self.table
    }

    /// Text that names a row.
    pub fn label<V>(&mut self, heading: impl Heading, of: impl Fn(&'a R) -> V) -> &mut Column
    where
        V: Known<String>,
    {
        self.text(heading, of).label()
    }

    /// Times or factors that may not be reached, with intervals. Machines get `KEY` (`at`, `before`,
    /// `never`), the number as `number` (for `never` the bound), `KEY_low` and `KEY_high`. People see
    /// factors with their unit `x`.
    pub fn reach<V: Known<Reached>>(
        &mut self,
        heading: impl Heading,
        number: &'static str,
        of: impl Fn(&'a R) -> V,
    ) -> &mut Column {
        self.add(heading, of, |values| Data::Reach(values, number))
    }

    fn add<T, V: Known<T>>(
        &mut self,
        heading: impl Heading,
        of: impl Fn(&'a R) -> V,
        data: impl Fn(Values<T>) -> Data,
    ) -> &mut Column {
        let [name, key] = heading.heading();
        let values = self.rows.iter().map(|row| of(row).known());
        self.table.columns.push(Column {
            name,
            key,
            unit: "",
            label: false,
            part: self.table.parts.len() - 1,
            digits: Some(3),
            scale: 1.0,
            ends: Ends::Beside,
            stem: None,
            data: data(values.collect()),
        });
        self.table.columns.last_mut().expect("just pushed")
    }
}

/// A method that adds columns of a type.
macro_rules! columns {
    ($($(#[$about:meta])* $name:ident: $value:ty => $data:expr;)*) => {
        impl<'a, R> Columns<'a, R> {$(
            $(#[$about])*
            pub fn $name<V>(&mut self, heading: impl Heading, of: impl Fn(&'a R) -> V) -> &mut Column
            where
                V: Known<$value>,
            {
                self.add(heading, of, $data)
            }
        )*}
    };
}

columns! {
    /// Text that says something of a row.
    text: String => |values| Data::Plain(Plain::Text(values));
    /// Counts.
    integer: u64 => |values| Data::Plain(Plain::Integer(values));
    /// Numbers.
    real: f64 => |values| Data::Plain(Plain::Real(values));
    /// Yes or no.
    flag: bool => |values| Data::Plain(Plain::Flag(values));
    /// Numbers with intervals; machines get these as `KEY_low` and `KEY_high`.
    estimate: Bounded => Data::Estimate;
}

//! A column: its name for people, its key for machines, its unit, its typed values.

use twirl_compare::Reached;

use crate::table::cell::{Bounded, Missing};

/// Values of one type, one a row; each may be absent with its reason.
pub(crate) type Values<T> = Vec<Result<T, Missing>>;

/// Values that are one field for machines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Plain {
    Text(Values<String>),
    Integer(Values<u64>),
    Real(Values<f64>),
    Flag(Values<bool>),
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    Plain(Plain),
    Estimate(Values<Bounded>),
    /// A time, or a factor, that may not be reached, and the key of its number.
    Reach(Values<Reached>, &'static str),
}

/// Where people see an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// In a column of its own.
    Beside,
    /// In brackets after the value, with one digit less.
    Inline,
    /// Nowhere.
    Unseen,
}

/// A column of a table. Its methods say how people see it; machines get full precision.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) unit: &'static str,
    pub(crate) label: bool,
    pub(crate) part: usize,
    /// Significant digits; nothing for those of a percentage.
    pub(crate) digits: Option<usize>,
    pub(crate) scale: f64,
    pub(crate) ends: Ends,
    /// What `_low` and `_high` follow, if another than the key.
    pub(crate) stem: Option<&'static str>,
    pub(crate) data: Data,
}

impl Column {
    /// Unit of the numbers that machines get.
    pub fn unit(&mut self, unit: &'static str) -> &mut Self {
        self.unit = unit;
        self
    }

    /// Significant digits, 3 unless said.
    pub fn digits(&mut self, digits: usize) -> &mut Self {
        self.digits = Some(digits);
        self
    }

    /// A percentage: three digits, or one where it is a rounding error.
    pub fn percentage(&mut self) -> &mut Self {
        self.digits = None;
        self.unit("%")
    }

    /// People see the number divided by this.
    pub fn shown_per(&mut self, scale: f64) -> &mut Self {
        self.scale = scale;
        self
    }

    /// The interval stands in brackets after the value.
    pub fn inline(&mut self) -> &mut Self {
        self.ends = Ends::Inline;
        self
    }

    /// Only machines get the interval.
    pub fn value_only(&mut self) -> &mut Self {
        self.ends = Ends::Unseen;
        self
    }

    /// Machines get the interval as `STEM_low` and `STEM_high`, or, where it is empty, `low` and `high`.
    pub fn ends_as(&mut self, stem: &'static str) -> &mut Self {
        self.stem = Some(stem);
        self
    }

    /// One of the columns that name a row: aligned left, repeated where a table is too wide.
    pub fn label(&mut self) -> &mut Self {
        self.label = true;
        self
    }

    /// People do not see it.
    pub fn machines_only(&mut self) -> &mut Self {
        self.part = usize::MAX;
        self
    }

    /// Machines do not get it: it repeats what other columns say.
    pub fn people_only(&mut self) -> &mut Self {
        self.key.clear();
        self
    }
}

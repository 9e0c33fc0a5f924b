//! A table as people see it: parts with a title, and cells of text.

use twirl_compare::{Reach, Reached};

use crate::number::{NONE, count, percent_digits, range, significant};
use crate::table::build::Table;
use crate::table::cell::{Bounded, Missing};
use crate::table::column::{Column, Data, Ends, Plain, Values};

/// A cell: its text, and why it holds no value if it holds none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) why: Option<String>,
}

/// A column of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownColumn {
    pub(crate) head: String,
    pub(crate) label: bool,
    /// Whether it holds words and no numbers.
    pub(crate) prose: bool,
    pub(crate) cells: Vec<Shown>,
}

/// One part of a table: labels first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) title: &'a str,
    pub(crate) columns: Vec<ShownColumn>,
    /// Of each row its place in the table.
    pub(crate) rows: Vec<usize>,
}

impl Table {
    /// The parts that have rows.
    pub(crate) fn shown(&self) -> Vec<Part<'_>> {
        let titled = self.parts.iter().enumerate();
        let titled = titled.filter(|(_, title)| !title.is_empty());
        let parts = titled.map(|(part, title)| {
            let here = |column: &&Column| column.part == part || column.label && column.part == 0;
            let columns: Vec<&Column> = self.columns.iter().filter(here).collect();
            let labels = columns.iter().filter(|column| column.label);
            let others = columns.iter().filter(|column| !column.label);
            let mut columns: Vec<ShownColumn> =
                labels.chain(others).flat_map(|c| c.shown()).collect();
            let value = |row: usize| {
                let others = columns.iter().filter(|column| !column.label);
                let mut cells = others.map(|column| &column.cells[row]);
                !self.full_rows_only || cells.any(|cell| cell.why.is_none())
            };
            let kept: Vec<bool> = (0..self.rows).map(value).collect();
            for column in &mut columns {
                let mut kept = kept.iter();
                column
                    .cells
                    .retain(|_| *kept.next().expect("one for each row"));
            }
            let rows = (0..self.rows).filter(|row| kept[*row]).collect();
            Part {
                title,
                columns,
                rows,
            }
        });
        let filled = |part: &Part<'_>| part.columns.iter().any(|column| !column.cells.is_empty());
        parts.filter(filled).collect()
    }
}

impl Column {
    fn shown(&self) -> Vec<ShownColumn> {
        let column = |head: &str, cells| ShownColumn {
            head: head.to_owned(),
            label: self.label,
            prose: matches!(self.data, Data::Plain(Plain::Text(_))),
            cells,
        };
        let own = |cells| vec![column(&self.name, cells)];
        match &self.data {
            Data::Plain(Plain::Text(values)) => own(texts(values, String::clone)),
            Data::Plain(Plain::Integer(values)) => own(texts(values, |value| count(*value))),
            Data::Plain(Plain::Real(values)) => own(texts(values, |value| self.number(*value))),
            Data::Plain(Plain::Flag(values)) => own(texts(values, |&value| {
                if value { "yes" } else { "no" }.to_owned()
            })),
            Data::Reach(values, number) => own(texts(values, |reached| {
                self.reached(reached, number.ends_with("factor"))
            })),
            Data::Estimate(values) => match self.ends {
                Ends::Inline => own(texts(values, |value| self.inlined(value))),
                Ends::Unseen => own(texts(values, |value| self.number(value.value))),
                Ends::Beside => {
                    let interval = |value: &Result<Bounded, Missing>| match value {
                        Ok(Bounded { value, interval }) => one(interval, |ends| {
                            range(Some(self.scaled(*ends)), self.digits_of(*value))
                        }),
                        Err(missing) => absent(missing),
                    };
                    vec![
                        column(&self.name, texts(values, |value| self.number(value.value))),
                        column("95 % interval", values.iter().map(interval).collect()),
                    ]
                }
            },
        }
    }

    fn digits_of(&self, value: f64) -> usize {
        self.digits.unwrap_or_else(|| percent_digits(value))
    }

    fn number(&self, value: f64) -> String {
        significant(value / self.scale, self.digits_of(value))
    }

    fn scaled(&self, interval: [f64; 2]) -> [f64; 2] {
        interval.map(|end| end / self.scale)
    }

    fn inlined(&self, Bounded { value, interval }: &Bounded) -> String {
        let text = self.number(*value);
        let digits = self.digits_of(*value) - 1;
        match interval {
            Ok(ends) => format!("{text} ({})", range(Some(self.scaled(*ends)), digits)),
            Err(_) => text,
        }
    }

    fn reached(&self, reached: &Reached, factor: bool) -> String {
        let unit = if factor { " x" } else { "" };
        let value = match reached.value {
            Reach::At(value) => self.number(value),
            Reach::Before(value) => format!("at most {}", self.number(value)),
            // A factor is bounded from below by what was measured; a time is a miss.
            Reach::Never { after } if factor => format!("over {}", self.number(after)),
            Reach::Never { after } => return format!("not reached in {}", self.number(after)),
        };
        match reached.interval {
            Some(ends) => {
                let ends = range(Some(self.scaled(ends)), self.digits_of(ends[0]) - 1);
                format!("{value}{unit} ({ends})")
            }
            None => format!("{value}{unit}"),
        }
    }
}

fn texts<T>(values: &Values<T>, text: impl Fn(&T) -> String) -> Vec<Shown> {
    values.iter().map(|value| one(value, &text)).collect()
}

fn one<T>(value: &Result<T, Missing>, text: impl Fn(&T) -> String) -> Shown {
    match value {
        Ok(value) => Shown {
            text: text(value),
            why: None,
        },
        Err(missing) => absent(missing),
    }
}

fn absent(missing: &Missing) -> Shown {
    let text = if missing.said { &missing.why } else { NONE };
    Shown {
        text: text.to_owned(),
        why: Some(missing.why.clone()),
    }
}

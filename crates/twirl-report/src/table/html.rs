//! Tables of a page.

use maud::{Markup, html};

use crate::table::build::Table;
use crate::table::fields::Datum;
use crate::table::shown::{Shown, ShownColumn};

impl Table {
    /// As HTML: a cell without a value says why when it is pointed at. Nothing without rows.
    ///
    /// Rows, and columns that are headed by one of `arms`, say whose they are in `data-arm`.
    pub fn html(&self, arms: &[&str]) -> Markup {
        let owners = self.owners();
        let owner = |row: usize| owners.as_ref().and_then(|owners| owners.get(row));
        let of_arm = |column: &ShownColumn| {
            let named = arms.contains(&column.head.as_str());
            named.then(|| column.head.clone())
        };
        html! {
            @for part in self.shown() {
                div.scroll tabindex="0" role="group" aria-label=(part.title) {
                    table {
                        caption { (part.title) }
                        thead { tr {
                            @for column in &part.columns {
                                th scope="col" class=[class(column)] data-arm=[of_arm(column)] { (column.head) }
                            }
                        } }
                        tbody {
                            @for (place, &row) in part.rows.iter().enumerate() {
                                tr data-arm=[owner(row)] {
                                    @for (number, column) in part.columns.iter().enumerate() {
                                        @let cell = &column.cells[place];
                                        @if number == 0 {
                                            th scope="row" class=[class(column)] { (cell.text) }
                                        } @else {
                                            td class=[class(column)] title=[&cell.why] data-arm=[of_arm(column)] {
                                                (text(column, cell))
                                            }
                                        }
                                    }
                                }
                                "\n"
                            }
                        }
                    }
                }
                "\n"
            }
            @for note in &self.notes { p.data { (note) } }
        }
    }

    /// The arm of each row, if there is such a column.
    fn owners(&self) -> Option<Vec<String>> {
        let fields = self.fields();
        let arm = fields.iter().find(|field| field.key == "arm")?;
        let name = |row| match arm.at(row) {
            Ok(Datum::Text(name)) => name.to_owned(),
            _ => String::new(),
        };
        Some((0..self.rows).map(name).collect())
    }
}

/// Labels stand at the left; words may be broken into lines.
fn class(column: &ShownColumn) -> Option<&'static str> {
    match (column.label, column.prose) {
        (true, _) => Some("t"),
        (false, true) => Some("t w"),
        (false, false) => None,
    }
}

/// A number is not broken but before its interval.
fn text(column: &ShownColumn, cell: &Shown) -> Markup {
    let number = !column.prose && cell.why.is_none();
    match cell.text.split_once(" (") {
        Some((value, interval)) if number => {
            html! { (value) " " span.i { "(" (interval) } }
        }
        _ => html! { (cell.text) },
    }
}

//! Tables of a page.

use maud::{Markup, html};

use crate::table::build::Table;

impl Table {
    /// As HTML: a cell without a value says why when it is pointed at. Nothing without rows.
    pub fn html(&self) -> Markup {
        html! {
            @for part in self.shown() {
                div.scroll tabindex="0" role="region" aria-label=(part.title) {
                    table {
                        caption { (part.title) }
                        thead { tr {
                            @for column in &part.columns {
                                th scope="col" class=[column.label.then_some("t")] { (column.head) }
                            }
                        } }
                        tbody {
                            @for row in 0..part.columns[0].cells.len() {
                                tr {
                                    @for (place, column) in part.columns.iter().enumerate() {
                                        @let cell = &column.cells[row];
                                        @let class = column.label.then_some("t");
                                        @if place == 0 {
                                            th scope="row" class=[class] { (cell.text) }
                                        } @else {
                                            td class=[class] title=[&cell.why] { (cell.text) }
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
}

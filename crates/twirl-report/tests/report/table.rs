//! A column is stated once and stands in every form; a value that is missing says why.

use serde_json::{Value, json};
use twirl_compare::{Estimate, Reach, Reached};
use twirl_report::{Bounded, Columns, Missing, Table};

struct Row {
    arm: &'static str,
    steps: Option<u64>,
    loss: Option<Estimate>,
}

fn rows() -> [Row; 2] {
    let loss = Estimate {
        value: 12.345_678,
        interval: Some([11.5, 13.25]),
    };
    let row = |arm, steps, loss| Row { arm, steps, loss };
    [
        row("painn", Some(12_000), Some(loss)),
        row("a|<b>,\u{1b}[31m", None, None),
    ]
}

fn table(rows: &[Row], further: bool) -> Table {
    let mut columns = Columns::new("arms", "A < B", rows);
    columns.label("arm", |row| row.arm);
    columns.integer("steps", |row| row.steps.ok_or(Missing::said("not begun")));
    columns.estimate("loss", |row| row.loss.ok_or("no record"));
    if further {
        columns.real(("thousand steps", "kilosteps"), |row| {
            row.steps.map(|s| s as f64 / 1e3).ok_or("none")
        });
    }
    columns.table()
}

/// The five forms of a table.
fn forms(table: &Table) -> [String; 5] {
    [
        table.text(),
        table.markdown(),
        table.csv(),
        table.json(),
        table.html(&[]).into_string(),
    ]
}

#[test]
fn a_further_column_is_one_line_and_stands_in_every_form() {
    let rows = rows();
    let (before, after) = (forms(&table(&rows, false)), forms(&table(&rows, true)));
    for (place, (before, after)) in before.iter().zip(&after).enumerate() {
        let name = ["thousand steps", "kilosteps"][usize::from(place == 2)];
        let value = ["12.0", "12"][usize::from(place == 2)];
        assert!(!before.contains(name) && after.contains(name), "{after}");
        assert!(after.contains(value), "{after}");
    }
}

#[test]
fn people_and_machines_read_the_same_values() {
    let table = table(&rows(), false);
    assert_eq!(
        table.text(),
        "A < B\n\
         arm              steps  loss  95 % interval\n\
         painn           12,000  12.3   11.5 to 13.2\n\
         a|<b>,?[31m  not begun     -              -\n\n"
    );
    assert_eq!(
        table.csv(),
        "arm,steps,loss,loss_low,loss_high\r\n\
         painn,12000,12.345678,11.5,13.25\r\n\
         \"a|<b>,\u{fffd}[31m\",,,,\r\n"
    );
    assert!(
        table
            .markdown()
            .contains("| a\\|&lt;b>,\u{fffd}\\[31m | not begun | - | - |")
    );
    let found: Value = serde_json::from_str(&table.json()).expect("JSON");
    let expected = json!({"arm": "painn", "steps": 12_000, "loss": 12.345_678, "loss_low": 11.5, "loss_high": 13.25});
    assert_eq!(found["rows"][0], expected);
    assert_eq!(found["rows"][1]["loss"], Value::Null);
    assert_eq!(
        found["missing"][1],
        json!({"row": 1, "key": "loss", "why": "no record"})
    );
    assert_eq!(found["fields"][1]["type"], "integer");
    let page = table.html(&[]).into_string();
    assert!(page.contains("<td title=\"no record\">-</td>"), "{page}");
    assert!(page.contains("a|&lt;b&gt;"), "{page}");
}

#[test]
fn parts_repeat_labels_and_leave_out_rows_without_a_value() {
    let rows = rows();
    let mut columns = Columns::new("arms", "first", &rows);
    columns.leave_out_empty();
    columns.label("arm", |row| row.arm);
    columns.flag("begun", |row| row.steps.is_some());
    columns.part("second");
    columns
        .real("loss", |row| {
            row.loss.map(|loss| loss.value).ok_or("no record")
        })
        .digits(4);
    columns.unseen();
    columns.integer("steps", |row| row.steps.ok_or("not begun"));
    let table = columns.table();
    let (first, second) = table
        .text()
        .split_once("\n\n")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("two parts");
    assert_eq!(first.lines().count(), 4, "{first}");
    assert_eq!(second, "second\narm     loss\npainn  12.35\n\n");
    assert!(
        !table.text().contains("steps")
            && table
                .csv()
                .starts_with("arm,begun,loss,steps\r\npainn,true,12.345678,12000")
    );
}

#[test]
fn percentages_intervals_and_what_is_not_reached_are_said_in_words() {
    let percent = |value, interval| Estimate { value, interval };
    let rows = [
        percent(3e-9, None),
        percent(12.345, Some([10.0, f64::INFINITY])),
    ];
    let mut columns = Columns::new("percents", "percents", &rows);
    columns.label("name", |_| "x");
    columns
        .estimate("percent", |row| {
            Bounded::new(*row, Missing::said("no interval (4 molecules)"))
        })
        .percentage();
    columns.reach("break-even", "factor", |row| Reached {
        value: Reach::Never { after: 2.0 },
        interval: row.interval,
    });
    columns.reach("took", "took_seconds", |_| Reached {
        value: Reach::Before(1.5),
        interval: None,
    });
    columns.estimate(("both", "both"), |row| *row).inline();
    let table = columns.table();
    for text in [
        "3e-9",
        "no interval (4 molecules)",
        "12.3                  over 10.0",
        "over 2.00 x",
        "at most 1.50",
        "over 2.00 x (over 10)",
        "12.3 (over 10)",
    ] {
        assert!(table.text().contains(text), "{text} in\n{}", table.text());
    }
    assert!(
        table.csv().contains(",never,2,10,,before,1.5,,,"),
        "{}",
        table.csv()
    );
}

#[test]
fn no_line_is_wider_than_a_terminal_and_no_column_is_lost() {
    let rows = [0];
    for count in [1, 2, 7, 8, 30] {
        let mut columns = Columns::new("wide", "a title", &rows);
        columns.label("name", |_| "row");
        for column in 0..count {
            columns.integer((format!("column number {column}"), "key"), |_| 1_u64);
        }
        let text = columns.table().text();
        assert!(
            text.lines().all(|line| line.chars().count() <= 120),
            "{text}"
        );
        for column in 0..count {
            assert!(text.contains(&format!("column number {column}")), "{text}");
        }
    }
}

#[test]
fn columns_that_go_below_repeat_the_rows_that_have_a_value_there() {
    let rows = [("both", true), ("once", false)];
    let mut columns = Columns::new("wide", "a title", &rows);
    columns.label("name", |row| row.0);
    for column in ["first", "second"] {
        let head = format!("{column} {}", "x".repeat(70));
        columns.real((head, "key"), |row| {
            (column == "first" || row.1).then_some(1.5).ok_or("absent")
        });
    }
    let text = columns.table().text();
    let lines = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!(
        (lines("name"), lines("both"), lines("once")),
        (2, 2, 1),
        "{text}"
    );
}

#[test]
fn a_cell_is_no_formula() {
    let rows = ["=1+1", "@x", "plain"];
    let mut columns = Columns::data("formulas", &rows);
    columns.label("text", |row| *row);
    columns.real("number", |_| -1.5);
    assert_eq!(
        columns.table().csv(),
        "text,number\r\n'=1+1,-1.5\r\n'@x,-1.5\r\nplain,-1.5\r\n"
    );
}

//! Tables and chart of fits.

use twirl_compare::Estimate;
use twirl_report::{Chart, Columns, Curves, Line, Look, Table};

use super::fit::PowerLaw;
use super::points::{Against, Figure, Point};
use super::series::Series;
use crate::outcome::Outcome;

/// A fit of a series.
struct Fitted<'a> {
    series: &'a Series,
    figure: Figure,
    law: PowerLaw,
}

/// A fit at an end of the published range.
struct Predicted<'a> {
    of: &'a Fitted<'a>,
    at: f64,
    value: Result<Estimate, &'static str>,
}

/// Adds the tables and the chart.
pub(super) fn present(outcome: &mut Outcome, all: &[Series]) {
    let mut fits = Vec::new();
    for series in all {
        for figure in [Figure::Percent, Figure::EquivOfZero] {
            // Along a loss the second exponent is the first and one.
            let said = figure == Figure::Percent
                || matches!(series.against, Against::Parameters | Against::Items);
            if said && let Ok(law) = series.law(figure) {
                fits.push(Fitted {
                    series,
                    figure,
                    law,
                });
            }
        }
    }
    let percents = fits.iter().filter(|fit| fit.figure == Figure::Percent);
    let percents: Vec<&Fitted<'_>> = percents.collect();
    let ends = percents.iter().flat_map(|&of| {
        let ends = of.series.against.published().iter();
        ends.map(move |&at| Predicted {
            of,
            at,
            value: of.law.at(at).ok_or("not a finite number"),
        })
    });
    let ends: Vec<Predicted<'_>> = ends.collect();
    let points = point_table(all);
    outcome.chart = chart(&points, &percents);
    outcome.tables = vec![law_table(&fits), end_table(&ends), points];
}

fn law_table(fits: &[Fitted<'_>]) -> Table {
    let title = "Power laws, the figure = a x^b, of each seed by least squares in logarithms";
    let mut columns = Columns::new("laws", title, fits);
    columns.label("task", |fit| &fit.series.task);
    columns.label("arm", |fit| &fit.series.arm);
    columns.label("figure", |fit| fit.figure.name());
    columns.label(("x", "against"), |fit| fit.series.against.name());
    columns.estimate(("b", "exponent"), |fit| fit.law.exponent);
    columns.integer("seeds", |fit| fit.law.seeds());
    columns.integer("points", |fit| fit.law.points());
    columns.real(("from x", "from"), |fit| fit.law.range[0]);
    columns.real(("to x", "to"), |fit| fit.law.range[1]);
    columns.real("scatter", |fit| fit.law.scatter);
    columns.note(
        "`scatter`: largest factor between a point and the line of its seed. Where it is large beside \
         what seeds differ by, no power law holds, and the exponent is a mean slope over these points.",
    );
    columns.note("Intervals of L_equiv/L0 are over seeds alone.");
    columns.table()
}

fn end_table(ends: &[Predicted<'_>]) -> Table {
    let title = "Percentage that the fits give at the ends of the published ranges";
    let mut columns = Columns::new("published", title, ends);
    columns.label("task", |row| &row.of.series.task);
    columns.label("arm", |row| &row.of.series.arm);
    columns.label(("x", "against"), |row| row.of.series.against.name());
    columns.real(("at x", "at"), |row| row.at);
    columns.estimate("percent", |row| row.value).percentage();
    let beyond = columns.real("extrapolated by", |row| row.of.law.beyond(row.at));
    beyond.digits(2).unit("x");
    columns.note(
        "An extrapolation holds where the power law goes on; its interval knows of seeds and molecules, \
         not of whether it does.",
    );
    columns.table()
}

fn point_table(all: &[Series]) -> Table {
    let mut rows: Vec<(&Series, &Point)> = Vec::new();
    // Those over variants are the points of the two series of variants.
    for series in all.iter().filter(|one| one.against != Against::Loss) {
        rows.extend(series.points.iter().map(|point| (series, point)));
    }
    let mut columns = Columns::data("data", &rows);
    columns.label("task", |row| &row.0.task);
    columns.label("arm", |row| &row.0.arm);
    columns.label("against", |row| row.0.against.name());
    columns.label("variant", |row| &row.1.variant);
    columns.label("seed", |row| row.1.seed.to_string());
    columns.integer("step", |row| row.1.step);
    columns.integer("parameters", |row| row.1.parameters);
    columns.integer("items", |row| row.1.items);
    columns.real("loss_of_zero", |row| row.1.of_zero);
    columns.real("loss_equiv_of_zero", |row| row.1.equiv_of_zero);
    columns.real("percent", |row| row.1.percent).unit("%");
    columns.real("floor", |row| row.1.floor).unit("%");
    columns.text("left_out", |row| row.1.left_out.unwrap_or(""));
    columns.real("factor", |row| {
        row.1.left_out.map_or(Ok(factor(row.0, row.1)), Err)
    });
    columns.table()
}

/// Parameters or items over the fewest of the series; of losses the inverse of `L / L0`. What is larger is
/// farther to the right: a larger model, more data, a better one.
fn factor(series: &Series, point: &Point) -> f64 {
    on_axis(series, point.x(series.against))
}

fn on_axis(series: &Series, x: f64) -> f64 {
    match series.against {
        Against::Training | Against::Loss => 1.0 / x,
        Against::Parameters | Against::Items => {
            let all = series.points.iter().map(|point| point.x(series.against));
            x / all.fold(f64::INFINITY, f64::min)
        }
    }
}

fn chart(points: &Table, fits: &[&Fitted<'_>]) -> Chart {
    let mut panels = points.panels(&Curves {
        panel: &["against"],
        label: "100 L_equiv / L (%)",
        line: &["task", "arm"],
        apart: &["seed"],
        x: "factor",
        y: &["percent"],
    });
    for fit in fits
        .iter()
        .filter(|fit| fit.series.against != Against::Loss)
    {
        let Series { task, arm, .. } = fit.series;
        let name = format!("{}: ", fit.series.against.name());
        let ends = fit.law.range.into_iter().filter_map(|x| {
            let value = fit.law.at(x)?.value;
            Some([on_axis(fit.series, x), value])
        });
        let line = Line {
            name: format!("{task}/{arm}"),
            points: ends.collect(),
            look: Look::Envelope,
            ..Line::default()
        };
        let own = panels
            .iter_mut()
            .filter(|panel| panel.label.starts_with(&name));
        own.for_each(|panel| panel.lines.push(line.clone()));
    }
    Chart {
        title: "Share of the loss that is imperfect symmetry, and its power laws".into(),
        description:
            "Circles: seeds where they have learned. Broad lines: the fits, over the points that \
                      they are made from."
                .into(),
        x_label: "L0 / L, or parameters or training items over the fewest".into(),
        panels,
        ..Chart::default()
    }
}

//! One or more panels above a common horizontal axis.

use std::fmt::Write;

use crate::html::escape;
use crate::svg::STYLES;
use crate::svg::axis::{Axis, Scale};
use crate::svg::mark::{dashes, outline};

/// A mark of a figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// What is shown when it is pointed at.
    pub(crate) hover: String,
}

/// A curve.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Series {
    /// Index of its colour, dash and mark.
    pub(crate) style: usize,
    pub(crate) points: Vec<Point>,
    /// `[x, low, high]`
    pub(crate) band: Vec<[f64; 3]>,
    /// A thin line `[x, y]` beside it: the numerical floor.
    pub(crate) floor: Vec<[f64; 2]>,
}

/// Curves with a vertical axis of their own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Panel {
    pub(crate) label: String,
    pub(crate) height: f64,
    pub(crate) series: Vec<Series>,
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// Unique in its page.
    pub(crate) id: String,
    pub(crate) title: String,
    /// The text alternative.
    pub(crate) description: String,
    pub(crate) x_label: String,
    pub(crate) x_scale: Scale,
    pub(crate) panels: Vec<Panel>,
}

const WIDTH: f64 = 640.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 54.0;
const BETWEEN: f64 = 32.0;

impl Series {
    fn xs(&self) -> impl Iterator<Item = f64> + Clone {
        let points = self.points.iter().map(|point| point.x);
        points
            .chain(self.band.iter().map(|band| band[0]))
            .chain(self.floor.iter().map(|p| p[0]))
    }

    fn ys(&self) -> impl Iterator<Item = f64> + Clone {
        let points = self.points.iter().map(|point| point.y);
        let band = self.band.iter().flat_map(|band| [band[1], band[2]]);
        points
            .chain(band.filter(|value| *value > 0.0))
            .chain(self.floor.iter().map(|p| p[1]))
    }
}

impl Figure {
    /// Width and height of the drawing.
    pub(crate) fn extent(&self) -> [f64; 2] {
        [WIDTH, self.height()]
    }

    fn height(&self) -> f64 {
        let drawn = self.panels.iter().filter(|panel| !panel.series.is_empty());
        let gaps = BETWEEN * drawn.clone().count().saturating_sub(1) as f64;
        TOP + BOTTOM + gaps + drawn.map(|panel| panel.height).sum::<f64>()
    }

    /// The `svg` element.
    pub(crate) fn svg(&self) -> String {
        let panels: Vec<&Panel> = self
            .panels
            .iter()
            .filter(|panel| !panel.series.is_empty())
            .collect();
        let height = self.height();
        let all = || panels.iter().flat_map(|panel| &panel.series);
        let xs: Vec<f64> = all().flat_map(Series::xs).collect();
        let x = match self.x_scale {
            Scale::Logarithmic => Axis::new(&xs, LEFT, WIDTH - RIGHT),
            Scale::Counting => Axis::counting(&xs, LEFT, WIDTH - RIGHT),
        };
        let mut text = String::new();
        let mut top = TOP;
        for panel in &panels {
            text.push_str(&panel.draw(&x, top));
            top += panel.height + BETWEEN;
        }
        let floor = height - BOTTOM;
        let mut labels = String::new();
        let slot = x.slot().map(|place| (place, "0".to_owned()));
        for (place, label) in x.ticks().into_iter().chain(slot) {
            let _ = write!(
                labels,
                "<text x=\"{place:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                floor + 20.0,
                escape(&label)
            );
        }
        format!(
            "<svg role=\"img\" aria-labelledby=\"{id}-t {id}-d\" viewBox=\"0 0 {WIDTH} {height:.0}\">\n\
             <title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>\n{text}{labels}\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n</svg>",
            escape(&self.title),
            escape(&self.description),
            f64::midpoint(LEFT, WIDTH - RIGHT),
            height - 8.0,
            escape(&self.x_label),
            id = escape(&self.id),
        )
    }
}

impl Panel {
    fn draw(&self, x: &Axis, top: f64) -> String {
        let floor = top + self.height;
        let ys: Vec<f64> = self.series.iter().flat_map(Series::ys).collect();
        let y = Axis::new(&ys, floor, top);
        let mut text = String::new();
        let _ = writeln!(
            text,
            "<path class=\"frame\" d=\"M{LEFT} {top:.1}H{:.1}V{floor:.1}H{LEFT}Z\"/>",
            WIDTH - RIGHT
        );
        for (place, _) in x.ticks() {
            let _ = write!(
                text,
                "<path class=\"grid\" d=\"M{place:.1} {top:.1}V{floor:.1}\"/>"
            );
        }
        let slot = y.slot().map(|place| (place, "\u{2264} 0".to_owned()));
        // A low strip has room for two labels.
        let ticks = y.ticks();
        let every = ticks.len().div_ceil((self.height / 30.0).max(1.0) as usize);
        for (index, (place, label)) in ticks.into_iter().enumerate() {
            let _ = write!(
                text,
                "<path class=\"grid\" d=\"M{LEFT} {place:.1}H{:.1}\"/>",
                WIDTH - RIGHT
            );
            // The slot's label lies below the axis proper.
            let crowded = slot.as_ref().is_some_and(|(low, _)| low - place < 16.0);
            if index % every == 0 && !crowded {
                text.push_str(&y_label(place, &label));
            }
        }
        if let Some((place, label)) = slot {
            text.push_str(&y_label(place, &label));
        }
        let _ = writeln!(
            text,
            "\n<text x=\"{LEFT}\" y=\"{:.1}\">{}</text>",
            top - 8.0,
            escape(&self.label)
        );
        // Bands below lines below marks, over all series.
        self.series
            .iter()
            .for_each(|series| text.push_str(&band(series, x, &y)));
        self.series
            .iter()
            .for_each(|series| text.push_str(&lines(series, x, &y)));
        self.series
            .iter()
            .for_each(|series| text.push_str(&marks(series, x, &y)));
        text
    }
}

fn y_label(place: f64, label: &str) -> String {
    format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        LEFT - 7.0,
        place + 4.5,
        escape(label)
    )
}

fn path(points: impl Iterator<Item = [f64; 2]>) -> String {
    let mut path = String::new();
    for (index, [x, y]) in points.enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    path
}

fn band(series: &Series, x: &Axis, y: &Axis) -> String {
    let drawn = || {
        series
            .band
            .iter()
            .filter(|[at, _, high]| *at > 0.0 && *high > 0.0)
    };
    if drawn().count() < 2 {
        return String::new();
    }
    let upper = drawn().map(|[at, _, high]| [x.place(*at), y.place(*high)]);
    let lower = drawn()
        .rev()
        .map(|[at, low, _]| [x.place(*at), y.place(*low)]);
    format!(
        "<path class=\"band s{}\" d=\"{}Z\"/>\n",
        series.style % STYLES,
        path(upper.chain(lower))
    )
}

fn lines(series: &Series, x: &Axis, y: &Axis) -> String {
    let mut text = String::new();
    let style = series.style % STYLES;
    // A line to a value without a logarithm would have an arbitrary slope.
    let drawn = || {
        series
            .points
            .iter()
            .filter(|point| point.x > 0.0 && point.y > 0.0)
    };
    if drawn().count() > 1 {
        let points = drawn().map(|point| [x.place(point.x), y.place(point.y)]);
        let _ = writeln!(
            text,
            "<path class=\"line s{style}\" stroke-dasharray=\"{}\" d=\"{}\"/>",
            dashes(style),
            path(points)
        );
    }
    if series.floor.len() > 1 {
        let points = series
            .floor
            .iter()
            .filter(|[at, value]| *at > 0.0 && *value > 0.0);
        let points = points.map(|[at, value]| [x.place(*at), y.place(*value)]);
        let _ = writeln!(
            text,
            "<path class=\"floor s{style}\" d=\"{}\"/>",
            path(points)
        );
    }
    text
}

fn marks(series: &Series, x: &Axis, y: &Axis) -> String {
    let mut text = String::new();
    for point in &series.points {
        let hover = escape(&point.hover);
        let _ = writeln!(
            text,
            "<path class=\"m s{}\" transform=\"translate({:.1} {:.1})\" d=\"{}\" data-x=\"{}\" \
             data-y=\"{}\" data-v=\"{hover}\"><title>{hover}</title></path>",
            series.style % STYLES,
            x.place(point.x),
            y.place(point.y),
            outline(series.style),
            point.x,
            point.y,
        );
    }
    text
}

//! Draws one or more panels above a common horizontal axis.

use std::fmt::Write;

use crate::chart::axis::Axis;
use crate::chart::lines::{Chart, ChartPanel, Line, Look};
use crate::chart::mark::{STYLES, dashes, outline};
use crate::text::{Medium, escape};

const WIDTH: f64 = 640.0;
const NARROW: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 54.0;
const BETWEEN: f64 = 32.0;
/// A mark nearer than this to the one before has no outline, which would hide that one.
const APART: f64 = 5.0;

/// What a drawing is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// A file of its own.
    File,
    /// A page, which shows and hides lines by their names.
    Page,
}

/// A line with its style and the places of its values.
struct Drawn<'a> {
    line: &'a Line,
    style: usize,
    x: &'a Axis,
    y: &'a Axis,
}

impl Line {
    fn points(&self) -> impl DoubleEndedIterator<Item = (usize, [f64; 2])> + Clone {
        let finite = |point: &(usize, [f64; 2])| point.1.iter().all(|value| value.is_finite());
        self.points.iter().copied().enumerate().filter(finite)
    }

    fn band(&self) -> impl DoubleEndedIterator<Item = [f64; 3]> + Clone {
        let finite = |band: &[f64; 3]| band.iter().all(|value| value.is_finite());
        self.band.iter().copied().filter(finite)
    }

    fn is_drawn(&self) -> bool {
        let area = self.look == Look::Area && self.band().next().is_some();
        self.points().next().is_some() || !self.floor.is_empty() || area
    }

    fn xs(&self) -> impl Iterator<Item = f64> {
        let points = self.points().map(|(_, [x, _])| x);
        let band = self.band().map(|[x, ..]| x);
        points.chain(band).chain(self.floor.iter().map(|p| p[0]))
    }

    fn ys(&self) -> impl Iterator<Item = f64> {
        let points = self.points().map(|(_, [_, y])| y);
        let band = self.band().flat_map(|[_, low, high]| [low, high]);
        let band = band.filter(|value| *value > 0.0);
        points.chain(band).chain(self.floor.iter().map(|p| p[1]))
    }
}

impl Chart {
    fn drawn(&self) -> impl Iterator<Item = &ChartPanel> + Clone {
        let drawn = |panel: &&ChartPanel| panel.lines.iter().any(Line::is_drawn);
        self.panels.iter().filter(drawn)
    }

    /// Whether there is anything to draw.
    pub(crate) fn shows(&self) -> bool {
        self.drawn().next().is_some()
    }

    /// Width of the drawing.
    pub(crate) fn width(&self) -> f64 {
        if self.narrow { NARROW } else { WIDTH }
    }

    /// Height of the drawing.
    pub(crate) fn height(&self) -> f64 {
        let gaps = BETWEEN * self.drawn().count().saturating_sub(1) as f64;
        TOP + BOTTOM + gaps + self.drawn().map(|panel| panel.height).sum::<f64>()
    }

    /// The `svg` element without a legend, with an `id` that is unique in its page. A line has the style
    /// of the place of its name among `names`.
    pub(crate) fn drawing(&self, id: &str, names: &[&str], purpose: Use) -> String {
        let (width, height) = (self.width(), self.height());
        let lines = self.drawn().flat_map(|panel| &panel.lines);
        let xs: Vec<f64> = lines.flat_map(Line::xs).collect();
        let x = Axis::new(self.x_scale, &xs, LEFT, width - RIGHT);
        let mut text = String::new();
        let mut top = TOP;
        for panel in self.drawn() {
            text.push_str(&panel.draw(&x, [top, width - RIGHT], names, purpose));
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
                safe(&label)
            );
        }
        format!(
            "<svg role=\"img\" aria-labelledby=\"{id}-t {id}-d\" viewBox=\"0 0 {width} {height:.0}\">\n\
             <title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>\n{text}{labels}\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n</svg>",
            safe(&self.title),
            safe(&self.description),
            f64::midpoint(LEFT, width - RIGHT),
            height - 8.0,
            safe(&self.x_label),
            id = safe(id),
        )
    }
}

impl ChartPanel {
    fn draw(&self, x: &Axis, [top, right]: [f64; 2], names: &[&str], purpose: Use) -> String {
        let floor = top + self.height;
        let lines: Vec<&Line> = self.lines.iter().filter(|line| line.is_drawn()).collect();
        let ys: Vec<f64> = lines.iter().flat_map(|line| line.ys()).collect();
        let ys: Vec<f64> = ys.into_iter().chain(self.holds).collect();
        let y = Axis::new(self.y_scale, &ys, floor, top);
        let mut text = String::new();
        let _ = writeln!(
            text,
            "<path class=\"frame\" d=\"M{LEFT} {top:.1}H{right:.1}V{floor:.1}H{LEFT}Z\"/>"
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
                "<path class=\"grid\" d=\"M{LEFT} {place:.1}H{right:.1}\"/>"
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
            safe(&self.label)
        );
        let drawn = |line| Drawn {
            line,
            style: names
                .iter()
                .position(|name| *name == line.name)
                .unwrap_or(0),
            x,
            y: &y,
        };
        let drawn: Vec<Drawn> = lines.into_iter().map(drawn).collect();
        // Bands below lines below marks, over all lines.
        for layer in [Drawn::band, Drawn::lines, Drawn::marks] {
            for drawn in &drawn {
                match layer(drawn) {
                    part if part.is_empty() || purpose == Use::File => text += &part,
                    part => {
                        let name = safe(&drawn.line.name);
                        let _ = write!(text, "<g data-arm=\"{name}\">\n{part}</g>\n");
                    }
                }
            }
        }
        text
    }
}

impl Drawn<'_> {
    fn path(&self, points: impl Iterator<Item = [f64; 2]>) -> String {
        let mut path = String::new();
        for (index, [x, y]) in points.enumerate() {
            let (x, y) = (self.x.place(x), self.y.place(y));
            let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
        }
        path
    }

    fn band(&self) -> String {
        let band = self.line.band();
        let area = self.line.look == Look::Area;
        let drawn = band.filter(|[at, _, high]| *at > 0.0 && (area || *high > 0.0));
        if drawn.clone().count() < 2 {
            return String::new();
        }
        let upper = drawn.clone().map(|[at, _, high]| [at, high]);
        let lower = drawn.rev().map(|[at, low, _]| [at, low]);
        format!(
            "<path class=\"{} s{}\" d=\"{}Z\"/>\n",
            if area { "area" } else { "band" },
            self.style % STYLES,
            self.path(upper.chain(lower))
        )
    }

    fn lines(&self) -> String {
        let mut text = String::new();
        let style = self.style % STYLES;
        // A line to a value without a logarithm would have an arbitrary slope.
        let positive = |point: &[f64; 2]| point.iter().all(|value| *value > 0.0);
        if self.line.look == Look::Envelope {
            let points = self.line.points().map(|(_, point)| point).filter(positive);
            return format!("<path class=\"envelope\" d=\"{}\"/>\n", self.path(points));
        }
        let drawn = || self.line.points().map(|(_, point)| point).filter(positive);
        if drawn().count() > 1 {
            let _ = writeln!(
                text,
                "<path class=\"line s{style}\" stroke-dasharray=\"{}\" d=\"{}\"/>",
                dashes(style),
                self.path(drawn())
            );
        }
        if self.line.floor.len() > 1 {
            let points = self.line.floor.iter().copied().filter(positive);
            let _ = writeln!(
                text,
                "<path class=\"floor s{style}\" d=\"{}\"/>",
                self.path(points)
            );
        }
        text
    }

    fn marks(&self) -> String {
        let mut text = String::new();
        if self.line.look != Look::Marks {
            return text;
        }
        let mut before = [f64::INFINITY; 2];
        for (index, [x, y]) in self.line.points() {
            let at = [self.x.place(x), self.y.place(y)];
            let apart = (at[0] - before[0]).hypot(at[1] - before[1]) >= APART;
            before = at;
            let plain = || format!("{}: {x:.4e}, {y:.4e}", self.line.name);
            let hover = self.line.hover.get(index).cloned().unwrap_or_else(plain);
            let hover = safe(&hover);
            let _ = writeln!(
                text,
                "<path class=\"m s{}{}\" transform=\"translate({:.1} {:.1})\" d=\"{}\" data-x=\"{x}\" \
                 data-y=\"{y}\"><title>{hover}</title></path>",
                self.style % STYLES,
                if apart { "" } else { " near" },
                at[0],
                at[1],
                outline(self.style),
            );
        }
        text
    }
}

fn y_label(place: f64, label: &str) -> String {
    format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        LEFT - 7.0,
        place + 4.5,
        safe(label)
    )
}

fn safe(text: &str) -> String {
    escape(text, Medium::Markup)
}

//! What a figure shows.

use twirl_compare::PercentPoint;

use crate::chart::axis::Scale;

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// A line with marks; its band, pale, is an interval.
    #[default]
    Marks,
    /// Its band alone, full: one of several that lie on each other.
    Area,
    /// A broad pale line without marks below the others.
    Envelope,
}

/// A curve. Values at or below zero have a place of their own on a logarithmic axis; points that are
/// not finite are left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// Name in the legend. Lines of one name, in any panel, look alike.
    pub name: String,
    /// `[x, y]`
    pub points: Vec<[f64; 2]>,
    /// `[x, low, high]`
    pub band: Vec<[f64; 3]>,
    /// A thin line `[x, y]` beside it: the numerical floor.
    pub floor: Vec<[f64; 2]>,
    /// What is shown when a point is pointed at, for each of them; name and values where there is none.
    pub hover: Vec<String>,
    /// How it is drawn.
    pub look: Look,
}

impl Line {
    /// A curve of percentages against steps, with its band.
    pub fn percents(name: &str, curve: &[PercentPoint]) -> Self {
        let band = |point: &PercentPoint| {
            let [low, high] = point.percent.interval?;
            Some([point.step as f64, low, high])
        };
        let points = curve
            .iter()
            .map(|point| [point.step as f64, point.percent.value]);
        Self {
            name: name.to_owned(),
            points: points.collect(),
            band: curve.iter().filter_map(band).collect(),
            ..Self::default()
        }
    }
}

/// Curves with a vertical axis of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartPanel {
    /// Quantity and unit.
    pub label: String,
    /// Curves.
    pub lines: Vec<Line>,
    /// Height in pixels.
    pub height: f64,
    /// The vertical axis.
    pub y_scale: Scale,
    /// A value that the vertical axis holds too, so that panels of several charts have one scale.
    pub holds: Option<f64>,
}

impl Default for ChartPanel {
    fn default() -> Self {
        Self::new("", Vec::new())
    }
}

impl ChartPanel {
    /// A panel of the usual height.
    pub fn new(label: impl Into<String>, lines: Vec<Line>) -> Self {
        Self {
            label: label.into(),
            lines,
            height: 220.0,
            y_scale: Scale::Logarithmic,
            holds: None,
        }
    }
}

/// Panels above a common horizontal axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// What is seen.
    pub title: String,
    /// The text alternative: what the figure says, in words.
    pub description: String,
    /// Quantity and unit of the horizontal axis.
    pub x_label: String,
    /// The horizontal axis.
    pub x_scale: Scale,
    /// From top to bottom.
    pub panels: Vec<ChartPanel>,
    /// Whether it is one of several small ones.
    pub narrow: bool,
}

impl Chart {
    /// Names of the lines, in the order in which they come first.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.lines) {
            if !names.contains(&line.name.as_str()) {
                names.push(&line.name);
            }
        }
        names
    }
}

//! What a figure shows.

use twirl_compare::PercentPoint;

use crate::chart::axis::Scale;

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

/// Curves with a vertical axis of their own, which is logarithmic.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartPanel {
    /// Quantity and unit.
    pub label: String,
    /// Curves.
    pub lines: Vec<Line>,
    /// Height in pixels.
    pub height: f64,
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

//! Figures as files of their own: one SVG with its styles and its legend.

use std::fmt::Write;

use crate::html::escape;
use crate::svg::{Figure, Panel, Point, STYLES, Series, mark};

/// A curve. Both axes are logarithmic; values at or below zero have a place of their own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// Name in the legend. Lines of one name, in any panel, look alike.
    pub name: String,
    /// `[x, y]`
    pub points: Vec<[f64; 2]>,
    /// `[x, low, high]`
    pub band: Vec<[f64; 3]>,
}

/// Curves with a vertical axis of their own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChartPanel {
    /// Quantity and unit.
    pub label: String,
    /// Curves.
    pub lines: Vec<Line>,
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
    /// From top to bottom.
    pub panels: Vec<ChartPanel>,
}

const PANEL: f64 = 220.0;
const LEGEND_ROW: f64 = 20.0;
const TITLE: f64 = 26.0;

/// Colours that are told apart on white, also by those who confuse red and green.
const COLOURS: [&str; STYLES] = [
    "#0072b2", "#c04e00", "#00795a", "#a23f86", "#8a6400", "#4b5563", "#5b4bb7", "#9a1f2e",
];

impl Chart {
    /// The file: nothing in it refers to anything outside. Points that are not finite are left
    /// out.
    pub fn svg(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.lines) {
            if !names.contains(&line.name.as_str()) {
                names.push(&line.name);
            }
        }
        let figure = Figure {
            id: "figure".into(),
            title: self.title.clone(),
            description: self.description.clone(),
            x_label: self.x_label.clone(),
            x_scale: crate::svg::Scale::Logarithmic,
            panels: self
                .panels
                .iter()
                .map(|panel| panel.drawn(&names))
                .collect(),
        };
        let [width, height] = figure.extent();
        let full = TITLE + height + LEGEND_ROW * names.len() as f64 + 8.0;
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {full:.0}\" \
             width=\"{width}\" height=\"{full:.0}\">\n<style>\n{}</style>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text class=\"title\" x=\"14\" y=\"19\">{}</text>\n\
             <svg y=\"{TITLE}\" width=\"{width}\" height=\"{height:.0}\">\n{}\n</svg>\n",
            style(),
            escape(&self.title),
            figure.svg(),
        );
        for (index, name) in names.iter().enumerate() {
            let y = TITLE + height + LEGEND_ROW * (index as f64 + 0.5);
            let _ = writeln!(
                text,
                "<g transform=\"translate(14 {y:.1})\"><path class=\"line s{style}\" \
                 stroke-dasharray=\"{}\" d=\"M0 0H40\"/><path class=\"m s{style}\" \
                 transform=\"translate(20 0)\" d=\"{}\"/><text x=\"50\" y=\"4.5\">{}</text></g>",
                mark::dashes(index),
                mark::outline(index),
                escape(name),
                style = index % STYLES,
            );
        }
        text.push_str("</svg>\n");
        text
    }
}

impl ChartPanel {
    fn drawn(&self, names: &[&str]) -> Panel {
        let series = self.lines.iter().filter_map(|line| {
            let points: Vec<Point> = line
                .points
                .iter()
                .filter(|point| point.iter().all(|value| value.is_finite()))
                .map(|&[x, y]| Point {
                    x,
                    y,
                    hover: format!("{}: {x:.4e}, {y:.4e}", line.name),
                })
                .collect();
            let band = line.band.iter().copied();
            let band = band.filter(|band| band.iter().all(|value| value.is_finite()));
            (!points.is_empty()).then(|| Series {
                style: names
                    .iter()
                    .position(|name| *name == line.name)
                    .unwrap_or(0),
                points,
                band: band.collect(),
                floor: Vec::new(),
            })
        });
        Panel {
            label: self.label.clone(),
            height: PANEL,
            series: series.collect(),
        }
    }
}

fn style() -> String {
    let mut text = String::from(
        "text { fill: #57606a; font: 13px system-ui, sans-serif; }\n\
         .title { fill: #1b1f24; font-size: 15px; font-weight: 600; }\n\
         .frame { fill: none; stroke: #d5dae0; }\n\
         .grid { stroke: #d5dae0; stroke-width: .6; fill: none; }\n\
         .line { fill: none; stroke-width: 2; stroke-linejoin: round; }\n\
         .band { stroke: none; opacity: .16; }\n.m { stroke: #ffffff; stroke-width: 1; }\n",
    );
    for (index, colour) in COLOURS.iter().enumerate() {
        let _ = writeln!(
            text,
            ".line.s{index} {{ stroke: {colour}; }} .m.s{index}, .band.s{index} {{ fill: {colour}; }}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_one_whole_file() {
        let line = |name: &str, scale: f64| Line {
            name: name.into(),
            points: vec![[1.0, scale], [10.0, 2.0 * scale], [100.0, f64::NAN]],
            band: vec![[1.0, 0.5 * scale, 2.0 * scale], [10.0, scale, 3.0 * scale]],
        };
        let chart = Chart {
            title: "a < b".into(),
            description: "two lines".into(),
            x_label: "steps".into(),
            panels: vec![
                ChartPanel {
                    label: "L".into(),
                    lines: vec![line("one", 1.0), line("two", -1.0)],
                },
                ChartPanel {
                    label: "percent".into(),
                    lines: vec![line("two", 3.0)],
                },
                ChartPanel::default(),
            ],
        };
        let svg = chart.svg();
        assert!(svg.starts_with("<svg xmlns") && svg.ends_with("</svg>\n"));
        assert!(!svg.contains("NaN") && !svg.contains("a < b") && svg.contains("a &lt; b"));
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
        // The same name has the same style in both panels.
        assert_eq!(svg.matches(">one</text>").count(), 1);
        assert_eq!(svg.matches("class=\"line s1\"").count(), 2);
    }
}

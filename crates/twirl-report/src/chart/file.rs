//! Figures as files of their own: one SVG with its styles and its legend.

use std::fmt::Write;

use crate::chart::draw::Use;
use crate::chart::lines::{Chart, Look};
use crate::chart::mark::{STYLES, dashes, outline};
use crate::text::{Medium, escape};

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
        let names = self.names();
        let (width, height) = (self.width(), self.height());
        let full = TITLE + height + LEGEND_ROW * names.len() as f64 + 8.0;
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {full:.0}\" \
             width=\"{width}\" height=\"{full:.0}\">\n<style>\n{}</style>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text class=\"title\" x=\"14\" y=\"19\">{}</text>\n\
             <svg y=\"{TITLE}\" width=\"{width}\" height=\"{height:.0}\">\n{}\n</svg>\n",
            style(self),
            escape(&self.title, Medium::Markup),
            self.drawing("figure", &names, Use::File),
        );
        for (index, name) in names.iter().enumerate() {
            let y = TITLE + height + LEGEND_ROW * (index as f64 + 0.5);
            let _ = writeln!(
                text,
                "<g transform=\"translate(14 {y:.1})\"><path class=\"line s{style}\" \
                 stroke-dasharray=\"{}\" d=\"M0 0H40\"/><path class=\"m s{style}\" \
                 transform=\"translate(20 0)\" d=\"{}\"/><text x=\"50\" y=\"4.5\">{}</text></g>",
                dashes(index),
                outline(index),
                escape(name, Medium::Markup),
                style = index % STYLES,
            );
        }
        text.push_str("</svg>\n");
        text
    }
}

fn style(chart: &Chart) -> String {
    let mut text = String::from(
        "text { fill: #57606a; font: 13px system-ui, sans-serif; }\n\
         .title { fill: #1b1f24; font-size: 15px; font-weight: 600; }\n\
         .frame { fill: none; stroke: #d5dae0; }\n\
         .grid { stroke: #d5dae0; stroke-width: .6; fill: none; }\n\
         .line { fill: none; stroke-width: 2; stroke-linejoin: round; }\n\
         .band { stroke: none; opacity: .16; }\n.m { stroke: #ffffff; stroke-width: 1; }\n\
         .m.near { stroke: none; }\n",
    );
    for (index, colour) in COLOURS.iter().enumerate() {
        let _ = writeln!(
            text,
            ".line.s{index} {{ stroke: {colour}; }} .m.s{index}, .band.s{index} {{ fill: {colour}; }}"
        );
    }
    // Only where they are needed: most files have neither.
    let mut lines = chart.panels.iter().flat_map(|panel| &panel.lines);
    if lines.any(|line| line.look != Look::Marks) {
        text.push_str(
            ".area { stroke: none; opacity: .62; }\n\
             .envelope { fill: none; stroke: #1b1f24; stroke-width: 9; opacity: .13; stroke-linejoin: round; }\n",
        );
        for (index, colour) in COLOURS.iter().enumerate() {
            let _ = writeln!(text, ".area.s{index} {{ fill: {colour}; }}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::lines::{ChartPanel, Line};

    #[test]
    fn a_chart_is_one_whole_file() {
        let line = |name: &str, scale: f64| Line {
            name: name.into(),
            points: vec![[1.0, scale], [10.0, 2.0 * scale], [100.0, f64::NAN]],
            band: vec![[1.0, 0.5 * scale, 2.0 * scale], [10.0, scale, 3.0 * scale]],
            ..Line::default()
        };
        let chart = Chart {
            title: "a < b".into(),
            description: "two lines".into(),
            x_label: "steps".into(),
            x_scale: crate::chart::axis::Scale::Logarithmic,
            panels: vec![
                ChartPanel::new("L", vec![line("one", 1.0), line("two", -1.0)]),
                ChartPanel::new("percent", vec![line("two", 3.0)]),
                ChartPanel::default(),
            ],
            narrow: false,
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

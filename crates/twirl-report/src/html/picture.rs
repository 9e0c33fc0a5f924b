//! Pictures as PNG inside the page, in indexed colours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};
use png::{BitDepth, ColorType, Encoder};
use twirl_compare::TaskRuns;
use twirl_record::{Panel, Picture};

use crate::number::significant;
use crate::text::{Medium, escape};

/// Dark blue over green to yellow, in the manner of viridis: brightness grows with the value, so that
/// it reads in grey too.
const STOPS: [[f64; 3]; 5] = [
    [68.0, 1.0, 84.0],
    [59.0, 82.0, 139.0],
    [33.0, 145.0, 140.0],
    [94.0, 201.0, 98.0],
    [253.0, 231.0, 37.0],
];

/// The pictures of each arm's first run.
pub(super) fn gallery(task: &TaskRuns) -> Markup {
    let first = task
        .arms
        .iter()
        .filter_map(|arm| arm.counted().first().copied());
    let pictures = first.flat_map(|run| run.pictures.iter().map(|picture| (run.label(), picture)));
    let pictures: Vec<(String, &Picture)> = pictures.collect();
    html! {
        @if !pictures.is_empty() {
            h3 { "Pictures" }
            div.gallery { @for (label, picture) in pictures { (draw(&label, picture)) } }
        }
    }
}

fn draw(label: &str, picture: &Picture) -> Markup {
    let values = picture.panels.iter().flat_map(|panel| &panel.values);
    let finite = values.copied().filter(|value| value.is_finite());
    let low = finite.clone().reduce(f32::min).unwrap_or(0.0);
    let high = finite.reduce(f32::max).unwrap_or(1.0);
    html! {
        figure.picture {
            figcaption { (picture.title) " (" (label) ")" }
            div.panels {
                @for panel in &picture.panels {
                    @let text = format!("{}: {}, {label}", picture.title, panel.name);
                    div { (image(panel, [low, high], &text)) p { (panel.name) } }
                }
            }
            p.data {
                (picture.caption) " Colours from " (significant(f64::from(low), 3)) " (dark) to "
                (significant(f64::from(high), 3)) " (bright), the same in all panels."
            }
        }
        "\n"
    }
}

/// HTML has no end tag for an image, and XML wants one.
fn image(panel: &Panel, range: [f32; 2], text: &str) -> Markup {
    PreEscaped(format!(
        "<img class=\"panel\" width=\"{}\" height=\"{}\" alt=\"{}\" \
         src=\"data:image/png;base64,{}\"/>",
        panel.width,
        panel.height,
        escape(text, Medium::Markup),
        STANDARD.encode(png(panel, range)),
    ))
}

fn colour(share: f64) -> [u8; 3] {
    let place = share * (STOPS.len() - 1) as f64;
    let below = (place.floor() as usize).min(STOPS.len() - 2);
    let rest = place - below as f64;
    std::array::from_fn(|channel| {
        let (from, to) = (STOPS[below][channel], STOPS[below + 1][channel]);
        (from + rest * (to - from)).round() as u8
    })
}

/// A PNG file with 256 colours.
fn png(panel: &Panel, [low, high]: [f32; 2]) -> Vec<u8> {
    let span = if high > low { high - low } else { 1.0 };
    let index = |value: &f32| (((value - low) / span).clamp(0.0, 1.0) * 255.0) as u8;
    let pixels: Vec<u8> = panel.values.iter().map(index).collect();
    let palette: Vec<u8> = (0..256)
        .flat_map(|entry| colour(f64::from(entry) / 255.0))
        .collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, panel.width as u32, panel.height as u32);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(palette);
    let mut writer = encoder.write_header().expect("a panel has pixels");
    writer
        .write_image_data(&pixels)
        .expect("a pixel for each value");
    writer.finish().expect("memory takes every write");
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_size_the_order_and_the_colours_of_its_values() {
        let panel = Panel {
            name: "p".into(),
            height: 2,
            width: 3,
            values: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        };
        let file = png(&panel, [0.0, 5.0]);
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .expect("a picture");
        assert_eq!((reader.info().width, reader.info().height), (3, 2));
        let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
        reader.next_frame(&mut pixels).expect("a frame");
        assert_eq!(pixels, [0, 51, 102, 153, 204, 255]);
        assert_eq!(colour(0.0), [68, 1, 84]);
        assert_eq!(colour(1.0), [253, 231, 37]);
    }
}

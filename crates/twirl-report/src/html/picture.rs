//! Pictures as PNG inside the page: indexed colours, stored without compression.

use std::fmt::Write;

use twirl_record::{Panel, Picture};

use crate::number::significant;
use crate::runs::TaskRuns;
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
pub(super) fn gallery(task: &TaskRuns) -> String {
    let mut text = String::new();
    for arm in &task.arms {
        let Some(run) = arm.counted().first().copied() else {
            continue;
        };
        for picture in &run.pictures {
            let _ = write!(text, "{}", draw(&run.label(), picture));
        }
    }
    if text.is_empty() {
        return text;
    }
    format!("<h3>Pictures</h3>\n<div class=\"gallery\">\n{text}</div>\n")
}

fn draw(label: &str, picture: &Picture) -> String {
    let values = || picture.panels.iter().flat_map(|panel| &panel.values);
    let finite = || values().filter(|value| value.is_finite());
    let low = finite().copied().reduce(f32::min).unwrap_or(0.0);
    let high = finite().copied().reduce(f32::max).unwrap_or(1.0);
    let mut panels = String::new();
    for panel in &picture.panels {
        let _ = writeln!(
            panels,
            "<div><img class=\"panel\" width=\"{}\" height=\"{}\" alt=\"{}\" \
             src=\"data:image/png;base64,{}\"/><p>{}</p></div>",
            panel.width,
            panel.height,
            escape(
                &format!("{}: {}, {label}", picture.title, panel.name),
                Medium::Markup
            ),
            base64(&png(panel, low, high)),
            escape(&panel.name, Medium::Markup),
        );
    }
    format!(
        "<figure class=\"picture\"><figcaption>{} ({})</figcaption>\n<div class=\"panels\">{panels}\
         </div>\n<p class=\"data\">{} Colours from {} (dark) to {} (bright), the same in all \
         panels.</p></figure>\n",
        escape(&picture.title, Medium::Markup),
        escape(label, Medium::Markup),
        escape(&picture.caption, Medium::Markup),
        significant(f64::from(low), 3),
        significant(f64::from(high), 3),
    )
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

/// A PNG file (RFC 2083) with 256 colours.
fn png(panel: &Panel, low: f32, high: f32) -> Vec<u8> {
    let span = if high > low { high - low } else { 1.0 };
    let mut rows = Vec::with_capacity(panel.height * (panel.width + 1));
    for row in panel.values.chunks_exact(panel.width) {
        rows.push(0);
        rows.extend(row.iter().map(|value| {
            let share = (value - low) / span;
            (share.clamp(0.0, 1.0) * 255.0) as u8
        }));
    }
    let palette: Vec<u8> = (0..256)
        .flat_map(|entry| colour(f64::from(entry) / 255.0))
        .collect();
    let mut header = Vec::from((panel.width as u32).to_be_bytes());
    header.extend((panel.height as u32).to_be_bytes());
    // Eight bits, indexed, and the only methods of compression, filter and interlace.
    header.extend([8, 3, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"IDAT", stored(&rows)),
        (b"IEND", Vec::new()),
    ] {
        file.extend((content.len() as u32).to_be_bytes());
        let start = file.len();
        file.extend(name);
        file.extend(content);
        let sum = crc32(&file[start..]);
        file.extend(sum.to_be_bytes());
    }
    file
}

/// A zlib stream (RFC 1950) of stored blocks.
fn stored(bytes: &[u8]) -> Vec<u8> {
    const MOST: usize = 0xffff;
    let mut stream = vec![0x78, 0x01];
    let blocks = bytes.chunks(MOST);
    let last = blocks.len() - 1;
    for (place, block) in blocks.enumerate() {
        let length = block.len() as u16;
        stream.push(u8::from(place == last));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |mut rest: u32, byte| {
        rest ^= u32::from(*byte);
        for _ in 0..8 {
            let odd = rest & 1 == 1;
            rest >>= 1;
            if odd {
                rest ^= 0xedb8_8320;
            }
        }
        rest
    })
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            if place <= group.len() {
                text.push(LETTERS[(bits >> (18 - 6 * place)) as usize & 63] as char);
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_of_the_encodings() {
        // RFC 4648, section 10; the check value of CRC-32; Adler-32 of "Wikipedia".
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert!(stored(b"Wikipedia").ends_with(&[0x11, 0xe6, 0x03, 0x98]));
    }

    #[test]
    fn a_picture_has_the_size_and_the_order_of_its_values() {
        let panel = Panel {
            name: "p".into(),
            height: 2,
            width: 3,
            values: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        };
        let file = png(&panel, 0.0, 5.0);
        assert_eq!(&file[16..24], &[0, 0, 0, 3, 0, 0, 0, 2]);
        let data = file
            .windows(4)
            .position(|name| name == b"IDAT")
            .expect("data")
            + 4;
        assert_eq!(
            &file[data + 7..data + 15],
            &[0, 0, 51, 102, 0, 153, 204, 255]
        );
        assert_eq!(colour(0.0), [68, 1, 84]);
        assert_eq!(colour(1.0), [253, 231, 37]);
    }
}

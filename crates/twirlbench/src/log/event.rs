//! The messages of `TensorBoard`'s files, in the wire format of protocol buffers.
//!
//! Field numbers are those of `event.proto` and `summary.proto` of TensorFlow.

use crc32c::crc32c;

/// A message under construction.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u64, wire: u64) {
        self.varint(field << 3 | wire);
    }

    fn number(mut self, field: u64, value: u64) -> Self {
        self.key(field, 0);
        self.varint(value);
        self
    }

    fn double(mut self, field: u64, value: f64) -> Self {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn float(mut self, field: u64, value: f32) -> Self {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }
}

fn event(wall_time: f64, step: u64) -> Message {
    Message::default().double(1, wall_time).number(2, step)
}

/// The first event of every file.
pub(super) fn version(wall_time: f64) -> Vec<u8> {
    event(wall_time, 0).bytes(3, b"brain.Event:2").0
}

/// A session begins at a step: what earlier files say of this step and later is void.
pub(super) fn start(wall_time: f64, step: u64) -> Vec<u8> {
    const START: u64 = 1;
    let session = Message::default().number(1, START);
    event(wall_time, step).bytes(7, &session.0).0
}

/// Figures of a step.
pub(super) fn scalars(wall_time: f64, step: u64, figures: &[(String, f64)]) -> Vec<u8> {
    let mut summary = Message::default();
    for (tag, value) in figures {
        let value = Message::default()
            .bytes(1, tag.as_bytes())
            .float(2, *value as f32);
        summary = summary.bytes(1, &value.0);
    }
    event(wall_time, step).bytes(5, &summary.0).0
}

/// The checksum as `TFRecord` files store it: turned and shifted, so that a checksum of data that
/// holds checksums stays a good one.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// One record of a `TFRecord` file: length and content, each with its checksum.
pub(super) fn record(content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_le_bytes();
    let mut bytes = length.to_vec();
    bytes.extend(masked(&length).to_le_bytes());
    bytes.extend(content);
    bytes.extend(masked(content).to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_castagnolis_turned_and_shifted() {
        // Check value of CRC-32C in the CRC catalogue; turned by hand: its low 15 bits come first.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        let turned = (0xe306_9283_u32 & 0x7fff) << 17 | 0xe306_9283_u32 >> 15;
        assert_eq!(masked(b"123456789"), turned.wrapping_add(0xa282_ead8));
    }

    #[test]
    fn wire_format_of_a_scalar() {
        let content = scalars(1.5, 300, &[("a".into(), 0.25)]);
        let mut expected = vec![0x09];
        expected.extend(1.5_f64.to_le_bytes());
        // Field 2 is 300 = 0b10_0101100; field 5 holds a summary of one value "a" = 0.25.
        expected.extend([
            0x10, 0xac, 0x02, 0x2a, 0x0a, 0x0a, 0x08, 0x0a, 0x01, b'a', 0x15,
        ]);
        expected.extend(0.25_f32.to_le_bytes());
        assert_eq!(content, expected);
        assert_eq!(record(&content).len(), 8 + 4 + content.len() + 4);
    }
}

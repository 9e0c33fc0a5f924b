//! LZF, the fast compression that comes with h5py (filter 32000).
//!
//! The format is that of liblzf: a control byte below 32 is followed by that many literals and one;
//! otherwise its upper three bits (with an extra byte for 7) are the length of a copy less 2, its
//! lower five and the next byte the distance back less 1.

use hdf5_reader::error::{Error, Result};
use hdf5_reader::messages::filter_pipeline::FilterDescription;

/// Registered number of the filter.
pub(super) const FILTER: u16 = 32_000;

/// Decodes a chunk. The third value of the filter's description is the size of a whole chunk.
pub(super) fn filter(about: &FilterDescription, data: &[u8], _width: usize) -> Result<Vec<u8>> {
    let size = about.client_data.get(2).copied().unwrap_or(0) as usize;
    decode(data, size).ok_or_else(|| Error::DecompressionError("LZF data are damaged".to_owned()))
}

/// `None` where the data are no LZF or give more than `size` bytes.
fn decode(mut data: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(size.min(data.len().saturating_mul(264)));
    let mut take = |count: usize| {
        let (head, rest) = data.split_at_checked(count)?;
        data = rest;
        Some(head)
    };
    while let Some(control) = take(1) {
        let (control, high) = (usize::from(control[0]), usize::from(control[0] >> 5));
        if high == 0 {
            out.extend_from_slice(take(control + 1)?);
        } else {
            let extra = if high == 7 { take(1)?[0] } else { 0 };
            let length = 2 + high + usize::from(extra);
            let back = ((control & 31) << 8 | usize::from(take(1)?[0])) + 1;
            let start = out.len().checked_sub(back)?;
            for place in start..start + length {
                out.push(out[place]);
            }
        }
        if out.len() > size {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_copies_that_overlap_themselves() {
        // Three literals, then a copy of 7 from 3 back, then one of 270 (extra byte) from 1 back.
        let data = [2, b'a', b'b', b'c', 5 << 5, 2, 7 << 5, 255, 0];
        let mut expected = b"abcabcabca".to_vec();
        expected.extend(std::iter::repeat_n(b'a', 2 + 7 + 255));
        assert_eq!(decode(&data, expected.len()), Some(expected.clone()));
        assert_eq!(
            decode(&data, expected.len() - 1),
            None,
            "more than the chunk"
        );
        assert_eq!(decode(&[2, b'a'], 10), None, "literals are missing");
        assert_eq!(decode(&[32, 4], 10), None, "a copy from before the start");
    }
}

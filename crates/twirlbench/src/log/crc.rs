//! CRC-32C, the checksum of `TensorBoard`'s files (Castagnoli polynomial, reflected).

const POLYNOMIAL: u32 = 0x82f6_3b78;

/// Checksums of all bytes.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = (rest >> 1) ^ (if rest & 1 == 1 { POLYNOMIAL } else { 0 });
            bit += 1;
        }
        table[byte] = rest;
        byte += 1;
    }
    table
};

/// CRC-32C of bytes.
fn crc32c(bytes: &[u8]) -> u32 {
    let fold = |rest: u32, byte: &u8| {
        let place = (rest ^ u32::from(*byte)) & 0xff;
        (rest >> 8) ^ TABLE[place as usize]
    };
    !bytes.iter().fold(!0, fold)
}

/// The checksum as `TFRecord` files store it: turned and shifted, so that a checksum of data that
/// holds checksums stays a good one.
pub(super) fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values() {
        // RFC 3720 (iSCSI), appendix B.4, and the check value of the CRC catalogue.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&ascending), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}

//! Numbers as programs of this field write them.

/// A number, also with Fortran's exponents (`1.0D+00`) and Mathematica's (`1.2*^-6`).
pub(in crate::format) fn number(text: &str) -> Option<f64> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let lower = text.to_ascii_lowercase().replace("*^", "e");
    let mut parts = lower.splitn(2, 'd');
    let (mantissa, exponent) = (parts.next()?, parts.next());
    match exponent {
        Some(exponent) => format!("{mantissa}e{exponent}").parse().ok(),
        None => lower.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_of_fortran_and_mathematica() {
        let table = [
            ("1.0D+00", 1.0),
            ("-2.5d-3", -2.5e-3),
            (".5", 0.5),
            ("3.", 3.0),
            ("1.2*^-6", 1.2e-6),
            ("+7", 7.0),
            ("1E2", 100.0),
        ];
        for (text, value) in table {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for text in ["", "d", "1.0D", "1,5", "two", "1.0D+0D0", "0x10"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}

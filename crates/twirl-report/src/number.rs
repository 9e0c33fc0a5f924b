//! Numbers as people read them. No function here writes `NaN` or `inf`.

/// What stands where there is no value.
pub(crate) const NONE: &str = "-";

/// Operations that people count at once.
pub(crate) const TERA: f64 = 1e12;

/// `digits` significant digits, in plain form between 0.001 and 100,000, else as `1.2e-7`.
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    if value == 0.0 {
        return "0".into();
    }
    let scientific = format!("{value:.*e}", digits.saturating_sub(1));
    // The exponent after rounding: 9.996 to three digits is 10.0.
    let exponent: i32 = scientific
        .split_once('e')
        .and_then(|(_, tail)| tail.parse().ok())
        .unwrap_or(0);
    if (-3..5).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        format!("{value:.decimals$}")
    } else {
        scientific
    }
}

/// A count with a comma between thousands.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Digits of a percentage: rounding errors have a size and no more.
pub(crate) fn percent_digits(percent: f64) -> usize {
    if percent.abs() < 1e-3 { 1 } else { 3 }
}

/// `low to high`.
pub fn range(interval: Option<[f64; 2]>, digits: usize) -> String {
    match interval {
        Some([low, high]) if low.is_finite() && high.is_finite() => {
            format!(
                "{} to {}",
                significant(low, digits),
                significant(high, digits)
            )
        }
        Some([low, high]) if low.is_finite() && high == f64::INFINITY => {
            format!("over {}", significant(low, digits))
        }
        _ => NONE.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_significant_digits() {
        let cases = [
            (0.0, "0"),
            (9.996, "10.0"),
            (12.345, "12.3"),
            (1234.5, "1234"),
            (0.001_234, "0.00123"),
            (0.000_123_4, "1.23e-4"),
            (123_456.0, "1.23e5"),
            (-4.5, "-4.50"),
            (f64::NAN, "-"),
            (f64::INFINITY, "-"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value, 3), text, "{value}");
        }
    }

    #[test]
    fn groups_thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(12_345_678), "12,345,678");
    }

    #[test]
    fn an_open_interval_is_said() {
        assert_eq!(range(Some([1.0, 2.0]), 2), "1.0 to 2.0");
        assert_eq!(range(Some([1.0, f64::INFINITY]), 2), "over 1.0");
        assert_eq!(range(Some([f64::NAN, 2.0]), 2), "-");
        assert_eq!(range(None, 2), "-");
    }
}

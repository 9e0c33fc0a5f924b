//! Steps at which a run is measured.

/// Steps 0, 1, ... `last`, spaced evenly on a logarithmic axis, `per_decade` to a factor of ten.
///
/// Always holds 0 and `last`.
pub fn log_spaced(last: u64, per_decade: u32) -> Vec<u64> {
    let mut steps = vec![0];
    for index in 0.. {
        let step = 10f64.powf(f64::from(index) / f64::from(per_decade)).round() as u64;
        if step >= last {
            break;
        }
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    if last > 0 {
        steps.push(last);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_both_ends_and_grows() {
        assert_eq!(log_spaced(0, 4), [0]);
        assert_eq!(log_spaced(1, 4), [0, 1]);
        assert_eq!(log_spaced(100, 2), [0, 1, 3, 10, 32, 100]);
        for last in [2, 7, 999, 1000, 12_345] {
            let steps = log_spaced(last, 4);
            assert_eq!(steps.last(), Some(&last));
            assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        }
    }
}

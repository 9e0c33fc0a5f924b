//! A logarithmic axis with a place for values that have no logarithm, an axis from zero, and one of whole
//! numbers.

use crate::number::{count, significant};

/// What lies at equal distances on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Powers of ten.
    #[default]
    Logarithmic,
    /// Differences, from zero on.
    Linear,
    /// Whole numbers.
    Counting,
}

/// Maps values to pixels. On a logarithmic axis all values without a logarithm go to one slot at
/// the low end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    scale: Scale,
    /// Ends: decimal logarithms, or the values themselves.
    low: f64,
    high: f64,
    /// Pixels of the ends.
    from: f64,
    to: f64,
    /// Pixel of values at or below zero, if there are any.
    slot: Option<f64>,
}

/// Most labelled ticks.
const TICKS: f64 = 7.0;

impl Axis {
    /// An axis that holds all values, from pixel `from` to pixel `to`.
    pub(crate) fn new(scale: Scale, values: &[f64], from: f64, to: f64) -> Self {
        match scale {
            Scale::Logarithmic => Self::logarithmic(values, from, to),
            Scale::Linear => Self::linear(values, from, to),
            Scale::Counting => Self::counting(values, from, to),
        }
    }

    fn linear(values: &[f64], from: f64, to: f64) -> Self {
        let high = values.iter().copied().fold(0.0, f64::max);
        Self {
            scale: Scale::Linear,
            low: 0.0,
            high: if high > 0.0 { 1.03 * high } else { 1.0 },
            from,
            to,
            slot: None,
        }
    }

    fn logarithmic(values: &[f64], from: f64, to: f64) -> Self {
        let positive = values
            .iter()
            .filter(|value| **value > 0.0 && value.is_finite());
        let logs = positive.map(|value| value.log10());
        let low = logs.clone().reduce(f64::min).unwrap_or(0.0);
        let high = logs.reduce(f64::max).unwrap_or(1.0);
        // At least a factor of 2, so that a constant is not blown up into noise.
        let pad = (0.04 * (high - low))
            .max((2f64.log10() - (high - low)) / 2.0)
            .max(0.01);
        let slotted = values.iter().any(|value| *value <= 0.0);
        let slot = slotted.then_some(from + 0.03 * (to - from));
        let from = if slotted {
            from + 0.1 * (to - from)
        } else {
            from
        };
        Self {
            scale: Scale::Logarithmic,
            low: low - pad,
            high: high + pad,
            from,
            to,
            slot,
        }
    }

    fn counting(values: &[f64], from: f64, to: f64) -> Self {
        let low = values.iter().copied().reduce(f64::min).unwrap_or(0.0);
        let high = values.iter().copied().reduce(f64::max).unwrap_or(1.0);
        Self {
            scale: Scale::Counting,
            low: low - 0.3,
            high: high + 0.3,
            from,
            to,
            slot: None,
        }
    }

    /// Pixel of a value. Values at or below zero of an axis without a slot go to its low end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let at = match self.scale {
            Scale::Linear | Scale::Counting => value,
            Scale::Logarithmic if value <= 0.0 => return self.slot.unwrap_or(self.from),
            Scale::Logarithmic => value.log10(),
        };
        let share = (at - self.low) / (self.high - self.low);
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// The slot's pixel and its label, if there is one.
    pub(crate) fn slot(&self) -> Option<f64> {
        self.slot
    }

    /// Pixels and labels of the ticks: powers of ten, or finer where the axis is short.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        if self.scale == Scale::Counting {
            let whole = (self.low.ceil() as i32)..=(self.high.floor() as i32);
            return whole
                .map(|value| (self.place(f64::from(value)), value.to_string()))
                .collect();
        }
        if self.scale == Scale::Linear {
            let ticks = even(self.low, self.high).into_iter();
            return ticks
                .map(|value| (self.place(value), label(value)))
                .collect();
        }
        let decades = (self.low.floor() as i32)..=(self.high.ceil() as i32);
        let inside = |value: &f64| (self.low..=self.high).contains(&value.log10());
        let every = ((self.high - self.low) / TICKS).ceil().max(1.0) as i32;
        let of = |digits: &[f64], every: i32| -> Vec<f64> {
            let powers = decades.clone().filter(|power| power.rem_euclid(every) == 0);
            powers
                .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)))
                .filter(inside)
                .collect()
        };
        let even: Vec<f64> = even(10f64.powf(self.low), 10f64.powf(self.high));
        let choices = [of(&[1.0], every), of(&[1.0, 2.0, 5.0], 1), even];
        let chosen = choices.iter().find(|ticks| ticks.len() >= 3);
        let chosen = chosen.unwrap_or(&choices[2]);
        chosen
            .iter()
            .map(|&value| (self.place(value), label(value)))
            .collect()
    }
}

/// Ticks at equal differences, for an axis of less than a decade.
fn even(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 6.0;
    let power = 10f64.powi(rough.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= rough)
        .unwrap_or(10.0 * power);
    let places = ((low / step).ceil() as i64)..=((high / step).floor() as i64);
    places.map(|place| place as f64 * step).collect()
}

fn label(value: f64) -> String {
    if (1.0..1e5).contains(&value) && value.fract() < 1e-9 {
        count(value as u64)
    } else if (1e-3..1e5).contains(&value) {
        let text = significant(value, 3);
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    } else {
        significant(value, 2).replace(".0e", "e")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_logarithmic_and_holds_all_values() {
        let values = [1.0, 10.0, 100.0, 1000.0];
        let axis = Axis::logarithmic(&values, 0.0, 300.0);
        let places = values.map(|value| axis.place(value));
        for pair in places.windows(3) {
            assert!(
                (pair[2] - 2.0 * pair[1] + pair[0]).abs() < 1e-9,
                "{places:?}"
            );
        }
        assert!(places[0] > 0.0 && places[3] < 300.0);
        let labels: Vec<String> = axis.ticks().into_iter().map(|tick| tick.1).collect();
        assert_eq!(labels, ["1", "10", "100", "1,000"]);
    }

    #[test]
    fn zero_has_a_place_of_its_own() {
        let axis = Axis::logarithmic(&[0.0, 1.0, 100.0], 0.0, 300.0);
        assert!(axis.place(0.0) < axis.place(1.0));
        assert_eq!(axis.place(-3.0), axis.place(0.0));
        assert_eq!(axis.slot(), Some(axis.place(0.0)));
        assert_eq!(Axis::logarithmic(&[1.0], 0.0, 1.0).slot(), None);
    }

    #[test]
    fn a_linear_axis_begins_at_zero() {
        let axis = Axis::new(Scale::Linear, &[0.5, 2.0], 0.0, 300.0);
        assert_eq!(axis.place(0.0), 0.0);
        assert!((axis.place(2.0) - 2.0 * axis.place(1.0)).abs() < 1e-9);
        assert_eq!(axis.place(-1.0), 0.0);
        let labels: Vec<String> = axis.ticks().into_iter().map(|tick| tick.1).collect();
        assert_eq!(labels, ["0", "0.5", "1", "1.5", "2"]);
    }

    #[test]
    fn short_and_long_axes_have_ticks() {
        for (low, high) in [
            (1.0, 1.0),
            (0.3, 0.5),
            (1.1, 1.9),
            (2.0, 80.0),
            (1e-13, 1e3),
        ] {
            let axis = Axis::logarithmic(&[low, high], 0.0, 300.0);
            let ticks = axis.ticks();
            assert!(
                (2..=12).contains(&ticks.len()),
                "{low} to {high}: {ticks:?}"
            );
        }
    }
}

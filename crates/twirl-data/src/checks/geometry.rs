//! Whether positions can be those of a molecule.

use crate::checks::cells::Cells;
use crate::elements;
use crate::error::DataError;
use crate::frames::{Frames, distance};
use crate::units::Quantity;

/// Closest distance of any two atoms, angstrom. The H2 bond is 0.74.
const CLOSEST: f64 = 0.4;
/// Closest distance of two atoms other than hydrogen, angstrom. The shortest such bond is 1.06 (N2
/// 1.10, C2H2 1.20).
const CLOSEST_HEAVY: f64 = 0.6;
/// Largest coordinate, angstrom.
const LARGEST_COORDINATE: f64 = 1e5;
/// Above this many atoms a frame is sorted into cells.
const FEW: usize = 128;

/// A position that is not finite or far out.
pub(crate) fn in_range(set: &Frames<'_>, frame: usize) -> Option<DataError> {
    for (atom, position) in set.positions(frame).iter().enumerate() {
        if let Some(value) = position.iter().find(|x| !x.is_finite()) {
            let site = set.site(frame).inside(&format!("atom {atom}"));
            return Some(site.not_finite(Quantity::Position, *value));
        }
    }
    let largest = set
        .positions(frame)
        .as_flattened()
        .iter()
        .fold(0.0, |m: f64, x| m.max(x.abs()));
    (largest > LARGEST_COORDINATE).then(|| {
        let what = format!("a {} of {largest:e} A, beyond 1e5 A", Quantity::Position);
        set.site(frame).inconsistent(what)
    })
}

/// Two atoms too close.
pub(crate) fn overlap(set: &Frames<'_>, frame: usize) -> Option<DataError> {
    let (numbers, positions) = (set.numbers(frame), set.positions(frame));
    let close = |first: usize, second: usize| {
        let heavy = numbers[first] > 1 && numbers[second] > 1;
        let distance = distance(positions[first], positions[second]);
        (distance < if heavy { CLOSEST_HEAVY } else { CLOSEST }).then_some(distance)
    };
    let found = if positions.len() <= FEW {
        (0..positions.len())
            .flat_map(|second| (0..second).map(move |first| (first, second)))
            .find(|&(first, second)| close(first, second).is_some())
    } else {
        let cells = Cells::new(positions, CLOSEST_HEAVY);
        (0..positions.len()).find_map(|second| {
            let first = cells
                .around(second)
                .filter(|&first| first < second && close(first, second).is_some())
                .min()?;
            Some((first, second))
        })
    };
    let (first, second) = found?;
    let (path, record) = set.site(frame).parts();
    Some(DataError::Overlap {
        path,
        record,
        first,
        first_symbol: elements::symbol(numbers[first]).unwrap_or("?"),
        second,
        second_symbol: elements::symbol(numbers[second]).unwrap_or("?"),
        distance: close(first, second)?,
    })
}

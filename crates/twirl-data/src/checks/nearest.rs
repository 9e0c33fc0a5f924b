//! Distances to the nearest atom, and the span of a frame.

use crate::checks::cells::Cells;
use crate::elements;
use crate::frames::{Frames, distance, median, sample};

/// Frames examined for units, evenly spaced.
pub(crate) const SAMPLE: usize = 256;
/// Above this many atoms a frame is sorted into cells.
const FEW: usize = 512;
/// Side of a cell, angstrom: longer than any bond; atoms without a neighbour within it are none's.
const SIDE: f64 = 6.0;

fn radius(number: u8) -> f64 {
    elements::covalent_radius(number).unwrap_or(f64::NAN)
}

/// Median over a sample of atoms of the distance to the nearest atom: angstrom, and over the bond.
pub(crate) fn nearest(set: &Frames<'_>) -> Option<(f64, f64)> {
    let (mut distances, mut ratios) = (Vec::new(), Vec::new());
    for frame in sample(set.len(), SAMPLE) {
        let (numbers, positions) = (set.numbers(frame), set.positions(frame));
        if positions.len() < 2 {
            continue;
        }
        let cells = (positions.len() > FEW).then(|| Cells::new(positions, SIDE));
        for i in 0..positions.len() {
            let (mut shortest, mut lowest) = (f64::INFINITY, f64::INFINITY);
            let mut meet = |j: usize| {
                let d = distance(positions[i], positions[j]);
                shortest = shortest.min(d);
                lowest = lowest.min(d / (radius(numbers[i]) + radius(numbers[j])));
            };
            match &cells {
                Some(cells) => cells.around(i).for_each(&mut meet),
                None => (0..positions.len()).filter(|j| *j != i).for_each(&mut meet),
            }
            if cells.is_some() && shortest.is_infinite() {
                (shortest, lowest) = (SIDE, SIDE / (2.0 * radius(numbers[i])));
            }
            distances.push(shortest);
            ratios.push(lowest);
        }
    }
    Some((median(distances)?, median(ratios)?))
}

/// Shortest and longest distance between two atoms of a frame, angstrom; `None` for one atom.
pub(crate) fn span(positions: &[[f64; 3]]) -> Option<(f64, f64)> {
    if positions.len() < 2 {
        return None;
    }
    let pairs = |second: usize| {
        let there = positions[second];
        positions[..second]
            .iter()
            .map(move |&here| distance(here, there))
    };
    if positions.len() <= FEW {
        let all = (0..positions.len()).flat_map(pairs);
        return all.fold(None, |range, d| {
            let (low, high) = range.unwrap_or((d, d));
            Some((d.min(low), d.max(high)))
        });
    }
    Some((shortest(positions), longest(positions)))
}

fn shortest(positions: &[[f64; 3]]) -> f64 {
    let mut side = 1.0;
    loop {
        let cells = Cells::new(positions, side);
        let near = (0..positions.len()).flat_map(|i| {
            let here = positions[i];
            cells.around(i).map(move |j| distance(here, positions[j]))
        });
        let found = near.fold(f64::INFINITY, f64::min);
        if found <= side {
            return found;
        }
        side *= 2.0;
    }
}

/// The longest distance lies between atoms far from the centre: those are tried first, and none
/// that cannot be further apart than the best so far.
fn longest(positions: &[[f64; 3]]) -> f64 {
    let mut centre = [0.0; 3];
    for point in positions {
        for axis in 0..3 {
            centre[axis] += point[axis] / positions.len() as f64;
        }
    }
    let reach = |point: &[f64; 3]| distance(*point, centre);
    let mut far: Vec<(f64, [f64; 3])> = positions.iter().map(|p| (reach(p), *p)).collect();
    far.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best = 0.0_f64;
    for (place, (reach, here)) in far.iter().enumerate() {
        if 2.0 * reach <= best {
            break;
        }
        for (other, there) in &far[place + 1..] {
            if reach + other <= best {
                break;
            }
            best = best.max(distance(*here, *there));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells and the pruned search give what all pairs give.
    #[test]
    fn large_frames_have_the_span_of_all_pairs() {
        let seed = 7_u64;
        println!("seed {seed}");
        let mut state = seed;
        let mut next = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let points: Vec<[f64; 3]> = (0..FEW + 300)
            .map(|_| [40.0 * next(), 30.0 * next(), 50.0 * next()])
            .collect();
        let all = (0..points.len())
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| distance(points[i], points[j]));
        let (low, high) = all.fold((f64::INFINITY, 0.0_f64), |(low, high), d| {
            (low.min(d), high.max(d))
        });
        assert_eq!(span(&points), Some((low, high)));
    }
}

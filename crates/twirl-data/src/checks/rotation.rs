//! Whether a frame can show rotation symmetry.

use crate::frames::{Frames, distance};

/// Atoms this close to a line are on it, angstrom: files of four decimals round by as much.
const ON_LINE: f64 = 1e-3;

/// One atom has no direction at all; forces on atoms of one line can only point along it, for
/// whatever network works on differences of positions.
pub(crate) fn shows(set: &Frames<'_>, frame: usize) -> bool {
    let positions = set.positions(frame);
    positions.len() > 1 && !(set.forces.is_some() && on_one_line(positions))
}

fn on_one_line(positions: &[[f64; 3]]) -> bool {
    let first = positions[0];
    let far = |from: [f64; 3]| {
        let further =
            |a: &&[f64; 3], b: &&[f64; 3]| distance(**a, from).total_cmp(&distance(**b, from));
        positions.iter().max_by(further).copied().unwrap_or(from)
    };
    let start = far(first);
    let end = far(start);
    let length = distance(start, end);
    if length == 0.0 {
        return true;
    }
    let axis: [f64; 3] = std::array::from_fn(|k| (end[k] - start[k]) / length);
    positions.iter().all(|point| {
        let from: [f64; 3] = std::array::from_fn(|k| point[k] - start[k]);
        let along: f64 = (0..3).map(|k| from[k] * axis[k]).sum();
        let foot: [f64; 3] = std::array::from_fn(|k| along * axis[k]);
        distance(from, foot) <= ON_LINE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_any_direction_is_a_line_and_water_is_none() {
        let along = |t: f64| [1.0 + 0.3 * t, -2.0 * t, 0.5 + 0.7 * t];
        assert!(on_one_line(&[along(0.0), along(-1.1), along(1.2)]));
        assert!(on_one_line(&[along(0.0), along(1.0)]));
        let water = [[0.0; 3], [0.96, 0.0, 0.0], [-0.24, 0.93, 0.0]];
        assert!(!on_one_line(&water));
        let mut bent = [along(0.0), along(-1.1), along(1.2)];
        bent[1][1] += 0.01;
        assert!(!on_one_line(&bent), "bent by 0.01 A");
    }
}

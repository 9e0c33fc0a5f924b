//! The error by the angle between two poses.

use crate::error::CoreError;
use crate::rotation::Rotation;
use crate::samples::Samples;
use crate::split::finite;

/// Pairs of rotations whose relative rotation has an angle in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct AnglePairs {
    /// How many pairs there are.
    pub pairs: usize,
    /// Sum over them of half of the squared difference, `|u_i - u_j|^2 / 2`.
    pub sum: f64,
}

/// Half of the squared differences of `F(g) = g^-1 f(g x)` between two poses, by the angle of the
/// rotation `g_i^-1 g_j` that carries one into the other: interval `k` holds the pairs whose angle is
/// below `edges[k]` and in no interval before. `edges` are radians in ascending order, the last above pi
/// to hold every pair.
///
/// `L_equiv` of the squared loss is a variance over all poses, and this is how it comes about: the mean
/// over pairs at angle `w` is, under independent uniform rotations and in expectation,
/// `D(w) = sum_l S_l (1 - chi_l(w) / (2l+1))` with the powers of [`spectrum`](crate::spectrum()). It is 0
/// at angle 0, and its mean over the angles of two uniform poses (density `(1 - cos w) / pi`) is
/// `L_equiv`. The sums over all intervals divided by the number of all pairs are the estimate of
/// `L_equiv` under `iid` to the last digits.
///
/// # Errors
/// [`CoreError::Shape`] if there are not as many rotations as samples, [`CoreError::ImproperAngle`] for
/// an improper one, [`CoreError::Overflow`].
pub fn by_angle(
    rotations: &[Rotation],
    samples: &Samples,
    edges: &[f64],
) -> Result<Vec<AnglePairs>, CoreError> {
    let (found, expected) = (rotations.len(), samples.rotations());
    if found != expected {
        return Err(CoreError::Shape {
            what: "rotations of pairs by angle",
            found,
            expected,
        });
    }
    if let Some(rotation) = rotations.iter().position(|rotation| !rotation.is_proper()) {
        return Err(CoreError::ImproperAngle { rotation });
    }
    let rows: Vec<&[f64]> = samples.rows().collect();
    let mut found = vec![AnglePairs::default(); edges.len()];
    let mut difference = vec![0.0; rows[0].len()];
    for (second, turn) in rotations.iter().enumerate() {
        for (first, other) in rotations[..second].iter().enumerate() {
            let angle = other.inverse().compose(turn).angle();
            let Some(place) = edges.iter().position(|edge| angle < *edge) else {
                continue;
            };
            let pair = rows[first].iter().zip(rows[second]);
            for (out, (a, b)) in difference.iter_mut().zip(pair) {
                *out = a - b;
            }
            found[place].pairs += 1;
            found[place].sum += 0.5 * samples.dot(&difference, &difference);
        }
    }
    for of in &found {
        finite(of.sum, "difference between poses")?;
    }
    Ok(found)
}

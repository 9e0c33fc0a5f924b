//! Derivatives of the unbiased estimates with respect to the residuals.

use twirl_core::{Design, Symmetry};

use super::probe::Part;

/// Derivative of one molecule's `L`, `L_mean` or `L_equiv` of the squared loss with respect to its
/// residuals, both `[rotations][blocks][dim]`.
///
/// With `A = sum_m |u_m - ubar|^2`, whose derivative is `2 (u_m - ubar)`, it is the derivative of
/// the expressions that [`twirl_core::split`] evaluates.
pub(super) fn cotangent(
    design: &Design,
    part: Part,
    residuals: &[f64],
    weights: &[f64],
    dim: usize,
) -> Vec<f64> {
    let width = weights.len() * dim;
    let rows: Vec<&[f64]> = residuals.chunks_exact(width).collect();
    let count = rows.len() as f64;
    let of_equiv = || match *design {
        Design::Iid { .. } => scaled(&rows, 1.0 / (count - 1.0)),
        Design::Group { .. } => scaled(&rows, 1.0 / count),
        Design::Subset { group, .. } => {
            let order = group.order_under(Symmetry::So3) as f64;
            scaled(&rows, (order - 1.0) / (order * (count - 1.0)))
        }
        Design::Orbits { group, orbits } => {
            let size = group.order_under(Symmetry::So3);
            let means: Vec<Vec<f64>> = rows.chunks_exact(size).map(mean).collect();
            let means: Vec<&[f64]> = means.iter().map(Vec::as_slice).collect();
            let between = scaled(&means, 1.0 / ((orbits as f64 - 1.0) * size as f64));
            let mut slope = Vec::with_capacity(residuals.len());
            for (orbit, between) in rows.chunks_exact(size).zip(between.chunks_exact(width)) {
                let within = scaled(orbit, 1.0 / count);
                let sum = within.iter().zip(between.iter().cycle());
                slope.extend(sum.map(|(within, between)| within + between));
            }
            slope
        }
    };
    let of_loss = || residuals.iter().map(|value| 2.0 * value / count);
    let mut slope: Vec<f64> = match part {
        Part::Loss => of_loss().collect(),
        Part::Equiv => of_equiv(),
        Part::Mean => of_loss().zip(of_equiv()).map(|(l, e)| l - e).collect(),
    };
    for (place, value) in slope.iter_mut().enumerate() {
        *value *= weights[place % width / dim];
    }
    slope
}

/// `2 factor (u_m - ubar)`.
fn scaled(rows: &[&[f64]], factor: f64) -> Vec<f64> {
    let mean = mean(rows);
    let centred = rows.iter().flat_map(|row| row.iter().zip(&mean));
    centred
        .map(|(value, mean)| 2.0 * factor * (value - mean))
        .collect()
}

fn mean(rows: &[&[f64]]) -> Vec<f64> {
    let mut mean = vec![0.0; rows[0].len()];
    for row in rows {
        for (sum, value) in mean.iter_mut().zip(*row) {
            *sum += value / rows.len() as f64;
        }
    }
    mean
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use twirl_core::{FiniteGroup, Loss, Purpose, Samples, Stream, split};

    use super::*;

    #[test]
    fn is_the_derivative_of_the_split() {
        let seed = 5;
        let group = FiniteGroup::Tetrahedral;
        let designs = [
            Design::Iid { rotations: 5 },
            Design::Group { group },
            Design::Subset {
                group,
                rotations: 7,
            },
            Design::Orbits { group, orbits: 2 },
        ];
        for design in designs {
            let rotations = design.rotations(Symmetry::So3);
            let mut stream = Stream::new(seed, Purpose::Other(9), [0, 0]);
            let mut draw = |count: usize| -> Vec<f64> {
                (0..count).map(|_| stream.random_range(-1.0..1.0)).collect()
            };
            let (mut residuals, along) = (draw(rotations * 6), draw(rotations * 6));
            let weights = [0.3, 1.7];
            for part in [Part::Loss, Part::Mean, Part::Equiv] {
                let slope = cotangent(&design, part, &residuals, &weights, 3);
                let expected: f64 = slope.iter().zip(&along).map(|(a, b)| a * b).sum();
                let mut value = |step: f64| {
                    for (value, along) in residuals.iter_mut().zip(&along) {
                        *value += step * along;
                    }
                    let samples = Samples::new(rotations, 2, 3, &residuals, &weights);
                    let split = samples
                        .and_then(|s| split(&design, Symmetry::So3, Loss::Squared, &s))
                        .expect("a split");
                    match part {
                        Part::Loss => split.loss,
                        Part::Mean => split.mean,
                        Part::Equiv => split.equiv,
                    }
                };
                // Central differences of a quadratic are exact for any step.
                let (ahead, behind) = (value(0.5), value(-1.0));
                value(0.5);
                assert!(
                    (ahead - behind - expected).abs() < 1e-10,
                    "{design:?} {part:?}: {} and {expected}; random seed {seed}",
                    ahead - behind
                );
            }
        }
    }
}

//! What forces add up to: net force and net torque.

use twirl_core::{CoreError, Loss, Resultant, Samples, energy, twirled_loss};

use super::frame::{FORCE, Frame, Of, Share};

/// Net force and net torque of single predictions, of their mean over the poses, and of the labels.
pub(super) fn of_resultants(frame: &Frame<'_>) -> Result<Vec<Share>, CoreError> {
    let count = frame.rotations.len();
    let vectors = frame.predictions.as_chunks::<3>().0;
    let predicted = vectors.chunks_exact(frame.species.len());
    let predicted = predicted.map(|forces| Resultant::of(frame.positions, forces));
    let predicted: Vec<Resultant> = predicted.collect();
    let labels = [Resultant::of(frame.positions, &frame.labels)];
    let mut shares = Vec::new();
    for (name, unit, most, of) in RESULTANTS {
        for (whose, found) in [(Of::Model, &predicted[..]), (Of::Labels, &labels)] {
            let vectors: Vec<f64> = found.iter().flat_map(|found| of(found).0).collect();
            let samples = Samples::new(found.len(), 1, 3, &vectors, &[1.0])?;
            let squares = found.iter().map(|found| of(found).1.powi(2));
            let largest = squares.sum::<f64>() / found.len() as f64;
            let single = energy(&samples)?;
            shares.push(Share::new(whose, name, unit, [single, 1.0]));
            let name_of = |ending: &str| format!("{name}-{ending}");
            shares.push(Share::new(
                whose,
                name_of("relative"),
                most,
                [single, largest],
            ));
            if whose == Of::Model {
                let averaged = twirled_loss(Loss::Squared, &samples)?;
                let unit = format!("{unit}, mean of {count} poses");
                shares.push(Share::new(
                    whose,
                    name_of("averaged"),
                    unit,
                    [averaged, 1.0],
                ));
            }
        }
    }
    Ok(shares)
}

/// A resultant, and the most that forces of the same lengths could add up to.
type Sum = fn(&Resultant) -> ([f64; 3], f64);

/// What is added up: name, unit, what it is relative to.
const RESULTANTS: [(&str, &str, &str, Sum); 2] = [
    ("net-force", FORCE, "of sum |F|", |found| {
        (found.force, found.forces)
    }),
    ("net-torque", "meV", "of sum |r| |F|", |found| {
        (found.torque, found.levers)
    }),
];

//! From frames to figures with intervals.

use twirl_core::{CoreError, Design, Tally};
use twirl_harness::{Figure, FinalFigures};

use super::frame::{Frame, Of, Share};
use super::parts::{Part, of_angles, of_part};
use super::resultants::of_resultants;

/// The root mean squares over all frames, each with its interval over units. One over a count of nothing
/// is not among them: no pair of poses at a small angle, no force of a middle size.
pub(super) fn figures(
    frames: &[Frame<'_>],
    design: &Design,
    seed: u64,
) -> Result<FinalFigures, CoreError> {
    if frames.is_empty() {
        return Err(CoreError::EmptyTally);
    }
    let parts = Part::all(frames);
    let mut tally: Option<Tally> = None;
    let mut heads = Vec::new();
    for frame in frames {
        let shares = shares(frame, &parts, design)?;
        let sums: Vec<f64> = shares.iter().flat_map(|share| share.sums).collect();
        let tally = match &mut tally {
            Some(tally) => tally,
            none => none.insert(Tally::new(Tally::REPLICATES, seed, sums.len())?),
        };
        tally.add(frame.unit, 1.0, &sums)?;
        heads = shares;
    }
    let tally = tally.ok_or(CoreError::EmptyTally)?;
    let mut found = FinalFigures::default();
    for (place, share) in heads.into_iter().enumerate() {
        let [above, below] = [2 * place, 2 * place + 1];
        let ends = match tally.root(above, below) {
            Ok(interval) => Some(interval),
            Err(CoreError::TooFewMolecules { .. }) => None,
            Err(CoreError::ZeroDenominator { .. }) => continue,
            Err(error) => return Err(error),
        };
        let figure = Figure {
            value: (tally.mean(above)? / tally.mean(below)?).sqrt(),
            low: ends.map(|ends| ends.low),
            high: ends.map(|ends| ends.high),
            unit: share.unit,
        };
        let mut baselines = Of::BASELINES.into_iter();
        let figures = match baselines.find(|(of, _)| *of == share.of) {
            None => &mut found.figures,
            Some((_, name)) => found.baselines.entry(name.into()).or_default(),
        };
        figures.insert(share.name, figure);
    }
    Ok(found)
}

fn shares(frame: &Frame<'_>, parts: &[Part], design: &Design) -> Result<Vec<Share>, CoreError> {
    let mut shares = Vec::new();
    for part in parts {
        shares.extend(of_part(frame, part, design)?);
    }
    shares.extend(of_angles(frame)?);
    shares.extend(of_resultants(frame)?);
    Ok(shares)
}

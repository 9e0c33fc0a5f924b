//! The lowest loss of any arm at every cost.

use crate::comparable::{comparable, same_clock};
use crate::cost::Cost;
use crate::curve::Curve;
use crate::refusal::Refusal;
use crate::run::TaskRuns;

/// A corner of the lower envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvelopePoint {
    /// Device seconds or operations.
    pub cost: f64,
    /// The lowest loss at that cost.
    pub loss: f64,
    /// Whose it is, from here on.
    pub arm: String,
}

/// The lower envelope of the arms of a task: at every cost the lowest of the geometric means over seeds, on
/// curves that are straight on logarithmic axes between measurements. An arm whose runs have ended keeps
/// its last loss. Corners in the order of their costs; none where no arm has a curve.
///
/// # Errors
/// What differs between the runs, if they cannot be compared at equal cost.
pub fn envelope(task: &TaskRuns, cost: Cost) -> Result<Vec<EnvelopePoint>, Refusal> {
    let mut curves = Vec::new();
    let first = task.counted().next();
    for arm in &task.arms {
        let runs = arm.counted();
        for (run, first) in runs.iter().zip(first.iter().cycle()) {
            comparable(&first.manifest, &run.manifest)?;
            if cost.is_time() {
                same_clock(&first.manifest, &run.manifest)?;
            }
        }
        let of_runs: Option<Vec<Curve>> = runs.iter().map(|run| Curve::of(run, cost)).collect();
        let mean = of_runs.and_then(|curves| Curve::mean(&curves));
        curves.extend(mean.map(|curve| (arm.arm.as_str(), curve)));
    }
    Ok(lowest(&curves))
}

fn lowest(curves: &[(&str, Curve)]) -> Vec<EnvelopePoint> {
    let mut knots: Vec<f64> = curves.iter().flat_map(|(_, curve)| curve.knots()).collect();
    knots.sort_by(f64::total_cmp);
    knots.dedup();
    let mut corners: Vec<EnvelopePoint> = Vec::new();
    for (place, &from) in knots.iter().enumerate() {
        let to = knots.get(place + 1).copied().unwrap_or(from);
        // Straight lines from knot to knot: their values at both ends.
        let lines: Vec<(&str, [f64; 2])> = curves
            .iter()
            .filter_map(|(arm, curve)| Some((*arm, [curve.kept_at(from)?, curve.kept_at(to)?])))
            .collect();
        for share in crossings(&lines) {
            let at = |line: &[f64; 2]| line[0] + share * (line[1] - line[0]);
            // Of two that cross here the one that is lower from here on.
            let next = |line: &[f64; 2]| (at(line), line[1] - line[0]);
            let best = lines.iter().min_by(|a, b| {
                let (a, b) = (next(&a.1), next(&b.1));
                let apart = (a.0 - b.0).abs() > 1e-12;
                if apart {
                    a.0.total_cmp(&b.0)
                } else {
                    a.1.total_cmp(&b.1)
                }
            });
            let Some((arm, line)) = best else { continue };
            corners.push(EnvelopePoint {
                cost: (from + share * (to - from)).exp(),
                loss: at(line).exp(),
                arm: (*arm).to_owned(),
            });
        }
    }
    corners
}

/// Where lines over the unit interval cross, in order, after the place where they begin.
fn crossings(lines: &[(&str, [f64; 2])]) -> Vec<f64> {
    let mut places = vec![0.0];
    for (index, (_, a)) in lines.iter().enumerate() {
        for (_, b) in &lines[index + 1..] {
            let [begin, end] = [a[0] - b[0], a[1] - b[1]];
            if begin * end < 0.0 {
                places.push(begin / (begin - end));
            }
        }
    }
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two power laws: the envelope changes hands where they cross, and lies on the lower one all along.
    #[test]
    fn the_envelope_changes_hands_where_curves_cross() {
        let law = |scale: f64, power: f64, times: &[f64]| {
            let points = times.iter().map(|t: &f64| [*t, scale * t.powf(-power)]);
            Curve::new(points).expect("positive")
        };
        let slow = law(8.0, 1.0, &[1.0, 10.0, 100.0]);
        let fast = law(4.0, 0.5, &[0.5, 30.0]);
        // 8 / t = 4 / sqrt(t) at t = 4; the fast one ends at 30 and keeps its loss.
        let corners = lowest(&[("slow", slow.clone()), ("fast", fast.clone())]);
        let change = corners
            .iter()
            .find(|corner| corner.arm == "slow")
            .expect("a change");
        assert!(
            (change.cost - 4.0).abs() < 1e-9 && (change.loss - 2.0).abs() < 1e-9,
            "{corners:?}"
        );
        let owners: Vec<&str> = corners.iter().map(|corner| corner.arm.as_str()).collect();
        assert_eq!(owners, ["fast", "fast", "slow", "slow", "slow", "slow"]);
        for corner in &corners {
            let [a, b] = [&slow, &fast].map(|curve| curve.at(corner.cost).unwrap_or(f64::INFINITY));
            assert!((corner.loss / a.min(b) - 1.0).abs() < 1e-9, "{corner:?}");
        }
        assert!(lowest(&[]).is_empty());
    }
}

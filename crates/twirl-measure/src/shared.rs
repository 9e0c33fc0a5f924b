//! Rotations that several molecules share.

use std::collections::HashMap;

use twirl_core::Rotation;

/// Entries are rounded to this when rotations are compared: shared ones are copies.
const STEP: f64 = 1e-6;

/// How many of all rotations also occur at a molecule of another unit.
///
/// The error from such a rotation is common to its molecules, and a bootstrap over molecules does not
/// see it.
pub(crate) fn shared(turns: &[Vec<Rotation>], units: &[u64]) -> usize {
    let key = |rotation: &Rotation| {
        let entries = rotation.matrix();
        let flat = entries.as_flattened();
        <[i64; 9]>::try_from(
            flat.iter()
                .map(|x| (x / STEP).round() as i64)
                .collect::<Vec<_>>(),
        )
        .unwrap_or_default()
    };
    let mut places: HashMap<[i64; 9], (u64, bool, usize)> = HashMap::new();
    for (turn, &unit) in turns.iter().zip(units) {
        for rotation in turn {
            let entry = places.entry(key(rotation)).or_insert((unit, false, 0));
            entry.1 |= entry.0 != unit;
            entry.2 += 1;
        }
    }
    let several = places.values().filter(|(_, several, _)| *several);
    several.map(|(_, _, count)| count).sum()
}

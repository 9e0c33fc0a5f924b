//! Which molecules can show symmetry at all.

/// Sine of the angle below which atoms count as on one line.
const LINE: f64 = 1e-3;

/// What a molecule's atoms allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One atom, or all at one place: nothing turns.
    Point,
    /// All atoms on one line.
    Line,
    /// A rotation changes it.
    Body,
}

/// The shape of `[atoms][3]` positions.
pub(crate) fn shape(positions: &[[f64; 3]]) -> Shape {
    let Some((origin, rest)) = positions.split_first() else {
        return Shape::Point;
    };
    let from = |place: &[f64; 3]| -> [f64; 3] { std::array::from_fn(|k| place[k] - origin[k]) };
    let length = |v: &[f64; 3]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let bonds: Vec<[f64; 3]> = rest.iter().map(from).filter(|v| length(v) > 0.0).collect();
    let longest = bonds.iter().max_by(|a, b| length(a).total_cmp(&length(b)));
    let Some(axis) = longest else {
        return Shape::Point;
    };
    let off = |v: &[f64; 3]| {
        let cross = [
            v[1] * axis[2] - v[2] * axis[1],
            v[2] * axis[0] - v[0] * axis[2],
            v[0] * axis[1] - v[1] * axis[0],
        ];
        length(&cross) / length(axis).powi(2)
    };
    if bonds.iter().all(|v| off(v) < LINE) {
        Shape::Line
    } else {
        Shape::Body
    }
}

//! Rotation matrices.

use numpy::{PyArray1, PyArray3};
use pyo3::prelude::*;
use twirl_core::{Design, Estimator, FiniteGroup, Law, Nodes, Purpose, Rotation, Stream, Symmetry};
use twirl_measure::Sampling;

use crate::error::refused;
use crate::measured::matrices;

fn symmetry(inversions: bool) -> Symmetry {
    if inversions {
        Symmetry::O3
    } else {
        Symmetry::So3
    }
}

fn entries(rotations: &[Rotation]) -> Vec<f64> {
    let rows = rotations.iter().flat_map(Rotation::matrix);
    rows.flatten().collect()
}

/// `count` independent uniform rotations; with inversions each times a random sign.
#[pyfunction]
#[pyo3(signature = (count, seed, inversions))]
pub(crate) fn haar(
    py: Python<'_>,
    count: usize,
    seed: u64,
    inversions: bool,
) -> PyResult<Bound<'_, PyArray3<f64>>> {
    let mut stream = Stream::new(seed, Purpose::Evaluate, [0, 0]);
    let rotations = match count {
        0 => Vec::new(),
        // A design has two or more.
        1 if !inversions => vec![Law::Haar.draw(&mut stream)],
        _ => {
            let design = Design::Iid {
                rotations: count.max(2),
            };
            let drawn = design.draw(&mut stream, symmetry(inversions));
            drawn.map_err(refused)?
        }
    };
    matrices(py, entries(&rotations[..count]))
}

/// All rotations of a finite group, followed by their negatives if inversions are asked for.
#[pyfunction]
#[pyo3(signature = (name, inversions))]
pub(crate) fn group<'py>(
    py: Python<'py>,
    name: &str,
    inversions: bool,
) -> PyResult<Bound<'py, PyArray3<f64>>> {
    let Ok(Sampling::Group(group)) = name.parse() else {
        let known = [
            FiniteGroup::Tetrahedral,
            FiniteGroup::Octahedral,
            FiniteGroup::Icosahedral,
        ];
        let known = known.map(FiniteGroup::name).join(", ");
        return Err(refused(format!("group is {name}; give one of {known}")));
    };
    matrices(py, entries(&group.elements_under(symmetry(inversions))))
}

/// Nodes and weights of the product rule of a degree.
#[pyfunction]
#[pyo3(signature = (degree, inversions))]
#[expect(clippy::type_complexity, reason = "two arrays")]
pub(crate) fn nodes(
    py: Python<'_>,
    degree: usize,
    inversions: bool,
) -> PyResult<(Bound<'_, PyArray3<f64>>, Bound<'_, PyArray1<f64>>)> {
    let symmetry = symmetry(inversions);
    let design = Design::Quadrature { degree };
    design.validate(symmetry).map_err(refused)?;
    let rule = Nodes::product(degree, symmetry);
    let rotations = rule
        .draw(&mut Stream::new(0, Purpose::Evaluate, [0, 0]), symmetry)
        .map_err(refused)?;
    let weights = rule.weights(symmetry).unwrap_or_default();
    Ok((
        matrices(py, entries(&rotations))?,
        PyArray1::from_vec(py, weights),
    ))
}

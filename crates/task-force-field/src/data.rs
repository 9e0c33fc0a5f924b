//! The scale of a data set, from its training part.

use nalgebra::{DMatrix, DVector};
use twirl_data::{DataSet, Split};
use twirl_harness::TaskError;

/// Units in which networks predict: forces over their root mean square, and energy per atom,
/// less a sum of per-element references, over its standard deviation.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Root mean square of a force component, eV/A.
    pub force: f64,
    /// Standard deviation of the energy per atom beyond the references, eV.
    pub energy: f64,
    /// Reference energies in eV by atomic number, fitted by least squares.
    pub references: Vec<(u8, f64)>,
}

/// Energies per atom that all agree to this (eV) hold no information to learn.
const SAME_ENERGY: f64 = 1e-9;

impl Scale {
    /// Fits the scale to the training part.
    ///
    /// # Errors
    /// If there are no forces, or they are all zero.
    pub fn fit(data: &DataSet) -> Result<Self, TaskError> {
        let items = data.split(Split::Train);
        let (mut sum, mut count) = (0.0, 0_usize);
        for &item in items {
            let Some(forces) = data.forces(item) else {
                return Err(TaskError::data(
                    data.name(),
                    "has no forces",
                    "the force-field task needs them; give a data set with forces",
                ));
            };
            sum += forces
                .iter()
                .flatten()
                .map(|value| value * value)
                .sum::<f64>();
            count += 3 * forces.len();
        }
        let force = (sum / count as f64).sqrt();
        if !(force.is_finite() && force > 0.0) {
            return Err(TaskError::data(
                data.name(),
                format!("root mean square force of the training part is {force}"),
                "give a data set with forces that are not zero",
            ));
        }
        let (references, energy) = fit_energies(data, items);
        Ok(Self {
            force,
            energy,
            references,
        })
    }

    /// Energy per atom in units of the scale.
    pub fn normalised_energy(&self, species: &[u8], energy: f64) -> f64 {
        (energy - self.reference(species)) / species.len() as f64 / self.energy
    }

    /// Sum of reference energies, eV.
    pub fn reference(&self, species: &[u8]) -> f64 {
        species
            .iter()
            .filter_map(|number| self.references.iter().find(|(known, _)| known == number))
            .map(|(_, energy)| energy)
            .sum()
    }
}

/// Least-squares energies per element (by singular values, since one molecule's frames leave the
/// split between elements open), and the spread per atom of what remains.
fn fit_energies(data: &DataSet, items: &[usize]) -> (Vec<(u8, f64)>, f64) {
    let elements = data.elements();
    if !data.has_energies() {
        return (Vec::new(), 1.0);
    }
    // Rows per atom, so that large molecules do not dominate.
    let row = |item: usize| {
        let species = data.atomic_numbers(item);
        let share = |&element: &u8| {
            let count: f64 = species
                .iter()
                .map(|&number| f64::from(u8::from(number == element)))
                .sum();
            count / species.len() as f64
        };
        elements.iter().map(share).collect::<Vec<f64>>()
    };
    let per_atom = |item: usize| {
        data.energy(item)
            .map(|energy| energy / data.atomic_numbers(item).len() as f64)
    };
    let (mut normal, mut right) = (
        DMatrix::zeros(elements.len(), elements.len()),
        DVector::zeros(elements.len()),
    );
    for &item in items {
        let shares = DVector::from_vec(row(item));
        if let Some(energy) = per_atom(item) {
            right += &shares * energy;
            normal += &shares * shares.transpose();
        }
    }
    let tolerance = 1e-9 * normal.trace();
    let solved = normal
        .svd(true, true)
        .solve(&right, tolerance)
        .unwrap_or_else(|_| DVector::zeros(elements.len()));
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for &item in items {
        if let Some(energy) = per_atom(item) {
            let rest = energy - DVector::from_vec(row(item)).dot(&solved);
            sum += rest;
            squares += rest * rest;
            count += 1.0;
        }
    }
    let spread = (squares / count - (sum / count).powi(2)).max(0.0).sqrt();
    let references = elements
        .iter()
        .copied()
        .zip(solved.iter().copied())
        .collect();
    (references, if spread > SAME_ENERGY { spread } else { 1.0 })
}

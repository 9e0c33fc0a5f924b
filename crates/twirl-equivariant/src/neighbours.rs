//! Neighbour lists, made on the host before any rotation so that all rotations share them.

use crate::EquivariantError;

/// The nearest neighbours of each atom of one molecule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighbourList {
    lists: Vec<Vec<usize>>,
    dropped: usize,
}

impl NeighbourList {
    /// Lists, for every atom, the at most `max_neighbours` nearest other atoms closer than
    /// `cutoff` (angstrom, as are positions), by distance and at equal distance by index.
    ///
    /// # Errors
    /// [`EquivariantError::Cutoff`], [`EquivariantError::Coordinate`],
    /// [`EquivariantError::Overlap`], and [`EquivariantError::Config`] if `max_neighbours` is 0.
    pub fn build(
        positions: &[[f64; 3]],
        cutoff: f64,
        max_neighbours: usize,
    ) -> Result<Self, EquivariantError> {
        if !(cutoff.is_finite() && cutoff > 0.0) {
            return Err(EquivariantError::Cutoff { cutoff });
        }
        crate::error::check_config(&[("max_neighbours", max_neighbours)], &[])?;
        for (atom, position) in positions.iter().enumerate() {
            if let Some(&value) = position.iter().find(|value| !value.is_finite()) {
                return Err(EquivariantError::Coordinate { atom, value });
            }
        }
        let mut dropped = 0;
        let mut lists = Vec::with_capacity(positions.len());
        for (first, centre) in positions.iter().enumerate() {
            let mut near = Vec::new();
            for (second, other) in positions.iter().enumerate() {
                if second == first {
                    continue;
                }
                let squared: f64 = (0..3)
                    .map(|axis| (other[axis] - centre[axis]).powi(2))
                    .sum();
                if squared == 0.0 {
                    return Err(EquivariantError::Overlap { first, second });
                }
                if squared < cutoff * cutoff {
                    near.push((squared, second));
                }
            }
            near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            dropped += near.len().saturating_sub(max_neighbours);
            near.truncate(max_neighbours);
            lists.push(near.into_iter().map(|(_, atom)| atom).collect());
        }
        Ok(Self { lists, dropped })
    }

    /// Number of atoms.
    #[must_use]
    pub fn atoms(&self) -> usize {
        self.lists.len()
    }

    /// Neighbours of one atom, nearest first.
    ///
    /// # Panics
    /// If `atom` is out of range.
    #[must_use]
    pub fn of(&self, atom: usize) -> &[usize] {
        &self.lists[atom]
    }

    /// Largest number of neighbours of an atom.
    #[must_use]
    pub fn most(&self) -> usize {
        self.lists.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Ordered pairs within the cutoff that `max_neighbours` left out.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }
}

//! The net force and the net torque of forces on a molecule.

/// What forces on the atoms of a molecule add up to.
///
/// The energy of an isolated molecule changes neither when it is moved nor when it is turned, so its true
/// forces have neither net force nor net torque: one is the derivative of the energy by the position, the
/// other by the orientation. Forces that are predicted directly can have both.
///
/// The torque is about the mean position of the atoms, `sum_i (r_i - mean r) x F_i`: a force that is the
/// same on every atom adds nothing to it. Where there is no net force it is the same about every point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resultant {
    /// `sum_i F_i`, in the unit of the forces.
    pub force: [f64; 3],
    /// `sum_i (r_i - mean r) x F_i`, in the unit of the forces times that of the positions.
    pub torque: [f64; 3],
    /// `sum_i |F_i|`: the net force that the same forces would have if all pointed one way.
    pub forces: f64,
    /// `sum_i |r_i - mean r| |F_i|`: no directions of the same forces have a larger torque.
    pub levers: f64,
}

impl Resultant {
    /// Of `[atoms][3]` positions and forces.
    ///
    /// # Panics
    /// If the two differ in length.
    #[must_use]
    pub fn of(positions: &[[f64; 3]], forces: &[[f64; 3]]) -> Self {
        assert_eq!(positions.len(), forces.len(), "a force for every atom");
        let mut centre = [0.0; 3];
        for place in positions {
            for axis in 0..3 {
                centre[axis] += place[axis] / positions.len() as f64;
            }
        }
        let mut found = Self {
            force: [0.0; 3],
            torque: [0.0; 3],
            forces: 0.0,
            levers: 0.0,
        };
        for (place, force) in positions.iter().zip(forces) {
            let arm: [f64; 3] = std::array::from_fn(|axis| place[axis] - centre[axis]);
            for (axis, entry) in force.iter().enumerate() {
                let (next, last) = ((axis + 1) % 3, (axis + 2) % 3);
                found.force[axis] += entry;
                found.torque[axis] += arm[next] * force[last] - arm[last] * force[next];
            }
            found.forces += length(force);
            found.levers += length(&arm) * length(force);
        }
        found
    }
}

fn length(vector: &[f64; 3]) -> f64 {
    vector.iter().map(|entry| entry * entry).sum::<f64>().sqrt()
}

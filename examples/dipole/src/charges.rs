//! Partial charges by partial equalisation of orbital electronegativity.
//!
//! Gasteiger and Marsili, Tetrahedron 36 (1980) 3219: an atom of charge `q` has electronegativity
//! `a + b q + c q^2`; along every bond charge flows from the less to the more electronegative atom,
//! divided by the electronegativity of the donor's cation, damped by 1/2 in every round. The
//! charges depend on elements and bonds alone and sum to zero.
//!
//! Parameters in eV are those of the paper's table 1 for H, C, N, O, F, Cl and S. An atom's state is read
//! from its bonds: triple, else double or aromatic, else single.

use twirl_data::{Bond, BondOrder};

/// Rounds: the last moves less than 1/4096 of what the first does.
const ROUNDS: i32 = 12;

/// `a + b + c` of hydrogen would be 12.85 eV; the paper takes 20.02 eV as its cation's value.
const HYDROGEN_CATION: f64 = 20.02;

/// `[a, b, c]` of an element whose highest bond order is 1, 2 (also aromatic) or 3.
fn parameters(number: u8, order: u8) -> Option<[f64; 3]> {
    Some(match (number, order) {
        (1, 1) => [7.17, 6.24, -0.56],
        (6, 1) => [7.98, 9.18, 1.88],
        (6, 2) => [8.79, 9.32, 1.51],
        (6, 3) => [10.39, 9.45, 0.73],
        (7, 1) => [11.54, 10.82, 1.36],
        (7, 2) => [12.87, 11.15, 0.85],
        (7, 3) => [15.68, 11.70, -0.27],
        (8, 1) => [14.18, 12.92, 1.39],
        (8, 2) => [17.07, 13.79, 0.47],
        (9, 1) => [14.66, 13.85, 2.31],
        (17, 1) => [11.00, 9.69, 1.35],
        (16, 1 | 2) => [10.14, 9.13, 1.38],
        _ => return None,
    })
}

/// Charges in units of e, `[n]`.
///
/// # Errors
/// If an atom has no parameters, in a few words.
pub fn charges(numbers: &[u8], bonds: &[Bond]) -> Result<Vec<f64>, String> {
    let mut highest = vec![1; numbers.len()];
    for bond in bonds {
        let order = match bond.order {
            BondOrder::Single => 1,
            BondOrder::Double | BondOrder::Aromatic => 2,
            BondOrder::Triple => 3,
        };
        for atom in [bond.first, bond.second] {
            highest[atom] = order.max(highest[atom]);
        }
    }
    let atoms = numbers.iter().zip(&highest).enumerate();
    let parameters: Vec<[f64; 3]> = atoms
        .map(|(atom, (&number, &order))| {
            parameters(number, order).ok_or_else(|| {
                format!("atom {atom} (element {number}, bond order {order}) has no parameters")
            })
        })
        .collect::<Result<_, _>>()?;
    let cation = |atom: usize| match numbers[atom] {
        1 => HYDROGEN_CATION,
        _ => parameters[atom].iter().sum(),
    };
    let mut charges = vec![0.0; numbers.len()];
    for round in 1..=ROUNDS {
        let pull: Vec<f64> = parameters
            .iter()
            .zip(&charges)
            .map(|([a, b, c], q)| a + b * q + c * q * q)
            .collect();
        for bond in bonds {
            let (mut donor, mut taker) = (bond.first, bond.second);
            if pull[donor] > pull[taker] {
                (donor, taker) = (taker, donor);
            }
            let flow = (pull[taker] - pull[donor]) / cation(donor) * 0.5_f64.powi(round);
            charges[donor] += flow;
            charges[taker] -= flow;
        }
    }
    Ok(charges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[u8], bonds: &[(usize, usize, BondOrder)]) -> Vec<f64> {
        let bond = |&(first, second, order): &(usize, usize, BondOrder)| Bond {
            first,
            second,
            order,
        };
        let bonds: Vec<Bond> = bonds.iter().map(bond).collect();
        charges(numbers, &bonds).expect("parameters")
    }

    /// Charges by RDKit 2026.9.1, `ComputeGasteigerCharges`, heavy atoms first.
    #[test]
    fn agrees_with_rdkit() {
        use BondOrder::{Double, Single, Triple};
        let cases: [(&[u8], &[(usize, usize, BondOrder)], &[f64]); 5] = [
            (
                &[6, 1, 1, 1, 1],
                &[
                    (0, 1, Single),
                    (0, 2, Single),
                    (0, 3, Single),
                    (0, 4, Single),
                ],
                &[-0.0776, 0.0194, 0.0194, 0.0194, 0.0194],
            ),
            (
                &[8, 1, 1],
                &[(0, 1, Single), (0, 2, Single)],
                &[-0.4115, 0.2058, 0.2058],
            ),
            (
                &[6, 8, 1, 1],
                &[(0, 1, Double), (0, 2, Single), (0, 3, Single)],
                &[0.1064, -0.3071, 0.1004, 0.1004],
            ),
            (
                &[6, 6, 7, 1, 1, 1],
                &[
                    (0, 1, Single),
                    (1, 2, Triple),
                    (0, 3, Single),
                    (0, 4, Single),
                    (0, 5, Single),
                ],
                &[0.0236, 0.0587, -0.1987, 0.0388, 0.0388, 0.0388],
            ),
            (
                &[6, 9, 1, 1, 1],
                &[
                    (0, 1, Single),
                    (0, 2, Single),
                    (0, 3, Single),
                    (0, 4, Single),
                ],
                &[0.0785, -0.2547, 0.0587, 0.0587, 0.0587],
            ),
        ];
        for (numbers, bonds, expected) in cases {
            let found = of(numbers, bonds);
            for (q, expected) in found.iter().zip(expected) {
                assert!((q - expected).abs() < 2e-4, "{numbers:?}: {found:?}");
            }
            assert!(found.iter().sum::<f64>().abs() < 1e-12, "{found:?}");
        }
    }

    #[test]
    fn an_unknown_element_is_named() {
        let error = charges(&[5, 1], &[]).expect_err("no boron");
        assert!(error.contains("element 5"), "{error}");
    }
}

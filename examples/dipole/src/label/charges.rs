//! Partial charges by partial equalisation of orbital electronegativity (Gasteiger and Marsili,
//! Tetrahedron 36 (1980) 3219): an atom of charge `q` has electronegativity `a + b q + c q^2`; along
//! every bond charge flows to the more electronegative atom, divided by the electronegativity of the
//! donor's cation, damped by 1/2 in every round. Charges depend on elements and bonds alone and sum
//! to zero.

use twirl_data::{Bond, BondOrder};

/// Rounds: the last moves less than 1/4096 of what the first does.
const ROUNDS: i32 = 12;

/// `[a, b, c, cation]` in eV (table 1) of an element by its highest bond order: 1, 2 (also aromatic)
/// or 3. The cation has `a + b + c`; that of hydrogen would be 12.85, and the paper takes 20.02.
fn parameters(number: u8, order: u8) -> Option<[f64; 4]> {
    let [a, b, c] = match (number, order) {
        (1, 1) => return Some([7.17, 6.24, -0.56, 20.02]),
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
    };
    Some([a, b, c, a + b + c])
}

/// Charges in units of e, `[n]`; an error names the atom that has no parameters.
pub(super) fn charges(numbers: &[u8], bonds: &[Bond]) -> Result<Vec<f64>, String> {
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
    let known = |(&number, &order)| {
        let missing = || format!("element {number} with bond order {order} has no parameters");
        parameters(number, order).ok_or_else(missing)
    };
    let parameters: Vec<_> = numbers
        .iter()
        .zip(&highest)
        .map(known)
        .collect::<Result<_, _>>()?;
    let mut charges = vec![0.0; numbers.len()];
    for round in 1..=ROUNDS {
        let atoms = parameters.iter().zip(&charges);
        let pull: Vec<f64> = atoms
            .map(|([a, b, c, _], q)| a + b * q + c * q * q)
            .collect();
        for bond in bonds {
            let (mut donor, mut taker) = (bond.first, bond.second);
            if pull[donor] > pull[taker] {
                (donor, taker) = (taker, donor);
            }
            let flow = (pull[taker] - pull[donor]) / parameters[donor][3] * 0.5_f64.powi(round);
            charges[donor] += flow;
            charges[taker] -= flow;
        }
    }
    Ok(charges)
}

#[cfg(test)]
mod tests {
    /// Charges by RDKit 2026.9.1, `ComputeGasteigerCharges`, heavy atoms first.
    #[test]
    fn charges_agree_with_rdkit_and_sum_to_zero() {
        let cases: [(&str, &[f64]); 5] = [
            ("C", &[-0.0776, 0.0194, 0.0194, 0.0194, 0.0194]),
            ("O", &[-0.4115, 0.2058, 0.2058]),
            ("C=O", &[0.1064, -0.3071, 0.1004, 0.1004]),
            ("CC#N", &[0.0236, 0.0587, -0.1987, 0.0388, 0.0388, 0.0388]),
            ("CF", &[0.0785, -0.2547, 0.0587, 0.0587, 0.0587]),
        ];
        for (smiles, expected) in cases {
            let molecule = twirl_data::molecule_from_smiles(smiles).expect("a molecule");
            let found = super::charges(&molecule.atomic_numbers, &molecule.bonds).expect("charges");
            let near = |(q, expected): (&f64, &f64)| (q - expected).abs() < 2e-4;
            assert_eq!(found.len(), expected.len());
            assert!(found.iter().zip(expected).all(near), "{smiles}: {found:?}");
            assert!(found.iter().sum::<f64>().abs() < 1e-12, "{found:?}");
        }
        let error = super::charges(&[5], &[]).expect_err("no boron");
        assert!(error.contains("element 5"), "{error}");
    }
}

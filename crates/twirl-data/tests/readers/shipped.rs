//! The data sets inside the program.

use twirl_data::{Bond, BondOrder, DataSet, Embedded, Inspection, Split, molecule_from_smiles};

#[test]
fn embedded_sets_are_whole_and_split_by_molecule() {
    for which in Embedded::ALL {
        let set = DataSet::embedded(which).unwrap_or_else(|error| panic!("{error}"));
        println!("{}", Inspection::of(&set));
        assert_eq!(set.split_rule(), "from file");
        assert_eq!(set.level(), Some("GFN2-xTB"));
        assert!(set.licence().is_some());
        let total: usize = Split::ALL.iter().map(|&split| set.split(split).len()).sum();
        assert_eq!(total, set.len());
        assert_eq!(Inspection::of(&set).shared_molecules, 0);
        assert_eq!(set.has_forces(), which == Embedded::Forces);
        let known = [1, 6, 7, 8, 9, 16, 17];
        assert!(set.elements().iter().all(|element| known.contains(element)));
        assert!(
            set.molecules()
                .iter()
                .all(|molecule| molecule.smiles.is_some())
        );
    }
}

/// The sum of forces and the torque vanish for any energy that depends on distances alone.
#[test]
fn embedded_forces_have_no_net_force_or_torque() {
    let set = DataSet::embedded(Embedded::Forces).unwrap_or_else(|error| panic!("{error}"));
    for frame in 0..set.len() {
        let forces = set.forces(frame).expect("forces");
        let largest = forces
            .as_flattened()
            .iter()
            .fold(0.0_f64, |m, x| m.max(x.abs()));
        let reach = set
            .positions(frame)
            .as_flattened()
            .iter()
            .fold(1.0_f64, |m, x| m.max(x.abs()));
        // Forces are stored with 12 mantissa bits, positions with 16.
        let tolerance = largest * forces.len() as f64 * 2.0_f64.powi(-12);
        for axis in 0..3 {
            let sum: f64 = forces.iter().map(|force| force[axis]).sum();
            assert!(
                sum.abs() <= tolerance,
                "frame {frame}: net force {sum}, limit {tolerance}"
            );
            let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
            let torque: f64 = set
                .positions(frame)
                .iter()
                .zip(forces)
                .map(|(position, force)| position[a] * force[b] - position[b] * force[a])
                .sum();
            let limit = 2.0 * reach * tolerance;
            assert!(
                torque.abs() <= limit,
                "frame {frame}: torque {torque}, limit {limit}"
            );
        }
    }
}

/// A bond is as long as its covalent radii allow, and no atom of a molecule is without one.
#[test]
fn embedded_bonds_fit_the_geometry() {
    for which in Embedded::ALL {
        let set = DataSet::embedded(which).unwrap_or_else(|error| panic!("{error}"));
        for frame in 0..set.len() {
            let molecule = &set.molecules()[set.molecule(frame)];
            let (numbers, positions) = (set.atomic_numbers(frame), set.positions(frame));
            let mut bonded = vec![false; numbers.len()];
            for bond in &molecule.bonds {
                let (i, j) = (bond.first, bond.second);
                (bonded[i], bonded[j]) = (true, true);
                let square: f64 = (0..3)
                    .map(|axis| (positions[i][axis] - positions[j][axis]).powi(2))
                    .sum();
                let radius = |atom: usize| twirl_data::elements::covalent_radius(numbers[atom]);
                let ratio = square.sqrt() / (radius(i).expect("i") + radius(j).expect("j"));
                assert!(
                    (0.6..1.45).contains(&ratio),
                    "frame {frame}, bond {bond:?}: {ratio}"
                );
            }
            assert!(
                numbers.len() == 1 || bonded.iter().all(|yes| *yes),
                "frame {frame}"
            );
        }
        let orders = [
            BondOrder::Single,
            BondOrder::Double,
            BondOrder::Triple,
            BondOrder::Aromatic,
        ];
        for order in orders {
            let has = set
                .molecules()
                .iter()
                .any(|m| m.bonds.iter().any(|bond| bond.order == order));
            assert!(has, "{}: no bond of order {order:?}", which.name());
        }
    }
}

#[test]
fn embedded_molecules_come_out_as_rdkit_made_them() {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    for frame in 0..data.len() {
        let known = &data.molecules()[data.molecule(frame)];
        let smiles = known.smiles.as_deref().expect("a SMILES");
        let made = molecule_from_smiles(smiles).unwrap_or_else(|error| panic!("{smiles}: {error}"));
        assert_eq!(made.atomic_numbers, data.atomic_numbers(frame), "{smiles}");
        assert_eq!(made.charge, known.charge, "{smiles}");
        let sorted = |bonds: &[Bond]| {
            let mut bonds: Vec<_> = bonds
                .iter()
                .map(|b| (b.first.min(b.second), b.first.max(b.second), b.order))
                .collect();
            bonds.sort_by_key(|bond| (bond.0, bond.1));
            bonds
        };
        assert_eq!(sorted(&made.bonds), sorted(&known.bonds), "{smiles}");
    }
}

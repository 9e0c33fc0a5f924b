//! Valid files of every format give the same data set, whatever the format and the unit.

use std::fmt::Write as _;

use crate::fixtures::{self, Project, WATER_SMILES};
use crate::read;
use twirl_data::{
    BondOrder, DataSet, EnergyUnit, ForceUnit, Inspection, LengthUnit, OpenOptions, Reason, Split,
};

const FRAMES: usize = 40;

fn close(found: f64, expected: f64, relative: f64) -> bool {
    (found - expected).abs() <= relative * expected.abs().max(1.0)
}

/// Water in every format: f64 text and npz to 1e-12, f32 HDF5 to 2^-22.
fn check(set: &DataSet, tolerance: f64) {
    assert_eq!(set.len(), FRAMES);
    assert!(set.has_forces() && set.has_energies());
    assert_eq!(set.elements(), [1, 8]);
    assert_eq!(set.max_atoms(), 3);
    for frame in 0..FRAMES {
        let expected = fixtures::water(frame);
        let force = fixtures::force(frame);
        for (atom, position) in set.positions(frame).iter().enumerate() {
            for axis in 0..3 {
                assert!(
                    close(position[axis], expected[atom][axis], tolerance),
                    "frame {frame}"
                );
                let found = set.forces(frame).expect("forces")[atom][axis];
                assert!(
                    close(found, force[atom][axis], tolerance),
                    "frame {frame}: {found}"
                );
            }
        }
        let found = set.energy(frame).expect("energy");
        assert!(
            close(found, fixtures::energy(frame), 1e-12),
            "frame {frame}: {found}"
        );
    }
}

#[test]
fn every_format_gives_the_same_water() {
    let single = f64::from(f32::EPSILON) * 2.0;
    check(
        &read("a.xyz", fixtures::xyz(FRAMES).as_bytes()).expect("xyz"),
        1e-12,
    );
    check(&read("a.npz", &fixtures::npz(FRAMES)).expect("npz"), 1e-12);
    let deflated = fixtures::zip(&fixtures::npz_members(FRAMES), true);
    check(&read("a.npz", &deflated).expect("deflated npz"), 1e-12);
    let project = read("a.h5", &Project::new(FRAMES).bytes()).expect("project");
    check(&project, single);
    assert_eq!(
        (project.name(), project.licence()),
        ("fixture", Some("CC0-1.0"))
    );
    assert_eq!(project.molecules()[0].bonds.len(), 2);
    assert_eq!(project.split_rule(), "from file");
    let spice = read(
        "a.hdf5",
        &fixtures::encode(fixtures::spice(1, FRAMES, WATER_SMILES)),
    );
    let spice = spice.expect("spice");
    check(&spice, single);
    let bonds = &spice.molecules()[0].bonds;
    assert!(bonds.len() == 2 && bonds.iter().all(|bond| bond.order == BondOrder::Single));
}

#[test]
fn units_can_be_given_and_are_converted_once() {
    let text = fixtures::xyz(FRAMES);
    let as_is = read("a.xyz", text.as_bytes()).expect("xyz");
    // 1 hartree = 627.509474 kcal/mol (CODATA 2018), so kcal/mol files are 27.2114/627.5095 as large.
    let options = OpenOptions {
        energy_unit: Some(EnergyUnit::KilocaloriePerMole),
        force_unit: Some(ForceUnit {
            energy: EnergyUnit::KilocaloriePerMole,
            length: LengthUnit::Angstrom,
        }),
        ..OpenOptions::default()
    };
    let converted = DataSet::from_bytes("a.xyz", text.as_bytes().into(), &options).expect("xyz");
    let ratio = converted.energy(0).expect("e") / as_is.energy(0).expect("e");
    assert!(
        close(ratio, 27.211_386_245_988 / 627.509_474_063_1, 1e-9),
        "{ratio}"
    );
    let force = |set: &DataSet| set.forces(0).expect("forces")[0][0];
    assert!(close(force(&converted) / force(&as_is), ratio, 1e-12));
    assert_eq!(converted.positions(0), as_is.positions(0));
    for text in ["angstrom", "bohr", "nm"] {
        assert_eq!(text.parse::<LengthUnit>().expect(text).to_string(), text);
    }
    for text in [
        "eV/angstrom",
        "hartree/bohr",
        "kcal/mol/angstrom",
        "kJ/mol/nm",
    ] {
        assert_eq!(text.parse::<ForceUnit>().expect(text).to_string(), text);
    }
}

#[test]
fn derived_splits_are_disjoint_deterministic_and_never_empty() {
    for frames in [3, 4, 9, 10, 11, 19, 20, 21, 40, 1000] {
        let bytes = fixtures::xyz(frames);
        let set = read("a.xyz", bytes.as_bytes()).expect("xyz");
        let mut seen = vec![0; frames];
        for split in Split::ALL {
            assert!(!set.split(split).is_empty(), "{frames} frames, {split:?}");
            set.split(split).iter().for_each(|&frame| seen[frame] += 1);
        }
        assert!(seen.iter().all(|count| *count == 1), "{frames} frames");
        let again = read("a.xyz", bytes.as_bytes()).expect("xyz");
        assert_eq!(set.split(Split::Test), again.split(Split::Test));
    }
    let set = read("a.xyz", fixtures::xyz(1000).as_bytes()).expect("xyz");
    assert_eq!(set.split(Split::Validation).len(), 100);
    assert_eq!(set.split(Split::Test)[..3], [450, 451, 452]);
}

#[test]
fn sets_of_many_molecules_are_split_by_molecule() {
    // 20 molecules of one formula, told apart by their SMILES key, three frames each.
    let all = fixtures::xyz(60);
    let lines: Vec<&str> = all.lines().collect();
    let mut text = String::new();
    for (molecule, frames) in lines.chunks(15).enumerate() {
        let smiles = format!("smiles={}", "C".repeat(molecule + 1));
        text += &(frames.join("\n") + "\n").replace("pbc=", &format!("{smiles} pbc="));
    }
    let set = read("a.xyz", text.as_bytes()).expect("xyz");
    assert_eq!(set.molecules().len(), 20);
    let inspection = Inspection::of(&set);
    assert_eq!(inspection.shared_molecules, 0);
    assert_eq!(inspection.split, (48, 6, 6));
    // The rule depends on the texts, not on their order in the file.
    let frame = text.lines().collect::<Vec<_>>();
    let reversed: Vec<&str> = frame.chunks(15).rev().flatten().copied().collect();
    let reversed = read("a.xyz", (reversed.join("\n") + "\n").as_bytes()).expect("reversed");
    let tested = |set: &DataSet| {
        let smiles = |&frame: &usize| set.molecules()[set.molecule(frame)].smiles.clone();
        set.split(Split::Test)
            .iter()
            .map(smiles)
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(tested(&set), tested(&reversed));
    assert!(set.split_rule().starts_with("by molecule"));
}

#[test]
fn frames_above_the_limit_are_counted_not_lost_in_silence() {
    let mut text = fixtures::xyz(10);
    for frame in 0..3 {
        let bond = 1.01 + 0.01 * f64::from(frame);
        text += "4\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1530\n";
        let _ = write!(
            text,
            "N 0 0 0 0 0 0\nH {bond} 0 0 0 0 0\nH 0 {bond} 0 0 0 0\nH 0 0 {bond} 0 0 0\n"
        );
    }
    let limited = |limit| {
        let options = OpenOptions {
            max_atoms: Some(limit),
            ..OpenOptions::default()
        };
        DataSet::from_bytes("a.xyz", text.as_bytes().into(), &options)
    };
    let all = limited(4).expect("all kept");
    assert_eq!((all.len(), all.molecules().len()), (13, 2));
    assert!(all.left_out().is_empty());
    let water = limited(3).expect("water");
    assert_eq!((water.len(), water.molecules().len()), (10, 1));
    assert_eq!(water.left_out()[&Reason::AboveLimit], 3);
    assert!(
        water
            .split_rule()
            .ends_with("; 3 frames left out by the limit on atoms")
    );
    let none = limited(2).expect_err("no frame").to_string();
    assert_eq!(
        none,
        "a.xyz: holds no frame of at most 2 atoms; use a file with at least three labelled frames"
    );
}

//! Published files in `../shared/data` beside the checkout; skipped, in so many words, without it.

use std::path::{Path, PathBuf};

use twirl_data::{DataSet, Inspection, LengthUnit, OpenOptions, Split};

/// The file, or `None` with a printed line.
fn published(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(file);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {file} is not beside this checkout (../shared/data)");
    None
}

fn open(path: &Path) -> DataSet {
    DataSet::open(path, &OpenOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found}, expected {expected} +- {tolerance}"
    );
}

#[test]
fn rmd17() {
    // (molecule, atoms, elements): the rMD17 paper's table of molecules.
    let table: [(&str, usize, &[u8]); 5] = [
        ("aspirin", 21, &[1, 6, 8]),
        ("ethanol", 9, &[1, 6, 8]),
        ("malonaldehyde", 9, &[1, 6, 8]),
        ("toluene", 15, &[1, 6]),
        ("uracil", 12, &[1, 6, 7, 8]),
    ];
    for (molecule, atoms, elements) in table {
        for part in ["train", "test"] {
            let Some(path) = published(&format!("rmd17/rmd17_{molecule}_{part}_01.npz")) else {
                continue;
            };
            let set = open(&path);
            assert_eq!(
                (set.len(), set.max_atoms(), set.molecules().len()),
                (1000, atoms, 1)
            );
            assert_eq!(
                (set.elements().as_slice(), set.format()),
                (elements, "rMD17 npz")
            );
            assert_eq!(
                Split::ALL.map(|split| set.split(split).len()),
                [800, 100, 100]
            );
            let inspection = Inspection::of(&set);
            near(inspection.nearest.expect("distances"), 1.1, 0.05);
            let (median, largest) = inspection.force.expect("forces");
            assert!(
                (1.0..2.5).contains(&median) && (5.0..15.0).contains(&largest),
                "{median} {largest}"
            );
            // A 500 K trajectory of 3n modes: standard deviation of the energy below 0.5 eV.
            let (low, high) = inspection.energy.expect("energies");
            assert!(high - low < 2.0, "{low} {high}");
        }
    }
}

#[test]
fn rmd17_ethanol_in_electron_volts() {
    let Some(path) = published("rmd17/rmd17_ethanol_train_01.npz") else {
        return;
    };
    let set = open(&path);
    // Read with numpy: lowest energy -97085.86325424352 kcal/mol, largest force component
    // -146.72313696732573 kcal/mol/A; 1 kcal/mol = 0.0433641042418009 eV (CODATA 2018).
    let kcal = 0.043_364_104_241_800_9;
    let inspection = Inspection::of(&set);
    near(
        inspection.energy.expect("energies").0,
        -97_085.863_254_243_52 * kcal,
        1e-8,
    );
    let lowest = (0..set.len())
        .flat_map(|frame| set.forces(frame).expect("forces").as_flattened())
        .fold(f64::INFINITY, |low, &x| low.min(x));
    near(lowest, -146.723_136_967_325_73 * kcal, 1e-10);
    assert_eq!(set.molecules()[0].formula, "C2H6O");
    // No net force: each component of the sum below 1e-3 eV/A.
    for frame in 0..set.len() {
        for axis in 0..3 {
            let sum: f64 = set
                .forces(frame)
                .expect("forces")
                .iter()
                .map(|f| f[axis])
                .sum();
            assert!(sum.abs() < 1e-3, "frame {frame}: {sum}");
        }
    }
}

/// Forces are minus the gradient: over a small step the energy changes by minus the mean force
/// times the step (trapezoid rule). A wrong sign or unit misses by more than the whole difference.
#[test]
fn forces_agree_with_energy_differences() {
    let Some(path) = published("spice/SPICE-1.1.4_n2.hdf5") else {
        return;
    };
    let set = open(&path);
    // C#C.[Na+]: five geometries of one complex along the distance of the ion.
    let frames: Vec<usize> = (0..set.len())
        .filter(|&f| set.atomic_numbers(f).len() == 5)
        .collect();
    assert_eq!(frames.len(), 5);
    let (mut square, mut residual) = (0.0, 0.0);
    for pair in frames.windows(2) {
        let force = |frame: usize| set.forces(frame).expect("forces").as_flattened();
        let place = |frame: usize| set.positions(frame).as_flattened();
        let work: f64 = (0..15)
            .map(|k| {
                force(pair[0])[k].midpoint(force(pair[1])[k])
                    * (place(pair[0])[k] - place(pair[1])[k])
            })
            .sum();
        let difference =
            set.energy(pair[1]).expect("energy") - set.energy(pair[0]).expect("energy");
        println!("frames {pair:?}: energy {difference:.4} eV, work {work:.4} eV");
        square += difference * difference;
        residual += (work - difference).powi(2);
    }
    assert!(
        residual < 0.01 * square,
        "unexplained: {}",
        residual / square
    );
}

#[test]
fn three_bpa() {
    for (file, spread) in [("3bpa/train_300K.xyz", 1.5), ("3bpa/train_mixedT.xyz", 6.0)] {
        let Some(path) = published(file) else {
            continue;
        };
        let set = open(&path);
        assert_eq!(
            (set.len(), set.max_atoms(), set.format()),
            (500, 27, "extended XYZ")
        );
        assert_eq!(set.elements(), [1, 6, 7, 8]);
        assert_eq!(set.molecules()[0].formula, "C12H12N2O");
        let (low, high) = Inspection::of(&set).energy.expect("energies");
        assert!(
            high - low < spread && (-17_661.0..-17_655.0).contains(&low),
            "{low} {high}"
        );
    }
    let Some(path) = published("3bpa/train_300K.xyz") else {
        return;
    };
    let set = open(&path);
    // The first lines of the file.
    assert_eq!(set.energy(0), Some(-17_660.461_737_861_464));
    assert_eq!(
        set.positions(0)[0],
        [0.326_569_90, -1.012_860_15, 0.721_072_75]
    );
    assert_eq!(
        set.forces(0).expect("forces")[0],
        [0.170_929_34, 0.132_742_00, 0.795_557_89]
    );
    let Some(path) = published("3bpa/iso_atoms.xyz") else {
        return;
    };
    // Isolated atoms can be looked at, and are refused as a set to train on.
    let options = OpenOptions::default();
    let atoms = DataSet::look_at(&path, &options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (atoms.len(), atoms.molecules().len(), atoms.has_forces()),
        (4, 4, false)
    );
    let error = DataSet::open(&path, &options).expect_err("isolated atoms");
    assert!(
        error.to_string().contains("all 4 frames have one atom"),
        "{error}"
    );
}

#[test]
fn spice() {
    let Some(path) = published("spice/SPICE-1.1.4_n2.hdf5") else {
        return;
    };
    let set = open(&path);
    assert_eq!(
        (set.len(), set.molecules().len(), set.format()),
        (55, 2, "SPICE HDF5")
    );
    assert_eq!(
        (set.units().length, set.elements()),
        (LengthUnit::Bohr, vec![1, 6, 7, 11])
    );
    for molecule in set.molecules() {
        assert_eq!(molecule.charge, 1, "{molecule:?}");
    }
    let ion = set
        .molecules()
        .iter()
        .find(|m| m.formula == "C2H2Na")
        .expect("the sodium complex");
    assert_eq!(ion.bonds.len(), 3);
    let wrong = OpenOptions {
        length_unit: Some(LengthUnit::Angstrom),
        ..OpenOptions::default()
    };
    let error = DataSet::open(&path, &wrong)
        .expect_err("bohr read as angstrom")
        .to_string();
    assert!(error.contains("looks like bohr"), "{error}");
}

#[test]
fn conformer_benchmark() {
    let Some(path) = published("conformer-benchmark/conformer-benchmark.h5") else {
        return;
    };
    let set = open(&path);
    assert_eq!(
        (set.molecules().len(), set.len(), set.max_atoms()),
        (708, 6995, 88)
    );
    assert_eq!(set.elements(), [1, 6, 7, 8, 9, 15, 16, 17, 35, 53]);
    assert!(!set.has_forces() && !set.has_energies() && set.format() == "conformer HDF5");
    // Counted from the attribute `charge`, which equals the formal charges of every SMILES.
    assert_eq!(
        set.molecules()
            .iter()
            .filter(|molecule| molecule.charge != 0)
            .count(),
        78
    );
    let inspection = Inspection::of(&set);
    assert_eq!(inspection.shared_molecules, 0);
    let (shortest, _) = inspection.distance.expect("distances");
    assert!(shortest > 0.9, "{shortest}");
    // The conformers have a canonical pose, atom 0 at the origin, but for three frames of two molecules.
    let canonical = (0..set.len())
        .filter(|&frame| set.positions(frame)[0] == [0.0; 3])
        .count();
    assert_eq!(canonical, 6992);
}

//! HDF5 and npz in the layouts of published sets.

use hdf5_writer::{DatasetBuilder, Hdf5Builder};

use crate::fixtures;
use crate::{read, read_with, refusal};
use twirl_data::{By, DataSet, EnergyUnit, ForcesAre, OpenOptions};

const HARTREE: f64 = 27.211_386_245_988;
const KCAL: f64 = 0.043_364_104_241_800_93;
const N: usize = 20;

fn array(name: &str, shape: &[u64], values: &[f64]) -> DatasetBuilder {
    DatasetBuilder::typed_data(name, shape.to_vec(), values).expect(name)
}

/// Frames of water on a spring, so that energies and forces belong together: positions `[n, 3, 3]`,
/// energies `[n]` in eV and forces `[n, 3, 3]` in eV/A.
fn spring(frames: usize, from: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (mut x, mut e, mut f) = (Vec::new(), Vec::new(), Vec::new());
    for frame in from..from + frames {
        let d = 0.002 * frame as f64 - 0.02;
        let force = -40.0 * d - 0.3;
        x.extend([0.0, 0.0, 0.0, 0.96 + d, 0.0, 0.0, -0.24, 0.93, 0.0]);
        e.push(-2079.0 + 20.0 * d * d + 0.3 * d);
        f.extend([-force, 0.0, 0.0, force, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
    (x, e, f)
}

/// A group of ANI's layout.
fn ani(builder: Hdf5Builder, group: &str, sign: f64, symbols: bool, from: usize) -> Hdf5Builder {
    let (x, e, f) = spring(N, from);
    let n = N as u64;
    let e: Vec<f64> = e.iter().map(|e| e / HARTREE).collect();
    let f: Vec<f64> = f.iter().map(|f| sign * f / HARTREE).collect();
    let name = |array: &str| format!("{group}/{array}");
    let species = if symbols {
        DatasetBuilder::fixed_string_data(name("species"), vec![3], &["O", "H", "H"])
    } else {
        let rows = [8_i64, 1, 1].repeat(N);
        DatasetBuilder::typed_data(name("species"), vec![n, 3], &rows)
    };
    builder
        .dataset(species.expect("species"))
        .dataset(array(&name("coordinates"), &[n, 3, 3], &x))
        .dataset(array(&name("energies"), &[n], &e))
        .dataset(array(&name("forces"), &[n, 3, 3], &f))
}

fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        "{found}, not {expected}"
    );
}

fn check(set: &DataSet, format: &str) {
    assert_eq!(set.format(), format);
    let (x, e, f) = spring(set.len(), 0);
    for frame in 0..set.len() {
        near(set.energy(frame).expect("energy"), e[frame]);
        for k in 0..9 {
            near(set.positions(frame).as_flattened()[k], x[9 * frame + k]);
            near(
                set.forces(frame).expect("forces").as_flattened()[k],
                f[9 * frame + k],
            );
        }
    }
}

/// COMP6 calls the gradient forces (github.com/isayev/COMP6, issue 2); ANI-2x has forces.
#[test]
fn ani_and_comp6_whichever_sign_their_forces_have() {
    let comp6 = fixtures::encode(ani(Hdf5Builder::new(), "gdb7/gdb7-0", -1.0, true, 0));
    let set = read("comp6.h5", &comp6).expect("COMP6");
    check(&set, "ANI HDF5");
    let origin = &set.origins()[2];
    assert!(origin.place.starts_with("minus array forces"), "{origin}");
    assert_eq!(origin.unit, "hartree/angstrom");
    let ani2x = fixtures::encode(ani(Hdf5Builder::new(), "3", 1.0, false, 0));
    check(&read("ani2x.h5", &ani2x).expect("ANI-2x"), "ANI HDF5");
    // The energies decide against the habit of the layout, and an option against both.
    let turned = fixtures::encode(ani(Hdf5Builder::new(), "3", -1.0, false, 0));
    check(&read("turned.h5", &turned).expect("gradient"), "ANI HDF5");
    let options = OpenOptions {
        forces_are: Some(ForcesAre::Forces),
        ..OpenOptions::default()
    };
    let set = read_with("turned.h5", &turned, &options).expect("as asked");
    near(set.forces(1).expect("forces")[1][0], -spring(2, 0).2[12]);
}

#[test]
fn rival_methods_of_ani_1x_are_refused_and_chosen() {
    let (x, e, f) = spring(N, 0);
    let n = N as u64;
    let numbers = DatasetBuilder::typed_data("H2O1/atomic_numbers", vec![3], &[8_u8, 1, 1]);
    let scaled = |values: &[f64]| values.iter().map(|v| v / HARTREE).collect::<Vec<f64>>();
    let mut builder = Hdf5Builder::new()
        .dataset(numbers.expect("numbers"))
        .dataset(array("H2O1/coordinates", &[n, 3, 3], &x))
        .dataset(array("H2O1/wb97x_dz.energy", &[n], &scaled(&e)))
        .dataset(array("H2O1/wb97x_dz.forces", &[n, 3, 3], &scaled(&f)));
    let one = fixtures::encode(builder.clone());
    check(&read("ani1x.h5", &one).expect("one method"), "ANI HDF5");
    builder = builder.dataset(array("H2O1/wb97x_tz.energy", &[n], &scaled(&e)));
    let two = fixtures::encode(builder);
    let line = refusal("ani1x.h5", &two, &OpenOptions::default());
    assert!(
        line.contains("labels of several methods") && line.contains("--energy-key"),
        "{line}"
    );
    let options = OpenOptions {
        energy_key: Some("wb97x_dz.energy".into()),
        ..OpenOptions::default()
    };
    check(
        &read_with("ani1x.h5", &two, &options).expect("chosen"),
        "ANI HDF5",
    );
}

#[test]
fn qm7x_has_one_geometry_a_group() {
    let (x, e, f) = spring(N, 0);
    let builder = (0..N).fold(Hdf5Builder::new(), |builder, frame| {
        let name = |array: &str| format!("1/Geom-m1-i1-c1-{frame:02}/{array}");
        let numbers = DatasetBuilder::typed_data(name("atNUM"), vec![3], &[8_i32, 1, 1]);
        builder
            .dataset(numbers.expect("numbers"))
            .dataset(array(&name("atXYZ"), &[3, 3], &x[9 * frame..9 * frame + 9]))
            .dataset(array(&name("ePBE0+MBD"), &[1], &[e[frame]]))
            .dataset(array(
                &name("totFOR"),
                &[3, 3],
                &f[9 * frame..9 * frame + 9],
            ))
    });
    check(
        &read("1000.hdf5", &fixtures::encode(builder)).expect("QM7-X"),
        "QM7-X HDF5",
    );
}

#[test]
fn groups_without_the_layout_are_skipped_with_a_count() {
    let spice = fixtures::spice(2, 10, fixtures::WATER_SMILES);
    let text = |name: &str| {
        DatasetBuilder::fixed_string_data(format!("{name}/text"), vec![1], &["read me"])
    };
    let bytes = fixtures::encode(
        spice
            .dataset(text("README").expect("text"))
            .dataset(text("zz").expect("text")),
    );
    let set = read("a.h5", &bytes).expect("the other groups");
    assert_eq!(set.len(), 20);
    let skipped = "2 groups without conformations skipped";
    let notes = set.notes().iter().filter(|note| note.starts_with(skipped));
    assert_eq!(notes.count(), 1, "{:?}", set.notes());
}

#[test]
fn a_user_block_is_skipped() {
    let inner = fixtures::encode(fixtures::spice(1, N, fixtures::WATER_SMILES));
    let mut bytes = vec![b'#'; 1024];
    bytes.extend(inner);
    assert_eq!(read("a.h5", &bytes).expect("behind a user block").len(), N);
}

/// An npz of sGDML's keys, with other units, numbers by frame and column-major energies.
#[test]
fn npz_takes_the_units_that_it_states() {
    let text = |text: &str| {
        let letters: Vec<u8> = text
            .chars()
            .flat_map(|c| u32::from(c).to_le_bytes())
            .collect();
        fixtures::npy(&format!("<U{}", text.chars().count()), "()", &letters)
    };
    let (x, e, f) = spring(N, 0);
    let members = |unit: &str, numbers: Vec<u8>, shape: &str| {
        fixtures::zip(
            &[
                ("z.npy", fixtures::npy("|u1", shape, &numbers)),
                (
                    "R.npy",
                    fixtures::npy("<f8", "(20, 3, 3)", &fixtures::floats(&x)),
                ),
                (
                    "E.npy",
                    fixtures::npy("<f8", "(20, 1)", &fixtures::floats(&e)),
                ),
                (
                    "F.npy",
                    fixtures::npy("<f8", "(20, 3, 3)", &fixtures::floats(&f)),
                ),
                ("e_unit.npy", text(unit)),
                ("r_unit.npy", text("Ang")),
                ("theory.npy", text("PBE")),
            ],
            false,
        )
    };
    let set = read("a.npz", &members("eV", vec![8, 1, 1], "(3,)")).expect("eV");
    check(&set, "npz");
    assert_eq!(
        (set.level(), set.origins()[1].unit_by),
        (Some("PBE"), By::File)
    );
    let by_frame = read("a.npz", &members("eV", [8, 1, 1].repeat(N), "(20, 3)"));
    check(&by_frame.expect("z of each frame"), "npz");
    let set = read("a.npz", &members("kcal/mol", vec![8, 1, 1], "(3,)")).expect("kcal/mol");
    near(set.energy(2).expect("energy"), e[2] * KCAL);
    let line = refusal(
        "a.npz",
        &members("furlong", vec![8, 1, 1], "(3,)"),
        &OpenOptions::default(),
    );
    assert!(
        line.contains("unknown unit \"furlong\"") && line.contains("--energy-unit"),
        "{line}"
    );
    let options = OpenOptions {
        energy_unit: Some(EnergyUnit::ElectronVolt),
        ..OpenOptions::default()
    };
    let set = read_with(
        "a.npz",
        &members("furlong", vec![8, 1, 1], "(3,)"),
        &options,
    );
    check(&set.expect("an option stands above the file"), "npz");
}

/// Rows padded with zeros, as `PhysNet` keeps molecules of several sizes.
#[test]
fn padded_archives_lose_their_padding() {
    let (x, e, _) = spring(N, 0);
    let mut padded = Vec::new();
    for frame in x.chunks(9) {
        padded.extend_from_slice(frame);
        padded.extend([0.0; 3]);
    }
    let bytes = fixtures::zip(
        &[
            (
                "N.npy",
                fixtures::npy("<i8", "(20,)", &3_i64.to_le_bytes().repeat(N)),
            ),
            (
                "Z.npy",
                fixtures::npy("|u1", "(20, 4)", &[8, 1, 1, 0].repeat(N)),
            ),
            (
                "R.npy",
                fixtures::npy("<f8", "(20, 4, 3)", &fixtures::floats(&padded)),
            ),
            (
                "E.npy",
                fixtures::npy("<f8", "(20,)", &fixtures::floats(&e)),
            ),
            (
                "Q.npy",
                fixtures::npy("<f8", "(20,)", &fixtures::floats(&[1.0; N])),
            ),
        ],
        true,
    );
    let set = read("a.npz", &bytes).expect("PhysNet");
    assert_eq!((set.max_atoms(), set.molecules()[0].charge), (3, 1));
    near(set.energy(4).expect("energy"), e[4]);
}

/// A few megabytes that unpack to gigabytes are refused before they are asked for.
#[test]
fn bombs_are_refused_in_one_line() {
    let n = 3_000_000_000_u64;
    let shape = format!("({n},)");
    let mut members = fixtures::npz_members(N);
    let header = fixtures::npy("|u1", &shape, &vec![0; 1 << 22]);
    members[0].1 = header;
    let line = refusal(
        "a.npz",
        &fixtures::zip(&members, true),
        &OpenOptions::default(),
    );
    assert!(
        line.contains("does not fit") || line.contains("expected [3]"),
        "{line}"
    );
    let chunked = DatasetBuilder::typed_data("offset", vec![4], &[0_i64; 4]).expect("offset");
    let bytes = fixtures::encode(Hdf5Builder::new().dataset(chunked));
    let small = OpenOptions {
        max_bytes: Some(16),
        ..OpenOptions::default()
    };
    let line = refusal("a.h5", &bytes, &small);
    assert!(
        line.contains("16 bytes of arrays in memory") && line.contains("--max-bytes"),
        "{line}"
    );
}

/// 8,000 links of a new-style group, whose heap nests its blocks; written by `make_links.py`. The
/// HDF5 crate alone calls the file damaged: `unexpected end of data`.
#[test]
fn thousands_of_links_are_read() {
    let packed: &[u8] = include_bytes!("links.h5.gz");
    let mut bytes = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(packed);
    std::io::Read::read_to_end(&mut decoder, &mut bytes).expect("gzip");
    let set = read("links.h5", &bytes).expect("links");
    assert_eq!((set.len(), set.molecules().len()), (40, 4));
    let note = &set.notes()[0];
    assert!(note.starts_with("7997 groups without"), "{note}");
    for frame in 0..40 {
        near(set.positions(frame)[1][0], fixtures::water(frame)[1][0]);
    }
    let block = bytes
        .windows(4)
        .rposition(|four| four == b"FHIB")
        .expect("a nested block");
    bytes[block + 20..block + 60].fill(0xFF);
    assert!(read("links.h5", &bytes).is_err(), "a damaged block");
}

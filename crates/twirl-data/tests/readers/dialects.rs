//! Extended XYZ as its specification says it and as programs write it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::fixtures;
use crate::{read, read_with, refusal};
use twirl_data::{By, DataSet, EnergyUnit, LengthUnit, OpenOptions, Quantity};

/// Frames of water, each with a comment of its own.
fn frames(count: usize, comment: impl Fn(usize) -> String) -> String {
    let frame = |frame: usize| {
        let rows = fixtures::water(frame).map(|[x, y, z]| format!(" {x} {y} {z}\n"));
        let [oxygen, first, second] = rows;
        format!("3\n{}\nO{oxygen}H{first}H{second}", comment(frame))
    };
    let frames: Vec<String> = (0..count).map(frame).collect();
    frames.concat()
}

fn place(set: &DataSet, quantity: Quantity) -> String {
    let origin = set.origins().iter().find(|o| o.quantity == quantity);
    origin.map_or_else(String::new, ToString::to_string)
}

#[test]
fn plain_and_reordered_columns() {
    let set = read(
        "plain.xyz",
        frames(3, |_| "water, drawn by hand".into()).as_bytes(),
    );
    let set = set.expect("plain xyz");
    assert!(!set.has_forces() && !set.has_energies());
    let numbers = |frame: usize| {
        format!(
            "3\nProperties=pos:R:3:Z:I:1:tag:L:1 Energy=-1.5 charge=-1 info={{a b}} \
             note=\"_JSON [1, [2]]\" list=[1 [2 3]]\n0 0 0 8 T\n0.96{frame} 0 0 1 F\n\
             -0.24 0.93 0 1 F\n"
        )
    };
    let text: String = (0..3).map(numbers).collect();
    let set = read("noext", text.as_bytes()).expect("columns in another order");
    assert_eq!(set.energy(2), Some(-1.5));
    let molecule = &set.molecules()[0];
    assert_eq!((molecule.charge, molecule.formula.as_str()), (-1, "H2O"));
    let crlf = text.replace('\n', "\r\n");
    let marked = format!("\u{feff}{crlf}");
    assert_eq!(
        read("a.xyz", marked.as_bytes())
            .expect("CRLF and mark")
            .len(),
        3
    );
}

/// The specification allows blanks around `=`: they dropped energy, charge, pbc and Lattice.
#[test]
fn blanks_around_the_equals_sign() {
    let text = frames(5, |frame| {
        format!("energy = {} charge = 1 pbc = \"F F F\"", -1 - frame as i32)
    });
    let set = read("a.xyz", text.as_bytes()).expect("blanks");
    assert_eq!(set.energy(2), Some(-3.0));
    assert_eq!(set.molecules()[0].charge, 1);
    for comment in [
        "Lattice = \"9 0 0 0 9 0 0 0 9\"",
        "Lattice=\"9 0 0 0 9 0 0 0 9\"",
        "Lattice=\"9 0 0 0 9 0 0 0 9\" pbc=\"F F T\"",
        "pbc = \"T T T\"",
        "pbc=T",
        "pbc=[T, F, F]",
    ] {
        let line = refusal(
            "a.xyz",
            frames(3, |_| comment.into()).as_bytes(),
            &OpenOptions::default(),
        );
        assert!(line.contains("the frame is periodic"), "{comment}: {line}");
    }
    let boxed = frames(3, |_| {
        "Lattice=\"9 0 0 0 9 0 0 0 9\" pbc=\"False False False\"".into()
    });
    assert_eq!(read("a.xyz", boxed.as_bytes()).expect("in a box").len(), 3);
    for pbc in ["TTT", "FFF", "no", "F F"] {
        let text = frames(3, |_| format!("pbc=\"{pbc}\""));
        let line = refusal("a.xyz", text.as_bytes(), &OpenOptions::default());
        assert_eq!(
            line,
            format!(
                "a.xyz: frame 0, line 2: pbc=\"{pbc}\" is not one or three of T F true false 1 0; \
                 write pbc=\"F F F\" for a molecule"
            )
        );
    }
}

#[test]
fn labels_of_one_method_are_taken_and_rivals_refused() {
    let columns = "Properties=species:S:1:pos:R:3";
    let text = fixtures::xyz(20)
        .replace("forces:R:3", "REF_forces:R:3")
        .replace(" energy=", " energy=-1.5 REF_energy=");
    let set = read("two.xyz", text.as_bytes()).expect("a pair");
    assert_eq!(set.energy(3), Some(fixtures::energy(3)));
    assert!(place(&set, Quantity::Energy).starts_with("key REF_energy"));
    assert!(place(&set, Quantity::Force).starts_with("column REF_forces"));

    let rivals = frames(5, |_| format!("{columns} energy=-1.5 REF_energy=-2000"));
    let line = refusal("a.xyz", rivals.as_bytes(), &OpenOptions::default());
    assert!(
        line.contains("energy REF_energy") && line.contains("--energy-key"),
        "{line}"
    );
    let asked = OpenOptions {
        energy_key: Some("REF_energy".into()),
        ..OpenOptions::default()
    };
    let set = read_with("a.xyz", rivals.as_bytes(), &asked).expect("asked for");
    assert_eq!(set.energy(0), Some(-2000.0));

    let repeated = frames(5, |_| "energy=-1 energy=-2000".into());
    let line = refusal("a.xyz", repeated.as_bytes(), &OpenOptions::default());
    assert!(
        line.contains("energy=-1 and energy=-2000 in one comment"),
        "{line}"
    );
    let quoted = frames(5, |_| {
        "note=\"a \\\" energy=1.0 \\\" b\" energy=-2000.0".into()
    });
    let set = read("a.xyz", quoted.as_bytes()).expect("escapes");
    assert_eq!(set.energy(0), Some(-2000.0));
    let gone = OpenOptions {
        energy_key: Some("gap_energy".into()),
        ..OpenOptions::default()
    };
    let line = refusal("a.xyz", quoted.as_bytes(), &gone);
    assert_eq!(
        line,
        "a.xyz: all frames: key gap_energy is missing; add it, or check the layout of the file"
    );
}

#[test]
fn units_that_are_stated_are_taken() {
    let hartree = 27.211_386_245_988;
    let text = frames(5, |_| "energy=-76.3 energy_unit=Hartree".into());
    let set = read("a.xyz", text.as_bytes()).expect("hartree");
    assert!((set.energy(0).expect("energy") + 76.3 * hartree).abs() < 1e-9);
    assert_eq!(set.origins()[1].unit_by, By::File);
    // The comment of a trajectory that CP2K writes.
    let cp2k = frames(5, |frame| {
        format!(" i =        {frame}, time =        0.500, E =       -17.1643447508")
    });
    let set = read("a.xyz", cp2k.as_bytes()).expect("CP2K");
    assert_eq!(set.units().energy, EnergyUnit::Hartree);
    assert!((set.energy(0).expect("energy") + 17.164_344_750_8 * hartree).abs() < 1e-9);
    let unknown = frames(5, |_| "energy=-76.3 energy_unit=furlong".into());
    let line = refusal("a.xyz", unknown.as_bytes(), &OpenOptions::default());
    assert!(
        line.contains("unknown unit \"furlong\"") && line.contains("--energy-unit"),
        "{line}"
    );

    let known = OpenOptions {
        energy_unit: Some(EnergyUnit::Hartree),
        ..OpenOptions::default()
    };
    let set = read_with("a.xyz", unknown.as_bytes(), &known).expect("an option stands above");
    assert!((set.energy(0).expect("energy") + 76.3 * hartree).abs() < 1e-9);

    // Positions in bohr: the message names an option, and the option reads the file.
    let bohr: String = frames(8, |_| String::new())
        .lines()
        .map(
            |line| match line.split_ascii_whitespace().collect::<Vec<_>>()[..] {
                [symbol, x, y, z] => {
                    let bohr = |x: &str| x.parse::<f64>().expect("a number") / 0.529_177_210_903;
                    format!("{symbol} {} {} {}\n", bohr(x), bohr(y), bohr(z))
                }
                _ => format!("{line}\n"),
            },
        )
        .collect();
    let line = refusal("bohr.xyz", bohr.as_bytes(), &OpenOptions::default());
    assert!(
        line.ends_with("the file looks like bohr: give --length-unit bohr"),
        "{line}"
    );
    let options = OpenOptions {
        length_unit: Some(LengthUnit::Bohr),
        ..OpenOptions::default()
    };
    let set = read_with("bohr.xyz", bohr.as_bytes(), &options).expect("bohr");
    assert!((set.positions(3)[1][0] - fixtures::water(3)[1][0]).abs() < 1e-12);
    assert!(place(&set, Quantity::Position).ends_with("bohr (given by an option)"));
}

#[test]
fn columns_without_names_are_named_with_the_remedy() {
    let plain6 = fixtures::xyz(5).replace("Properties=species:S:1:pos:R:3:forces:R:3 ", "");
    let line = refusal("plain6.xyz", plain6.as_bytes(), &OpenOptions::default());
    assert_eq!(
        line,
        "plain6.xyz: frame 0, line 3: 7 columns, which the comment line does not name; add to it, \
         for example, Properties=species:S:1:pos:R:3:forces:R:3"
    );
    let qm9 = "3\ngdb 3\t799.58\t437.90\t282.94\nO\t0\t0\t0\t-0.4\nH\t0.76\t0.59\t0\t0.2\n\
               H\t-0.76\t0.59\t0\t0.2\n1671.4\t3803.6\t3907.6\nO\tO\nInChI=1S/H2O/h1H2\tInChI=1S/H2O/h1H2\n";
    let line = refusal("qm9.xyz", qm9.as_bytes(), &OpenOptions::default());
    assert!(
        line.contains("QM9's own layout") && line.contains("convert_qm9.py"),
        "{line}"
    );
}

#[test]
fn fortran_exponents_and_mathematica_s() {
    let text = fixtures::xyz(4)
        .replace("H 0.96 ", "H 9.6D-01 ")
        .replace(" -0.24 ", " -2.4*^-1 ");
    assert!(text.contains("9.6D-01") && text.contains("*^"));
    let set = read("a.xyz", text.as_bytes()).expect("exponents");
    assert_eq!(set.positions(0), fixtures::water(0));
}

#[test]
fn a_smiles_with_atom_maps_gives_bonds_and_charge() {
    let text = frames(4, |_| format!("smiles={}", fixtures::WATER_SMILES));
    let set = read("a.xyz", text.as_bytes()).expect("a bare SMILES");
    assert_eq!(set.molecules()[0].bonds.len(), 2);
    let text = frames(4, |_| "smiles=\"[H:2][O+:1][H:3]\"".into());
    let set = read("a.xyz", text.as_bytes()).expect("a charge");
    assert_eq!(
        (set.molecules()[0].charge, set.molecules()[0].bonds.len()),
        (1, 2)
    );
    let text = frames(4, |_| "smiles=\"C/C=C\\\\C\"".into());
    let set = read("a.xyz", text.as_bytes()).expect("escaped");
    assert_eq!(set.molecules()[0].smiles.as_deref(), Some("C/C=C\\C"));
}

#[test]
fn gzip_is_read_and_the_hash_is_that_of_the_file() {
    let text = fixtures::xyz(20);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory");
    let packed = encoder.finish().expect("memory");
    let set = read("water.xyz.gz", &packed).expect("gzip");
    assert_eq!((set.len(), set.name()), (20, "water"));
    let plain = read("water.xyz", text.as_bytes()).expect("plain");
    assert_eq!(set.positions(7), plain.positions(7));
    assert_ne!(set.sha256(), plain.sha256());
    let cut = refusal(
        "water.xyz.gz",
        &packed[..packed.len() / 2],
        &OpenOptions::default(),
    );
    assert!(cut.contains("damaged or truncated"), "{cut}");
}

/// 1 MB of blank lines took over 200 s, and frames of 20,000 atoms 13 s, when each line or pair of
/// atoms was looked at again and again. The bound is far above what linear time needs.
#[test]
fn blank_lines_and_large_frames_take_linear_time() {
    let start = Instant::now();
    let all = fixtures::xyz(8);
    let lines: Vec<&str> = all.lines().collect();
    let apart: String = lines
        .chunks(5)
        .map(|frame| frame.join("\n") + &"\n".repeat(200_000))
        .collect();
    assert_eq!(
        read("a.xyz", apart.as_bytes()).expect("blank lines").len(),
        8
    );
    let mut large = String::new();
    for frame in 0..3 {
        large += "20001\n\n";
        for atom in 0..6_667 {
            let (x, y, z) = (atom % 20 * 3, atom / 20 % 20 * 3, atom / 400 * 3);
            let (x, y, z) = (f64::from(x), f64::from(y), f64::from(z));
            let bond = 0.96 + 0.01 * f64::from(frame);
            let (near, left, up) = (x + bond, x - 0.24, y + 0.93);
            let _ = write!(
                large,
                "O {x} {y} {z}\nH {near} {y} {z}\nH {left} {up} {z}\n"
            );
        }
    }
    let set = read("a.xyz", large.as_bytes()).expect("large frames");
    assert_eq!((set.len(), set.max_atoms()), (3, 20_001));
    assert!(
        start.elapsed() < Duration::from_mins(1),
        "{:?}",
        start.elapsed()
    );
}

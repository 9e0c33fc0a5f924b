//! Labels that cannot be right, frames that cannot show symmetry, copies in two parts.

use std::fmt::Write as _;

use crate::fixtures;
use crate::{read, read_with, refusal};
use twirl_data::{DataSet, Inspection, LeaveOut, OpenOptions, Reason, Split};

fn leaving(kind: LeaveOut) -> OpenOptions {
    OpenOptions {
        leave_out: [kind].into(),
        ..OpenOptions::default()
    }
}

/// Nine isolated atoms, as training sets have them, before `text`.
fn with_isolated_atoms(text: &str) -> String {
    let atom = |k: usize| {
        let symbol = ["H", "C", "O"][k % 3];
        format!(
            "1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-{}.6 config_type=IsolatedAtom \
             pbc=\"F F F\"\n{symbol} 0 0 0 0 0 0\n",
            13 + k
        )
    };
    (0..9).map(atom).collect::<String>() + text
}

#[test]
fn frames_that_no_rotation_changes_are_left_out_with_a_count() {
    let set = read(
        "iso.xyz",
        with_isolated_atoms(&fixtures::xyz(20)).as_bytes(),
    )
    .expect("the rest");
    assert_eq!(
        (set.len(), set.left_out()[&Reason::WithoutRotation]),
        (20, 9)
    );
    for part in Split::ALL {
        assert!(
            set.split(part)
                .iter()
                .all(|&frame| set.atomic_numbers(frame).len() == 3)
        );
    }
    let shown = Inspection::of(&set).to_string();
    assert!(
        shown.contains("left out    9 that cannot show symmetry"),
        "{shown}"
    );

    let alone = with_isolated_atoms("");
    let line = refusal("a.xyz", alone.as_bytes(), &OpenOptions::default());
    assert_eq!(
        line,
        "a.xyz: all 9 frames have one atom, which cannot show rotation symmetry; use molecules of \
         more atoms"
    );
    // Carbon dioxide on a line: forces can only point along it; without forces it has a direction.
    let linear = |forces: bool| -> String {
        let frame = |k: usize| {
            let (bond, force) = (
                1.16 + 0.001 * k as f64,
                if forces { " 0 0 0.1" } else { "" },
            );
            let columns = if forces { ":forces:R:3" } else { "" };
            format!(
                "3\nProperties=species:S:1:pos:R:3{columns}\nC 1 1 1{force}\nO 1 1 {}{force}\n\
                 O 1 1 {}{force}\n",
                1.0 + bond,
                1.0 - bond
            )
        };
        (0..6).map(frame).collect()
    };
    let line = refusal("a.xyz", linear(true).as_bytes(), &OpenOptions::default());
    assert!(line.contains("their atoms on one line"), "{line}");
    assert_eq!(
        read("a.xyz", linear(false).as_bytes())
            .expect("no forces")
            .len(),
        6
    );
}

#[test]
fn a_force_beyond_one_hartree_per_bohr_is_named_or_left_out() {
    let text = fixtures::xyz(20).replacen(" -0.58 ", " -2400 ", 1);
    assert!(text.contains("-2400"));
    let line = refusal("outlier.xyz", text.as_bytes(), &OpenOptions::default());
    assert_eq!(
        line,
        "outlier.xyz: frame 8, atom 0: a force of 2400.0 eV/A, beyond 51.4 eV/A (1 hartree/bohr, \
         the atomic unit); recompute the frame, or leave it out: --leave-out implausible"
    );
    let set = read_with(
        "outlier.xyz",
        text.as_bytes(),
        &leaving(LeaveOut::Implausible),
    );
    let set = set.expect("the rest");
    assert_eq!((set.len(), set.left_out()[&Reason::Implausible]), (19, 1));
    assert!(
        set.split_rule()
            .contains("1 frames left out with implausible")
    );
}

#[test]
fn an_energy_far_from_the_fit_of_the_others_is_named() {
    // One frame without its energy: a zero, as a failed calculation leaves it.
    let text = fixtures::xyz(20).replacen("energy=-2079.5 ", "energy=0 ", 1);
    let line = refusal("a.xyz", text.as_bytes(), &OpenOptions::default());
    assert!(
        line.starts_with("a.xyz: frame 4: an energy of 0 eV, +69") && line.contains("eV an atom"),
        "{line}"
    );
    let set = read_with("a.xyz", text.as_bytes(), &leaving(LeaveOut::Implausible));
    assert_eq!(set.expect("the rest").len(), 19);
    // Hartree of 1e308 are no number of eV.
    let text = fixtures::xyz(20).replacen("energy=-2079.5 ", "energy=1e308 ", 1);
    let hartree = OpenOptions {
        energy_unit: Some(twirl_data::EnergyUnit::Hartree),
        force_unit: Some("eV/angstrom".parse().expect("a unit")),
        ..OpenOptions::default()
    };
    let line = refusal("a.xyz", text.as_bytes(), &hartree);
    assert!(line.starts_with("a.xyz: frame 4: energy is inf;"), "{line}");
}

#[test]
fn frames_without_labels_are_counted_or_left_out() {
    let bare = "3\nProperties=species:S:1:pos:R:3 energy=-2079 pbc=\"F F F\"\nO 0 0 0\nH 0.9 0 0\n\
                H -0.3 0.9 0\n";
    let text = bare.to_owned() + &fixtures::xyz(20);
    let line = refusal("a.xyz", text.as_bytes(), &OpenOptions::default());
    assert_eq!(
        line,
        "a.xyz: frame 0: 1 of 21 frames have no forces, the first here; add them, or leave those \
         frames out: --leave-out unlabelled"
    );
    let set = read_with("a.xyz", text.as_bytes(), &leaving(LeaveOut::Unlabelled)).expect("rest");
    assert_eq!((set.len(), set.left_out()[&Reason::Unlabelled]), (20, 1));
    assert_eq!(set.forces(0).expect("forces")[1], fixtures::force(0)[1]);
}

/// Turns a frame, renames its atoms, and puts it elsewhere in the file.
#[test]
fn a_copy_in_another_pose_and_order_is_found_in_another_part() {
    let mut text = fixtures::xyz(20);
    // Frame 19 is in the test part; frame 20 would train.
    let [o, a, b] = fixtures::water(19);
    let turn = |[x, y, z]: [f64; 3]| format!("{} {} {}", 3.0 - y, x - 2.0, z + 1.0);
    let copy = format!(
        "3\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-2079 pbc=\"F F F\"\nH {} 0 0 0\n\
         O {} 0 0 0\nH {} 0 0 0\n",
        turn(b),
        turn(o),
        turn(a)
    );
    text = copy + &text;
    let line = refusal("a.xyz", text.as_bytes(), &OpenOptions::default());
    assert!(
        line.contains("the same geometry as frame 20 in test")
            && line.contains("--leave-out duplicates"),
        "{line}"
    );
    let set = read_with("a.xyz", text.as_bytes(), &leaving(LeaveOut::Duplicates)).expect("rest");
    assert_eq!((set.len(), set.left_out()[&Reason::Duplicate]), (20, 1));
    assert_eq!(set.split(Split::Test).len(), 2);
}

/// Ten molecules, of which one stands twice with its atoms in another order: both go to one part.
#[test]
fn equal_molecules_under_another_order_of_atoms_are_split_together() {
    let mut text = String::new();
    // Chains of 1 to 11 heavy atoms on a zigzag, each hydrogen-free: molecules by their formulas.
    let chain = |symbols: &[&str], shift: f64| {
        let mut out = format!("{}\n\n", symbols.len());
        for (place, symbol) in symbols.iter().enumerate() {
            let (x, y) = (
                1.25 * place as f64,
                if place % 2 == 0 { 0.0 } else { 0.75 + shift },
            );
            let _ = writeln!(out, "{symbol} {x} {y} 0");
        }
        out
    };
    for size in 0..11 {
        let mut symbols = vec!["C"; size];
        symbols.extend(["N", "C", "O"]);
        for frame in 0..2 {
            text += &chain(&symbols, 0.02 * f64::from(frame));
        }
        if size == 4 {
            symbols.reverse();
            text += &chain(&symbols, 0.01);
        }
    }
    let set = read("a.xyz", text.as_bytes()).expect("chains");
    assert!(
        set.split_rule().starts_with("by molecule"),
        "{}",
        set.split_rule()
    );
    assert_eq!(set.molecules().len(), 12);
    let part = |molecule: usize| {
        let holds = |part: &&Split| {
            set.split(**part)
                .iter()
                .any(|&f| set.molecule(f) == molecule)
        };
        *Split::ALL.iter().find(holds).expect("a part")
    };
    let twins: Vec<usize> = (0..12)
        .filter(|&m| set.molecules()[m].formula == "C5NO")
        .collect();
    assert_eq!(twins.len(), 2);
    assert_eq!(part(twins[0]), part(twins[1]));
}

/// Forces along which the energy rises are the gradient: refused, or turned by an option.
#[test]
fn gradients_called_forces_are_found_by_the_energies() {
    let spring = |sign: f64| -> String {
        let frame = |k: usize| {
            let d = 0.001 * k as f64 - 0.015;
            let energy = -2000.0 + 0.5 * 40.0 * d * d + 0.3 * d;
            let force = -sign * (40.0 * d + 0.3);
            format!(
                "3\nProperties=species:S:1:pos:R:3:forces:R:3 energy={energy}\nO 0 0 0 {} 0 0\n\
                 H {} 0 0 {force} 0 0\nH -0.24 0.93 0 0 0 0\n",
                -force,
                0.96 + d
            )
        };
        (0..30).map(frame).collect()
    };
    let set = read("a.xyz", spring(1.0).as_bytes()).expect("forces");
    let right = set.forces(3).expect("forces")[1];
    let line = refusal("a.xyz", spring(-1.0).as_bytes(), &OpenOptions::default());
    assert!(
        line.contains("they are the gradient; give --forces-are gradient"),
        "{line}"
    );
    let options = OpenOptions {
        forces_are: Some(twirl_data::ForcesAre::Gradient),
        ..OpenOptions::default()
    };
    let set = read_with("a.xyz", spring(-1.0).as_bytes(), &options).expect("turned");
    assert_eq!(set.forces(3).expect("forces")[1], right);
    let shown = Inspection::of(&set).to_string();
    assert!(
        shown.contains("minus column forces, which is the gradient as an option says"),
        "{shown}"
    );
}

/// Energies in eV and forces in hartree/bohr, both taken for eV: the factor gives it away.
#[test]
fn units_of_forces_and_energies_that_do_not_belong_together_are_remarked_on() {
    let frame = |k: usize| {
        let d = 0.001 * k as f64 - 0.015;
        let force = -40.0 * d * 0.529_177_210_903;
        format!(
            "3\nProperties=species:S:1:pos:R:3:forces:R:3 energy={}\nO 0 0 0 {} 0 0\n\
             H {} 0 0 {force} 0 0\nH -0.24 0.93 0 0 0 0\n",
            -2000.0 + 20.0 * d * d,
            -force,
            0.96 + d
        )
    };
    let text: String = (0..30).map(frame).collect();
    let set = read("a.xyz", text.as_bytes()).expect("plausible one by one");
    assert!(
        set.notes()[0].contains("by 1.89 of what the forces say"),
        "{:?}",
        set.notes()
    );
    let right = OpenOptions {
        force_unit: Some("eV/bohr".parse().expect("a unit")),
        ..OpenOptions::default()
    };
    let set = read_with("a.xyz", text.as_bytes(), &right).expect("the right unit");
    assert!(set.notes().is_empty(), "{:?}", set.notes());
}

#[test]
fn options_are_strict_and_survive_text() {
    let text = r#"{"length_unit":"bohr","force_unit":"hartree/bohr","max_atoms":30,"leave_out":["implausible"]}"#;
    let options: OpenOptions = serde_json::from_str(text).expect("options");
    assert_eq!(serde_json::to_string(&options).expect("text"), text);
    assert_eq!(
        serde_json::to_string(&OpenOptions::default()).expect("text"),
        "{}"
    );
    for wrong in [
        r#"{"length":"bohr"}"#,
        r#"{"length_unit":"ell"}"#,
        r#"{"leave_out":["all"]}"#,
    ] {
        assert!(
            serde_json::from_str::<OpenOptions>(wrong).is_err(),
            "{wrong}"
        );
    }
    let _: fn(&DataSet) -> Inspection = Inspection::of;
}

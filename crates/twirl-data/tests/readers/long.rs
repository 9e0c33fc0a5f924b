//! Extended XYZ of many lines, which several threads read: the numbers of every line, and of all that is
//! wrong in a file what comes first.

use std::fmt::Write;

use twirl_data::OpenOptions;

use super::{read, refusal};

/// Text of 7 MB, frames of 100 kB.
const FRAMES: usize = 60;
const ATOMS: usize = 1400;

/// Displacement of an atom from its place on a lattice of 1.5 angstrom.
fn displacement(frame: usize, atom: usize) -> [f64; 3] {
    [1.7, 2.9, 4.3].map(|rate| 0.1 * (rate * (frame * ATOMS + atom) as f64).sin())
}

fn place(frame: usize, atom: usize) -> [f64; 3] {
    let cell = [atom % 12, atom / 12 % 12, atom / 144];
    let moved = displacement(frame, atom);
    std::array::from_fn(|axis| 1.5 * cell[axis] as f64 + moved[axis])
}

/// Of springs.
fn force(frame: usize, atom: usize) -> [f64; 3] {
    displacement(frame, atom).map(|entry| -2.0 * entry)
}

fn energy(frame: usize) -> f64 {
    let moved = (0..ATOMS).flat_map(|atom| displacement(frame, atom));
    moved.map(|entry| entry * entry).sum()
}

fn text() -> String {
    let mut text = String::new();
    for frame in 0..FRAMES {
        let energy = energy(frame);
        let columns = "species:S:1:pos:R:3:forces:R:3";
        writeln!(text, "{ATOMS}\nProperties={columns} energy={energy}").expect("text");
        for atom in 0..ATOMS {
            let ([x, y, z], [a, b, c]) = (place(frame, atom), force(frame, atom));
            writeln!(text, "C {x} {y} {z} {a} {b} {c}").expect("text");
        }
    }
    text
}

#[test]
fn every_line_is_read_as_it_stands() {
    let text = text();
    assert!(text.len() > 6 << 20, "{} bytes", text.len());
    let set = read("a.xyz", text.as_bytes()).expect("a valid file");
    assert_eq!(set.len(), FRAMES);
    for frame in 0..FRAMES {
        assert_eq!(set.atomic_numbers(frame), [6; ATOMS]);
        assert_eq!(set.energy(frame), Some(energy(frame)));
        let forces = set.forces(frame).expect("forces");
        let read = set.positions(frame).iter().zip(forces);
        for (atom, (position, of_atom)) in read.enumerate() {
            // A shortest decimal is read back to the same bits.
            assert_eq!(*position, place(frame, atom));
            assert_eq!(*of_atom, force(frame, atom));
        }
        assert_eq!(set.positions(frame).len(), ATOMS);
    }
}

#[test]
fn of_several_faults_the_first_is_told() {
    let options = OpenOptions::default();
    let text = text();
    let lines: Vec<&str> = text.lines().collect();
    let line_of = |frame: usize, atom: usize| frame * (ATOMS + 2) + 2 + atom;
    let broken = |changes: &[(usize, &str)], length: usize| {
        let mut lines = lines[..length].to_vec();
        for &(line, text) in changes {
            lines[line] = text;
        }
        refusal("a.xyz", (lines.join("\n") + "\n").as_bytes(), &options)
    };
    let all = lines.len();
    // In the same block as the comment after it, in the frame before, and in a frame that ends too soon.
    let word = "C 0 0 zero 0 0 0";
    let (early, late) = (line_of(17, 900), line_of(50, 1399));
    let comment = (line_of(51, 0) - 1, "energy=\"1");
    let cases = [
        (
            broken(&[(late, word), comment], all),
            50,
            late,
            "\"zero\" is not a number",
        ),
        (
            broken(&[(early, word), (late, word)], all),
            17,
            early,
            "\"zero\" is not a number",
        ),
        (
            broken(&[(early, "C 0")], early + 9),
            17,
            early,
            "fewer than 7 columns",
        ),
        (
            broken(&[], late),
            50,
            late - 1,
            "the file ends inside a frame of 1400 atoms",
        ),
        (
            broken(&[comment], all),
            51,
            comment.0,
            "the value of energy is not closed",
        ),
    ];
    for (found, frame, line, reason) in cases {
        let line = line + 1;
        let expected =
            format!("a.xyz: frame {frame}, line {line}: damaged or truncated: {reason};");
        assert!(found.starts_with(&expected), "{found}\nexpected {expected}");
    }
}

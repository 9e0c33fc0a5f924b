//! What is written is read back, number by number.

use twirl_data::{DataError, DataSet, Embedded, Geometry, OpenOptions, write_extxyz, write_sdf};

fn geometries() -> (DataSet, Vec<Geometry>) {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    let geometry = |frame: usize| Geometry::of(&data, frame);
    let geometries = (0..data.len()).step_by(data.len() / 40).map(geometry);
    let geometries = geometries.collect();
    (data, geometries)
}

#[test]
fn extended_xyz_is_read_back_bit_for_bit() {
    let (_, geometries) = geometries();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.xyz");
    write_extxyz(&path, &geometries).expect("written");
    let read = DataSet::open(&path, &OpenOptions::default()).expect("read");
    assert_eq!(read.len(), geometries.len());
    for (frame, geometry) in geometries.iter().enumerate() {
        assert_eq!(read.atomic_numbers(frame), geometry.atomic_numbers);
        assert_eq!(read.positions(frame), geometry.positions, "frame {frame}");
    }
}

#[test]
fn sdf_holds_atoms_and_bonds_in_their_columns() {
    let (_, geometries) = geometries();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.sdf");
    write_sdf(&path, &geometries).expect("written");
    let text = std::fs::read_to_string(&path).expect("text");
    let records: Vec<&str> = text.split_terminator("$$$$\n").collect();
    assert_eq!(records.len(), geometries.len());
    for (record, geometry) in records.iter().zip(&geometries) {
        let lines: Vec<&str> = record.lines().collect();
        let atoms: usize = lines[3][..3].trim().parse().expect("atoms");
        let bonds: usize = lines[3][3..6].trim().parse().expect("bonds");
        assert_eq!(
            (atoms, bonds),
            (geometry.positions.len(), geometry.bonds.len())
        );
        assert!(lines[3].ends_with("V2000") && lines[4 + atoms + bonds] == "M  END");
        for (line, position) in lines[4..].iter().zip(&geometry.positions) {
            for (axis, value) in position.iter().enumerate() {
                let found: f64 = line[axis * 10..axis * 10 + 10]
                    .trim()
                    .parse()
                    .expect("a number");
                assert!((found - value).abs() <= 0.5001e-4, "{line}");
            }
        }
        for (line, bond) in lines[4 + atoms..].iter().zip(&geometry.bonds) {
            let ends = [&line[..3], &line[3..6]].map(|end| end.trim().parse().ok());
            assert_eq!(ends, [Some(bond.first + 1), Some(bond.second + 1)]);
        }
    }
}

#[test]
fn what_cannot_be_written_is_refused_in_one_line_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let water = Geometry {
        comment: "water".into(),
        atomic_numbers: vec![8, 1, 1],
        positions: vec![[0.0; 3], [0.96, 0.0, 0.0], [-0.24, 0.93, 0.0]],
        ..Geometry::default()
    };
    let altered = |change: fn(&mut Geometry)| {
        let mut geometry = water.clone();
        change(&mut geometry);
        geometry
    };
    let cases = [
        (altered(|g| g.positions[1][2] = f64::NAN), "position is NaN"),
        (altered(|g| g.atomic_numbers[0] = 0), "unknown element 0"),
        (altered(|g| g.positions.truncate(2)), "shape [2, 3]"),
        (altered(|g| g.comment = "a\nb".into()), "not one line"),
        (altered(|g| g.energy = Some(f64::NAN)), "energy is NaN"),
        (altered(|g| g.forces = Some(vec![[0.0; 3]])), "shape [1, 3]"),
        (altered(|g| g.smiles = Some("O\n".into())), "not one line"),
    ];
    for (geometry, expected) in cases {
        let path = folder.path().join("refused.xyz");
        let error: DataError = write_extxyz(&path, &[water.clone(), geometry]).expect_err(expected);
        let text = error.to_string();
        assert!(
            text.contains(expected) && text.contains("frame 1"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1);
        assert!(!path.exists());
    }
    let far = altered(|g| g.positions[0][0] = 1e6);
    let error = write_sdf(folder.path().join("far.sdf"), &[far]).expect_err("too far");
    assert!(error.to_string().contains("V2000"), "{error}");
}

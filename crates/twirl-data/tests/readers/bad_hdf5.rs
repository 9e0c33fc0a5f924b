//! Bad input in HDF5: the project's layout and SPICE's.

use hdf5_writer::DatasetBuilder;

use crate::bad_input::check;
use crate::fixtures::{self, Project, WATER_SMILES};

const N: usize = 10;

/// A project file with one thing wrong.
pub(crate) fn project(damage: impl FnOnce(&mut Project)) -> Vec<u8> {
    let mut project = Project::new(N);
    damage(&mut project);
    project.bytes()
}

#[test]
fn project_hdf5() {
    let bytes = project(|_| ());
    check(vec![
        (
            "a.h5",
            project(|p| p.offset[N] = i64::MAX),
            "a.h5: array atomic_number: shape [30], expected [9223372036854775807]; write the arrays again",
        ),
        (
            "a.h5",
            project(|p| p.offset[1] = 40),
            "a.h5: array offset: decreases after entry 1; correct the record and write the file again",
        ),
        (
            "a.h5",
            project(|p| p.offset[0] = 1),
            "a.h5: array offset: starts at 1, not at 0; correct the record and write the file again",
        ),
        (
            "a.h5",
            project(|p| p.force.truncate(87)),
            "a.h5: array force: shape [29, 3], expected [30, 3]; write the arrays again",
        ),
        (
            "a.h5",
            project(|p| p.position[4] = f32::NAN),
            "a.h5: frame 0, atom 1: position is NaN; recompute the frame, or leave it out: --leave-out implausible",
        ),
        (
            "a.h5",
            project(|p| p.numbers[3] = 7),
            "a.h5: frame 1: its 3 atoms differ from the 3 atoms of frame 0 of the same molecule; correct the record and write the file again",
        ),
        (
            "a.h5",
            project(|p| (p.offset[1], p.bond[4]) = (2, 1)),
            "a.h5: frame 1: its 4 atoms differ from the 2 atoms of frame 0 of the same molecule; correct the record and write the file again",
        ),
        (
            "a.h5",
            project(|p| p.numbers[3] = 97),
            "a.h5: array atomic_number, entry 3: unknown element 97; elements 1 (H) to 96 (Cm) are known",
        ),
        (
            "a.h5",
            project(|p| p.split[2] = 3),
            "a.h5: array split, entry 2: 3 is none of 0 train, 1 validation, 2 test; correct the record and write the file again",
        ),
        (
            "a.h5",
            project(|p| p.split.fill(0)),
            "a.h5: holds no validation frame; use a file with at least three labelled frames",
        ),
        (
            "a.h5",
            project(|p| p.molecule[5] = 1),
            "a.h5: array molecule_index, entry 5: molecule 1 of 1; correct the record and write the file again",
        ),
        (
            "a.h5",
            project(|p| p.bond[1] = 3),
            "a.h5: frame 0: a bond joins atoms 0 and 3 of 3; correct the record and write the file again",
        ),
        (
            "a.h5",
            project(|p| p.bond[2] = 5),
            "a.h5: group molecule, array bond, row 0: [0, 1, 5] is not two atoms and an order of 1, 2, 3 or 4; correct the record and write the file again",
        ),
        (
            "a.h5",
            project(|p| p.energy.truncate(3)),
            "a.h5: array energy: shape [3], expected [10]; write the arrays again",
        ),
        (
            "a.h5",
            bytes[..40].to_vec(),
            "a.h5: file: damaged or truncated: unexpected end of data at offset 36 (need 8 bytes, have 4); fetch or write the file again",
        ),
    ]);
}

#[test]
fn spice_hdf5() {
    let spice = |smiles| fixtures::encode(fixtures::spice(1, N, smiles));
    let extra = fixtures::spice(1, N, WATER_SMILES)
        .dataset(DatasetBuilder::typed_data("n/atomic_numbers", vec![2], &[1_i16, 8]).expect("z"))
        .dataset(
            DatasetBuilder::typed_data(
                "n/conformations",
                vec![1, 2, 3],
                &[0_f32, 0.0, 0.0, 0.0, 0.0, 2.0],
            )
            .expect("x"),
        );
    check(vec![
        (
            "a.h5",
            spice("[H:2][O:1][C:3]"),
            "a.h5: group m0: SMILES [H:2][O:1][C:3]: atom map 3 is C, the file has H; correct the SMILES",
        ),
        (
            "a.h5",
            spice("[H:2][O:1"),
            "a.h5: group m0: SMILES [H:2][O:1: an unclosed bracket or unknown mark at character 9; correct the SMILES",
        ),
        (
            "a.h5",
            fixtures::encode(extra),
            "a.h5: frame 10 (molecule n): 1 of 11 frames have no energy, the first here; add them, or leave those frames out: --leave-out unlabelled",
        ),
    ]);
}

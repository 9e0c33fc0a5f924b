//! Bad input is refused with the place and the remedy.

use twirl_core::{
    CoreError, Design, FiniteGroup, Loss, Rotation, Samples, Symmetry, Tally, plug_in, spectrum,
    split, split_cross_entropy,
};

use crate::montecarlo::stream;

const GROUP: FiniteGroup = FiniteGroup::Tetrahedral;

#[test]
fn designs() {
    let refused = |design: Design, symmetry| design.validate(symmetry).unwrap_err().to_string();
    for design in [
        Design::Iid { rotations: 1 },
        Design::Subset {
            group: GROUP,
            rotations: 0,
        },
        Design::Orbits {
            group: GROUP,
            orbits: 1,
        },
    ] {
        assert!(
            refused(design, Symmetry::So3).contains("at least 2"),
            "{design:?}"
        );
        assert!(design.draw(&mut stream(0, 0), Symmetry::So3).is_err());
    }
    let many = Design::Subset {
        group: GROUP,
        rotations: 13,
    };
    assert!(refused(many, Symmetry::So3).contains("at most 12"));
    assert_eq!(many.validate(Symmetry::O3), Ok(()));
    let huge = Design::Orbits {
        group: GROUP,
        orbits: usize::MAX / 2,
    };
    assert!(matches!(
        huge.validate(Symmetry::So3),
        Err(CoreError::TooManyRotations { .. })
    ));
}

#[test]
fn samples() {
    let rows = [0.0; 12];
    assert!(matches!(
        Samples::new(2, 2, 2, &rows, &[1.0; 2]),
        Err(CoreError::Shape { expected: 8, .. })
    ));
    assert!(matches!(
        Samples::new(2, 2, 3, &rows, &[1.0]),
        Err(CoreError::Shape { expected: 2, .. })
    ));
    assert!(matches!(
        Samples::new(0, 2, 3, &[], &[1.0; 2]),
        Err(CoreError::Size { .. })
    ));
    assert!(matches!(
        Samples::new(usize::MAX, 2, 3, &rows, &[1.0; 2]),
        Err(CoreError::Size { .. })
    ));
    let weights = Samples::new(2, 2, 3, &rows, &[1.0, -1.0]).unwrap_err();
    assert_eq!(
        weights,
        CoreError::BlockWeight {
            block: 1,
            value: -1.0
        }
    );
    let mut bad = rows;
    bad[10] = f64::NAN;
    let message = Samples::new(2, 2, 3, &bad, &[1.0; 2])
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("rotation 1, block 1, component 1 is NaN"),
        "{message}"
    );
}

#[test]
fn estimates() {
    let rows = [1.0; 6];
    let samples = Samples::new(3, 1, 2, &rows, &[1.0]).unwrap();
    let wrong = split(
        &Design::Iid { rotations: 4 },
        Symmetry::So3,
        Loss::Squared,
        &samples,
    );
    assert_eq!(
        wrong,
        Err(CoreError::RotationCount {
            found: 3,
            expected: 4
        })
    );
    let design = Design::Iid { rotations: 3 };
    let huber = Loss::Huber { delta: 0.0 };
    assert!(matches!(
        split(&design, Symmetry::So3, huber, &samples),
        Err(CoreError::HuberDelta { .. })
    ));
    assert!(matches!(
        split_cross_entropy(&design, Symmetry::So3, &samples, &[2]),
        Err(CoreError::Class {
            class: 2,
            classes: 2,
            ..
        })
    ));
    let huge = [1e200, -1e200];
    let huge = Samples::new(2, 1, 1, &huge, &[1.0]).unwrap();
    assert!(matches!(
        plug_in(Loss::Squared, &huge),
        Err(CoreError::Overflow { .. })
    ));
    let mut rotations = design.draw(&mut stream(0, 1), Symmetry::So3).unwrap();
    rotations[2] = -rotations[2];
    assert_eq!(
        spectrum(&design, &rotations, &samples, 2),
        Err(CoreError::SpectrumParity { rotation: 2 })
    );
    let group = Design::Group { group: GROUP };
    assert!(matches!(
        spectrum(&group, &[], &samples, 2),
        Err(CoreError::SpectrumDesign { .. })
    ));
    assert!(Rotation::from_matrix([[1.0, 0.0, 0.0], [0.0, 1.1, 0.0], [0.0, 0.0, 1.0]]).is_err());
}

#[test]
fn tallies() {
    assert!(Tally::new(10, 0, 1).is_err() && Tally::new(100, 0, 0).is_err());
    let mut tally = Tally::new(100, 0, 2).unwrap();
    assert_eq!(tally.mean(0), Err(CoreError::EmptyTally));
    let message = tally
        .add(7, 1.0, &[0.0, f64::INFINITY])
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("molecule 7: value in column 1 is inf"),
        "{message}"
    );
    assert!(tally.add(7, -1.0, &[0.0, 0.0]).is_err() && tally.add(7, 1.0, &[0.0]).is_err());
    assert_eq!(
        tally.mean(0),
        Err(CoreError::EmptyTally),
        "a refused value must leave no trace"
    );
    tally.add(7, 1.0, &[1.0, 0.0]).unwrap();
    assert_eq!(
        tally.mean(2),
        Err(CoreError::Column {
            column: 2,
            columns: 2
        })
    );
    assert_eq!(
        tally.ratio(0, 1),
        Err(CoreError::ZeroDenominator { column: 1 })
    );
    assert!(matches!(
        tally.interval(0),
        Err(CoreError::TooFewMolecules { .. })
    ));
    assert_eq!(
        tally.merge(&Tally::new(100, 1, 2).unwrap()),
        Err(CoreError::TallyMismatch)
    );
    let mut sums: Vec<f64> = tally.sums().collect();
    assert!(matches!(
        tally.add_sums(&sums[1..]),
        Err(CoreError::Shape { .. })
    ));
    sums[5] = f64::NAN;
    assert!(matches!(
        tally.add_sums(&sums),
        Err(CoreError::Overflow { .. })
    ));
    assert_eq!(tally.mean(0), Ok(1.0), "refused sums must leave no trace");
}

//! What each design draws, and how configurations spell it.

use twirl_core::{Design, FiniteGroup, Law, Loss, Rotation, Symmetry};

use crate::montecarlo::{Mean, stream};

const ALL: [Design; 5] = [
    Design::Iid { rotations: 5 },
    Design::Group {
        group: FiniteGroup::Octahedral,
    },
    Design::Orbits {
        group: FiniteGroup::Tetrahedral,
        orbits: 3,
    },
    Design::Subset {
        group: FiniteGroup::Icosahedral,
        rotations: 40,
    },
    Design::Quadrature { degree: 4 },
];

fn differ(a: &Rotation, b: &Rotation) -> f64 {
    let pairs = a
        .matrix()
        .into_iter()
        .flatten()
        .zip(b.matrix().into_iter().flatten());
    pairs
        .map(|(p, q): (f64, f64)| (p - q).abs())
        .fold(0.0, f64::max)
}

#[test]
fn counts_distinctness_and_parity() {
    for symmetry in [Symmetry::So3, Symmetry::O3] {
        for design in ALL {
            let drawn = design.draw(&mut stream(90, 0), symmetry).unwrap();
            assert_eq!(drawn.len(), design.rotations(symmetry), "{design:?}");
            assert_eq!(
                drawn,
                design.draw(&mut stream(90, 0), symmetry).unwrap(),
                "same stream, same draws"
            );
            for (i, a) in drawn.iter().enumerate() {
                assert!(
                    drawn[..i].iter().all(|b| differ(a, b) > 1e-6),
                    "{design:?}: draw {i} repeats"
                );
                assert!(symmetry == Symmetry::O3 || a.is_proper());
            }
        }
    }
    assert_eq!(
        Design::Group {
            group: FiniteGroup::Octahedral
        }
        .rotations(Symmetry::O3),
        48
    );
}

#[test]
fn half_of_the_iid_draws_are_improper_under_o3() {
    let drawn = Design::Iid { rotations: 10_000 }
        .draw(&mut stream(91, 0), Symmetry::O3)
        .unwrap();
    let mut share = Mean::default();
    for rotation in drawn {
        share.add(f64::from(u8::from(rotation.is_proper())));
    }
    share.assert_mean(0.5, 91, "share of proper rotations");
}

#[test]
fn orbits_turn_by_the_group_after_the_haar_rotation() {
    let group = FiniteGroup::Icosahedral;
    let drawn = Design::Orbits { group, orbits: 2 }
        .draw(&mut stream(92, 0), Symmetry::O3)
        .unwrap();
    let elements = group.elements_under(Symmetry::O3);
    for orbit in drawn.chunks_exact(elements.len()) {
        for (rotation, element) in orbit.iter().zip(&elements) {
            assert!(
                differ(&(*rotation * orbit[0].inverse()), element) < 1e-12,
                "seed 92"
            );
        }
    }
}

#[test]
fn configurations_round_trip_and_are_strict() {
    let spelled = [
        r#"{"kind":"iid","rotations":5}"#,
        r#"{"kind":"group","group":"octahedral"}"#,
        r#"{"kind":"orbits","group":"tetrahedral","orbits":3}"#,
        r#"{"kind":"subset","group":"icosahedral","rotations":40}"#,
        r#"{"kind":"quadrature","degree":4}"#,
    ];
    for (design, text) in ALL.iter().zip(spelled) {
        assert_eq!(serde_json::to_string(design).unwrap(), text);
        assert_eq!(serde_json::from_str::<Design>(text).unwrap(), *design);
    }
    assert!(serde_json::from_str::<Design>(r#"{"kind":"iid","rotations":5,"orbits":2}"#).is_err());
    for (loss, text) in [
        (Loss::Squared, r#""squared""#),
        (Loss::Norm, r#""norm""#),
        (Loss::Huber { delta: 0.5 }, r#"{"huber":{"delta":0.5}}"#),
    ] {
        assert_eq!(serde_json::to_string(&loss).unwrap(), text);
        assert_eq!(serde_json::from_str::<Loss>(text).unwrap(), loss);
    }
    for (law, text) in [
        (Law::Haar, r#""haar""#),
        (Law::VoxmolEuler, r#""voxmol-euler""#),
        (Law::Identity, r#""identity""#),
    ] {
        assert_eq!(serde_json::to_string(&law).unwrap(), text);
    }
    assert_eq!(
        serde_json::to_string(&[Symmetry::So3, Symmetry::O3]).unwrap(),
        r#"["so3","o3"]"#
    );
}

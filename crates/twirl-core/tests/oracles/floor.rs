//! Oracle 3: an exactly equivariant model, in f64 and with every input and output rounded to f32.

use twirl_core::{Design, FiniteGroup, Loss, Samples, Symmetry, energy, split, tolerance};

use crate::models::{DirectHead, Model, Points, points, residuals, samples};
use crate::montecarlo::stream;

struct Single(DirectHead);

fn rounded(points: &[[f64; 3]]) -> Points {
    points
        .iter()
        .map(|point| point.map(|v| f64::from(v as f32)))
        .collect()
}

impl Model for Single {
    fn predict(&self, x: &[[f64; 3]]) -> Points {
        rounded(&self.0.predict(&rounded(x)))
    }
}

fn relative_floor(design: &Design, rows: &Samples) -> f64 {
    split(design, Symmetry::So3, Loss::Squared, rows)
        .unwrap()
        .equiv
        / energy(rows).unwrap()
}

#[test]
fn an_equivariant_head_shows_rounding_only() {
    let weights = [1.0; 8];
    let designs = [
        Design::Iid { rotations: 32 },
        Design::Group {
            group: FiniteGroup::Icosahedral,
        },
        Design::Orbits {
            group: FiniteGroup::Tetrahedral,
            orbits: 3,
        },
    ];
    let (mut worst, mut worst_single) = (0.0_f64, 0.0_f64);
    for case in 0..10 {
        let mut rng = stream(60, case);
        let head = DirectHead::new(0.0, &mut rng);
        let single = Single(head.clone());
        let x = points(8, &mut rng);
        let zero = vec![[0.0; 3]; 8];
        for design in designs {
            let rotations = design.draw(&mut rng, Symmetry::So3).unwrap();
            let rows = residuals(&head, &x, &zero, &rotations);
            worst = worst.max(relative_floor(&design, &samples(&rows, &weights)));
            let rows = residuals(&single, &x, &zero, &rotations);
            let found = relative_floor(&design, &samples(&rows, &weights));
            assert!(
                found > tolerance::F64.floor,
                "seed 60, case {case}: f32 rounding went unseen"
            );
            worst_single = worst_single.max(found);
        }
    }
    println!("floor: f64 {worst:e}, f32 {worst_single:e}");
    assert!(worst < tolerance::F64.floor, "seed 60: f64 floor {worst:e}");
    assert!(
        worst_single < tolerance::F32.floor,
        "seed 60: f32 floor {worst_single:e}"
    );
}

#[test]
fn a_large_common_offset_costs_no_digits() {
    let rows: Vec<f64> = [0.0, 1.0, 2.0, 3.0].iter().map(|v| 1e8 + v).collect();
    let samples = Samples::new(4, 1, 1, &rows, &[1.0]).unwrap();
    let found = split(
        &Design::Iid { rotations: 4 },
        Symmetry::So3,
        Loss::Squared,
        &samples,
    )
    .unwrap();
    assert_eq!(found.equiv, 5.0 / 3.0);
}

//! Cost of the estimators per molecule: 32 rotations of 50 atoms, the size of a drug-like molecule.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rand::RngExt;
use rand_distr::StandardNormal;
use twirl_core::{
    Design, FiniteGroup, Loss, Purpose, Samples, Stream, Symmetry, Tally, spectrum, split,
};

const ATOMS: usize = 50;

fn estimators(criterion: &mut Criterion) {
    let mut rng = Stream::new(0, Purpose::Other(2), [0, 0]);
    let iid = Design::Iid { rotations: 32 };
    let orbits = Design::Orbits {
        group: FiniteGroup::Tetrahedral,
        orbits: 3,
    };
    let weights = [1.0; ATOMS];
    for design in [iid, orbits] {
        let rotations = design
            .draw(&mut rng, Symmetry::So3)
            .expect("a valid design");
        let rows: Vec<f64> = (0..rotations.len() * ATOMS * 3)
            .map(|_| rng.sample(StandardNormal))
            .collect();
        let samples =
            Samples::new(rotations.len(), ATOMS, 3, &rows, &weights).expect("finite samples");
        for loss in [Loss::Squared, Loss::Norm] {
            let name = format!("split/{}/{loss:?}", design.name());
            criterion.bench_function(&name, |bencher| {
                bencher.iter(|| split(&design, Symmetry::So3, loss, black_box(&samples)));
            });
        }
        criterion.bench_function(
            &format!("spectrum to degree 6/{}", design.name()),
            |bencher| {
                bencher.iter(|| spectrum(&design, &rotations, black_box(&samples), 6));
            },
        );
        criterion.bench_function(&format!("draw/{}", design.name()), |bencher| {
            bencher.iter(|| design.draw(&mut rng, Symmetry::So3));
        });
    }
    criterion.bench_function(
        "tally: 1000 replicates, 4 columns, one molecule",
        |bencher| {
            let mut tally = Tally::new(Tally::REPLICATES, 0, 4).expect("a valid size");
            let mut molecule = 0;
            bencher.iter(|| {
                molecule += 1;
                tally.add(molecule, 1.0, black_box(&[1.0, 2.0, 3.0, 4.0]))
            });
        },
    );
}

criterion_group!(benches, estimators);
criterion_main!(benches);

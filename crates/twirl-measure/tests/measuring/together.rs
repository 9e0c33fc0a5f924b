//! Coverage of intervals by simulation, for the table in docs/measure.md.

use twirl_core::{Design, FiniteGroup};
use twirl_measure::{Input, Options, Predictions, Sampling, figures};

use crate::scene::{A, Scene, TARGET, apply, normal, percent_of, percent_of_spread, stream};

/// Data sets of each row of the table.
const REPEATS: u64 = 2000;

/// How rotations of one data set are chosen.
#[derive(Clone, Copy)]
enum Chosen {
    Own,
    Shared,
    Group,
}

/// Share of data sets whose interval holds the truth; none where there is no interval. Targets are
/// `c x` with another `c` for every molecule, 0.8 on average with a standard deviation of 0.3, so that
/// molecules differ.
fn coverage(chosen: Chosen, molecules: usize, rotations: usize, repeats: u64) -> Option<f64> {
    let (mut covered, mut intervals) = (0.0, 0.0);
    let group = FiniteGroup::Tetrahedral;
    for repeat in 0..repeats {
        let design = match chosen {
            Chosen::Group => Design::Group { group },
            _ => Design::Iid { rotations },
        };
        let mut scene = Scene::new(1000 + repeat, molecules, design);
        if matches!(chosen, Chosen::Shared) {
            let turns = vec![scene.turns[0].clone(); molecules];
            scene = Scene::with(scene.x, turns, |v| apply(&A, v));
        }
        let mut rng = stream(5000 + repeat);
        for target in scene.target.chunks_exact_mut(scene.atoms * 3) {
            let factor = 1.0 + 0.3 / TARGET * normal(&mut rng);
            for y in target {
                *y *= factor;
            }
        }
        let mut input: Input<'_> = scene.input();
        if matches!(chosen, Chosen::Group) {
            input.sampling = Some(Sampling::Group(group));
        }
        let options = Options {
            replicates: 400,
            seed: repeat,
            degree: 0,
        };
        let found = figures(&Predictions::new(&input).expect("arrays"), &options);
        if let Some([low, high]) = percent_of(&found.expect("figures")).1 {
            intervals += 1.0;
            covered += f64::from(u8::from((low..=high).contains(&percent_of_spread(0.3))));
        }
    }
    (intervals > 0.0).then(|| covered / intervals)
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let own = coverage(Chosen::Own, 60, 4, 200).expect("intervals");
    assert!((0.86..=0.99).contains(&own), "own rotations: {own}");
    assert_eq!(
        coverage(Chosen::Shared, 60, 4, 5),
        None,
        "shared: no interval"
    );
    let group = coverage(Chosen::Group, 60, 12, 200).expect("intervals");
    assert!((0.86..=0.99).contains(&group), "a group: {group}");
}

/// Writes the table in docs/measure.md anew:
/// `cargo test --release -p twirl-measure -- --ignored coverage_table`.
#[test]
#[ignore = "a minute: writes a table into docs/measure.md"]
fn coverage_table() {
    let mut table = String::from(
        "| molecules | rotations | own rotations | shared | tetrahedral group |\n\
         | --: | --: | --: | --: | --: |\n",
    );
    let text = |share: Option<f64>| {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        share.map_or_else(|| "no interval".to_owned(), percent)
    };
    for molecules in [10, 30, 100] {
        let group = coverage(Chosen::Group, molecules, 12, REPEATS);
        for rotations in [2, 8, 32] {
            let own = coverage(Chosen::Own, molecules, rotations, REPEATS);
            let shared = coverage(Chosen::Shared, molecules, rotations, 2);
            let [own, shared, group] = [own, shared, group].map(text);
            let cells = [
                molecules.to_string(),
                rotations.to_string(),
                own,
                shared,
                group,
            ];
            table += &cells.map(|cell| format!("| {cell} ")).concat();
            table += "|\n";
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/measure.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let (before, rest) = page.split_once("<!-- coverage -->\n").expect("a place");
    let (_, after) = rest.split_once("<!-- /coverage -->").expect("its end");
    let page = format!("{before}<!-- coverage -->\n{table}<!-- /coverage -->{after}");
    std::fs::write(path, page).expect("written");
}

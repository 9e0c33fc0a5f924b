//! Closed forms of parts, sums of parts, and what turning a molecule must not change.

use rand::RngExt;
use twirl_core::{
    Design, FiniteGroup, Law, Loss, Purpose, Resultant, Rotation, Samples, Stream, Symmetry, split,
};
use twirl_harness::{Figure, FinalFigures};

use super::figures::figures;
use super::frame::{Frame, Of, length};
use super::parts::{Part, of_angles, of_part};
use super::resultants::of_resultants;

const SPECIES: [u8; 6] = [6, 1, 6, 8, 1, 1];
const SEED: u64 = 17;

fn stream(number: u64) -> Stream {
    Stream::new(SEED, Purpose::Other(2), [number, 0])
}

fn vectors(rng: &mut Stream) -> Vec<[f64; 3]> {
    let vector = |_| std::array::from_fn(|_| rng.random_range(-2.0..2.0));
    SPECIES.iter().map(vector).collect()
}

/// Places and forces of one molecule.
struct Body {
    positions: Vec<[f64; 3]>,
    labels: Vec<[f64; 3]>,
}

fn bodies(count: u64) -> Vec<Body> {
    let body = |number| {
        let mut rng = stream(number);
        let (positions, labels) = (vectors(&mut rng), vectors(&mut rng));
        Body { positions, labels }
    };
    (0..count).map(body).collect()
}

/// Frames of a predictor: truth plus an error that is a function of the turned place, turned back.
fn frames<'a>(
    bodies: &'a [Body],
    design: &Design,
    error: impl Fn(usize, [f64; 3]) -> [f64; 3],
) -> Vec<Frame<'a>> {
    let frame = |(unit, body): (usize, &'a Body)| {
        let mut rng = stream(1000 + unit as u64);
        let rotations = design.draw(&mut rng, Symmetry::So3).expect("rotations");
        let mut predictions = Vec::new();
        for turn in &rotations {
            for (atom, (place, label)) in body.positions.iter().zip(&body.labels).enumerate() {
                let off = turn.inverse().apply(error(atom, turn.apply(*place)));
                predictions.extend((0..3).map(|axis| label[axis] + off[axis]));
            }
        }
        Frame {
            unit: unit as u64,
            species: &SPECIES,
            positions: &body.positions,
            labels: body.labels.clone(),
            rotations,
            predictions,
        }
    };
    bodies.iter().enumerate().map(frame).collect()
}

/// An error of degrees 1, 2 and 4 that differs from atom to atom.
fn rough(atom: usize, place: [f64; 3]) -> [f64; 3] {
    let size = 1.0 + atom as f64;
    [
        0.3 * size,
        0.5 * place[0] - 0.2 * place[2],
        0.1 * size * place[1].powi(3),
    ]
}

fn close(found: f64, expected: f64, scale: f64, what: &str) {
    let off = (found - expected).abs();
    assert!(
        off <= 1e-11 * scale,
        "seed {SEED}, {what}: {found}, not {expected}"
    );
}

#[test]
fn parts_by_element_and_by_size_add_up_to_the_whole() {
    let (bodies, design) = (bodies(12), Design::Iid { rotations: 5 });
    let frames = frames(&bodies, &design, rough);
    let parts = Part::all(&frames);
    let mut components = [0.0; 3];
    for frame in &frames {
        let mut whole = [[0.0; 2]; 3];
        let (mut elements, mut thirds) = (whole, whole);
        for part in &parts {
            let shares = of_part(frame, part, &design).expect("a split");
            let sums = match part {
                Part::All => &mut whole,
                Part::Element(_) => &mut elements,
                Part::Third(third, _) => {
                    components[*third] += shares[0].sums[1];
                    &mut thirds
                }
            };
            for (sums, share) in sums.iter_mut().zip(shares) {
                (0..2).for_each(|k| sums[k] += share.sums[k]);
            }
        }
        for (figure, whole) in whole.iter().enumerate() {
            for (k, &whole) in whole.iter().enumerate() {
                let what = format!("figure {figure}, sum {k}");
                close(elements[figure][k], whole, whole, &what);
                close(thirds[figure][k], whole, whole, &what);
            }
        }
    }
    // 72 atoms.
    assert_eq!(components, [72.0; 3]);
}

/// A push on carbon that does not turn with the molecule: over the turns of a cube, which average it
/// away, the symmetry error of a component of carbon is `|c| / sqrt 3`, and no other atom has any.
#[test]
fn a_constant_vector_on_carbon_is_symmetry_error_of_carbon_alone() {
    let push = [30.0, -10.0, 20.0];
    let size = length(&push);
    let design = Design::Group {
        group: FiniteGroup::Octahedral,
    };
    let bodies = bodies(8);
    let on_carbon = |atom: usize, _| if SPECIES[atom] == 6 { push } else { [0.0; 3] };
    let frames = frames(&bodies, &design, on_carbon);
    let found = figures(&frames, &design, SEED).expect("figures").figures;
    let third = size / 3.0_f64.sqrt();
    for figure in ["force-equiv", "force-rmse"] {
        let of = |part: &str| found[&format!("{figure}-element-{part}")].value;
        close(of("C"), third, size, figure);
        assert!(of("H") < 1e-12 && of("O") < 1e-12, "{found:?}");
        // Two of six atoms.
        close(found[figure].value, third / 3.0_f64.sqrt(), size, figure);
    }
    // No two turns of a cube are less than 90 degrees apart: nothing is said of such pairs.
    assert!(!found.contains_key("force-equiv-angle-000-030"));
    assert!(found.contains_key("force-equiv-angle-150-180"));
    // The net force of a pose is off by twice the push, that of the mean over poses is the labels' own.
    let squares = bodies.iter().map(|body| {
        let sum = Resultant::of(&body.positions, &body.labels).force;
        length(&sum).powi(2) / bodies.len() as f64
    });
    let labels: f64 = squares.sum();
    let averaged = found["net-force-averaged"].value;
    close(averaged, labels.sqrt(), size, "mean over poses");
    let single = (labels + 4.0 * size * size).sqrt();
    close(found["net-force"].value, single, size, "a single pose");
}

#[test]
fn pairs_by_angle_average_to_the_symmetry_error() {
    let (bodies, design) = (bodies(6), Design::Iid { rotations: 9 });
    for frame in frames(&bodies, &design, rough) {
        let shares = of_angles(&frame).expect("pairs");
        let [sum, count] = [0, 1].map(|k| shares.iter().map(|share| share.sums[k]).sum::<f64>());
        let whole = &of_part(&frame, &Part::All, &design).expect("a split")[1];
        let expected = whole.sums[0] / whole.sums[1];
        close(sum / count, expected, expected, "pairs");
    }
}

/// A predictor that is right but for a couple, the same in every pose, has no symmetry error and all of
/// the couple's torque. Opposite forces along the line between two atoms have none.
#[test]
fn torque_is_not_symmetry_error() {
    let mut bodies = bodies(8);
    let between = |body: &Body, [from, to]: [usize; 2]| -> [f64; 3] {
        std::array::from_fn(|axis| body.positions[to][axis] - body.positions[from][axis])
    };
    for body in &mut bodies {
        let along = between(body, [0, 1]);
        body.labels = vec![[0.0; 3]; SPECIES.len()];
        body.labels[0] = along;
        body.labels[1] = along.map(|entry| -entry);
    }
    let design = Design::Iid { rotations: 4 };
    let mut frames = frames(&bodies, &design, |_, _| [0.0; 3]);
    let mut squares = 0.0;
    for (frame, body) in frames.iter_mut().zip(&bodies) {
        let along = between(body, [4, 5]);
        let across = [-along[1], along[0], 0.0];
        for row in frame.predictions.chunks_exact_mut(3 * SPECIES.len()) {
            for axis in 0..3 {
                row[15 + axis] += across[axis];
                row[12 + axis] -= across[axis];
            }
        }
        let torque = [
            -along[2] * across[1],
            along[2] * across[0],
            along[0] * across[1] - along[1] * across[0],
        ];
        squares += length(&torque).powi(2) / 8.0;
    }
    let found = figures(&frames, &design, SEED).expect("figures");
    let value = |name: &str| found.figures[name].value;
    let expected = squares.sqrt();
    close(value("net-torque"), expected, expected, "single poses");
    close(value("net-torque-averaged"), expected, expected, "mean");
    assert!(value("force-equiv") < 1e-12 && value("net-force") < 1e-12);
    let relative = value("net-torque-relative");
    assert!(relative > 0.01 && relative < 1.0, "{relative}");
    let labels = &found.baselines["labels"];
    assert!(labels["net-torque"].value < 1e-12 && labels["net-torque-relative"].value < 1e-12);
}

/// Everything is the same of molecules that are stored in another pose and seen in the same poses.
#[test]
fn figures_do_not_depend_on_the_stored_pose() {
    let (bodies, design) = (bodies(12), Design::Iid { rotations: 5 });
    let before = frames(&bodies, &design, rough);
    let expected = figures(&before, &design, SEED).expect("figures");
    let mut rng = stream(2000);
    let turns: Vec<Rotation> = bodies.iter().map(|_| Law::Haar.draw(&mut rng)).collect();
    let turned = |vectors: &[[f64; 3]], turn: &Rotation| -> Vec<[f64; 3]> {
        vectors.iter().map(|vector| turn.apply(*vector)).collect()
    };
    let positions = bodies.iter().zip(&turns);
    let positions: Vec<_> = positions
        .map(|(body, turn)| turned(&body.positions, turn))
        .collect();
    let after = before.iter().zip(&turns).zip(&positions);
    let after = after.map(|((frame, turn), positions)| Frame {
        unit: frame.unit,
        species: frame.species,
        positions,
        labels: turned(&frame.labels, turn),
        rotations: frame
            .rotations
            .iter()
            .map(|rotation| rotation.compose(&turn.inverse()))
            .collect(),
        predictions: turned(frame.predictions.as_chunks::<3>().0, turn).into_flattened(),
    });
    let after: Vec<Frame<'_>> = after.collect();
    let found = figures(&after, &design, SEED).expect("figures");
    let all = |figures: &FinalFigures| -> Vec<(String, Figure)> {
        let baselines = figures.baselines.values().flatten();
        let all = figures.figures.iter().chain(baselines);
        all.map(|(name, figure)| (name.clone(), figure.clone()))
            .collect()
    };
    let (found, expected) = (all(&found), all(&expected));
    assert!(
        found.len() == expected.len() && found.len() > 20,
        "{found:?}"
    );
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        close(found.value, expected.value, expected.value, name);
        assert_eq!(found.unit, expected.unit);
    }
}

/// `L(M) = L_mean + L_equiv / M` of the torque as of any prediction.
#[test]
fn the_torque_of_the_mean_follows_from_its_split() {
    let (bodies, design) = (bodies(1), Design::Iid { rotations: 6 });
    let frame = &frames(&bodies, &design, rough)[0];
    let shares = of_resultants(frame).expect("resultants");
    let sum = |name: &str| {
        let mut shares = shares.iter();
        let share = shares.find(|share| share.of == Of::Model && share.name == name);
        share.expect("a figure").sums[0]
    };
    let vectors = frame.predictions.as_chunks::<3>().0;
    let torques = vectors.chunks_exact(SPECIES.len());
    let torques: Vec<f64> = torques
        .flat_map(|forces| Resultant::of(frame.positions, forces).torque)
        .collect();
    let samples = Samples::new(6, 1, 3, &torques, &[1.0]).expect("six torques");
    let parts = split(&design, Symmetry::So3, Loss::Squared, &samples).expect("a split");
    close(sum("net-torque"), parts.loss, parts.loss, "single poses");
    let averaged = parts.mean + parts.equiv / 6.0;
    close(sum("net-torque-averaged"), averaged, parts.loss, "mean");
}

//! From source samples to conformers: the flow's differential equation, integrated.

use burn::tensor::{Device, Tensor};
use twirl_core::{Purpose, Stream};
use twirl_harness::{Arm, TaskError};

use crate::Topology;
use crate::batch::{Batch, Graphs, State, padded, unpadded};
use crate::config::Method;
use crate::conformer_flow::ConformerFlow;
use crate::schedule::Target;
use crate::topology::normals;

/// Molecules integrated at once.
const BATCH: usize = 64;

/// Which integrator, with how many steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Integrator.
    pub method: Method,
    /// Steps of equal length.
    pub steps: usize,
}

/// Integrates `dx/dt = velocity(x, t)` from `range[0]` to `range[1]`.
///
/// With `open` the velocity does not exist at the end; Heun's last step is then one of Euler's.
pub fn integrate(
    plan: Plan,
    range: [f64; 2],
    open: bool,
    start: Tensor<3>,
    mut velocity: impl FnMut(Tensor<3>, f64) -> Tensor<3>,
) -> Tensor<3> {
    let length = (range[1] - range[0]) / plan.steps as f64;
    let mut state = start;
    for step in 0..plan.steps {
        let time = range[0] + length * step as f64;
        let slope = velocity(state.clone(), time);
        let ahead = state.clone() + slope.clone() * length;
        let last = step + 1 == plan.steps;
        state = match plan.method {
            Method::Heun if !(last && open) => {
                let end = if last { range[1] } else { time + length };
                state + (slope + velocity(ahead, end)) * (0.5 * length)
            }
            _ => ahead,
        };
    }
    state
}

/// The source sample number `sample` of a molecule, with the noise that the path has at its
/// beginning: what a sampler starts from.
pub(crate) fn start(
    task: &ConformerFlow,
    topology: &Topology,
    seed: u64,
    sample: [u64; 2],
) -> Vec<[f64; 3]> {
    let flow = task.flow();
    let mut stream = Stream::new(seed, Purpose::Sample, sample);
    let mut source = topology.source(flow.prior, flow.prior_scale, &mut stream);
    let spread = flow.noise(flow.time.range()[0]);
    let noise = crate::geometry::centred(&normals(topology.atoms(), spread, &mut stream));
    for (value, noise) in source.iter_mut().flatten().zip(noise.iter().flatten()) {
        *value += noise;
    }
    source
}

/// Conformers from source samples: a deterministic function of model and sources.
///
/// A model that predicts x1 moves towards it at the speed that arrives at t = 1.
///
/// # Errors
/// If a position is no longer finite.
pub(crate) fn sample<A: Arm<ConformerFlow>>(
    task: &ConformerFlow,
    model: &A,
    sources: &[(&Topology, Vec<[f64; 3]>)],
    plan: Plan,
    device: &Device,
) -> Result<Vec<Vec<[f64; 3]>>, TaskError> {
    let flow = task.flow();
    // Molecules of like size together: less padding.
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by_key(|&place| sources[place].0.atoms());
    let mut made = vec![Vec::new(); sources.len()];
    for chunk in order.chunks(BATCH) {
        let molecules: Vec<&Topology> = chunk.iter().map(|&place| sources[place].0).collect();
        let rows: Vec<&[[f64; 3]]> = chunk
            .iter()
            .map(|&place| sources[place].1.as_slice())
            .collect();
        let graphs = Graphs::new(&molecules, device);
        let [count, atoms] = graphs.dims();
        let start = padded(&rows, atoms, device);
        let open = flow.target == Target::X1;
        let end = integrate(plan, flow.time.range(), open, start, |positions, time| {
            let gains = vec![flow.gains(task.moments(), time); count];
            let state = State::new(positions.clone(), &vec![time; count], &gains);
            let predicted = model.predict(&Batch::at(&graphs, state)).0;
            match flow.target {
                Target::X1 => (predicted - positions) * (1.0 / (1.0 - time)),
                Target::Velocity => predicted,
            }
        });
        let sizes: Vec<usize> = molecules.iter().map(|molecule| molecule.atoms()).collect();
        for (&place, positions) in chunk.iter().zip(unpadded(end, &sizes)) {
            if !positions.iter().flatten().all(|value| value.is_finite()) {
                return Err(TaskError::setting(
                    "sampler",
                    "a generated position is not finite",
                    "take more steps, or train with a lower learning rate",
                ));
            }
            made[place] = positions;
        }
    }
    Ok(made)
}

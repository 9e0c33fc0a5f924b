//! Optimisers by name.

use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamWConfig, AdjustLrFn, LionConfig, ModuleOptimizer, MuonConfig, SgdConfig};
use burn::tensor::Tensor;

use crate::config::{Optimizer, OptimizerKind};
use crate::passes::OnePass;

/// Added to the root of the second moment.
const EPSILON: f32 = 1e-8;

/// Builds the optimiser for a model.
pub fn build<M: Module>(config: &Optimizer, model: &M) -> ModuleOptimizer {
    let decay = config.weight_decay as f32;
    let (first, second) = (config.momentum as f32, config.second as f32);
    let adamw = AdamWConfig::new()
        .with_beta_1(first)
        .with_beta_2(second)
        .with_epsilon(EPSILON)
        .with_weight_decay(decay);
    let momentum = |nesterov| MomentumConfig {
        momentum: config.momentum,
        dampening: 0.0,
        nesterov,
    };
    let penalty = (config.weight_decay > 0.0).then_some(WeightDecayConfig { penalty: decay });
    match config.kind {
        OptimizerKind::Adamw => OnePass {
            burns: adamw.build(),
            first,
            second,
            epsilon: EPSILON,
            decay,
        }
        .into(),
        OptimizerKind::Sgd => SgdConfig::new()
            .with_momentum(Some(momentum(false)))
            .with_weight_decay(penalty)
            .init(),
        OptimizerKind::Lion => LionConfig::new()
            .with_beta_1(first)
            .with_beta_2(second)
            .with_weight_decay(decay)
            .init(),
        OptimizerKind::Muon => adamw.init().with_group(
            ParamGroup::from_ids(hidden_matrices(model)),
            MuonConfig::new()
                .with_momentum(momentum(true))
                .with_weight_decay(penalty)
                .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW)
                .build(),
            None,
        ),
    }
}

/// Matrices inside the network: two-dimensional, and neither an embedding nor a read-out (whose
/// path holds `embed` or `head`), which Muon's authors leave to `AdamW`.
fn hidden_matrices<M: Module>(model: &M) -> Vec<ParamId> {
    let mut visitor = Matrices {
        path: Vec::new(),
        found: Vec::new(),
    };
    model.visit(&mut visitor);
    visitor.found
}

struct Matrices {
    path: Vec<String>,
    found: Vec<ParamId>,
}

impl ModuleVisitor for Matrices {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let edge = self
            .path
            .iter()
            .any(|part| part.contains("embed") || part.contains("head"));
        if D == 2 && !edge && param.val().dims().iter().all(|&extent| extent > 1) {
            self.found.push(param.id);
        }
    }
}

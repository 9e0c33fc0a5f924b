//! Optimisers by name.

use burn::module::{Module, ParamGroup};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamWConfig, AdjustLrFn, LionConfig, ModuleOptimizer, MuonConfig, SgdConfig};

use twirl_record::{Optimizer, OptimizerKind};

use crate::passes::OnePass;
use crate::roles::{ParameterRole, ParameterRoles};

/// Builds the optimiser for a model whose parameters have these roles.
pub fn build<M: Module>(config: &Optimizer, model: &M, roles: &ParameterRoles) -> ModuleOptimizer {
    let decay = config.weight_decay as f32;
    let (first, second) = (config.momentum as f32, config.second as f32);
    let adamw = AdamWConfig::new()
        .with_beta_1(first)
        .with_beta_2(second)
        .with_epsilon(config.epsilon as f32)
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
            epsilon: config.epsilon as f32,
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
            ParamGroup::from_ids(roles.having(ParameterRole::Matrix, model)),
            MuonConfig::new()
                .with_momentum(momentum(true))
                .with_weight_decay(penalty)
                .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW)
                .build(),
            None,
        ),
    }
}

//! Gradients as one vector: their norm, their scaling, and moving averages of weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::container::TensorContainer;
use burn::tensor::{Gradients as Graph, Tensor};

use twirl_layers::own::on_host;

use crate::passes::{blend, sum_of_squares};

/// The gradients of a model's parameters.
#[derive(Debug)]
pub struct Gradients(GradientsParams);

impl Gradients {
    /// Runs the backward pass of a scalar loss.
    pub fn of<M: Module>(loss: &Tensor<1>, model: &M) -> Self {
        let graph: Graph = loss.backward();
        Self(GradientsParams::from_grads(graph, model))
    }

    /// Squared Euclidean norm over all parameters, `[1]`, on the device.
    ///
    /// The sum runs in the order of the module, so it does not depend on the autodiff graph.
    pub fn squared_norm<M: Module>(&self, model: &M) -> Option<Tensor<1>> {
        let mut visitor = Squares {
            gradients: &self.0,
            squares: Vec::new(),
        };
        model.visit(&mut visitor);
        (!visitor.squares.is_empty()).then(|| Tensor::cat(visitor.squares, 0).sum())
    }

    /// Scales every gradient so that the norm of all is at most `most`; `squared` is that of now,
    /// squared. Where reading costs nothing, what is short enough is left alone; elsewhere the factor
    /// stays on the device, and is 1.
    pub fn clip<M: Module>(&mut self, model: &M, squared: Tensor<1>, most: f64) {
        if on_host(&squared.device()) {
            let norm = squared.into_scalar::<f64>().sqrt();
            if norm > most {
                self.scale(model, most / norm);
            }
        } else {
            let factor = (squared.clamp_min(most * most).sqrt() / most).recip();
            self.multiply(model, Factor::OnDevice(&factor));
        }
    }

    /// Multiplies every gradient.
    pub fn scale<M: Module>(&mut self, model: &M, factor: f64) {
        self.multiply(model, Factor::Known(factor));
    }

    fn multiply<M: Module>(&mut self, model: &M, factor: Factor<'_>) {
        let mut visitor = Scale {
            gradients: &mut self.0,
            factor,
        };
        model.visit(&mut visitor);
    }

    /// For burn's optimisers.
    pub fn into_inner(self) -> GradientsParams {
        self.0
    }

    /// The gradients as one host vector, in the order of the module; zeros where a parameter has
    /// none.
    pub fn flatten<M: Module>(&self, model: &M) -> Vec<f64> {
        let mut visitor = Flatten {
            gradients: &self.0,
            values: Vec::new(),
        };
        model.visit(&mut visitor);
        visitor.values
    }

    /// Parameters that the loss does not reach, by path.
    pub fn unreached<M: Module>(&self, model: &M) -> Vec<String> {
        let mut visitor = Unreached {
            gradients: &self.0,
            path: Vec::new(),
            names: Vec::new(),
        };
        model.visit(&mut visitor);
        visitor.names
    }
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    squares: Vec<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.squares.push(sum_of_squares(gradient));
        }
    }
}

/// By what gradients are multiplied.
#[derive(Clone, Copy)]
enum Factor<'a> {
    Known(f64),
    /// `[1]`
    OnDevice(&'a Tensor<1>),
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: Factor<'a>,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let scaled = match self.factor {
                Factor::Known(factor) => gradient * factor,
                Factor::OnDevice(factor) => gradient * factor.clone().reshape([1; D]),
            };
            self.gradients.register(param.id, scaled);
        }
    }
}

struct Flatten<'a> {
    gradients: &'a GradientsParams,
    values: Vec<f64>,
}

impl ModuleVisitor for Flatten<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        match self.gradients.get::<D>(param.id) {
            Some(gradient) => self.values.extend(gradient.into_data().iter::<f64>()),
            None => self
                .values
                .resize(self.values.len() + param.val().shape().num_elements(), 0.0),
        }
    }
}

struct Unreached<'a> {
    gradients: &'a GradientsParams,
    path: Vec<String>,
    names: Vec<String>,
}

impl ModuleVisitor for Unreached<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let reached = self
            .gradients
            .get::<D>(param.id)
            .is_some_and(|gradient| gradient.abs().max().into_scalar::<f64>() > 0.0);
        if !reached {
            self.names.push(self.path.join("."));
        }
    }
}

/// Exponential moving average of a model's weights.
#[derive(Debug, Clone)]
pub struct Average<M> {
    /// The average, without autodiff.
    pub model: M,
    decay: f64,
}

impl<M: Module> Average<M> {
    /// Starts at the model's weights.
    pub fn new(model: &M, decay: f64) -> Self {
        Self {
            model: model.valid(),
            decay,
        }
    }

    /// Goes on with an average from a checkpoint.
    pub(crate) fn restored(model: M, decay: f64) -> Self {
        Self { model, decay }
    }

    /// Moves the average towards `model` after step `step` (from 0).
    ///
    /// The decay is `min(decay, (1 + step) / (10 + step))`, so that the initial weights are
    /// forgotten early.
    #[must_use]
    pub fn update(self, model: &M, step: u64) -> Self {
        let decay = self.decay.min((1.0 + step as f64) / (10.0 + step as f64));
        let mut collect = Collect(TensorContainer::new());
        model.valid().visit(&mut collect);
        let mut blend = Blend {
            current: collect.0,
            decay,
        };
        Self {
            model: self.model.map(&mut blend),
            decay: self.decay,
        }
    }
}

struct Collect(TensorContainer<ParamId>);

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.register::<Tensor<D>>(param.id, param.val());
    }
}

struct Blend {
    current: TensorContainer<ParamId>,
    decay: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let current = self
            .current
            .remove::<Tensor<D>>(&param.id)
            .expect("the average has the parameters of its model");
        param.map(|average| blend(average, current, self.decay))
    }
}

/// Number of trainable scalars.
pub fn parameter_count<M: Module>(model: &M) -> usize {
    model.num_params()
}

//! The parameters of a model: their places, and their values as one vector.

use std::ops::Range;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};

use crate::error::RunError;

/// Where a parameter lies in the flat vector of weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterInfo {
    /// Path in the model, for example `edge_head.weight`.
    pub name: String,
    /// Extents.
    pub shape: Vec<usize>,
    /// Place in the flat vector, row-major.
    pub range: Range<usize>,
}

/// Lists the parameters of a model in its order.
pub(crate) fn parameters<M: Module>(model: &M) -> Vec<ParameterInfo> {
    let mut visitor = Places {
        path: Vec::new(),
        found: Vec::new(),
        end: 0,
    };
    model.visit(&mut visitor);
    visitor.found
}

/// The weights of a model.
pub(crate) fn flatten<M: Module>(model: &M) -> Vec<f64> {
    let mut visitor = Flatten(Vec::new());
    model.visit(&mut visitor);
    visitor.0
}

/// The model with other weights, on `device`, with gradients.
pub(crate) fn replace<M: Module>(
    model: M,
    weights: &[f64],
    device: &Device,
) -> Result<M, RunError> {
    let expected = model.num_params();
    if weights.len() != expected {
        return Err(RunError::Config(format!(
            "{} weights for a model of {expected}; give one of each",
            weights.len()
        )));
    }
    if let Some(place) = weights.iter().position(|weight| !weight.is_finite()) {
        return Err(RunError::Config(format!(
            "weight {place} is {}; give finite weights",
            weights[place]
        )));
    }
    Ok(model.map(&mut Replace {
        weights,
        place: 0,
        device,
    }))
}

struct Places {
    path: Vec<String>,
    found: Vec<ParameterInfo>,
    end: usize,
}

impl ModuleVisitor for Places {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.val().dims().to_vec();
        let range = self.end..self.end + shape.iter().product::<usize>();
        self.end = range.end;
        self.found.push(ParameterInfo {
            name: self.path.join("."),
            shape,
            range,
        });
    }
}

struct Flatten(Vec<f64>);

impl ModuleVisitor for Flatten {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.extend(param.val().into_data().iter::<f64>());
    }
}

struct Replace<'a> {
    weights: &'a [f64],
    place: usize,
    device: &'a Device,
}

impl ModuleMapper for Replace<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|old| {
            let shape = old.dims();
            let end = self.place + shape.iter().product::<usize>();
            let values = self.weights[self.place..end].to_vec();
            self.place = end;
            Tensor::from_data(TensorData::new(values, shape), self.device).require_grad()
        })
    }
}

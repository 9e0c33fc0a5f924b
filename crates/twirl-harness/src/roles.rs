//! What parameters are to the rule that updates them.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

/// What a parameter is to the rule that updates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParameterRole {
    /// A table with a row for every kind of atom; declared by the arm.
    Embedding,
    /// Of a layer that makes predictions out of features; declared by the arm.
    ReadOut,
    /// A matrix inside the network: two extents above 1.
    Matrix,
    /// A kernel of a convolution: three extents or more.
    Kernel,
    /// A bias or a gain, or a matrix of one row or column.
    Vector,
}

/// The roles of an arm's parameters: what the arm declares, and for all others what their shape
/// says.
///
/// `muon` orthogonalises the updates of [`ParameterRole::Matrix`] and leaves the rest to `AdamW`, as
/// its authors do.
#[derive(Debug, Clone, Default)]
pub struct ParameterRoles(HashMap<ParamId, ParameterRole>);

impl ParameterRoles {
    /// Declares the parameters of a layer to be embeddings.
    #[must_use]
    pub fn embedding<M: Module>(self, layer: &M) -> Self {
        self.declare(layer, ParameterRole::Embedding)
    }

    /// Declares the parameters of a layer to be a read-out.
    #[must_use]
    pub fn read_out<M: Module>(self, layer: &M) -> Self {
        self.declare(layer, ParameterRole::ReadOut)
    }

    /// The role of a parameter.
    pub fn of<const D: usize>(&self, param: &Param<Tensor<D>>) -> ParameterRole {
        if let Some(&declared) = self.0.get(&param.id) {
            return declared;
        }
        let wide = param
            .val()
            .dims()
            .iter()
            .filter(|&&extent| extent > 1)
            .count();
        match D {
            0 | 1 => ParameterRole::Vector,
            2 if wide < 2 => ParameterRole::Vector,
            2 => ParameterRole::Matrix,
            _ => ParameterRole::Kernel,
        }
    }

    /// The parameters of a model that have a role, in its order.
    pub fn having<M: Module>(&self, role: ParameterRole, model: &M) -> Vec<ParamId> {
        let mut having = Having {
            roles: self,
            role,
            found: Vec::new(),
        };
        model.visit(&mut having);
        having.found
    }

    fn declare<M: Module>(mut self, layer: &M, role: ParameterRole) -> Self {
        let mut declare = Declare {
            roles: &mut self.0,
            role,
        };
        layer.visit(&mut declare);
        self
    }
}

struct Declare<'a> {
    roles: &'a mut HashMap<ParamId, ParameterRole>,
    role: ParameterRole,
}

impl ModuleVisitor for Declare<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.roles.insert(param.id, self.role);
    }
}

struct Having<'a> {
    roles: &'a ParameterRoles,
    role: ParameterRole,
    found: Vec<ParamId>,
}

impl ModuleVisitor for Having<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.roles.of(param) == self.role {
            self.found.push(param.id);
        }
    }
}

//! What the optimisers are told of parameters.

use burn::module::{ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use serde_json::Value;
use twirl_harness::{Arm, ParameterRole, Task};

use crate::Bench;

/// The matrices that `muon` orthogonalises are all but those of fields named `embed..` or `..head`: for
/// arms that follow that convention, what they declare is what the names say.
///
/// # Panics
/// If a matrix is declared otherwise than it is named.
pub fn roles_as_named<T: Task, A: Arm<T>>(bench: &Bench<T>, config: &Value) {
    let model: A = bench.model(config, 5, &bench.device);
    let declared = model.parameter_roles();
    let mut named = Named::default();
    model.visit(&mut named);
    let found = declared.having(ParameterRole::Matrix, &model);
    let expected: Vec<ParamId> = named.matrices.iter().map(|(id, _)| *id).collect();
    assert_eq!(found, expected, "{:?}", named.matrices);
    let edges = declared.having(ParameterRole::Embedding, &model).len()
        + declared.having(ParameterRole::ReadOut, &model).len();
    assert_eq!(edges, named.edges, "parameters of embeddings and read-outs");
}

#[derive(Default)]
struct Named {
    path: Vec<String>,
    matrices: Vec<(ParamId, String)>,
    edges: usize,
}

impl ModuleVisitor for Named {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let mut parts = self.path.iter();
        if parts.any(|part| part.contains("embed") || part.contains("head")) {
            self.edges += 1;
        } else if D == 2 && param.val().dims().iter().all(|&extent| extent > 1) {
            self.matrices.push((param.id, self.path.join(".")));
        }
    }
}

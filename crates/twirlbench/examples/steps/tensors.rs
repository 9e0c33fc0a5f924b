//! Tensors with names, and files of them.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Int, Tensor};
use serde_json::json;

/// Values of a tensor on the host.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Values,
}

/// What a file can hold.
pub(crate) enum Values {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

/// A tensor of floats.
pub(crate) fn floats<const D: usize>(name: &str, tensor: Tensor<D>) -> Named {
    Named {
        name: name.into(),
        shape: tensor.dims().to_vec(),
        values: Values::Floats(tensor.into_data().iter::<f32>().collect()),
    }
}

/// A tensor of integers.
pub(crate) fn integers<const D: usize>(name: &str, tensor: Tensor<D, Int>) -> Named {
    Named {
        name: name.into(),
        shape: tensor.dims().to_vec(),
        values: Values::Integers(tensor.into_data().iter::<i64>().collect()),
    }
}

/// A list of numbers.
pub(crate) fn list(name: &str, values: impl IntoIterator<Item = f64>) -> Named {
    let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
    Named {
        name: name.into(),
        shape: vec![values.len()],
        values: Values::Floats(values),
    }
}

impl Named {
    /// The same under a longer name.
    pub(crate) fn within(mut self, prefix: &str) -> Self {
        self.name = format!("{prefix}.{}", self.name);
        self
    }
}

/// All parameters of a model, in the order of the module.
pub(crate) fn parameters<M: Module>(model: &M) -> Vec<Named> {
    #[derive(Default)]
    struct Collect {
        path: Vec<String>,
        found: Vec<Named>,
    }
    impl ModuleVisitor for Collect {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.into());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.found.push(floats(&self.path.join("."), param.val()));
        }
    }
    let mut collect = Collect::default();
    model.visit(&mut collect);
    collect.found
}

/// A vector over all parameters, cut into theirs.
pub(crate) fn like_parameters<M: Module>(model: &M, values: &[f64]) -> Vec<Named> {
    let mut rest = values;
    let cut = parameters(model).into_iter().map(|parameter| {
        let (own, others) = rest.split_at(parameter.shape.iter().product());
        rest = others;
        Named {
            values: Values::Floats(own.iter().map(|&value| value as f32).collect()),
            ..parameter
        }
    });
    cut.collect()
}

/// Writes a safetensors file.
pub(crate) fn write(path: &Path, tensors: &[Named]) -> io::Result<()> {
    let mut header = serde_json::Map::new();
    let mut end = 0;
    for Named {
        name,
        shape,
        values,
    } in tensors
    {
        let (kind, size) = match values {
            Values::Floats(values) => ("F32", 4 * values.len()),
            Values::Integers(values) => ("I64", 8 * values.len()),
        };
        let place = [end, end + size];
        end += size;
        let entry = json!({"dtype": kind, "shape": shape, "data_offsets": place});
        header.insert(name.clone(), entry);
    }
    let mut header = serde_json::to_vec(&header)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    for tensor in tensors {
        match &tensor.values {
            Values::Floats(values) => {
                for value in values {
                    file.write_all(&value.to_le_bytes())?;
                }
            }
            Values::Integers(values) => {
                for value in values {
                    file.write_all(&value.to_le_bytes())?;
                }
            }
        }
    }
    file.flush()
}

//! Weights of a model in a file.

use std::path::Path;

use burn::module::Module;
use burn::store::{ApplyError, ModuleSnapshot, SafetensorsStore};

use crate::error::RunError;

/// Writes a model's weights as safetensors.
///
/// # Errors
/// If the file cannot be written.
pub fn save_weights<M: Module>(model: &M, path: &Path) -> Result<(), RunError> {
    let mut store = SafetensorsStore::from_file(path);
    model.save_into(&mut store).map_err(|error| {
        RunError::content(path, format!("{error:?}"), "free disk space and run again")
    })
}

/// Reads weights into a model of the same shape.
///
/// # Errors
/// If the file cannot be read, or its weights are not those of the model by name and shape.
pub fn load_weights<M: Module>(mut model: M, path: &Path) -> Result<M, RunError> {
    let remedy = "the weights belong to another model; use the settings, and the version of the \
                  program, that they were trained with";
    let wrong = |what| RunError::content(path, what, remedy);
    // Differences are put into words here.
    let mut store = SafetensorsStore::from_file(path)
        .validate(false)
        .allow_partial(true);
    let applied = model
        .load_from(&mut store)
        .map_err(|error| wrong(format!("{error:?}")))?;
    let of_shape = applied.errors.iter().map(|error| match error {
        ApplyError::ShapeMismatch {
            path,
            expected,
            found,
        } => format!("{path} is {:?} and not {:?}", &found[..], &expected[..]),
        other => other.to_string(),
    });
    let missing = applied.missing.iter();
    let missing = missing.map(|(name, _)| format!("{name} is missing"));
    let unknown = applied.unused.iter();
    let unknown = unknown.map(|name| format!("the model has no {name}"));
    let all: Vec<String> = of_shape.chain(missing).chain(unknown).collect();
    match all.as_slice() {
        [] => Ok(model),
        [only] => Err(wrong(only.clone())),
        [first, rest @ ..] => Err(wrong(format!("{first}, and {} more differ", rest.len()))),
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, Param};
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[derive(Module, Debug)]
    struct Old {
        weight: Param<Tensor<2>>,
        bias: Param<Tensor<1>>,
        head: Param<Tensor<1>>,
    }

    #[derive(Module, Debug)]
    struct New {
        weight: Param<Tensor<2>>,
        bias: Param<Tensor<1>>,
    }

    fn ones<const D: usize>(shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_tensor(Tensor::ones(shape, &Device::flex()))
    }

    fn new(bias: usize) -> New {
        New {
            weight: ones([2, 3]),
            bias: ones([bias]),
        }
    }

    #[test]
    fn weights_of_another_model_are_refused_in_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("weights.safetensors");
        let old = Old {
            weight: ones([2, 3]),
            bias: ones([3]),
            head: ones([1]),
        };
        save_weights(&old, &path).expect("written");
        load_weights(old, &path).expect("read again");
        let refused = |bias| {
            let error = load_weights(new(bias), &path).expect_err("another model");
            error.to_string()
        };
        let line = refused(3);
        assert!(line.contains("the model has no head; "), "{line}");
        let line = refused(2);
        let expected = "bias is [3] and not [2], and 1 more differ; ";
        assert!(line.contains(expected), "{line}");
        assert!(
            !line.contains('\n') && line.contains("version of the program"),
            "{line}"
        );

        let path = path.with_file_name("other.safetensors");
        save_weights(&new(3), &path).expect("written");
        let old = Old {
            weight: ones([2, 3]),
            bias: ones([3]),
            head: ones([1]),
        };
        let line = load_weights(old, &path).expect_err("a part").to_string();
        assert!(line.contains("head is missing; "), "{line}");
    }
}

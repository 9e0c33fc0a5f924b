//! What the program is, for manifests.

use std::collections::BTreeMap;

/// Versions, commit and state of the source tree at build time.
pub(crate) fn identity() -> BTreeMap<String, String> {
    let features: Vec<&str> = [
        ("wgpu", cfg!(feature = "wgpu")),
        ("vulkan", cfg!(feature = "vulkan")),
        ("cuda", cfg!(feature = "cuda")),
        ("metal", cfg!(feature = "metal")),
        ("rocm", cfg!(feature = "rocm")),
    ]
    .into_iter()
    .filter_map(|(name, on)| on.then_some(name))
    .collect();
    [
        ("twirlbench", env!("CARGO_PKG_VERSION").to_owned()),
        ("burn", env!("TWIRLBENCH_BURN").to_owned()),
        ("commit", env!("TWIRLBENCH_COMMIT").to_owned()),
        ("dirty", env!("TWIRLBENCH_DIRTY").to_owned()),
        ("features", features.join(",")),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}

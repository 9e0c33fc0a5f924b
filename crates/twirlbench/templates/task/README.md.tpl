# __PACKAGE__

A task for twirlbench: one vector per molecule. Written by `twirlbench new-task __NAME__`; what is
predicted stands in `src/label.rs` and is to be replaced.

```sh
cargo test --release             # the laws of the task and of its arms
cargo run --release -- tasks
cargo run --release -- run --suite __SUITE__
```

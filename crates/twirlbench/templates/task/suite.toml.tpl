name = "__NAME__"
about = "The arms of __NAME__ on the embedded data: a minute on two cores"
seeds = [0]

[train]
steps = 100000
budget_seconds = 10.0
batch = 16
clip = 10.0
ema = 0.99
checkpoint_every = 1000
[train.schedule]
kind = "constant"
warmup = 20

[train.search]
rates = [3e-4, 1e-3, 3e-3]
steps = 60
items = 32

[train.evaluation]
items = 96
batch = 48
per_decade = 3
design = { kind = "iid", rotations = 4 }

[[task]]
name = "__NAME__"
data = "embedded"

[[task.arm]]
name = "plain"
[[task.arm]]
name = "plain-unaugmented"
[[task.arm]]
name = "painn"

"""What the arms share: parameters by the names of twirlbench's safetensors files, layers, and training steps.

An arm trained by twirlbench runs here: `arms.load(folder)` for what the program `steps` writes, or the
classes of `force_field`, `conformers` and `voxels` with the tensors of any `weights.safetensors`.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Parameters(nn.Module):
    """An arm whose parameters are filled from, and given back by, the names of a weights file.

    twirlbench holds dense layers as [inputs, outputs]; here several of them with the same input are one
    parameter, their outputs beside each other.
    """

    def __init__(self, tensors):
        super().__init__()
        self.tensors = dict(tensors)
        self.places = []  # name, parameter, columns of its last axis or None

    def __contains__(self, name):
        return name in self.tensors

    def one(self, name):
        parameter = nn.Parameter(self.tensors[name].clone().contiguous())
        self.places.append((name, parameter, None))
        return parameter

    def beside(self, names):
        parts = [self.tensors[name] for name in names]
        parameter = nn.Parameter(torch.cat(parts, -1).contiguous())
        start = 0
        for name, part in zip(names, parts):
            end = start + part.shape[-1]
            self.places.append((name, parameter, slice(start, end)))
            start = end
        return parameter

    def by_name(self, of):
        """Tensors like the parameters, `of(parameter)`, by the names of the file."""
        found = {}
        for name, parameter, columns in self.places:
            value = of(parameter)
            value = torch.zeros_like(parameter) if value is None else value.detach()
            found[name] = value if columns is None else value[..., columns]
        return found

    def check(self):
        """Raises unless every tensor of the file is used, once."""
        used = sorted(name for name, _, _ in self.places)
        assert used == sorted(self.tensors), set(used) ^ set(self.tensors)


class Dense(nn.Module):
    """x W + b on the last axis. Keys of attention have no bias, nor has the last shift of `plain`."""

    def __init__(self, owner, *names):
        super().__init__()
        self.weight = owner.beside([name + ".weight" for name in names])
        biased = [name + ".bias" in owner for name in names]
        assert len(set(biased)) == 1, names
        self.bias = owner.beside([name + ".bias" for name in names]) if biased[0] else None
        self.outputs = self.weight.shape[1]

    def forward(self, x):
        bias = self.bias
        if bias is not None and 2 * len(bias) == self.outputs:
            bias = F.pad(bias, (len(bias), 0))
        elif bias is not None and len(bias) < self.outputs:
            third = self.outputs // 3
            bias = torch.cat([bias[:third], bias.new_zeros(third), bias[third:]])
        return F.linear(x, self.weight.t(), bias)


class Mlp(nn.Module):
    def __init__(self, owner, name, activation):
        super().__init__()
        self.inner, self.outer = Dense(owner, name + ".inner"), Dense(owner, name + ".outer")
        self.activation = activation

    def forward(self, x):
        return self.outer(self.activation(self.inner(x)))


class RmsNorm(nn.Module):
    def __init__(self, owner, name):
        super().__init__()
        self.gain = owner.one(name + ".gain")

    def forward(self, x):
        if hasattr(F, "rms_norm"):
            return F.rms_norm(x, self.gain.shape, self.gain, 1e-6)
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6) * self.gain


class LayerNorm(nn.Module):
    def __init__(self, owner, name):
        super().__init__()
        self.gain, self.offset = owner.one(name + ".gain"), owner.one(name + ".offset")

    def forward(self, x):
        return F.layer_norm(x, self.gain.shape, self.gain, self.offset, 1e-6)


def heads_of(x, heads):
    """[groups, rows, channels] to [groups, heads, rows, depth]."""
    groups, rows, channels = x.shape
    return x.view(groups, rows, heads, channels // heads).transpose(1, 2)


def attend(query, key, value, heads, bias):
    """softmax(q k^T / sqrt(d) + bias) v per head, [groups, rows, channels]."""
    query, key, value = (heads_of(x, heads) for x in (query, key, value))
    logits = (query * (1.0 / math.sqrt(query.shape[-1]))) @ key.transpose(2, 3)
    seen = torch.softmax(logits + bias, -1) @ value
    return seen.transpose(1, 2).flatten(2)


def gaussians(distance, count, reach):
    """exp(-(r - c)^2 / (2 w^2)) at `count` evenly spaced centres up to `reach`, w their spacing."""
    x = distance * ((count - 1) / reach) - torch.arange(count, dtype=distance.dtype)
    exponent = -0.5 * x * x
    if not getattr(torch, "compiler", None) or not torch.compiler.is_compiling():
        exponent = exponent.clamp_min(-27.6)  # subnormal numbers are slow, and 1e-12 is below rounding
    return torch.exp(exponent)


class Trainer:
    """A step as twirlbench's loop takes it: forward, backward, clip, AdamW, average of the weights."""

    def __init__(self, arm, settings, call=None):
        self.arm, self.settings = arm, settings
        self.call = arm if call is None else call
        self.weights = [weight for weight in arm.parameters() if weight.requires_grad]
        options = dict(lr=settings["rate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
        try:
            self.optimizer = torch.optim.AdamW(self.weights, fused=True, **options)
        except (TypeError, RuntimeError):
            self.optimizer = torch.optim.AdamW(self.weights, **options)
        self.average = [weight.detach().clone() for weight in self.weights]

    def step(self, batch, number):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.call(*batch.posed())[0]
        loss.backward()
        gradients = [weight.grad for weight in self.weights if weight.grad is not None]
        norms = torch._foreach_norm(gradients) if hasattr(torch, "_foreach_norm") else [g.norm() for g in gradients]
        value, norm = torch.stack([loss.detach(), torch.stack(list(norms)).norm()]).tolist()
        if not (math.isfinite(value) and math.isfinite(norm)):
            raise FloatingPointError(f"step {number}: loss {value}, gradient norm {norm}")
        if norm > self.settings["clip"]:
            torch._foreach_mul_(gradients, self.settings["clip"] / norm)
        self.optimizer.step()
        decay = min(self.settings["average"], (1 + number) / (10 + number))
        with torch.no_grad():
            torch._foreach_mul_(self.average, decay)
            torch._foreach_add_(self.average, [w.detach() for w in self.weights], alpha=1 - decay)
        return value

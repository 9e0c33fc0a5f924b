"""The arms of the task conformer-flow, on molecules padded to a common number of atoms."""
import math

import torch
from torch import nn
from torch.nn import functional as F

from .base import Dense, Mlp, Parameters, attend, gaussians

FIELDS = ("species", "features", "adjacency", "pairs", "mask", "share", "positions", "time", "input", "skip",
          "output", "target", "weight")


class FlowBatch:
    def __init__(self, tensors, settings):
        for name in FIELDS:
            setattr(self, name, tensors[name])
        self.rotations = tensors.get("rotations")
        held = self.mask > 0
        count, atoms = held.shape

        def spread(values, where, shape):
            full = values.new_zeros(shape)
            full[where] = values
            return full

        # The file has atoms, and ordered pairs of atoms, one after another without padding.
        self.species = spread(self.species, held, (count, atoms)).view(-1)
        self.features = spread(self.features, held, (count, atoms, self.features.shape[1])).flatten(0, 1)
        pairs = held.unsqueeze(2) & held.unsqueeze(1)
        self.pairs = spread(self.pairs, pairs, (count, atoms, atoms, self.pairs.shape[1])).flatten(0, 2)

    def posed(self):
        positions, target = self.positions, self.target
        if self.rotations is not None:
            turned = self.rotations.transpose(1, 2)
            positions, target = torch.bmm(positions, turned), torch.bmm(target, turned)
        return (self.species, self.features, self.adjacency, self.pairs, self.mask, self.share, positions, self.time,
                self.input, self.skip, self.output, target, self.weight)

    def atoms(self):
        return self.mask.shape[1]

    def padded_to(self, atoms):
        """With more padding: one shape for a compiler."""
        count, own = self.mask.shape
        more = atoms - own
        square = lambda x: F.pad(x.view(count, own, own, -1), (0, 0, 0, more, 0, more)).flatten(0, 2)
        self.pairs = square(self.pairs)
        self.adjacency = F.pad(self.adjacency.view(count, own, 4, own), (0, more, 0, 0, 0, more)).flatten(1, 2)
        self.species = F.pad(self.species.view(count, own), (0, more)).view(-1)
        self.features = F.pad(self.features.view(count, own, -1), (0, 0, 0, more)).flatten(0, 1)
        for name in ("mask", "share"):
            setattr(self, name, F.pad(getattr(self, name), (0, more)))
        for name in ("positions", "target"):
            setattr(self, name, F.pad(getattr(self, name), (0, 0, 0, more)))
        return self


class FlowArm(Parameters):
    batch = FlowBatch
    answers = ("output",)

    def __init__(self, tensors, settings):
        super().__init__(tensors)
        config = settings["config"]
        self.width, self.depth, self.heads = config["width"], config["layers"], config["heads"]
        at = "conditioning."
        self.species, self.features = self.one(at + "species.weight"), Dense(self, at + "features")
        self.rounds = nn.ModuleList(Mlp(self, f"{at}rounds.{place}", F.silu) for place in range(2))
        self.time, self.token = Mlp(self, at + "time", F.silu), Dense(self, at + "token")
        self.pairs = Dense(self, "pairs")
        self.last_modulation, self.head = Dense(self, "last_modulation"), Dense(self, "head")

    def conditions(self, species, features, adjacency, time):
        count, atoms = adjacency.shape[0], adjacency.shape[2]
        nodes = self.species.index_select(0, species) + self.features(features)
        for mlp in self.rounds:
            around = torch.bmm(adjacency, nodes.view(count, atoms, -1)).view(count * atoms, -1)
            nodes = nodes + mlp(torch.cat([nodes, around], 1))
        both = nodes.view(count, atoms, -1) + self.time(time).unsqueeze(1)
        return F.silu(both.flatten(0, 1)), self.token(nodes)

    def biases(self, features, mask):
        """[B, heads, N, N] of every layer; far below every logit at padding."""
        count, atoms = mask.shape
        made = (self.pairs(features) * 8.0).view(count, atoms, atoms, -1).permute(0, 3, 1, 2).contiguous()
        return (made + ((mask - 1.0) * 1e9).view(count, 1, 1, atoms)).split(self.heads, 1)

    def normed(self, x, shift, scale):
        x = F.layer_norm(x, x.shape[-1:], eps=1e-6)
        return torch.addcmul(x + shift, x, scale)

    def forward(self, species, features, adjacency, pairs, mask, share, positions, time, input, skip, output,
                target, weight):
        conditions, tokens = self.conditions(species, features, adjacency, time)
        found = self.predict(conditions, tokens, pairs, mask, positions, input)
        mean = (found * share.unsqueeze(2)).sum(1, keepdim=True)
        found = positions * skip + (found - mean) * mask.unsqueeze(2) * output
        error = found - target
        loss = ((error * error).sum(2) * share * weight).sum(1).mean() / 3.0
        return loss, found


class Plain(FlowArm):
    def __init__(self, tensors, settings):
        super().__init__(tensors, settings)
        self.coordinates = Dense(self, "coordinates")
        self.blocks = nn.ModuleList(nn.ModuleDict({
            "modulation": Dense(self, f"blocks.{block}.modulation"), "mix": Dense(self, f"blocks.{block}.mix"),
            "output": Dense(self, f"blocks.{block}.output"),
            "perceptron": Mlp(self, f"blocks.{block}.perceptron", F.gelu),
        }) for block in range(self.depth))

    def predict(self, conditions, tokens, pairs, mask, positions, gain):
        (count, atoms), width = mask.shape, self.width
        phases = [positions * (math.tau / length) for length in (16.0, 8.0, 4.0, 2.0)]
        waves = [wave for phase in phases for wave in (phase.sin(), phase.cos())]
        places = torch.cat([positions * gain * 4.0, *waves], 2).flatten(0, 1)
        tokens = tokens + self.coordinates(places)
        for block, bias in zip(self.blocks, self.biases(pairs, mask)):
            shift, scale, gate, last_shift, last_scale, last_gate = block["modulation"](conditions).split(width, 1)
            mixed = block["mix"](self.normed(tokens, shift, scale)).view(count, atoms, -1)
            seen = attend(*mixed.split(width, 2), self.heads, bias).flatten(0, 1)
            tokens = torch.addcmul(tokens, block["output"](seen), gate)
            mixed = block["perceptron"](self.normed(tokens, last_shift, last_scale))
            tokens = torch.addcmul(tokens, mixed, last_gate)
        shift, scale = self.last_modulation(conditions).split(width, 1)
        return self.head(self.normed(tokens, shift, scale)).view(count, atoms, 3)


class Equivariant(FlowArm):
    def __init__(self, tensors, settings):
        super().__init__(tensors, settings)
        self.distance, self.position = Dense(self, "distance"), Dense(self, "position")
        names = ("modulation", "mix", "vector_mix", "output", "vector_output", "products")
        self.blocks = nn.ModuleList()
        for block in range(self.depth):
            layers = {name: Dense(self, f"blocks.{block}.{name}") for name in names}
            layers["perceptron"] = Mlp(self, f"blocks.{block}.perceptron", F.gelu)
            self.blocks.append(nn.ModuleDict(layers))

    @staticmethod
    def scaled(vectors, scale):
        squares = (vectors * vectors).sum(1).mean(1, keepdim=True) + 1e-6
        return vectors * ((scale + 1.0) * torch.rsqrt(squares)).unsqueeze(1)

    def predict(self, conditions, tokens, pairs, mask, positions, gain):
        (count, atoms), width, heads = mask.shape, self.width, self.heads
        rows, vector_width = count * atoms, width // 4
        depth, vector_depth = width // heads, vector_width // heads
        length = lambda x: torch.sqrt((x * x).sum(-1, keepdim=True) + 1e-6)
        between = length(positions.unsqueeze(2) - positions.unsqueeze(1)).view(-1, 1)
        biases = self.biases(torch.cat([pairs, gaussians(between, 16, 10.0)], 1), mask)
        scalars = tokens + self.distance(gaussians(length(positions.view(rows, 3)), 16, 10.0))
        vectors = self.position((positions * gain).view(rows, 3, 1))
        widths = [width] * 6 + [vector_width] * 4
        for block, bias in zip(self.blocks, biases):
            a, b, c, d, e, f, g, h, i, j = block["modulation"](conditions).split(widths, 1)
            normed, turning = self.normed(scalars, a, b), self.scaled(vectors, g)
            flat = block["mix"](normed).view(rows, 3 * heads, depth)
            turned = block["vector_mix"](turning).view(rows, 3, 3 * heads, vector_depth)
            both = torch.cat([flat, turned.transpose(1, 2).flatten(2)], 2)
            query, key, value = both.view(count, atoms, 3, -1).unbind(2)
            seen = attend(query, key, value, heads, bias).view(rows, heads, -1)
            flat, turned = seen.split([depth, 3 * vector_depth], 2)
            turned = turned.reshape(rows, heads, 3, vector_depth).transpose(1, 2).reshape(rows, 3, vector_width)
            scalars = torch.addcmul(scalars, block["output"](flat.reshape(rows, width)), c)
            vectors = torch.addcmul(vectors, block["vector_output"](turned), h.unsqueeze(1))
            normed, turning = self.normed(scalars, d, e), self.scaled(vectors, i)
            one, two, three = block["products"](turning).split(vector_width, 2)
            out = block["perceptron"](torch.cat([normed, (one * two).sum(1)], 1))
            more, through, across = out.split([width, vector_width, vector_width], 1)
            cross = torch.linalg.cross(one, two, dim=1)
            moved = three * through.unsqueeze(1) + cross * across.unsqueeze(1)
            scalars = torch.addcmul(scalars, more, f)
            vectors = torch.addcmul(vectors, moved, j.unsqueeze(1))
        shift, scale, vector_scale = self.last_modulation(conditions).split([width, width, vector_width], 1)
        gate = self.head(self.normed(scalars, shift, scale)).unsqueeze(1)
        found = (self.scaled(vectors, vector_scale) * gate).sum(2) / math.sqrt(vector_width)
        return found.view(count, atoms, 3)

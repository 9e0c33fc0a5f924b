"""The arms of the task voxel-denoise, on noisy grids."""
import torch
from torch import nn
from torch.nn import functional as F

from .base import Dense, Parameters, attend


class VoxelBatch:
    def __init__(self, tensors, settings):
        self.noisy = tensors["noisy"].contiguous(memory_format=torch.channels_last_3d)
        self.clean, self.inside = tensors["clean"], tensors["inside"].long()

    def posed(self):
        return self.noisy, self.clean, self.inside

    def atoms(self):
        return 0

    def padded_to(self, atoms):
        return self


class VoxelArm(Parameters):
    batch = VoxelBatch
    answers = ("density",)

    def forward(self, noisy, clean, inside):
        found = self.predict(noisy)
        error = (found - clean).flatten(2).index_select(2, inside)
        return (error * error).mean(), found


class Conv(nn.Module):
    def __init__(self, owner, name, stride=1):
        super().__init__()
        self.weight, self.bias, self.stride = owner.one(name + ".weight"), owner.one(name + ".bias"), stride

    def forward(self, x):
        return F.conv3d(x, self.weight, self.bias, self.stride, (self.weight.shape[2] - 1) // 2)


class Up(nn.Module):
    def __init__(self, owner, name):
        super().__init__()
        self.weight, self.bias = owner.one(name + ".weight"), owner.one(name + ".bias")

    def forward(self, x):
        return F.conv_transpose3d(x, self.weight, self.bias, stride=2, padding=1)


class GroupNorm(nn.Module):
    def __init__(self, owner, name, groups):
        super().__init__()
        self.gain, self.offset, self.groups = owner.one(name + ".gain"), owner.one(name + ".offset"), groups

    def forward(self, x):
        return F.group_norm(x, self.groups, self.gain, self.offset, 1e-5)


class Residual(nn.Module):
    def __init__(self, owner, name, groups):
        super().__init__()
        self.norms = nn.ModuleList(GroupNorm(owner, f"{name}.norms.{place}", groups) for place in range(2))
        self.convs = nn.ModuleList(Conv(owner, f"{name}.convs.{place}") for place in range(2))
        self.shortcut = Conv(owner, name + ".shortcut") if name + ".shortcut.weight" in owner else None

    def forward(self, x):
        inner = x
        for norm, conv in zip(self.norms, self.convs):
            inner = conv(F.silu(norm(inner)))
        return inner + (self.shortcut(x) if self.shortcut else x)


class Attention(nn.Module):
    def __init__(self, owner, name, groups, heads):
        super().__init__()
        self.norm, self.heads = GroupNorm(owner, name + ".norm", groups), heads
        self.project, self.output = Dense(owner, name + ".project"), Dense(owner, name + ".output")

    def forward(self, x):
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        query, key, value = self.project(tokens).chunk(3, 2)
        seen = self.output(attend(query, key, value, self.heads, 0.0))
        return x + seen.transpose(1, 2).reshape(x.shape)


class Stage(nn.Module):
    def __init__(self, owner, name, groups, heads):
        super().__init__()
        self.residual = Residual(owner, name + ".residual", groups)
        at = name + ".attention"
        self.attention = Attention(owner, at, groups, heads) if at + ".output.weight" in owner else nn.Identity()

    def forward(self, x):
        return self.attention(self.residual(x))


class Unet(VoxelArm):
    def __init__(self, tensors, settings):
        super().__init__(tensors)
        config = settings["config"]
        blocks, heads, groups = config["blocks"], config["heads"], config["groups"]
        levels = range(len(config["multipliers"]))
        stages = lambda name, count: nn.ModuleList(
            nn.ModuleList(Stage(self, f"{name}.{level}.{place}", groups, heads) for place in range(count))
            for level in levels)
        self.first, self.last = Conv(self, "first"), Conv(self, "last")
        self.down, self.up = stages("down", blocks), stages("up", blocks + 1)
        self.halved = nn.ModuleList(Conv(self, f"halve.{level - 1}", 2) for level in levels[1:])
        self.doubled = nn.ModuleList(Up(self, f"double.{level - 1}") for level in levels[1:])
        self.middle = nn.ModuleList(Residual(self, f"middle.{place}", groups) for place in range(2))
        self.middle_attention = Attention(self, "middle_attention", groups, heads)
        self.norm = GroupNorm(self, "norm", groups)

    def predict(self, x):
        x = self.first(x)
        skips = [x]
        for level, stages in enumerate(self.down):
            for stage in stages:
                x = stage(x)
                skips.append(x)
            if level < len(self.halved):
                x = self.halved[level](x)
                skips.append(x)
        x = self.middle[1](self.middle_attention(self.middle[0](x)))
        for level, stages in enumerate(self.up):
            for stage in stages:
                x = stage(torch.cat([x, skips.pop()], 1))
            if level < len(self.doubled):
                x = self.doubled[level](x)
        return self.last(F.silu(self.norm(x)))


def kernels(size, functions):
    """Steerable kernels on a lattice: radial profiles times angular parts, of unit variance."""
    axis = torch.arange(size, dtype=torch.float64) - size // 2
    places = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1).view(-1, 3)
    radius = places.norm(dim=1)
    unit = torch.where(radius.unsqueeze(1) > 0, places / radius.clamp_min(1e-12).unsqueeze(1), torch.zeros(1).double())
    reach = (size + 1) / 2
    step = reach / functions
    ends = torch.where(radius < reach, (1.0 - (radius / reach) ** 2) ** 2, torch.zeros(1).double())
    profiles = torch.stack([torch.exp(-0.5 * ((radius - step * f) / step) ** 2) * ends for f in range(functions)])

    def sampled(angular, outputs, centred):
        """[functions, entries * places] of angular parts [entries, places]."""
        if not centred:
            angular = angular * (radius > 0)
        values = profiles.unsqueeze(1) * angular
        squares = (values * values).sum((1, 2), keepdim=True)
        scale = torch.where(squares > 0, torch.sqrt(outputs / squares.clamp_min(1e-300)), torch.zeros(1).double())
        return (values * scale).flatten(1).float()

    identity = torch.eye(3, dtype=torch.float64).view(9, 1)
    among = [sampled(identity.expand(9, len(radius)), 3.0, True)]
    if size > 1:
        x, y, z = unit.t()
        o = torch.zeros_like(x)
        among.append(sampled(torch.stack([o, -z, y, z, o, -x, -y, x, o]), 3.0, False))
        outer = (unit.unsqueeze(2) * unit.unsqueeze(1)).flatten(1).t()
        among.append(sampled(outer - identity / 3.0, 3.0, False))
    return {"scalar_scalar": sampled(torch.ones_like(radius).view(1, -1), 1.0, True),
            "vector_scalar": sampled(unit.t(), 1.0, False), "scalar_vector": sampled(unit.t(), 3.0, False),
            "vector_vector": torch.cat(among)}


class SteerableConv(nn.Module):
    """Scalars and vectors to scalars and vectors; channels of a vector lie xyz after xyz."""

    def __init__(self, owner, name, before, after, size, radial):
        super().__init__()
        self.before, self.after, self.size = before, after, size
        self.made = kernels(size, radial)
        self.parts = {kind: owner.one(f"{name}.{kind}") for kind in self.made if f"{name}.{kind}" in owner}
        for kind, part in self.parts.items():
            self.register_parameter(kind, part)
        self.bias = owner.one(name + ".bias")

    def kernel(self):
        (s, v), (t, w), places = self.before, self.after, self.size ** 3

        def part(kind, rows, columns, inner):
            if kind not in self.parts:
                return self.bias.new_zeros(rows * inner[0], columns * inner[1], places)
            made = (self.parts[kind] @ self.made[kind]).view(rows, columns, *inner, places)
            return made.transpose(1, 2).reshape(rows * inner[0], columns * inner[1], places)

        rows = [torch.cat([part("scalar_scalar", t, s, (1, 1)), part("vector_scalar", t, v, (1, 3))], 1)]
        if w:
            rows.append(torch.cat([part("scalar_vector", w, s, (3, 1)), part("vector_vector", w, v, (3, 3))], 1))
        return torch.cat(rows).view(t + 3 * w, s + 3 * v, self.size, self.size, self.size)

    def forward(self, x):
        return F.conv3d(x, self.kernel(), F.pad(self.bias, (0, 3 * self.after[1])), padding=self.size // 2)


class Gate(nn.Module):
    """Norm and SiLU of scalars; vectors over their size, gated by their lengths."""

    def __init__(self, owner, name, channels):
        super().__init__()
        self.scalars, self.vectors = channels
        self.norm = GroupNorm(owner, name + ".norm", 1)
        if self.vectors:
            self.gain, self.slope, self.offset = (
                owner.one(f"{name}.gate.{kind}") for kind in ("gain", "slope", "offset"))

    def forward(self, x):
        scalars = F.silu(self.norm(x[:, :self.scalars]))
        if not self.vectors:
            return scalars
        fields = x[:, self.scalars:].reshape(len(x), self.vectors, 3, -1)
        squares = (fields * fields).sum(2, keepdim=True)
        size = torch.sqrt(squares.mean((1, 2, 3), keepdim=True) + 1e-6)
        each = lambda numbers: numbers.view(1, -1, 1, 1)
        length = torch.sqrt(squares + 1e-6) / size
        gate = torch.sigmoid(length * each(self.slope) + each(self.offset))
        fields = fields * (gate * each(self.gain) / size)
        return torch.cat([scalars, fields.view(len(x), -1, *x.shape[2:])], 1)


class SteerableUnet(VoxelArm):
    def __init__(self, tensors, settings):
        super().__init__(tensors)
        config = settings["config"]
        widths, blocks = list(zip(config["scalars"], config["vectors"])), config["blocks"]
        size, radial = config["kernel"], config["radial"]
        channels = self.tensors["network.last.bias"].shape[0]
        conv = lambda name, before, after, k=size, r=radial: SteerableConv(
            self, "network." + name, before, after, k, r)

        def stage(name, width):
            return nn.Sequential(*[part for place in range(2) for part in (
                Gate(self, f"network.{name}.gates.{place}", width), conv(f"{name}.convs.{place}", width, width))])

        def side(name, levels):
            return nn.ModuleList(nn.ModuleList(
                stage(f"{name}.{level}.{place}", widths[level]) for place in range(blocks[level])) for level in levels)

        levels = range(len(widths))
        self.first = conv("first", (channels, 0), widths[0])
        self.down, self.up = side("down", levels), side("up", levels[:-1])
        pairs = list(zip(widths, widths[1:]))
        self.narrow = nn.ModuleList(conv(f"narrow.{l}", a, b, 1, 1) for l, (a, b) in enumerate(pairs))
        self.widen = nn.ModuleList(conv(f"widen.{l}", b, a, 1, 1) for l, (a, b) in enumerate(pairs))
        self.gate, self.last = Gate(self, "network.gate", widths[0]), conv("last", widths[0], (channels, 0))

    def predict(self, x):
        x = self.first(x)
        skips = []
        for level, stages in enumerate(self.down):
            for stage in stages:
                x = x + stage(x)
            if level < len(self.narrow):
                skips.append(x)
                x = self.narrow[level](F.avg_pool3d(x, 2))
        for level in reversed(range(len(skips))):
            x = F.interpolate(self.widen[level](x), scale_factor=2, mode="trilinear", align_corners=False)
            x = x + skips[level]
            for stage in self.up[level]:
                x = x + stage(x)
        return self.last(self.gate(x))

"""The arms of the task force-field. Atoms of all molecules follow one another; each has slots for neighbours."""
import math

import torch
from torch import nn
from torch.nn import functional as F

from .base import Dense, LayerNorm, Mlp, Parameters, RmsNorm, attend, gaussians
from .coupling import PATHS, clebsch_gordan, quadratic
from .many_body import ManyBody


class ForceBatch:
    def __init__(self, tensors, settings):
        held = tensors["share"].view(-1) > 0
        sizes = tensors["sizes"].long()
        self.molecules = len(sizes)
        self.molecule = torch.repeat_interleave(torch.arange(self.molecules), sizes)
        self.species, self.index = tensors["species"], tensors["index"]
        self.offsets, self.held = tensors["offsets"], tensors["held"]
        self.force = tensors["force"].view(-1, 3)[held]
        self.share = tensors["share"].view(-1)[held]
        self.energy = tensors["energy"].view(-1)
        self.rotations = tensors.get("rotations")

    def posed(self):
        offsets, force = self.offsets, self.force
        if self.rotations is not None:
            turned = self.rotations.transpose(1, 2).index_select(0, self.molecule)
            atoms = force.shape[0]
            offsets = torch.bmm(offsets.view(atoms, -1, 3), turned).view(-1, 3)
            force = torch.bmm(force.unsqueeze(1), turned).squeeze(1)
        return self.species, offsets, self.index, self.held, self.molecule, self.share, force, self.energy

    def padded_to(self, atoms):
        """With more atoms, of no molecule's loss: one shape for a compiler."""
        more, slots = atoms - len(self.species), len(self.index) // len(self.species)
        rows = lambda x, count: F.pad(x, (0, 0) * (x.dim() - 1) + (0, count))
        self.index = torch.cat([self.index, torch.arange(len(self.species), atoms).repeat_interleave(slots)])
        self.offsets, self.held = rows(self.offsets, more * slots), rows(self.held, more * slots)
        for name in ("species", "molecule", "share", "force"):
            setattr(self, name, rows(getattr(self, name), more))
        return self

    def atoms(self):
        return len(self.species)


class ForceArm(Parameters):
    batch = ForceBatch
    answers = ("force", "energy")

    def __init__(self, tensors, settings):
        super().__init__(tensors)
        self.config, task = settings["config"], settings["task"]
        self.cutoff, self.weights = task["cutoff"], (task["force_weight"], task["energy_weight"])
        self.mean_neighbours = settings["facts"]["mean_neighbours"]

    def edges(self, offsets, held):
        squared = (offsets * offsets).sum(1, keepdim=True)
        distance = torch.sqrt(squared + (1.0 - held) * self.cutoff ** 2)
        return distance, offsets / distance

    def bessel(self, distance, held, count):
        """Bessel functions and a constant, all times a smooth envelope."""
        x = (distance / self.cutoff).clamp_max(1.0)
        series = 1.0 + x * (3.0 + x * (6.0 + x * (10.0 + x * (15.0 + 21.0 * x))))
        envelope = (1.0 - x) ** 3 * series * held
        orders = torch.arange(1, count + 1, dtype=distance.dtype) * (math.pi / self.cutoff)
        waves = torch.sin(distance * orders) * math.sqrt(2.0 / self.cutoff) / distance
        return torch.cat([waves, torch.ones_like(distance)], 1) * envelope

    def forward(self, species, offsets, index, held, molecule, share, force, energy):
        found, of_atoms = self.predict(species, offsets, index, held)
        molecules = energy.shape[0]
        mean = of_atoms.new_zeros(molecules).index_add(0, molecule, of_atoms.view(-1) * share)
        error, off = found - force, mean - energy
        loss = ((error * error).sum(1) * share).sum() * (self.weights[0] / (3.0 * molecules))
        return loss + (off * off).mean() * self.weights[1], found, mean


class ReadOut(nn.Module):
    """Forces from vectors [A, 3, C], energies from scalars [A, C]."""

    def __init__(self, owner):
        super().__init__()
        self.gate = Mlp(owner, "vector_head.gate", F.silu)
        self.energy = Mlp(owner, "scalar_head.mlp", F.silu)

    def forward(self, scalars, vectors):
        gated = vectors * self.gate(scalars).unsqueeze(1)
        return gated.sum(2) / math.sqrt(scalars.shape[1]), self.energy(scalars)


class Painn(ForceArm):
    def __init__(self, tensors, settings):
        super().__init__(tensors, settings)
        self.embedding = self.one("backbone.embedding.weight")
        self.layers, filters = nn.ModuleList(), []
        for layer in range(self.config["layers"]):
            at = f"backbone.layers.{layer}."
            kinds = [at + kind for kind in ("to_scalars", "to_vectors", "carry")][: 3 if layer else 2]
            filters += [kind + ".of_distance" for kind in kinds]
            self.layers.append(nn.ModuleDict({
                "hidden": Dense(self, at + "hidden"),
                "say": Dense(self, *[kind + ".of_scalars" for kind in kinds]),
                "both": Dense(self, at + "left", at + "right"),
                "mix": Dense(self, at + "mix"),
                "change": Dense(self, at + "add_scalars", at + "add_vectors", at + "add_product"),
            }))
        self.filters = Dense(self, *filters)
        self.read_out = ReadOut(self)

    def predict(self, species, offsets, index, held):
        width, atoms = self.config["width"], species.shape[0]
        slots, scale = index.shape[0] // atoms, self.mean_neighbours ** -0.5
        distance, unit = self.edges(offsets, held)
        along = unit.view(atoms, slots, 3).transpose(1, 2)
        filters = self.filters(self.bessel(distance, held, self.config["radial"]))
        filters = filters.split([width * (3 if layer else 2) for layer in range(len(self.layers))], 1)
        scalars, vectors = self.embedding.index_select(0, species), None
        for layer, filtered in zip(self.layers, filters):
            said = layer["say"](F.silu(layer["hidden"](scalars)))
            said = (said.index_select(0, index) * filtered).view(atoms, slots, -1)
            moved = torch.bmm(along, said[:, :, width:2 * width])
            scalars = scalars + said[:, :, :width].sum(1) * scale
            if vectors is None:
                vectors = moved * scale
            else:
                sent = vectors.reshape(atoms, -1).index_select(0, index).view(atoms, slots, 3, width)
                moved = moved + (sent * said[:, :, 2 * width:].unsqueeze(2)).sum(1)
                vectors = vectors + moved * scale
            left, right = layer["both"](vectors).split(width, 2)
            length = torch.sqrt((right * right).sum(1) + 1e-8)
            hidden = F.silu(layer["mix"](torch.cat([scalars, length], 1)))
            more, gate, product = layer["change"](hidden).split(width, 1)
            scalars = scalars + more + product * (left * right).sum(1)
            vectors = torch.addcmul(vectors, left, gate.unsqueeze(1))
        return self.read_out(scalars, vectors)


class Coupling(nn.Module):
    """Couplings of edges: `coupling(distance, unit, atoms)[path]` is [A, out, slots in]."""

    def __init__(self, paths):
        super().__init__()
        self.tables = {path: clebsch_gordan(path) for path in sorted({p for ps in paths for p in ps})}
        self.quadratic = quadratic()

    def forward(self, distance, unit, atoms):
        outer = (unit.unsqueeze(2) * unit.unsqueeze(1)).flatten(1)
        harmonics = [torch.ones_like(distance), unit * math.sqrt(3.0), outer @ self.quadratic]
        couplings = {}
        for path, table in self.tables.items():
            size = [2 * degree + 1 for degree in path]
            made = (harmonics[path[1]] @ table).view(atoms, -1, size[0], size[2])
            couplings[path] = made.permute(0, 3, 1, 2).flatten(2)
        return couplings


def received(paths, couplings, senders, weights, mean_neighbours):
    """Messages summed over neighbours and paths, by output degree: [A, 2 l + 1, C]."""
    sums = {}
    for path, weight in zip(paths, weights):
        sent = torch.bmm(couplings[path], (senders[path[0]] * weight).flatten(1, 2))
        sums[path[2]] = sums[path[2]] + sent if path[2] in sums else sent
    counts = [sum(path[2] == degree for path in paths) for degree in range(len(sums))]
    return [sums[degree] * (mean_neighbours * count) ** -0.5 for degree, count in enumerate(counts)]


class TensorField(ForceArm):
    def __init__(self, tensors, settings):
        super().__init__(tensors, settings)
        parity_free = self.config["symmetry"] == "so3"
        self.embedding = self.one("backbone.embedding.weight")
        self.layers, self.paths, weights = nn.ModuleList(), [], []
        layers = self.config["layers"]
        for layer in range(layers):
            highest = (2 if layer else 0, 1 if layer + 1 == layers else 2)
            paths = [p for p in PATHS if p[0] <= highest[0] and p[2] <= highest[1] and (parity_free or sum(p) % 2 == 0)]
            at = f"backbone.layers.{layer}."
            weights += [f"{at}messages.{place}.weight" for place in range(len(paths))]
            self.paths.append(paths)
            self.layers.append(nn.ModuleDict({
                "received": nn.ModuleList(Dense(self, f"{at}received.{d}") for d in range(highest[1] + 1)),
                "own": nn.ModuleList(Dense(self, f"{at}own.{d}") for d in range(min(highest) + 1)),
                "gates": Dense(self, *[f"{at}gates.{d}" for d in range(highest[1])]),
            }))
        self.weights_of = Dense(self, *weights)
        self.coupling = Coupling(self.paths)
        self.read_out = ReadOut(self)

    def predict(self, species, offsets, index, held):
        width, atoms = self.config["width"], species.shape[0]
        slots = index.shape[0] // atoms
        distance, unit = self.edges(offsets, held)
        couplings = self.coupling(distance, unit, atoms)
        weights = self.weights_of(self.bessel(distance, held, self.config["radial"]))
        weights = iter(weights.view(atoms, slots, 1, -1).split(width, 3))
        features = [self.embedding.index_select(0, species).unsqueeze(1)]
        for layer, paths in zip(self.layers, self.paths):
            senders = [f.flatten(1).index_select(0, index).view(atoms, slots, -1, width) for f in features]
            sums = received(paths, couplings, senders, weights, self.mean_neighbours)
            mixed = [mix(total) for mix, total in zip(layer["received"], sums)]
            for degree, own in enumerate(layer["own"]):
                mixed[degree] = mixed[degree] + own(features[degree])
            gates = torch.sigmoid(layer["gates"](mixed[0])).split(width, 2)
            changed = [F.silu(mixed[0])] + [m * gate for m, gate in zip(mixed[1:], gates)]
            features = [features[d] + new if d < len(features) else new for d, new in enumerate(changed)]
        return self.read_out(features[0].squeeze(1), features[1])


class Mace(ForceArm):
    def __init__(self, tensors, settings):
        super().__init__(tensors, settings)
        self.embedding = self.one("backbone.embedding.weight")
        self.elements = self.one("backbone.element_embedding.weight")
        self.layers, self.paths = nn.ModuleList(), []
        self.products, self.scaled = nn.ParameterList(), nn.ParameterList()
        layers = self.config["layers"]
        for layer in range(layers):
            highest = (2 if layer else 0, 1 if layer + 1 == layers else 2)
            paths = [p for p in PATHS if p[0] <= highest[0] and sum(p) % 2 == 0]
            at = f"backbone.layers.{layer}."
            self.paths.append(paths)
            self.products.append(self.one(at + "products"))
            self.scaled.append(self.one(at + "scaled"))
            mix = lambda name, most: nn.ModuleList(Dense(self, f"{at}{name}.{d}") for d in range(most + 1))
            self.layers.append(nn.ModuleDict({
                "hidden": Dense(self, at + "hidden"),
                "weights": Dense(self, *[f"{at}messages.{place}.weight" for place in range(len(paths))]),
                "received": mix("received", 2), "mixed": mix("mixed", highest[1]), "own": mix("own", min(highest)),
                "many_body": ManyBody(highest[1]),
            }))
        self.coupling = Coupling(self.paths)
        self.read_out = ReadOut(self)

    def predict(self, species, offsets, index, held):
        width, atoms = self.config["width"], species.shape[0]
        slots = index.shape[0] // atoms
        distance, unit = self.edges(offsets, held)
        couplings = self.coupling(distance, unit, atoms)
        radial = self.bessel(distance, held, self.config["radial"])[:, :-1] * (2.0 * math.sqrt(self.cutoff))
        elements = self.elements.index_select(0, species)
        features = [self.embedding.index_select(0, species).unsqueeze(1)]
        for layer, paths, products, scaled in zip(self.layers, self.paths, self.products, self.scaled):
            senders = [f.flatten(1).index_select(0, index).view(atoms, slots, -1, width) for f in features]
            weights = layer["weights"](F.silu(layer["hidden"](radial)))
            weights = weights.view(atoms, slots, 1, -1).split(width, 3)
            sums = received(paths, couplings, senders, weights, self.mean_neighbours)
            basis = [mix(total) for mix, total in zip(layer["received"], sums)]
            sums = layer["many_body"](basis, elements @ products)
            scales = (1.0 + elements @ scaled).unsqueeze(1).split(width, 2)
            own = [mix(f * scale) for mix, f, scale in zip(layer["own"], features, scales)]
            mixed = [mix(total) for mix, total in zip(layer["mixed"], sums)]
            features = [new + own[d] if d < len(own) else new for d, new in enumerate(mixed)]
        return self.read_out(features[0].squeeze(1), features[1])


class NeighbourAttention(ForceArm):
    def __init__(self, tensors, settings):
        super().__init__(tensors, settings)
        self.embedding = self.one("embedding.weight")
        self.order, self.radial = Dense(self, "order"), Dense(self, "radial")
        self.given = Dense(self, "sender", "receiver")
        self.blocks = nn.ModuleList()
        self.angles = nn.ParameterList()
        for block in range(self.config["layers"]):
            at = f"blocks.{block}."
            self.blocks.append(nn.ModuleDict({
                "edge_norm": RmsNorm(self, at + "edge_norm"), "edge": Dense(self, at + "edge"),
                "given": Dense(self, at + "sender", at + "receiver"),
                "attention": Dense(self, at + "query", at + "key", at + "value"),
                "output": Dense(self, at + "output"),
                "node_norm": RmsNorm(self, at + "node_norm"), "node": Mlp(self, at + "node", F.gelu),
                "last_norm": RmsNorm(self, at + "perceptron_norm"),
                "perceptron": Mlp(self, at + "perceptron", F.gelu),
            }))
            self.angles.append(self.one(at + "angle"))
        self.norm, self.edge_head = RmsNorm(self, "norm"), Dense(self, "edge_head")
        self.scale_head, self.energy_head = Dense(self, "scale_head"), Mlp(self, "energy_head", F.gelu)

    @torch.no_grad()
    def orders(self, cosine, share):
        """Bond-orientational order, mean_jk P_l(cos) for every degree l."""
        legendre = [torch.ones_like(cosine), cosine]
        for l in range(1, self.config["degree"]):
            legendre.append(((2 * l + 1) * cosine * legendre[-1] - l * legendre[-2]) / (l + 1))
        pairs = torch.stack(legendre, 1) @ share.unsqueeze(1)
        return (pairs * share.unsqueeze(1)).sum((2, 3))

    def predict(self, species, offsets, index, held):
        config, atoms = self.config, species.shape[0]
        width, heads = config["width"], config["heads"]
        slots = index.shape[0] // atoms
        distance, unit = self.edges(offsets, held)
        unit, held = unit.view(atoms, slots, 3), held.view(atoms, slots, 1)
        share = held / held.sum(1, keepdim=True).clamp_min(1.0)
        cosine = torch.bmm(unit, unit.transpose(1, 2))
        hidden = (held.view(atoms, 1, 1, slots) - 1.0) * 1e9
        nodes = self.embedding.index_select(0, species) + self.order(self.orders(cosine, share))
        gain = math.sqrt(config["radial"] / math.sqrt(math.pi))
        edges = self.radial(gaussians(distance, config["radial"], self.cutoff) * gain)

        def spread(edges, given):
            sent, received = given.split(width, 1)
            return edges.view(atoms, slots, width) + sent.index_select(0, index).view(atoms, slots, width) \
                + received.unsqueeze(1)

        edges = spread(edges, self.given(nodes))
        for block, angle in zip(self.blocks, self.angles):
            message = spread(block["edge"](block["edge_norm"](edges)), block["given"](nodes))
            query, key, value = block["attention"](message).split(width, 2)
            bias = torch.addcmul(hidden, cosine.unsqueeze(1), angle.view(1, heads, 1, 1))
            edges = edges + block["output"](attend(query, key, value * held, heads, bias))
            nodes = nodes + block["node"](block["node_norm"]((edges * share).sum(1)))
            edges = edges + block["perceptron"](block["last_norm"](edges))
        channels = self.edge_head(self.norm(edges)) * (held * self.mean_neighbours ** -0.5)
        return (channels * unit).sum(1) * (self.scale_head(nodes) + 1.0), self.energy_head(nodes)


class CoordinateTransformer(ForceArm):
    def __init__(self, tensors, settings):
        super().__init__(tensors, settings)
        self.embedding = self.one("embedding.weight")
        self.blocks = nn.ModuleList()
        for block in range(self.config["layers"]):
            at = f"blocks.{block}."
            self.blocks.append(nn.ModuleDict({
                "norm": LayerNorm(self, at + "attention_norm"), "place": Dense(self, at + "place"),
                "given": Dense(self, at + "sender", at + "receiver", at + "query"),
                "seen": Dense(self, at + "key", at + "value"), "output": Dense(self, at + "output"),
                "last_norm": LayerNorm(self, at + "perceptron_norm"),
                "perceptron": Mlp(self, at + "perceptron", F.gelu),
            }))
        self.norm, self.force_head = LayerNorm(self, "norm"), Dense(self, "force_head")
        self.energy_head = Mlp(self, "energy_head", F.gelu)

    def predict(self, species, offsets, index, held):
        config, atoms = self.config, species.shape[0]
        width, radial = config["width"], config["radial"]
        slots = index.shape[0] // atoms
        distance, unit = self.edges(offsets, held)
        functions = gaussians(distance, radial, self.cutoff) * math.sqrt(radial / math.sqrt(math.pi))
        components = torch.cat([held, unit * math.sqrt(3.0)], 1)
        places = (functions.unsqueeze(2) * components.unsqueeze(1)).flatten(1)
        held = held.view(atoms, slots)
        hidden = ((held - 1.0) * 1e9).view(atoms, 1, 1, slots)
        tokens = self.embedding.index_select(0, species)
        for block in self.blocks:
            sent, received, query = block["given"](block["norm"](tokens)).split(width, 1)
            edges = (block["place"](places) + sent.index_select(0, index)).view(atoms, slots, width)
            key, value = block["seen"](F.gelu(edges + received.unsqueeze(1))).split(width, 2)
            seen = attend(query.unsqueeze(1), key, value * held.unsqueeze(2), config["heads"], hidden)
            tokens = tokens + block["output"](seen.squeeze(1))
            tokens = tokens + block["perceptron"](block["last_norm"](tokens))
        tokens = self.norm(tokens)
        return self.force_head(tokens), self.energy_head(tokens)

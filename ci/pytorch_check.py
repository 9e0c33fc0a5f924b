"""Holds predictions, gradients and 20 training steps of every twin against those of twirlbench."""
import os
import sys

import torch
from safetensors.torch import load_file

import arms
from pytorch_cases import QUICK, written

# Of the largest entry: rounding of single precision through a network, and through 20 steps of AdamW.
PREDICTION, GRADIENT, STEPS, AVERAGE = 1e-5, 1e-5, 1e-4, 1e-4


def apart(found, expected):
    """Largest difference, over the largest expected entry."""
    return float((found - expected).abs().max() / expected.abs().max().clamp_min(1e-30))


def together(found, expected):
    """Length of the difference of all gradients, over their length."""
    difference = sum(float(((found[n] - expected[n]).double() ** 2).sum()) for n in expected)
    return (difference / sum(float((expected[n].double() ** 2).sum()) for n in expected)) ** 0.5


def within(answers, prefix):
    start = prefix + "."
    return {name[len(start):]: tensor for name, tensor in answers.items() if name.startswith(start)}


def predicted(arm, batch, answers, outputs):
    """Pairs of found and expected outputs, where there are atoms."""
    for name, output in zip(arm.answers, outputs):
        expected = answers[name]
        if name == "force":
            held = batch.tensors_share > 0
            yield name, output, expected.view(-1, 3)[held]
        else:
            yield name, output.reshape(expected.shape), expected


def main():
    out = sys.argv[1]
    torch.set_num_threads(1)
    failed = False
    for name in QUICK:
        folder = written(out, name)
        arm, batches, settings = arms.load(folder)
        answers = load_file(os.path.join(folder, "answers.safetensors"))
        shares = load_file(os.path.join(folder, "batches.safetensors")).get("0.share")
        batches[0].tensors_share = shares.view(-1) if shares is not None else None
        loss, *outputs = arm(*batches[0].posed())
        loss.backward()
        found = {what: (apart(a.detach(), b), PREDICTION)
                 for what, a, b in predicted(arm, batches[0], answers, outputs)}
        gradients = arm.by_name(lambda parameter: parameter.grad)
        found["gradients"] = (together(gradients, within(answers, "gradient")), GRADIENT)
        arm.zero_grad(set_to_none=True)
        trainer = arms.Trainer(arm, settings)
        losses = torch.tensor([trainer.step(batches[step % len(batches)], step)
                               for step in range(len(answers["losses"]))])
        found["losses"] = (float((losses / answers["losses"] - 1.0).abs().max()), STEPS)
        average = dict(zip(map(id, trainer.weights), trainer.average))
        average = arm.by_name(lambda parameter: average[id(parameter)])
        found["averages"] = (together(average, within(answers, "average")), AVERAGE)
        assert settings["parameters"] == sum(weight.numel() for weight in arm.parameters())
        bad = [what for what, (error, most) in found.items() if not error <= most]
        failed |= bool(bad)
        text = ", ".join(f"{what} {error:.1e}" for what, (error, _) in found.items())
        print(f"ci/pytorch: {name}: {text}" + (f": TOO FAR: {', '.join(bad)}" if bad else ""), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()

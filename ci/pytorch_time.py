"""Times training steps: twirlbench, PyTorch eager and torch.compile in turn, and prints a table."""
import json
import os
import statistics
import subprocess
import sys
import time

from pytorch_cases import ALL, written

WAYS = ("ours", "eager", "compile")


def memory(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(key))


def twin(folder, way):
    """Runs in a process of its own; every line of standard input is a number of seconds to time for."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.set_flush_denormal(True)
    idle = memory("VmRSS")
    import arms

    arm, batches, settings = arms.load(folder)
    call = None
    if way == "compile":
        most = max(batch.atoms() for batch in batches)
        batches = [batch.padded_to(most) for batch in batches]
        call = torch.compile(arm)
    elif settings["arm"] in ("unet", "steerable-unet"):
        arm = arm.to(memory_format=torch.channels_last_3d)
    trainer = arms.Trainer(arm, settings, call)
    step, begun = 0, time.perf_counter()
    while step < 3 or (step < len(batches) and time.perf_counter() - begun < 2.0):
        trainer.step(batches[step % len(batches)], step)
        step += 1
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        seconds, count = float(line), 0
        begun, busy = time.perf_counter(), time.process_time()
        while count < 3 or time.perf_counter() - begun < seconds:
            trainer.step(batches[step % len(batches)], step)
            step, count = step + 1, count + 1
        print(json.dumps({
            "wall_ms": 1e3 * (time.perf_counter() - begun) / count,
            "cpu_ms": 1e3 * (time.process_time() - busy) / count,
            "peak_mib": memory("VmHWM") - idle,
        }), flush=True)


class Twin:
    def __init__(self, folder, way, environment):
        self.process = subprocess.Popen([sys.executable, __file__, "twin", folder, way], env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.works = bool(self.process.stdout.readline())

    def time(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def ours(name, seconds, environment):
    words = [os.environ["STEPS"], "time", str(seconds), json.dumps(ALL[name])]
    return json.loads(subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout)


def row(name, folder, threads, rounds, seconds):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads),
                       RAYON_NUM_THREADS=str(threads))
    twins = {way: Twin(folder, way, environment) for way in WAYS[1:]}
    found = {way: [] for way in WAYS}
    for _ in range(rounds):
        found["ours"].append(ours(name, seconds, environment))
        for way, process in twins.items():
            if process.works:
                found[way].append(process.time(seconds))
    for process in twins.values():
        process.process.stdin.close()
        process.process.wait()
    middle = lambda way, key: statistics.median(r[key] for r in found[way]) if found[way] else float("nan")
    wall = [middle(way, "wall_ms") for way in WAYS]
    cells = [f"{x:.2f}" for x in wall] + [f"{wall[0] / wall[1]:.2f}", f"{wall[0] / wall[2]:.2f}"]
    cells += [f"{middle(way, 'cpu_ms'):.2f}" for way in WAYS]
    cells += [f"{max((r['peak_mib'] for r in found[way]), default=float('nan')):.0f}" for way in WAYS]
    size = ALL[name]["config"] or {}
    size = json.dumps(size) if size else "default"
    print(f"| {ALL[name]['arm']} | {size}, batch {ALL[name]['batch']} | {threads} | " + " | ".join(cells) + " |", flush=True)


def main():
    out = sys.argv[1]
    names = os.environ.get("CASES", " ".join(ALL)).split()
    threads = [int(count) for count in os.environ.get("THREADS", "1 2").split()]
    rounds, seconds = int(os.environ.get("ROUNDS", "5")), float(os.environ.get("SECONDS_EACH", "1"))
    import torch

    print(f"PyTorch {torch.__version__}; medians of {rounds} rounds of {seconds} s in turn; "
          f"load {os.getloadavg()[0]:.1f} at the start. Memory is ours in all, PyTorch's above its import.\n")
    print("| arm | size | threads | ours ms | eager ms | compile ms | ours/eager | ours/compile"
          " | CPU ms ours | eager | compile | peak MiB ours | eager | compile |")
    print("|---|---|--:|" + "--:|" * 11, flush=True)
    for name in names:
        folder = written(out, name)
        for count in threads:
            row(name, folder, count, rounds, seconds)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    if sys.argv[1] == "twin":
        twin(*sys.argv[2:])
    else:
        main()

"""Times training steps: twirlbench, PyTorch eager and torch.compile in turn, and prints a table."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from pytorch_cases import ALL, written
from pytorch_table import HEAD, WAYS, foot, line


def memory(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(key))


def processor():
    with open("/proc/cpuinfo") as file:
        return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))


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


def answer(words, environment):
    return json.loads(subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout)


def ours(name, seconds, environment):
    return answer([os.environ["STEPS"], "time", str(seconds), json.dumps(ALL[name])], environment)


def product():
    """Operations a second of a large product of PyTorch's: the best of five tries."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    size, count = 1024, 10
    left, right = torch.rand(2, size, size)
    seconds = []
    for _ in range(6):
        begun = time.perf_counter()
        for _ in range(count):
            left @ right
        seconds.append(time.perf_counter() - begun)
    print(json.dumps({"gflop_per_s": 2e-9 * size**3 * count / min(seconds)}))


def products(threads):
    """Large products of both by threads."""
    words = {"ours": [os.environ["STEPS"], "product"], "pytorch": [sys.executable, __file__, "product"]}
    rate = lambda way, count: answer(words[way], settings(count))["gflop_per_s"]
    return {way: {str(count): rate(way, count) for count in threads} for way in words}


def settings(threads):
    return dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), RAYON_NUM_THREADS=str(threads))


def timed(name, folder, threads, rounds, seconds):
    """Medians over rounds in turn; a way that does not work has none."""
    environment = settings(threads)
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
    case = ALL[name]
    row = {"arm": case["arm"], "config": case["config"], "task": case["task"], "batch": case["batch"], "threads": threads,
           "gflop": found["ours"][0]["gflop"]}
    for way, times in found.items():
        if times:
            row[way] = {key: statistics.median(one[key] for one in times) for key in ("wall_ms", "cpu_ms")}
            row[way]["peak_mib"] = max(one["peak_mib"] for one in times)
    return row


def main():
    out = pathlib.Path(sys.argv[1])
    names = os.environ.get("CASES", " ".join(ALL)).split()
    threads = [int(count) for count in os.environ.get("THREADS", "1 2").split()]
    rounds, seconds = int(os.environ.get("ROUNDS", "5")), float(os.environ.get("SECONDS_EACH", "1"))
    import torch

    figures = {"pytorch": torch.__version__, "vectors": torch.backends.cpu.get_cpu_capability(), "processor": processor(),
               "rounds": rounds, "seconds": seconds, "load": [os.getloadavg()[0]], "rows": [],
               "product_gflop_per_s": products(threads)}
    print(HEAD, flush=True)
    for name in names:
        folder = written(str(out), name)
        for count in threads:
            figures["rows"].append(timed(name, folder, count, rounds, seconds))
            print(line(figures, figures["rows"][-1]), flush=True)
    figures["load"].append(os.getloadavg()[0])
    (out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(f"\n{foot(figures)}\nfigures: {out / 'figures.json'}")


if __name__ == "__main__":
    if sys.argv[1] == "twin":
        twin(*sys.argv[2:])
    elif sys.argv[1] == "product":
        product()
    else:
        main()

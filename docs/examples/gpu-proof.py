#!/usr/bin/env python3
"""Runs the generated programs on a GPU that has PyTorch beside it, and no Java: what docs/gpu.md
records under "The programs alone".

    ./watershed bench programs --size mini --dropout 0 --expected --out programs/mini
    ./watershed bench programs --size base --out programs/base
    ./watershed bench programs --size large --out programs/large
    python3 docs/examples/gpu-proof.py programs [--device cuda:0] [--out proof.jsonl] [--quick]

Each section prints JSON lines; one that fails says so and leaves the others alone. --quick takes
little of everything, for a look on a CPU (--device cpu) whether the script itself is sound.
"""

import argparse
import json
import os
import struct
import sys
import time
import traceback
from pathlib import Path

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import torch  # noqa: E402 - reads the line above

parser = argparse.ArgumentParser()
parser.add_argument("programs", type=Path)
parser.add_argument("--device", default="cuda:0")
parser.add_argument("--out", type=Path)
parser.add_argument("--only", default="", help="sections, separated by commas")
parser.add_argument("--quick", action="store_true")
options = parser.parse_args()
device = torch.device(options.device)
gpu = device.type == "cuda"
cpu = torch.device("cpu")
began = time.time()
out = options.out.open("w") if options.out else None
torch.set_grad_enabled(False)
torch._C._set_graph_executor_optimize(False)  # as the service


def say(**facts):
    facts["at_s"] = round(time.time() - began, 1)
    line = json.dumps({k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in facts.items()})
    print(line, flush=True)
    if out:
        out.write(line + "\n")
        out.flush()


def section(function):
    name = function.__name__
    if options.only and name not in options.only.split(","):
        return
    try:
        function()
    except Exception as e:  # noqa: BLE001 - the other sections count too
        traceback.print_exc()
        say(section=name, failed=f"{type(e).__name__}: {e}"[:2000])
    tf32(False)
    if gpu:
        torch.cuda.empty_cache()


def tf32(allowed):
    torch.backends.cuda.matmul.allow_tf32 = allowed


def wait():
    if gpu:
        torch.cuda.synchronize()


def seconds(work, least=0.3, most=50):
    """Median time of one call, each waited for, after calls to warm up."""
    for _ in range(1 if options.quick else 2):
        work()
    wait()
    times, start = [], time.perf_counter()
    while not times or (time.perf_counter() - start < least and len(times) < most):
        t = time.perf_counter()
        work()
        wait()
        times.append(time.perf_counter() - t)
        if options.quick:
            break
    return sorted(times)[len(times) // 2]


sizes = {}


def sized(name):
    """A size, read once."""
    if name not in sizes:
        sizes[name] = Size(name)
    return sizes[name]


class Size:
    """One size of a model: layout, programs, inputs."""

    def __init__(self, name):
        self.directory = options.programs / name
        self.layout = json.loads((self.directory / "layout.json").read_text())
        self.loaded = {}
        self.drawn = {}

    def program(self, kind):
        """A program holds no tensors, so it runs wherever its inputs are."""
        if kind not in self.loaded:
            self.loaded[kind] = torch.jit.load(self.directory / f"{kind}.pt")
        return self.loaded[kind]

    def vector(self, seed, of="classifier"):
        """Weights as BERT draws them, on the CPU; not to be written to."""
        if (seed, of) not in self.drawn:
            self.drawn[seed, of] = self.draw(seed, of)
        return self.drawn[seed, of]

    def draw(self, seed, of):
        parameters = self.layout[of]
        generator = torch.Generator().manual_seed(seed)
        flat = torch.zeros(parameters[-1]["offset"] + parameters[-1]["size"])
        for p in parameters:
            part = flat[p["offset"] : p["offset"] + p["size"]]
            if len(p["shape"]) == 2:
                part.normal_(0, 0.02, generator=generator)
            elif p["name"].lower().replace("_", "").endswith("layernorm.weight"):
                part.fill_(1)
        return flat

    def batch(self, examples, length, seed=1, shortest=None):
        """ids, types, bias and labels; padded to length where shorter ones are asked for."""
        generator = torch.Generator().manual_seed(seed)
        vocabulary = self.layout["vocabulary"]
        ids = torch.randint(3, vocabulary, (examples, length), generator=generator)
        # Half of a text is a few words, whose gradients are sums of many rows.
        few = torch.randint(3, min(53, vocabulary), (examples, length), generator=generator)
        ids = torch.where(torch.rand(examples, length, generator=generator) < 0.5, few, ids)
        types = (torch.arange(length) * 2 >= length).int().expand(examples, length).contiguous()
        lengths = torch.full((examples,), length)
        if shortest:
            lengths[1:] = torch.randint(shortest, length + 1, (examples - 1,), generator=generator)
        padding = torch.arange(length)[None] >= lengths[:, None]
        ids[padding] = 0
        bias = torch.zeros(examples, 1, 1, length).masked_fill(padding[:, None, None], float("-inf"))
        labels = torch.randint(self.layout["labels"], (examples,), generator=generator)
        return (ids.int(), types, bias if padding.any() else torch.zeros(0),
                torch.stack([torch.arange(examples), labels]))

    def masked(self, batch, seed=1):
        """Targets of masked language modelling: places in the batch, and what is right there."""
        ids = batch[0].long().reshape(-1)
        generator = torch.Generator().manual_seed(seed)
        places = ((torch.rand(ids.numel(), generator=generator) < 0.15) & (ids != 0)).nonzero()[:, 0]
        return (*batch[:3], torch.stack([places, ids[places]]))

    def operations(self, examples, length):
        """ForwardCost's count."""
        h, i, n = self.layout["width"], self.layout["intermediate"], examples * length
        layer = 2 * n * (4 * h * h + 2 * h * i) + 4 * n * length * h
        last = 4 * n * h * h + 2 * examples * (2 * h * h + 2 * h * i) + 4 * n * h
        head = 2 * examples * (h * h + h * self.layout["labels"])
        return (self.layout["layers"] - 1) * layer + last + head


def on(where, tensors):
    return tuple(t.to(where) for t in tensors)


def settings(values=(2e-5, 0.9, 0.999, 1e-8, 1.0, 0.01, 0.0)):
    return torch.tensor(values, dtype=torch.float64)  # on the host, as the trainer has it


def gradient(program, batch, flat):
    with torch.enable_grad():
        return program.gradient(*batch, flat)


def train(program, method, weights, batch, steps, where, values=None):
    """Steps from the same weights; the losses, and the vector afterwards."""
    flat = weights.to(where, copy=True)
    m, v = torch.zeros_like(flat), torch.zeros_like(flat)
    inputs, losses = on(where, batch), []
    chosen = settings() if values is None else settings(values)
    step = getattr(program, method)
    for k in range(steps):
        torch.manual_seed(7 + k)
        count = torch.tensor(float(k + 1), device=where)
        with torch.enable_grad():
            losses.append(step(*inputs, flat, m, v, chosen, count).tolist()[0])
    return losses, flat


def logits(size, precision, flat, batch):
    program = size.program(f"evaluation-{precision}")
    if precision == "fp32":
        return program.logits(flat, *batch[:3])
    copy = program.room_to_round(flat)
    program.round(flat, copy)
    return program.logits(flat, copy, *batch[:3])


def losses_of(logits, batch):
    return torch.nn.functional.cross_entropy(logits.cpu().double(), batch[3][1].cpu(), reduction="none")


def modes():
    """Precisions of a GPU: program, TF32, name."""
    yield "fp32", False, "fp32"
    if gpu:
        yield "fp32", True, "tf32"
    yield "bf16", False, "bf16"


def read_safetensors(path):
    data = path.read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + n])
    facts = header.pop("__metadata__", {})
    found = {}
    for name, t in header.items():
        a, b = (8 + n + o for o in t["data_offsets"])
        found[name] = torch.frombuffer(bytearray(data[a:b]), dtype=torch.float32).reshape(t["shape"])
    return found, facts


def relative(found, right):
    return float((found.double().cpu() - right.double()).norm() / right.double().norm())


def largest(found, right):
    return float((found.double().cpu() - right.double().cpu()).abs().max())


def machine():
    facts = {"torch": torch.__version__, "cuda": torch.version.cuda}
    if gpu:
        p = torch.cuda.get_device_properties(device)
        facts.update(gpu=p.name, memory_gib=p.total_memory / 2**30, processors=p.multi_processor_count)
    say(section="machine", threads=torch.get_num_threads(), **facts)


def java():
    """Against what the Java engine computed on its CPU (libtorch 2.7.1)."""
    size = sized("mini")
    x, facts = read_safetensors(size.directory / "expected.safetensors")
    n = len(x["lengths"])
    ids = x["ids"].reshape(n, -1).int()
    padding = torch.arange(ids.shape[1])[None] >= x["lengths"][:, None]
    bias = torch.zeros(n, 1, 1, ids.shape[1]).masked_fill(padding[:, None, None], float("-inf"))
    batch = (ids, x["types"].reshape(n, -1).int(), bias,
             torch.stack([torch.arange(n), x["labels"].long()]))
    values = [float(s) for s in facts["settings"].split()]
    for where in dict.fromkeys([cpu, device]):
        b = on(where, batch)
        a, other = x["a"].to(where), x["b"].to(where)
        between = torch.empty_like(a)
        size.program("evaluation-fp32").interpolate(a, other, float(facts["alpha"]), between)
        for precision, allowed, mode in modes():
            if where == cpu and mode == "tf32":
                continue
            tf32(allowed)
            program = size.program(f"training-{precision}")
            right = x["logits_between"].reshape(n, -1)
            found = logits(size, precision, between, b)
            losses, trained = train(
                program, "step_all", x["a"], batch, len(x["losses"]), where, values)
            say(section="java", on=where.type, mode=mode, examples=n,
                logits_a=largest(logits(size, precision, a, b), x["logits_a"].reshape(n, -1)),
                interpolated_weights=largest(between, x["between"]),
                logits_interpolated=largest(found, right),
                loss_of_an_example=largest(losses_of(found, batch), losses_of(right, batch)),
                mean_loss=abs(float(losses_of(found, batch).mean() - losses_of(right, batch).mean())),
                training_loss=abs(float(program.loss(*b, a)) - float(x["loss"])),
                gradient_relative=relative(gradient(program, b, a), x["gradient"]),
                losses_of_steps=largest(torch.tensor(losses), x["losses"]),
                weights_after_steps_relative=relative(trained, x["trained"]),
                step_relative=relative(trained.cpu() - x["a"], x["trained"] - x["a"]))
        tf32(False)


def ends():
    """Alpha 1 and 0 give exactly the ends, and points between are the CPU's."""
    size = sized("base")
    a, b = size.vector(1), size.vector(2)
    program = size.program("evaluation-fp32")
    for alpha in (1.0, 0.0, 0.1, 0.5, 0.7):
        here, there = torch.empty_like(a), torch.empty_like(a, device=device)
        program.interpolate(a, b, alpha, here)
        program.interpolate(a.to(device), b.to(device), alpha, there)
        facts = {"end_exact": bool(torch.equal(there.cpu(), a if alpha else b))} if alpha in (0, 1) else {}
        say(section="ends", alpha=alpha, same_bits_as_cpu=bool(torch.equal(there.cpu(), here)),
            largest_difference=largest(there, here), **facts)


def parity():
    """Base and large, padded examples: how far this machine's CPU and the GPU are from float64."""
    for name, examples, length in (("base", 32, 128), ("large", 8, 128)):
        if options.quick:
            examples, length = 2, 16
        size = sized(name)
        flat = torch.lerp(size.vector(2), size.vector(1), 0.3)
        head = next(p for p in size.layout["classifier"] if p["name"] == "classifier.weight")
        flat[head["offset"] : head["offset"] + head["size"]] *= 5  # logits apart, as after training
        batch = size.batch(examples, length, shortest=10)
        exact = (*batch[:2], batch[2].double(), batch[3])
        right = logits(size, "fp32", flat.double(), exact)
        slope = gradient(size.program("training-fp32"), exact, flat.double())
        for where in dict.fromkeys([cpu, device]):
            there, flat_there = on(where, batch), flat.to(where)
            for precision, allowed, mode in modes():
                if where == cpu and gpu and mode != "fp32":
                    continue
                tf32(allowed)
                found = logits(size, precision, flat_there, there)
                wrong = losses_of(found, batch) - losses_of(right, batch)
                say(section="parity", size=name, on=where.type, mode=mode, examples=examples,
                    logits=largest(found, right), logits_spread=float(right.std()),
                    loss_of_an_example=float(wrong.abs().max()), mean_loss=abs(float(wrong.mean())),
                    gradient_relative=relative(
                        gradient(size.program(f"training-{precision}"), there, flat_there), slope))
        tf32(False)


def determinism():
    """The same steps twice give the same bytes; the same evaluation too. Dropout is on."""
    count = 2 if options.quick else 10
    for name, kind, method, examples, length in (
        ("mini", "training", "step_all", 32, 64),
        ("mini", "training", "step_all", 128, 128),
        ("base", "training", "step_all", 32, 128),
        ("base", "training", "step_head", 32, 128),
        ("base", "training", "step_all", 128, 128),
        ("base", "pretraining", "step_all", 32, 128),
        ("large", "training", "step_all", 16, 128),
    ):
        if options.quick:
            examples, length = 2, 16
        size = sized(name)
        pretraining = kind == "pretraining"
        a = size.vector(1, "pretrained" if pretraining else "classifier").to(device)
        batch = size.batch(examples, length, shortest=10)
        batch = on(device, size.masked(batch) if pretraining else batch)
        for precision, allowed, mode in modes():
            tf32(allowed)
            program = size.program(f"{kind}-{precision}")
            first, x = train(program, method, a, batch, count, device)
            other = torch.empty(int(1e8) if gpu else 10, device=device)  # so that memory lies elsewhere
            second, y = train(program, method, a, batch, count, device)
            del other
            say(section="determinism", size=name, program=kind, method=method, mode=mode,
                tokens=examples * length, steps=count,
                same_losses=first == second, same_bytes=bool(torch.equal(x, y)),
                loss_first=first[0], loss_last=first[-1], moved=float((x - a).norm()))
            del x, y
    size = sized("base")
    a = size.vector(1).to(device)
    batch = on(device, size.batch(*((2, 16) if options.quick else (128, 64)), shortest=10))
    for precision, allowed, mode in modes():
        tf32(allowed)
        first = logits(size, precision, a, batch)
        same = all(torch.equal(first, logits(size, precision, a, batch)) for _ in range(5))
        half = [t[: len(t) // 2].contiguous() for t in batch[:3]]
        say(section="determinism", size="base", program="evaluation", mode=mode, same_bytes=same,
            difference_in_half_the_batch=largest(logits(size, precision, a, half), first[: len(first) // 2]))


def product_rate(mode):
    """TFLOP/s of the best product."""
    n = 256 if options.quick else 8192
    tf32(mode == "tf32")
    kind = torch.bfloat16 if mode == "bf16" else torch.float32
    a = torch.randn(n, n, device=device).to(kind)
    b = torch.randn(n, n, device=device).to(kind)
    rate = 2 * n**3 / seconds(lambda: a @ b, 0.5) / 1e12
    tf32(False)
    return rate


best = {}


def products():
    for _, _, mode in modes():
        best[mode] = product_rate(mode)
        say(section="products", mode=mode, n=256 if options.quick else 8192, tflops=best[mode])


def bandwidth():
    """Interpolating a vector reads two and writes one; copying reads one and writes one."""
    for name in ("base", "large"):
        size = sized(name)
        a = torch.randn(size.vector(1).numel(), device=device)
        b = torch.randn_like(a)
        to = torch.empty_like(a)
        program = size.program("evaluation-fp32")
        t = seconds(lambda: program.interpolate(a, b, 0.3, to), 0.2)
        copy = seconds(lambda: to.copy_(a), 0.2)
        rounding = size.program("evaluation-bf16")
        half = rounding.room_to_round(a)
        r = seconds(lambda: rounding.round(a, half), 0.2)
        bytes_ = 4 * a.numel()
        facts = {}
        if gpu:
            pageable = a.cpu()
            facts["load_from_host_ms"] = 1e3 * seconds(lambda: to.copy_(pageable), 0.2)
        say(section="bandwidth", size=name, parameters=a.numel(), interpolate_ms=1e3 * t,
            interpolate_tb_s=3 * bytes_ / t / 1e12, copy_ms=1e3 * copy,
            copy_tb_s=2 * bytes_ / copy / 1e12, round_ms=1e3 * r,
            fraction_of_copy=3 / t / (2 / copy), **facts)


def evaluation():
    """Forward passes through batches of one length, by budget of padded tokens."""
    budgets = (64,) if options.quick else (4096, 16384, 65536)
    lengths = (16,) if options.quick else (32, 64, 128)
    for name in ("base", "large"):
        size = sized(name)
        flat = torch.lerp(size.vector(2), size.vector(1), 0.3).to(device)
        for precision, allowed, mode in modes():
            tf32(allowed)
            program = size.program(f"evaluation-{precision}")
            weights = (flat,)
            if precision == "bf16":
                copy = program.room_to_round(flat)
                program.round(flat, copy)
                weights = (flat, copy)
            for budget in budgets:
                for length in lengths:
                    examples = budget // length
                    for padded in (False, True) if length == 64 else (False,):
                        batch = on(device, size.batch(examples, length, shortest=length // 2 if padded else None))
                        if gpu:
                            torch.cuda.reset_peak_memory_stats()
                            held = torch.cuda.memory_allocated()
                        t = seconds(lambda: program.logits(*weights, *batch[:3]), 0.15)
                        rate = size.operations(examples, length) / t / 1e12
                        facts = {"activations_mib": (torch.cuda.max_memory_allocated() - held) >> 20} if gpu else {}
                        say(section="evaluation", size=name, mode=mode, budget=budget, length=length,
                            examples=examples, padded=padded, ms=1e3 * t, tflops=rate,
                            fraction=rate / best[mode] if mode in best else None, **facts)
        tf32(False)


def points():
    """A point of a curve as the evaluator computes it: interpolate, round, pass over 512 examples of
    MNLI's lengths in batches of at most so many padded tokens, logits to the host."""
    count = 16 if options.quick else 512
    generator = torch.Generator().manual_seed(1)
    lengths = torch.exp(3.6 + 0.43 * torch.randn(count, generator=generator)).round().clamp(10, 128).int()
    lengths = lengths.sort(descending=True).values.tolist()
    for name in ("base", "large"):
        size = sized(name)
        a, b = size.vector(1).to(device), size.vector(2).to(device)
        between = torch.empty_like(a)
        for budget in ((256,) if options.quick else (4096, 16384, 65536)):
            batches, at, work = [], 0, 0.0
            while at < count:
                n = max(1, min(budget // lengths[at], count - at))
                batch = size.batch(n, lengths[at], shortest=lengths[at + n - 1])
                batches.append(on(device, batch))
                work += size.operations(n, lengths[at])
                at += n
            for precision, allowed, mode in modes():
                tf32(allowed)
                program = size.program(f"evaluation-{precision}")
                copy = program.room_to_round(a) if precision == "bf16" else None

                def point():
                    program.interpolate(a, b, 0.3, between)
                    weights = (between,)
                    if copy is not None:
                        program.round(between, copy)
                        weights = (between, copy)
                    for batch in batches:
                        program.logits(*weights, *batch[:3]).cpu()

                t = seconds(point, 0.3)
                say(section="points", size=name, mode=mode, budget=budget, batches=len(batches),
                    ms=1e3 * t, tflops=work / t / 1e12, tflop_counted=work / 1e12,
                    fraction=work / t / 1e12 / best[mode] if mode in best else None)
        tf32(False)


def kernels(work):
    """How many kernels a call starts, and the time that the GPU works on them."""
    if not gpu:
        return {}
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        work()
        wait()
    found = [e for e in seen.events() if e.device_type == torch.autograd.DeviceType.CUDA]
    return {"kernels": len(found), "kernels_ms": sum(e.device_time for e in found) / 1e3}


def launches():
    """Whether a pass through few tokens waits for the GPU or for what starts its kernels."""
    size = sized("base")
    flat = size.vector(1).to(device)
    batch = on(device, size.batch(*((2, 16) if options.quick else (32, 128))))
    for precision in ("fp32", "bf16"):
        def work():
            logits(size, precision, flat, batch)

        say(section="launches", size="base", mode=precision, ms=1e3 * seconds(work), **kernels(work))


def training():
    """A step, its rate (a step is three passes), the optimiser's part and the memory at most."""
    shapes = (("base", 2, 16),) if options.quick else (
        ("base", 32, 128), ("base", 32, 64), ("base", 128, 128), ("large", 32, 128))
    for name, examples, length in shapes:
        size = sized(name)
        batch = on(device, size.batch(examples, length))
        for precision, allowed, mode in modes():
            tf32(allowed)
            flat = size.vector(1).to(device)
            m, v = torch.zeros_like(flat), torch.zeros_like(flat)
            program = size.program(f"training-{precision}")
            chosen = settings()
            if gpu:
                torch.cuda.reset_peak_memory_stats()

            def step():
                count = torch.tensor(1e30, device=device)
                with torch.enable_grad():
                    program.step_all(*batch, flat, m, v, chosen, count).tolist()

            t = seconds(step, 0.8)
            rate = 3 * size.operations(examples, length) / t / 1e12
            facts = {"peak_gib": torch.cuda.max_memory_allocated() / 2**30} if gpu else {}
            facts.update(kernels(step))
            g, loss = torch.full_like(flat, 1e-6), torch.tensor(1.0, dtype=torch.float64, device=device)
            count = torch.tensor(1e30, device=device)
            facts["update_ms"] = 1e3 * seconds(
                lambda: program.update_all(g, loss, flat, m, v, chosen, count).tolist(), 0.2)
            say(section="training", size=name, mode=mode, batch=examples, length=length, ms=1e3 * t,
                examples_s=examples / t, tflops=rate,
                fraction=rate / best[mode] if mode in best else None, **facts)
            del flat, m, v, g
        tf32(False)


def exhausted():
    """What does not fit says so in the words that the service looks for."""
    if not gpu:
        return
    size = sized("large")
    program = size.program("training-fp32")
    batch = on(device, size.batch(1024, 512))
    flat = size.vector(1).to(device)
    zeros = torch.zeros_like(flat)
    try:
        with torch.enable_grad():
            program.step_all(*batch, flat, zeros, zeros.clone(), settings(), torch.tensor(1.0, device=device))
        say(section="exhausted", failed="it fitted")
    except Exception as e:  # noqa: BLE001 - its text is the result
        text = str(e)
        line = next((s for s in text.splitlines() if "out of memory" in s), text[-300:])
        say(section="exhausted", type=type(e).__name__, says_out_of_memory="out of memory" in text, text=line[:300])
    del batch, zeros
    torch.cuda.empty_cache()
    small = on(device, size.batch(2, 16))
    say(section="exhausted", works_afterwards=bool(torch.isfinite(logits(size, "fp32", flat, small)).all()))


for each in (machine, products, java, ends, parity, determinism, bandwidth, evaluation, points, launches, training,
             exhausted):
    section(each)
say(section="end")
sys.exit(0)

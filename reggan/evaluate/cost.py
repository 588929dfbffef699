"""What a method costs: parameters, operations, time, memory, file size."""

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from reggan.evaluate.methods import Method
from reggan.expressions import BASIC

_ROUNDS = 20
_SOLVED = ("weight", "present", "move")

Cost = dict[str, float | int | None]


def costs(methods: list[Method], crop: np.ndarray, landmarks: np.ndarray) -> dict[str, Cost]:
    """Per method: parameters, GFLOP, ms per face (median of 20, all methods in turn, warmed up), MB.

    One face, one expression, float32, on this machine with torch's current number of threads. FLOP are those of
    convolutions and matrix products, two per multiply-add; all else (warping, pointwise operations) counts only towards
    the time. Peak memory is that of a process that loads the method and edits one face.
    """
    models = [m for m in methods if m.edit is not None and m.module is not None]
    c = np.eye(len(BASIC), dtype=np.float32)[:1]
    table: dict[str, Cost] = {}
    for m in models:
        assert m.edit is not None and m.module is not None
        m.edit(crop[None], landmarks[None], c)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            m.edit(crop[None], landmarks[None], c)
        table[m.name] = {
            "parameters": sum(p.numel() for p in m.module.parameters()) + _buffers(m),
            "gflop": counter.get_total_flops() / 1e9,
            "file_mb": m.file.stat().st_size / 1e6 if m.file else None,
            "peak_mb": _peak(m.name, m.file),
        }
    times: dict[str, list[float]] = {m.name: [] for m in models}
    for _ in range(_ROUNDS):  # in turn, so that a slow moment of the machine hits all alike
        for m in models:
            assert m.edit is not None
            started = time.perf_counter()
            m.edit(crop[None], landmarks[None], c)
            times[m.name].append(1000 * (time.perf_counter() - started))
    for name, row in table.items():
        row["ms"] = statistics.median(times[name])
    return table


def _buffers(method: Method) -> int:
    """What is solved for, not trained, is a buffer and no parameter."""
    assert method.module is not None
    return sum(b.numel() for n, b in method.module.named_buffers() if n.split(".")[-1] in _SOLVED)


def _peak(name: str, file: Path | None) -> float | None:
    spec = name if name in ("coarse", "refined") else f"{name}={file}"
    done = subprocess.run([sys.executable, "-m", "reggan.evaluate.cost", spec], capture_output=True, text=True)
    return float(done.stdout) if done.returncode == 0 else None


def _edit_one(spec: str) -> float:
    """Peak resident memory in MB after editing one grey face."""
    from reggan.evaluate.methods import parse

    (method,) = parse(spec)
    assert method.edit is not None
    points = np.random.default_rng(0).uniform(60, 200, (1, 478, 2)).astype(np.float32)
    method.edit(np.full((1, 256, 256, 3), 128, np.uint8), points, np.eye(len(BASIC), dtype=np.float32)[:1])
    status = Path("/proc/self/status")
    if status.is_file():  # ru_maxrss would begin with what the parent process had when it forked
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(_edit_one(sys.argv[1]))

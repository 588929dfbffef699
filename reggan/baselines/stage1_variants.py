"""Compares variants of stage 1 (window, ridge, grid, joint or separate fits, frame) in a Markdown table."""

import time

import torch
from torch import Tensor
from tqdm import tqdm

from reggan.expressions import BASIC
from reggan.faces import SIZE
from reggan.model.arrays import resize, to_float
from reggan.model.frame import LandmarkFrame, mean_shape, sample
from reggan.model.regression import RegressionLayer, RidgeAccumulator
from reggan.pairs.layout import Subject
from reggan.train.regression import in_frame

#: (frame, grid, r, separate), and the ridges tried with it.
VARIANTS: tuple[tuple[str, int, int, bool, tuple[float, ...]], ...] = (
    ("eyes", 128, 3, False, (0.4,)),
    ("landmarks", 128, 1, False, (0.05, 0.4, 4.0)),
    ("landmarks", 128, 3, False, (0.02, 0.05, 0.1, 0.4, 4.0, 20.0)),
    ("landmarks", 128, 3, True, (0.4,)),
    ("landmarks", 128, 5, False, (0.05, 0.4, 4.0)),
    ("landmarks", 128, 7, False, (0.4, 4.0)),
    ("landmarks", 256, 1, False, (0.4,)),
    ("landmarks", 256, 3, False, (0.4, 4.0)),
)


class _Data:
    """Gives subjects as stage 1 sees them, and maps its change back to the crop."""

    def __init__(self, training: list[Subject], kind: str, grid: int) -> None:
        shape = mean_shape(torch.stack([s.landmarks for s in training]), SIZE)
        self.frame = LandmarkFrame(shape) if kind == "landmarks" else None
        self.grid = grid

    def load(self, s: Subject) -> tuple[Tensor, Tensor]:
        """(1, 3, grid, grid) and (N, 3, grid, grid)."""
        x, y = in_frame(self.frame, s, self.grid)
        return x[None], y

    def back(self, s: Subject, change: Tensor) -> Tensor:
        if self.frame is None:
            return resize(change, SIZE)
        to_frame = self.frame(s.landmarks[None], SIZE).to_frame
        return sample(change, to_frame.expand(len(change), -1, -1, -1), "bilinear")


def _fit(data: _Data, training: list[Subject], r: int, separate: bool) -> list[RidgeAccumulator]:
    """One accumulator, or with `separate` one per expression, which gets only that expression's pairs."""
    sums = [RidgeAccumulator(data.grid, r) for _ in (BASIC if separate else "1")]
    for s in training:
        x, y = data.load(s)
        for k, one in enumerate(sums):
            keep = (s.c[:, k] == s.c.sum(1)) if separate else torch.ones(len(s.c), dtype=torch.bool)
            one.add(x[0], y[keep], s.c[keep])
    return sums


def _solve(sums: list[RidgeAccumulator], ridge: float) -> RegressionLayer:
    layers = [one.solve(ridge) for one in sums]
    if len(layers) > 1:
        for k in range(len(layers)):
            layers[0].weight[k] = layers[k].weight[k]
    return layers[0]


@torch.inference_mode()
def _errors(data: _Data, layer: RegressionLayer, validation: list[Subject]) -> tuple[float, float]:
    """MSE over all targets, and L1 at full strength divided by the unchanged input's, both in the aligned crop."""
    mse, l1, l1_input, count = 0.0, 0.0, 0.0, 0
    for s in validation:
        x, _ = data.load(s)
        crop, y = to_float(s.neutral[None]), to_float(s.targets)
        coarse = (crop + data.back(s, layer.change(x.expand(len(y), -1, -1, -1), s.c))).clamp(0, 1)
        mse += float((coarse - y).square().mean((1, 2, 3)).sum())
        count += len(y)
        full = s.c.amax(1) == 1
        l1 += float((coarse - y)[full].abs().sum())
        l1_input += float((crop - y)[full].abs().sum())
    return mse / count, l1 / l1_input


@torch.no_grad()
def compare(training: list[Subject], validation: list[Subject]) -> str:
    """The table. Takes about 15 minutes on two cores, and 8 GB of memory for the 7 x 7 windows."""
    lines = [
        "| frame | grid | r | fit | lambda | weights | MSE | L1 / input's | fit, s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind, grid, r, separate, ridges in tqdm(VARIANTS, desc="variants"):
        data = _Data(training, kind, grid)
        started = time.perf_counter()
        sums = _fit(data, training, r, separate)
        accumulated = time.perf_counter() - started
        for ridge in ridges:
            started = time.perf_counter()
            layer = _solve(sums, ridge)
            seconds = accumulated + time.perf_counter() - started
            mse, ratio = _errors(data, layer, validation)
            fit = "separate" if separate else "joint"
            size = f"{layer.weight.numel() / 1e6:.2f} M"
            cells = (kind, grid, r, fit, f"{ridge:g}", size, f"{mse:.5f}", f"{ratio:.3f}", f"{seconds:.0f}")
            lines.append(f"| {' | '.join(map(str, cells))} |")
            tqdm.write(lines[-1])
    return "\n".join(lines)

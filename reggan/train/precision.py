"""Which precision trains faster here: measured, because it depends on the processor.

bfloat16 is three to four times as fast where the processor has matrix instructions for it, and nine times as slow where
it has not. Measured once, and a long training is bound to it: beside other work the mean of half a second has told the
wrong one, so the quickest step counts.
"""

import math
import time

import torch
import torch.nn as nn

_SECONDS = 1.0  # of measuring


def autocast(device: torch.device) -> torch.autocast:
    """For convolutions, in the faster precision; does nothing where that is float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=faster_precision(device) == torch.bfloat16)


def faster_precision(device: torch.device) -> torch.dtype:
    """bfloat16 or float32, whichever runs convolutions forwards and backwards faster on this device."""
    layers = nn.Sequential(nn.Conv2d(64, 64, 3, padding=1), nn.SiLU(), nn.Conv2d(64, 64, 3, padding=1)).to(device)
    x = torch.randn(4, 64, 64, 64, device=device).to(memory_format=torch.channels_last)
    full, half = _quickest(layers, x)
    return torch.bfloat16 if half < full else torch.float32


def _quickest(layers: nn.Module, x: torch.Tensor) -> tuple[float, float]:
    """Seconds of the quickest step in float32 and bfloat16, in turns: other work makes steps slower, never faster."""
    full = half = math.inf
    ends = time.perf_counter() + _SECONDS
    while time.perf_counter() < ends or math.inf in (full, half):
        full, half = min(full, _step(layers, x, torch.float32)), min(half, _step(layers, x, torch.bfloat16))
    return full, half


def _step(layers: nn.Module, x: torch.Tensor, dtype: torch.dtype) -> float:
    """Seconds of a step forwards and backwards."""
    started = time.perf_counter()
    with torch.autocast(x.device.type, dtype, enabled=dtype != torch.float32):
        loss = layers(x).float().square().mean()
    loss.backward()
    if x.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started

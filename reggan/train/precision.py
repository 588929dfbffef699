"""Which precision trains faster here: measured, because it depends on the processor.

bfloat16 is three to four times as fast where the processor has matrix instructions for it, and nine times as slow where
it has not.
"""

import time

import torch
import torch.nn as nn

_SECONDS = 0.5  # of each


def autocast(device: torch.device) -> torch.autocast:
    """For convolutions, in the faster precision; does nothing where that is float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=faster_precision(device) == torch.bfloat16)


def faster_precision(device: torch.device) -> torch.dtype:
    """bfloat16 or float32, whichever runs convolutions forwards and backwards faster on this device."""
    layers = nn.Sequential(nn.Conv2d(64, 64, 3, padding=1), nn.SiLU(), nn.Conv2d(64, 64, 3, padding=1)).to(device)
    x = torch.randn(4, 64, 64, 64, device=device).to(memory_format=torch.channels_last)
    rate = {dtype: _rate(layers, x, dtype) for dtype in (torch.float32, torch.bfloat16)}
    return max(rate, key=lambda dtype: rate[dtype])


def _rate(layers: nn.Module, x: torch.Tensor, dtype: torch.dtype) -> float:
    """Steps a second, the first of them not counted."""
    count, started = -1, time.perf_counter()
    while count < 1 or time.perf_counter() - started < _SECONDS:
        with torch.autocast(x.device.type, dtype, enabled=dtype != torch.float32):
            loss = layers(x).float().square().mean()
        loss.backward()
        if x.device.type == "cuda":
            torch.cuda.synchronize()
        count += 1
        if count == 0:
            started = time.perf_counter()
    return count / (time.perf_counter() - started)

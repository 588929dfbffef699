"""One interface for all baselines, and their files."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from reggan.baselines.blocks import Generator
from reggan.baselines.lsrf import LSRF
from reggan.baselines.masked_regression import MaskedRegression
from reggan.baselines.pix2pix import Pix2Pix
from reggan.baselines.placement import InFrame
from reggan.baselines.sargan import SARGAN
from reggan.baselines.star_gan import StarGAN
from reggan.baselines.us_gan import USGAN
from reggan.errors import InputError
from reggan.faces import SIZE
from reggan.model.arrays import shrink, to_tensor, to_uint8

GENERATORS: dict[str, type[Generator]] = {
    "masked-regression": MaskedRegression,
    "lsrf": LSRF,
    "us-gan": USGAN,
    "sargan": SARGAN,
    "star-gan": StarGAN,
    "pix2pix": Pix2Pix,
}
NAMES = tuple(GENERATORS)
FILE = "baseline.safetensors"
_PLACE = "place."  # before the names of the frame's numbers in a file


def resize_image(x: Tensor, size: int) -> Tensor:
    """(B, 3, H, W) in [0, 1] to (B, 3, size, size): averaged on the way down, bicubic on the way up."""
    if size <= x.shape[-1]:
        return shrink(x, size)
    return F.interpolate(x, size=(size, size), mode="bicubic", align_corners=False).clamp(0, 1)


@dataclass(frozen=True)
class Baseline:
    """A trained baseline.

    Strength 0 asks for the neutral face, which masked regression and LSRF, made for neutral faces, take for the input.
    """

    name: str
    module: Generator
    place: InFrame | None = None  # None: aligned by the eyes, as published

    @property
    def parameters_count(self) -> int:
        return self.module.count()

    def edit(self, x: Tensor, landmarks: Tensor, c: Tensor) -> Tensor:
        """Crops (B, 3, 256, 256) in [0, 1], landmarks (B, 478, 2) and strengths (B, 6) -> (B, 3, 256, 256) in [0, 1];
        computed at the baseline's own size."""
        if self.place is None:
            return resize_image(self.module(resize_image(x, self.module.size), c).clamp(0, 1), SIZE)
        placed = self.place(x, landmarks, c)
        seen = resize_image(placed.x, self.module.size)
        return placed.back(self.module(seen, c).clamp(0, 1) - seen).clamp(0, 1)

    @torch.inference_mode()
    def edit_crops(
        self, crops: NDArray[np.uint8], landmarks: NDArray[np.float32], c: NDArray[np.float32]
    ) -> NDArray[np.uint8]:
        """Edit aligned crops.

        Args:
            crops: (N, 256, 256, 3) uint8.
            landmarks: (N, 478, 2) pixels in the crops, which only a baseline in the frame looks at.
            c: (N, 6) in [0, 1].

        Returns:
            (N, 256, 256, 3) uint8.
        """
        device = next(iter(self.module.state_dict().values())).device
        parts = []
        for i in range(0, len(crops), 8):
            x = to_tensor(crops[i : i + 8], device)
            points, wanted = (torch.from_numpy(a[i : i + 8]).to(device).float() for a in (landmarks, c))
            parts.append(to_uint8(self.edit(x, points, wanted)))
        return np.concatenate(parts)


def save(one: Baseline, path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write a file with the name, the module's `config` and `metadata` in its header; float16, but for the frame."""
    state = {k: v.detach().cpu().half().contiguous() for k, v in one.module.state_dict().items()}
    if one.place is not None:
        state |= {_PLACE + k: v.detach().cpu().contiguous() for k, v in one.place.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    header = {"baseline": one.name, "config": json.dumps(one.module.config)}
    save_file(state, path, header | (metadata or {}))


def load(path: str | Path) -> Baseline:
    """Read a baseline from its file or the folder of its run (float32, eval mode, on the CPU).

    Raises:
        InputError: the file is missing or holds no baseline.
    """
    path = Path(path)
    path = path / FILE if path.is_dir() else path
    try:
        with safe_open(path, framework="pt") as f:
            metadata = f.metadata() or {}
            state = {k: f.get_tensor(k).float() for k in f.keys()}  # noqa: SIM118
        module = GENERATORS[metadata["baseline"]](**json.loads(metadata["config"]))
        place = {k.removeprefix(_PLACE): v for k, v in state.items() if k.startswith(_PLACE)}
        module.load_state_dict({k: v for k, v in state.items() if not k.startswith(_PLACE)})
        frame = InFrame() if place else None
        if frame is not None:
            frame.load_state_dict(place)
    except FileNotFoundError:
        raise InputError("There is no baseline at {path}.", path=path) from None
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError):
        raise InputError("{name} is not a baseline's weights file.", name=path.name) from None
    return Baseline(metadata["baseline"], module.eval(), frame)

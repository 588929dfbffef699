"""Training the detail of the mouth (`reggan/model/mouth_detail.py`) on mouths at 768 pixels, real and drawn.
Reconstruction first, then adversarial too, as for stage 2.

Its inputs are of two kinds: what stage 2 paints for that person and expression, which is what it will be shown; and the
target itself made small and softer, restyled too, where its output can be right to the pixel.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.faces import SIZE
from reggan.faces.topology import INNER_LIPS, LIP_MIDDLES, MOUTH_CORNERS
from reggan.model.arrays import shrink, to_float, to_uint8
from reggan.model.mouth_detail import FACTOR, MouthDetail, enlarged, window
from reggan.model.mouth_detail import SIDE as COARSE
from reggan.model.refinement.discriminator import PatchDiscriminator
from reggan.model.reggan import RegGAN
from reggan.output.contact_sheet import grid
from reggan.pairs import layout
from reggan.pairs.layout import SMILING, Subject
from reggan.train import losses
from reggan.train.adversary import Adversary
from reggan.train.loop import Trainer
from reggan.train.precision import autocast
from reggan.train.recipe import MouthRecipe
from reggan.train.restyle import blur, restyle
from reggan.weights.files import save_model

CROP = FACTOR * SIZE  # side of the crops that are wanted
_SIDE = FACTOR * COARSE
_MARGIN = 24  # pixels at 768 by which a mouth may lie elsewhere in its square than in the middle
_OPEN = 0.012  # of the crop, the least distance between the lips that makes a mouth worth learning from
_SHEET = 8  # mouths on a sheet
_PAINTED = 0.6  # share of the batches whose inputs stage 2 painted
_SOFT = 0.6  # pixels of blur of what is validated where it painted nothing
_R1_EVERY = 8


@dataclass(frozen=True)
class Mouth:
    """An open mouth and the skin around it."""

    image: Tensor  # (3, P, P) uint8, P = 336 + 2 _MARGIN
    inside: Tensor  # (1, P, P) uint8, 255 between the lips
    painted: Tensor | None  # (4, P / 3, P / 3) uint8, what stage 2 makes of it, and opacity of what it paints


def load_mouths(
    model: RegGAN, folder: Path, only: set[str] | None = None, without: set[str] | None = None
) -> list[Mouth]:
    """All open mouths of a folder of pairs with crops of 768 x 768, and what `model` makes of these people.

    Raises:
        InputError: other crops, or no open mouth.
    """
    mouths = []
    for name in tqdm(layout.identities(folder, only, without), desc="mouths", unit="face"):
        (subject,) = layout.load(folder, only={name})
        if subject.neutral.shape[-1] != CROP:
            side = subject.neutral.shape[-1]
            raise InputError(
                "The detail of mouths is learned from crops of {wanted}, not {side}.", wanted=CROP, side=side
            )
        mouths += _mouths(model, subject)
    if not mouths:
        raise InputError("There is no open mouth in {folder}.", folder=folder)
    return mouths


@torch.inference_mode()
def _mouths(model: RegGAN, s: Subject) -> list[Mouth]:
    """The open ones among all pictures that are not neutral and whose landmarks are known."""
    neutral, rest = shrink(to_float(s.neutral[None]), SIZE), s.landmarks[None] / FACTOR
    found = []
    for k in [] if s.target_landmarks is None else range(len(s.c)):
        image, points = s.picture(k)
        if _open(points):
            out = model(neutral, rest, s.c[k : k + 1])
            painted = (torch.cat([out.refined, out.edit.opacity.clamp(0, 1)], 1)[0] * 255).round().byte()
            found.append(_cut(image, points, painted))
    if s.smile is not None and _open(s.picture(SMILING)[1]):
        found.append(_cut(*s.picture(SMILING)))
    return found


def _open(points: Tensor) -> bool:
    upper, lower = points[list(LIP_MIDDLES)]
    return float((lower - upper).norm()) > _OPEN * CROP


def _cut(image: Tensor, points: Tensor, painted: Tensor | None = None) -> Mouth:
    """The square around the mouth of a crop (3, S, S) uint8, and of what was painted, (4, S / 3, S / 3)."""
    landmarks = points.numpy()
    side = _SIDE + 2 * _MARGIN
    lips = landmarks[list(INNER_LIPS)]
    middle = landmarks[list(MOUTH_CORNERS)].mean(0) * [1, 0.5] + lips.mean(0) * [0, 0.5]
    x, y = FACTOR * (np.round((middle - side / 2) / FACTOR).astype(int)).clip(0, (CROP - side) // FACTOR)
    inside = np.zeros((CROP, CROP), np.uint8)
    cv2.fillPoly(inside, [np.round(lips).astype(np.int32)], (255,), cv2.LINE_AA)
    square = _square(torch.cat([image, torch.from_numpy(inside)[None]]), x, y, side).clone()
    if painted is not None:
        painted = _square(painted, x // FACTOR, y // FACTOR, side // FACTOR).clone()
    return Mouth(square[:3], square[3:], painted)


def _square(image: Tensor, x: int, y: int, side: int) -> Tensor:
    return image[:, y : y + side, x : x + side]


class MouthTrainer(Trainer):
    """Trains `model.mouth`; `average` is a model of the same kind, which becomes its moving average."""

    def __init__(
        self,
        model: RegGAN,
        average: MouthDetail,
        recipe: MouthRecipe,
        training: list[Mouth],
        validation: list[Mouth],
        device: torch.device,
        header: dict[str, str] | None = None,
    ) -> None:
        self.model, self.recipe, self.training, self.validation = model.to(device), recipe, training, validation
        self.device, self.header, self.average = device, header or {}, average.to(device)
        self.painted = [m for m in training if m.painted is not None]
        self.steps, self.every, self.seed = recipe.steps + recipe.adversarial_steps, recipe.every, recipe.seed
        self.milestones = (recipe.steps,)
        self.net = model.mouth.train()
        critic = PatchDiscriminator((24, 48, 96, 128)).to(device)
        self.autocast = autocast(device)
        self.adversary = Adversary(critic, recipe, _R1_EVERY, self.autocast)
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=recipe.lr, betas=(0.9, 0.99), weight_decay=1e-4)
        super().__init__(self.net, self.average, critic, self.opt, self.adversary.opt, recipe.ema)

    def train_step(self) -> dict[str, float]:
        r = self.recipe
        target, inside, seen, opacity = self._draw()
        with self.autocast:
            detail = self.net(seen)
        output = enlarged(seen) + enlarged(window(seen) * opacity) * detail.float()
        weight = 0.3 + r.inside * inside
        parts = {"reconstruction": losses.reconstruction(output, target, weight)}
        logged: dict[str, Tensor] = {}
        if self.step >= r.steps:
            none = torch.zeros(len(target), len(BASIC), device=self.device)
            looked_at = 0.1 + inside
            looked_at = looked_at / looked_at.mean()
            logged = self.adversary.learn(output, target, none, looked_at, self.step)
            parts |= self.adversary.teach(output, target, none, looked_at)
        for group in self.opt.param_groups:
            group["lr"] = r.lr if self.step < r.steps else r.adversarial_lr
        self.opt.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.opt.step()
        return {k: v.item() for k, v in (parts | logged).items()}

    def _draw(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """A batch of squares.

        Returns:
            (B, 3, 336, 336) targets in [0, 1]; (B, 1, 336, 336) where they are open; (B, 3, 112, 112) inputs; and
            (B, 1, 112, 112) the opacity of what is painted there.
        """
        painted = bool(self.painted) and float(torch.rand(())) < _PAINTED
        among = self.painted if painted else self.training
        drawn = []
        for k in torch.randint(len(among), (self.recipe.batch,)).tolist():
            x, y = torch.randint(2 * _MARGIN // FACTOR + 1, (2,)).tolist()
            parts = _at(among[k], x, y, painted)
            drawn.append([t.flip(-1) for t in parts] if float(torch.rand(())) < 0.5 else parts)
        large, *small = (to_float(torch.stack(t).to(self.device)) for t in zip(*drawn, strict=True))
        target, inside = large.split([3, 1], 1)
        if painted:
            seen, opacity = small[0].split([3, 1], 1)
            return target, inside, seen, opacity
        if float(torch.rand(())) < self.recipe.restyle:
            target = restyle(target)
        return target, inside, soften(shrink(target, COARSE)), _painted(inside)

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """L1 between the lips over that of enlarging alone, and gradient energy there over the target's: of the
        average, and of enlarging alone."""
        errors = {"output": 0.0, "enlarged": 0.0}
        energy = {"output": 0.0, "enlarged": 0.0, "target": 0.0}
        for mouth in self.validation:
            images, inside = self._middle(mouth)
            for name, image in images.items():
                energy[name] += sum(
                    float((inside[..., : g.shape[-2], : g.shape[-1]] * g.square()).sum())
                    for g in losses.gradients(image)
                )
                if name in errors:
                    errors[name] += float((inside * (image - images["target"]).abs()).sum())
        return {
            "refined_ratio": errors["output"] / errors["enlarged"],
            "energy": energy["output"] / energy["target"],
            "energy_enlarged": energy["enlarged"] / energy["target"],
        }

    def _middle(self, mouth: Mouth) -> tuple[dict[str, Tensor], Tensor]:
        """Enlarged alone, with the average's detail, and the original, (1, 3, 336, 336) each; and where it is open."""
        at = _MARGIN // FACTOR
        large, *small = (to_float(t[None].to(self.device)) for t in _at(mouth, at, at, mouth.painted is not None))
        image, inside = large.split([3, 1], 1)
        if small:
            seen, opacity = small[0].split([3, 1], 1)
        else:
            seen, opacity = soften(shrink(image, COARSE), _SOFT), _painted(inside)
        alone = enlarged(seen)
        output = alone + enlarged(window(seen) * opacity) * self.average(seen)
        return {"enlarged": alone, "output": output, "target": image}, inside

    @torch.inference_mode()
    def sheet(self) -> Image.Image:
        """Rows: enlarged, with detail, target."""
        rows = []
        for mouth in self.validation[:: max(1, len(self.validation) // _SHEET)][:_SHEET]:
            images, _ = self._middle(mouth)
            rows.append(list(to_uint8(torch.cat(list(images.values())).clamp(0, 1))))
        return grid(rows)

    def save(self, out: Path) -> None:
        state = self.net.state_dict()
        self.net.load_state_dict(self.average.state_dict())
        save_model(self.model, out / "reggan.safetensors", self.header)
        self.net.load_state_dict(state)


def _at(mouth: Mouth, x: int, y: int, painted: bool) -> list[Tensor]:
    """A mouth's square at a place of its margin, in pixels at 256: (4, 336, 336) the image and where it is open; and
    (4, 112, 112) what was painted, if wanted."""
    parts = [_square(torch.cat([mouth.image, mouth.inside]), FACTOR * x, FACTOR * y, _SIDE)]
    if painted and mouth.painted is not None:
        parts.append(_square(mouth.painted, x, y, COARSE))
    return parts


def _painted(inside: Tensor) -> Tensor:
    """The opacity that stage 2 would paint an open mouth with: (B, 1, 336, 336) -> (B, 1, 112, 112)."""
    return shrink(inside, COARSE)


def soften(mouths: Tensor, sigma: float | None = None) -> Tensor:
    """As stage 2 paints: blurred, by chance if `sigma` (pixels) is not given, (B, 3, h, w)."""
    sigma = float(torch.empty(()).uniform_(0, 1.2)) if sigma is None else sigma
    return blur(mouths, sigma) if sigma > 0.2 else mouths

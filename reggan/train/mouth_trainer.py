"""Training the detail of the mouth (`reggan/model/mouth_detail.py`): mouths at 768 pixels, real and drawn, are made
small and softer, and enlarged again. Reconstruction first, then adversarial too, as for stage 2.

What it will be shown is painted by stage 2 and softer than a picture made small, so its inputs are blurred by as much.
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
from reggan.model.mouth_detail import FACTOR, MouthDetail, enlarged
from reggan.model.mouth_detail import SIDE as COARSE
from reggan.model.refinement.discriminator import PatchDiscriminator
from reggan.model.reggan import RegGAN
from reggan.output.contact_sheet import grid
from reggan.pairs import layout
from reggan.pairs.layout import SMILING, Subject
from reggan.train import losses
from reggan.train.adversary import Adversary
from reggan.train.loop import Trainer
from reggan.train.recipe import MouthRecipe
from reggan.train.restyle import blur, restyle
from reggan.weights.files import save_model

CROP = FACTOR * SIZE  # side of the crops that are wanted
_SIDE = FACTOR * COARSE
_MARGIN = 24  # pixels at 768 by which a mouth may lie elsewhere in its square than in the middle
_OPEN = 0.012  # of the crop, the least distance between the lips that makes a mouth worth learning from
_SHEET = 8  # mouths on a sheet
_SOFT = 0.6  # pixels of blur of what is validated
_R1_EVERY = 8


@dataclass(frozen=True)
class Mouth:
    """An open mouth and the skin around it."""

    image: Tensor  # (3, P, P) uint8, P = 336 + 2 _MARGIN
    inside: Tensor  # (1, P, P) uint8, 255 between the lips


def load_mouths(folder: Path, only: set[str] | None = None, without: set[str] | None = None) -> list[Mouth]:
    """All open mouths of a folder of pairs with crops of 768 x 768.

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
        mouths += [m for image, points in _pictures(subject) if (m := _mouth(image, points)) is not None]
    if not mouths:
        raise InputError("There is no open mouth in {folder}.", folder=folder)
    return mouths


def _pictures(s: Subject) -> list[tuple[Tensor, Tensor]]:
    """All that are not neutral and whose landmarks are known."""
    which = [] if s.target_landmarks is None else list(range(len(s.c)))
    return [s.picture(k) for k in which + ([] if s.smile is None else [SMILING])]


def _mouth(image: Tensor, points: Tensor) -> Mouth | None:
    """The square around the mouth of a crop (3, S, S) uint8; None if it is shut."""
    landmarks = points.numpy()
    upper, lower = landmarks[list(LIP_MIDDLES)]
    if np.linalg.norm(lower - upper) < _OPEN * CROP:
        return None
    side = _SIDE + 2 * _MARGIN
    lips = landmarks[list(INNER_LIPS)]
    middle = landmarks[list(MOUTH_CORNERS)].mean(0) * [1, 0.5] + lips.mean(0) * [0, 0.5]
    x, y = np.round(middle - side / 2).astype(int).clip(0, CROP - side)
    inside = np.zeros((CROP, CROP), np.uint8)
    cv2.fillPoly(inside, [np.round(lips).astype(np.int32)], (255,), cv2.LINE_AA)
    square = np.s_[y : y + side, x : x + side]
    return Mouth(image[:, square[0], square[1]].clone(), torch.from_numpy(inside[square])[None])


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
        self.steps, self.every, self.seed = recipe.steps + recipe.adversarial_steps, recipe.every, recipe.seed
        self.milestones = (recipe.steps,)
        self.net = model.mouth.train()
        critic = PatchDiscriminator((24, 48, 96, 128)).to(device)
        self.adversary = Adversary(critic, recipe, _R1_EVERY)
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=recipe.lr, betas=(0.9, 0.99), weight_decay=1e-4)
        super().__init__(self.net, self.average, critic, self.opt, self.adversary.opt, recipe.ema)

    def train_step(self) -> dict[str, float]:
        r = self.recipe
        target, inside = self._draw()
        seen = soften(shrink(target, COARSE))
        output = enlarged(seen) + self.net(seen)
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

    def _draw(self) -> tuple[Tensor, Tensor]:
        """A batch of squares (B, 3, 336, 336) in [0, 1] and where the mouth is open, (B, 1, 336, 336)."""
        squares = []
        for k in torch.randint(len(self.training), (self.recipe.batch,)).tolist():
            x, y = torch.randint(2 * _MARGIN + 1, (2,)).tolist()
            both = torch.cat([self.training[k].image, self.training[k].inside])[:, y : y + _SIDE, x : x + _SIDE]
            squares.append(both.flip(-1) if float(torch.rand(())) < 0.5 else both)
        image, inside = to_float(torch.stack(squares).to(self.device)).split([3, 1], 1)
        return restyle(image) if float(torch.rand(())) < self.recipe.restyle else image, inside

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
        square = torch.cat([mouth.image, mouth.inside])[None, :, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
        image, inside = to_float(square.to(self.device)).split([3, 1], 1)
        seen = soften(shrink(image, COARSE), _SOFT)
        large = enlarged(seen)
        return {"enlarged": large, "output": large + self.average(seen), "target": image}, inside

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


def soften(mouths: Tensor, sigma: float | None = None) -> Tensor:
    """As stage 2 paints: blurred, by chance if `sigma` (pixels) is not given, (B, 3, h, w)."""
    sigma = float(torch.empty(()).uniform_(0, 1.2)) if sigma is None else sigma
    return blur(mouths, sigma) if sigma > 0.2 else mouths

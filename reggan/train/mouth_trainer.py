"""Training the detail of the mouth (`reggan/model/mouth_detail.py`): of drawn mouths it is known where teeth are."""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from reggan.model.arrays import to_uint8
from reggan.model.mouth_detail import MouthDetail, MouthFields, enlarged, inside_lips, paint, share
from reggan.model.reggan import RegGAN
from reggan.output.contact_sheet import grid
from reggan.train import losses
from reggan.train.loop import Trainer
from reggan.train.mouths import Mouth, Squares, draw, middle
from reggan.train.precision import autocast
from reggan.train.recipe import MouthRecipe
from reggan.weights.files import save_model

_SHEET = 8  # mouths on a sheet
_WARM_UP, _LEAST_LR = 100, 0.05


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
        self.steps, self.every, self.seed = recipe.steps, recipe.every, recipe.seed
        self.net = model.mouth.train()
        self.autocast = autocast(device)
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=recipe.lr, betas=(0.9, 0.999), weight_decay=1e-4)
        super().__init__(self.net, self.average, self.opt, recipe.ema)

    def train_step(self) -> dict[str, float]:
        r = self.recipe
        chosen = torch.randint(len(self.training), (r.batch,)).tolist()
        drawn = draw([self.training[k] for k in chosen], r.restyle, r.reduced)
        drawn = Squares(*(t.to(self.device) for t in drawn))
        with self.autocast:
            fields = self.net(drawn.seen, drawn.opacity)
        parts = self._losses(drawn, fields)
        for group in self.opt.param_groups:
            decay = 0.5 * (1 + math.cos(math.pi * self.step / r.steps))
            group["lr"] = r.lr * min(1.0, (self.step + 1) / _WARM_UP) * (_LEAST_LR + (1 - _LEAST_LR) * decay)
        self.opt.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.opt.step()
        return {k: v.item() for k, v in parts.items()}

    def _losses(self, drawn: Squares, fields: MouthFields) -> dict[str, Tensor]:
        r = self.recipe
        colour, inside = paint(fields, drawn.kind)
        there = inside_lips(drawn.lips)
        near = (drawn.lips > -0.25).float()
        rows = drawn.places.new_zeros(())
        for place, known in zip((fields.upper, fields.lower), drawn.places.unbind(1), strict=True):
            looked_at = near * known[:, 2:]
            rows = rows + (looked_at * (place.float() - known[:, :2]).abs()).sum() / (1 + looked_at.sum())
        reach = drawn.lips.abs().max()
        lips = F.smooth_l1_loss(fields.lips.float().clamp(-reach, reach), drawn.lips, beta=0.1)
        return {
            "contrast": r.contrast * losses.local_contrast(_output(drawn, colour, inside), drawn.target, there),
            "reconstruction": r.image * (there * (colour - drawn.target).abs()).sum() / (3 * there.sum()),
            "places": r.places * rows,
            "lips": r.lips * (lips + F.binary_cross_entropy(inside.clamp(1e-4, 1 - 1e-4), there)),
        }

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Errors between the lips over those without the detail, and gradient energy over the target's: of the
        average's output, and without the detail."""
        errors = {"output": 0.0, "plain": 0.0}
        energy = {"output": 0.0, "plain": 0.0, "target": 0.0}
        for mouth in self.validation:
            images, inside = self._judged(mouth)
            for name, image in images.items():
                energy[name] += sum(
                    float((inside[..., : g.shape[-2], : g.shape[-1]] * g.square()).sum())
                    for g in losses.gradients(image)
                )
                if name in errors:
                    errors[name] += float((inside * (image - images["target"]).abs()).sum())
        return {
            "refined_ratio": errors["output"] / errors["plain"],
            "energy": energy["output"] / energy["target"],
            "energy_plain": energy["plain"] / energy["target"],
        }

    def _judged(self, mouth: Mouth) -> tuple[dict[str, Tensor], Tensor]:
        """Without and with the average's detail, and the target, (1, 3, 336, 336) each; and where it is open."""
        drawn = Squares(*(t.to(self.device) for t in middle(mouth)))
        colour, inside = paint(self.average(drawn.seen, drawn.opacity), drawn.kind)
        images = {"plain": drawn.plain, "output": _output(drawn, colour, inside), "target": drawn.target}
        return images, inside_lips(drawn.lips)

    @torch.inference_mode()
    def sheet(self) -> Image.Image:
        """Rows: without the detail, with it, target."""
        rows = []
        for mouth in self.validation[:: max(1, len(self.validation) // _SHEET)][:_SHEET]:
            images, _ = self._judged(mouth)
            rows.append(list(to_uint8(torch.cat(list(images.values())).clamp(0, 1))))
        return grid(rows)

    def save(self, out: Path) -> None:
        state = self.net.state_dict()
        self.net.load_state_dict(self.average.state_dict())
        save_model(self.model, out / "reggan.safetensors", self.header)
        self.net.load_state_dict(state)


def _output(drawn: Squares, colour: Tensor, inside: Tensor) -> Tensor:
    """Equation (7) of `reggan.model.mouth_detail`, with what `paint` made: (B, 3, 336, 336)."""
    return drawn.plain + share(drawn.opacity) * inside * (colour - enlarged(drawn.seen))

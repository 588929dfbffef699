"""Training the detail of the mouth (`reggan/model/mouth_detail.py`): of drawn mouths it is known where teeth are."""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from reggan.model.arrays import to_uint8
from reggan.model.mouth_detail import MouthDetail, MouthFields, inside_lips, paint, share
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
_NEAR = 1.5  # units of `EDGE` outside the lips up to which the output is judged


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
        drawn = draw([self.training[k] for k in chosen], r.restyle, r.reduced).to(self.device)
        with self.autocast:
            fields = self.net(drawn.seen, drawn.opacity, drawn.seen_bare, drawn.guess, drawn.around)
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
        output = mouth_output(drawn, fields, colour, inside)
        there, around = inside_lips(drawn.lips), inside_lips(drawn.lips + _NEAR)
        near = (drawn.lips > -0.25).float()
        rows = drawn.places.new_zeros(())
        for place, known in zip((fields.upper, fields.lower), drawn.places.unbind(1), strict=True):
            looked_at = near * known[:, 2:]
            rows = rows + (looked_at * (place - known[:, :2]).abs()).sum() / (1 + looked_at.sum())
        reach = drawn.lips.abs().max()
        lips = F.smooth_l1_loss(fields.lips.clamp(-reach, reach), drawn.lips, beta=0.1)
        return {
            "contrast": r.contrast * losses.local_contrast(output, drawn.target, around),
            "reconstruction": r.image * _mean_error(output, drawn.target, around),
            "colours": r.colours * _mean_error(colour, drawn.target, there),
            "belief": self._doubt(fields, drawn.lips),
            "places": r.places * rows,
            "lips": r.lips * (lips + F.binary_cross_entropy(inside.clamp(1e-4, 1 - 1e-4), there)),
        }

    def _doubt(self, fields: MouthFields, lips: Tensor) -> Tensor:
        """Half a mouth over another is worse than one that lies a little elsewhere."""
        inside = (lips > 0).float()
        where = torch.cat([inside, (lips > -_NEAR).float() - inside], 1)
        between, beyond = (where * (1 - fields.belief)).sum((0, 2, 3)) / (1 + where.sum((0, 2, 3)))
        return self.recipe.belief_between * between + self.recipe.belief_beyond * beyond

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
        drawn = middle(mouth).to(self.device)
        fields = self.average(drawn.seen, drawn.opacity, drawn.seen_bare, drawn.guess, drawn.around)
        output = mouth_output(drawn, fields, *paint(fields, drawn.kind))
        return {"plain": drawn.plain, "output": output, "target": drawn.target}, inside_lips(drawn.lips)

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


def mouth_output(drawn: Squares, fields: MouthFields, colour: Tensor, inside: Tensor) -> Tensor:
    """Equation (7) of `reggan.model.mouth_detail`, with what `paint` made of the fields: (B, 3, 336, 336)."""
    mouth = torch.lerp(drawn.bare, colour, inside)
    return torch.lerp(drawn.plain, mouth, share(fields, inside, drawn.opacity))


def _mean_error(image: Tensor, target: Tensor, where: Tensor) -> Tensor:
    return (where * (image - target).abs()).sum() / (1 + 3 * where.sum())

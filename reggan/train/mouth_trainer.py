"""Training the detail of the mouth (`reggan/model/mouth_detail.py`): reconstruction first, then adversarial too, as for
stage 2."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from reggan.expressions import BASIC
from reggan.model.arrays import to_uint8
from reggan.model.mouth_detail import MouthDetail, enlarged, window
from reggan.model.refinement.discriminator import PatchDiscriminator
from reggan.model.reggan import RegGAN, fast_layout
from reggan.output.contact_sheet import grid
from reggan.train import losses
from reggan.train.adversary import Adversary
from reggan.train.loop import Trainer
from reggan.train.mouths import Mouth, Squares, middle_square, painted_squares, reduced_squares
from reggan.train.precision import autocast
from reggan.train.recipe import MouthRecipe
from reggan.weights.files import save_model

_SHEET = 8  # mouths on a sheet
_PAINTED = 0.6  # share of the batches whose inputs stage 2 painted
_R1_EVERY = 8


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
        self.painted = [m for m in training if m.plain is not None]
        self.steps, self.every, self.seed = recipe.steps + recipe.adversarial_steps, recipe.every, recipe.seed
        self.milestones = (recipe.steps,)
        self.net = model.mouth.train()
        critic = fast_layout(PatchDiscriminator((24, 48, 96, 128)).to(device))
        self.autocast = autocast(device)
        self.adversary = Adversary(critic, recipe, _R1_EVERY, self.autocast)
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=recipe.lr, betas=(0.9, 0.99), weight_decay=1e-4)
        super().__init__(self.net, self.average, critic, self.opt, self.adversary.opt, recipe.ema)

    def train_step(self) -> dict[str, float]:
        r = self.recipe
        drawn = self._draw()
        target, inside = drawn.target, drawn.inside
        with self.autocast:
            detail = self.net(drawn.seen)
        output = drawn.plain + added(drawn, detail.float())
        weight = 0.3 + r.inside * inside
        parts = {"reconstruction": losses.reconstruction(output, target, weight)}
        logged: dict[str, Tensor] = {}
        if self.step >= r.steps:
            none = torch.zeros(len(target), len(BASIC), device=self.device)
            where = _somewhere(output.shape[-1])
            made, real, looked_at = (t[where] for t in (output, target, 0.1 + inside))
            looked_at = looked_at / looked_at.mean()
            logged = self.adversary.learn(made, real, none, looked_at, self.step)
            parts |= self.adversary.teach(made, real, none, looked_at)
        for group in self.opt.param_groups:
            group["lr"] = r.lr if self.step < r.steps else r.adversarial_lr
        self.opt.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.opt.step()
        return {k: v.item() for k, v in (parts | logged).items()}

    def _draw(self) -> Squares:
        r = self.recipe
        if self.painted and float(torch.rand(())) < _PAINTED:
            drawn = painted_squares(_some(self.painted, r.batch))
        else:
            drawn = reduced_squares(_some(self.training, r.batch), r.restyle)
        return Squares(*(t.to(self.device) for t in drawn))

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
        drawn = Squares(*(t.to(self.device) for t in middle_square(mouth)))
        output = drawn.plain + added(drawn, self.average(drawn.seen))
        return {"plain": drawn.plain, "output": output, "target": drawn.target}, drawn.inside

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


def _somewhere(size: int) -> tuple[slice, ...]:
    """A quarter of the square, for the critic: anywhere across, in the middle of the height, where mouths are."""
    left = int(torch.randint(size // 2 + 1, ()))
    return slice(None), slice(None), slice(size // 4, size // 4 + size // 2), slice(left, left + size // 2)


def added(drawn: Squares, detail: Tensor) -> Tensor:
    """Equation (7)."""
    return enlarged(window(drawn.seen) * drawn.opacity) * detail


def _some(mouths: list[Mouth], count: int) -> list[Mouth]:
    return [mouths[k] for k in torch.randint(len(mouths), (count,)).tolist()]

"""Ablations: RegGAN without one of its parts, one at a time. Each is a subclass of `RegGAN` that replaces that part."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from reggan.model.arrays import resize
from reggan.model.config import ModelConfig
from reggan.model.refinement import Edit, Placement, RefinementNetwork
from reggan.model.refinement.attention import AttentionBlock
from reggan.model.reggan import SIZE, RegGAN

# -- attention -------------------------------------------------------------------------------------------------------


class UnattendedBlock(AttentionBlock):
    """An attention block with a constant map of 1, which has no parameters."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__(channels, condition, 1)
        del self.attention

    def attention_map(self, x: Tensor) -> Tensor:
        return torch.ones_like(x[:, :1])


class OpenGate(torch.nn.Module):
    """A gate that lets everything through its skip connection."""

    def __init__(self, skip: int, decoder: int, condition: int) -> None:
        super().__init__()

    def attention_map(self, skip: Tensor, decoder: Tensor, e: Tensor) -> Tensor:
        return torch.ones_like(skip[:, :1])

    def forward(self, skip: Tensor, decoder: Tensor, e: Tensor) -> Tensor:
        return skip


class _NetworkWithoutShared(RefinementNetwork):
    shared_block = UnattendedBlock


class _NetworkWithoutChannelwise(RefinementNetwork):
    channelwise_block = UnattendedBlock


class _NetworkWithoutSkip(RefinementNetwork):
    skip_gate = OpenGate


class _NetworkWithoutAttention(RefinementNetwork):
    shared_block = channelwise_block = UnattendedBlock
    skip_gate = OpenGate


class WithoutShared(RegGAN):
    refinement_network = _NetworkWithoutShared


class WithoutChannelwise(RegGAN):
    refinement_network = _NetworkWithoutChannelwise


class WithoutSkip(RegGAN):
    refinement_network = _NetworkWithoutSkip


class WithoutAttention(RegGAN):
    refinement_network = _NetworkWithoutAttention


# -- what stage 2 does -----------------------------------------------------------------------------------------------


class _ResidualNetwork(RefinementNetwork):
    """Only r remains: refined = crop(B(v)) + r, the "ultimate skip" of US-GAN (arXiv 2112.13002)."""

    def displacement(self, own: Tensor, onset: Tensor, told: Tensor, z: Tensor) -> Tensor:
        return own.new_zeros(len(own), 2, self.size, self.size)

    def painting(self, opacity: Tensor, paint: Tensor, onset: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        return torch.zeros_like(opacity), torch.zeros_like(paint)

    def shading(self, edit: Edit, x: Tensor, told: Tensor, placement: Placement) -> Tensor:
        return edit.residual


class ResidualOnly(RegGAN):
    refinement_network = _ResidualNetwork


class _NetworkWithoutDisplacement(RefinementNetwork):
    """Nothing moves: paint and shading remain."""

    def displacement(self, own: Tensor, onset: Tensor, told: Tensor, z: Tensor) -> Tensor:
        return own.new_zeros(len(own), 2, self.size, self.size)


class WithoutDisplacement(RegGAN):
    refinement_network = _NetworkWithoutDisplacement


class _NetworkWithoutShading(RefinementNetwork):
    """Without the mean gain that moves with the skin; the network's own shading stays, and keeps its hue."""

    def __init__(self, config: ModelConfig, size: int = 256) -> None:
        super().__init__(config, size)
        del self.mean.shading, self.mean.shading_leaving

    def mean_gain(self, told: Tensor, where: Tensor) -> Tensor:
        return where.new_zeros(1)


class WithoutShading(RegGAN):
    refinement_network = _NetworkWithoutShading


# -- what stage 2 is shown -------------------------------------------------------------------------------------------


class WithoutStage1(RegGAN):
    """Stage 2 sees only the face."""

    def refinement_input(self, x: Tensor, change: Tensor) -> tuple[Tensor, Tensor]:
        return x, torch.zeros_like(resize(change, SIZE // 2))


class CoarseOnly(RegGAN):
    """Stage 2 sees stage 1's coarse image instead of face and change. It still edits the face itself."""

    def refinement_input(self, x: Tensor, change: Tensor) -> tuple[Tensor, Tensor]:
        return x + resize(change, SIZE), torch.zeros_like(resize(change, SIZE // 2))


# -- the table -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ablation:
    """What is left out, and how the rest is built and trained."""

    what: str
    model: type[RegGAN] = RegGAN
    shape: int | None = None  # how many numbers describe the face's shape, if not as in stage 1's file
    restyle: float | None = None  # share of restyled batches, if not the recipe's
    expressive: float | None = None  # share of sources with an expression, likewise
    adversarial: bool = True
    without: str = ""  # pattern of the people's names that are left out, or `PORTRAITS`


#: Names of copies in a style, `<person>__<style>`; variations and morphs end in a number.
STYLED = "*__*[a-z]"
#: Stands for the pattern that `--portraits` gives.
PORTRAITS = "portraits"

#: By name; the others are compared with "full".
ABLATIONS: dict[str, Ablation] = {
    "full": Ablation("RegGAN"),
    "residual-only": Ablation("without displacement and paint: residual only", ResidualOnly),
    "no-stage-1": Ablation("stage 2 without stage 1", WithoutStage1),
    "no-attention": Ablation("without attention", WithoutAttention),
    "no-shape": Ablation("without the shape of the face", shape=0),
    "no-shading": Ablation("without shading that travels with the skin", WithoutShading),
    "no-displacement": Ablation("without displacement", WithoutDisplacement),
    "no-styles": Ablation("without any style: no augmentation, no pairs in styles", restyle=0.0, without=STYLED),
    "no-portraits": Ablation("without pairs made from portraits", without=PORTRAITS),
    "no-sources": Ablation("without sources that have an expression", expressive=0.0),
    "no-adversarial": Ablation("without adversarial training", adversarial=False),
    "coarse-only": Ablation("stage 2 sees the coarse image only", CoarseOnly),
    "no-skip": Ablation("without attention on skip connections", WithoutSkip),
    "no-shared": Ablation("without shared attention", WithoutShared),
    "no-channelwise": Ablation("without channelwise attention", WithoutChannelwise),
}
#: Rows of the table, the most important first.
ROWS = (
    *("full", "no-attention", "no-stage-1", "coarse-only", "no-adversarial", "no-displacement", "no-styles"),
    *("no-portraits", "no-sources", "no-shared", "no-channelwise", "no-skip"),
    *("residual-only", "no-shape", "no-shading"),
)
#: Key of the ablation's name in the header of its weights.
HEADER = "ablation"


def model_class(metadata: Mapping[str, str]) -> type[RegGAN]:
    """The class that a weights file's header names: `RegGAN` or one of its ablations."""
    return ABLATIONS[metadata[HEADER]].model if metadata.get(HEADER) in ABLATIONS else RegGAN

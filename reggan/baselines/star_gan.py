"""StarGAN, our re-implementation after Choi et al., "StarGAN: Unified generative adversarial networks for multi-domain
image-to-image translation" (CVPR 2018).

Public, and followed: the layers, six residual blocks in the middle, label maps at the input, output = tanh(network):
the whole face is painted anew. Our choice: what `blocks.py` and `rival_trainer.py` describe.
"""

import torch.nn as nn
from torch import Tensor

from reggan.baselines.blocks import Generator, ResidualBlock, decoder, encoder, with_label


class StarGAN(Generator):
    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.config = {"width": width}
        middle = [ResidualBlock(4 * width) for _ in range(6)]
        self.network = nn.Sequential(encoder(width), *middle, decoder(width))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        return 0.5 + 0.5 * self.network(with_label(2 * x - 1, c)).float()

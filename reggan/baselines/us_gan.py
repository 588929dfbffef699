"""US-GAN, our re-implementation after Akram and Khan, "US-GAN: On the importance of ultimate skip connection for
facial expression synthesis" (Multimedia Tools and Applications, 2023; arXiv 2112.13002).

Public: an encoder, one residual block, a decoder, label maps at the input, 64, 128 and 256 channels at 128 x 128, and
the "ultimate skip", output = tanh(network) + input; trained like StarGAN with a smaller cycle weight. With these layers
our network has the published 2.5 million weights. Our choice: what `blocks.py` and `rival_trainer.py` describe.
"""

import torch.nn as nn
from torch import Tensor

from reggan.baselines.blocks import Generator, ResidualBlock, decoder, encoder, with_label


class USGAN(Generator):
    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.config = {"width": width}
        self.network = nn.Sequential(encoder(width), ResidualBlock(4 * width), decoder(width))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        return x + 0.5 * self.network(with_label(2 * x - 1, c)).float()  # halved: the paper's images are in [-1, 1]

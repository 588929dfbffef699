"""What is painted on a face unlike any in training: no greener and no bluer than what is around it.

On fur, metal or crayon the network's colours stray. Teeth turn to jade, a throat to bottle green; red lips and dark
gums are fine on a cat too. So what is painted keeps its brightness in the red channel, and the other two are limited by
their share in the picture around: a frog may have a green mouth, and nobody else.
"""

from dataclasses import replace

import numpy as np

from reggan.faces import Change
from reggan.model.arrays import Image

_DARK = 0.1  # of full brightness, below which a pixel of the picture has no colour to speak of


def in_keeping(crop: Image, change: Change) -> Change:
    """The change with its paint's colours limited.

    Args:
        crop: (S, S, 3) what is changed.
        change: with S x S pixels.
    """
    seen = crop.reshape(-1, 3).astype(np.float32) / 255
    share = np.median((seen + _DARK) / (seen[:, :1] + _DARK), 0)  # of green and blue in red; the first is 1
    paint = change.paint
    return replace(change, paint=np.minimum(paint, np.maximum(share, 1) * paint[..., :1]))

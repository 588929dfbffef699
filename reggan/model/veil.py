"""What is painted so thinly that it hides nothing is light, not paint.

Stage 2 may paint everywhere, and where an expression leaves it paints a little over all of the face: right in colour,
but the paint has no pores and no canvas, and a fifth of it takes as much of their contrast. Here only what covers stays
paint, with its edges. What a thin veil changes in the mean around a point is added instead, and the texture stays. Our
choice.
"""

import torch.nn.functional as F
from torch import Tensor

from reggan.model.arrays import blur, resize, smoothstep
from reggan.model.refinement import Edit

_THIN, _COVERS = 0.25, 0.5  # opacity up to which it is a veil, and from which all of it is paint
_CELL = 4  # pixels of the crop: of a grid that is fine enough for what is smooth
_EDGE = 1  # cells around what covers
_SPREAD = 0.75  # cells


def without_veil(edit: Edit, moved: Tensor) -> Edit:
    """The same edit of the moved skin (B, 3, S, S), with a veil's colour in the residual."""
    size = moved.shape[-1]
    near = F.max_pool2d(F.max_pool2d(edit.opacity, _CELL), 2 * _EDGE + 1, 1, _EDGE)
    veil = edit.opacity * (1 - resize(smoothstep((near - _THIN) / (_COVERS - _THIN)), size))
    change = F.avg_pool2d(veil * (edit.paint - moved), _CELL)
    return edit._replace(
        opacity=edit.opacity - veil,
        residual=edit.residual + resize(blur(change, _SPREAD), size),
    )

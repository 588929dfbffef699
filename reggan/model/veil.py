"""What is painted so thinly that it hides nothing is light, not paint.

Stage 2 may paint everywhere, and where an expression leaves it paints a little over all of the face: right in colour,
but the paint has no pores and no canvas, and a fifth of it takes as much of their contrast. Here only what covers stays
paint, with its edges. What a thin veil changes in the mean around a point is added instead, and the texture stays. Our
choice.
"""

import torch.nn.functional as F
from torch import Tensor

from reggan.model.arrays import blur, smoothstep
from reggan.model.refinement import Edit

_THIN, _COVERS = 0.25, 0.5  # opacity up to which it is a veil, and from which all of it is paint
_EDGE = 6  # pixels of the crop around what covers
_SPREAD = 3.0  # pixels


def without_veil(edit: Edit, moved: Tensor) -> Edit:
    """The same edit of the moved skin (B, 3, S, S), with a veil's colour in the residual."""
    near = F.max_pool2d(edit.opacity, 2 * _EDGE + 1, 1, _EDGE)
    veil = edit.opacity * (1 - smoothstep((near - _THIN) / (_COVERS - _THIN)))
    change = blur(veil * (edit.paint - moved), _SPREAD)
    return edit._replace(opacity=edit.opacity - veil, residual=edit.residual + change)

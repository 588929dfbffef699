"""What is painted so thinly that it hides nothing is light, not paint.

Stage 2 may paint everywhere, and where an expression leaves it paints a little over all of the face: right in colour,
but the paint has no pores and no canvas, and a tenth of it takes as much of their contrast. Here only what covers stays
paint, with its edges. What thin paint changes in the mean around a point is added instead, and the texture stays. Our
choice.
"""

import torch.nn.functional as F
from torch import Tensor

from reggan.model.arrays import blur, resize, smoothstep
from reggan.model.refinement import Edit

_THIN, _COVERS = 0.12, 0.3  # opacity up to which paint is thin, and from which all of it covers
_CELL = 4  # pixels of the crop: of a grid that is fine enough for what is smooth
_EDGE = 1  # cells around what covers
_SPREAD = 0.75  # cells


def with_thin_paint_as_light(edit: Edit, moved: Tensor) -> Edit:
    """The same edit of the moved skin (B, 3, S, S), with what thin paint changes in the residual."""
    size = moved.shape[-1]
    near = F.max_pool2d(F.max_pool2d(edit.opacity, _CELL), 2 * _EDGE + 1, 1, _EDGE)
    thin = edit.opacity * (1 - resize(smoothstep((near - _THIN) / (_COVERS - _THIN)), size))
    change = F.avg_pool2d(thin * (edit.paint - moved), _CELL)
    return edit._replace(
        opacity=edit.opacity - thin,
        residual=edit.residual + resize(blur(change, _SPREAD), size),
    )

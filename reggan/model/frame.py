"""The landmark-normalised frame: every face warped to one mean shape.

In the aligned crop only the eyes coincide; mouths, chins and brows lie in different places on each face. Both stages
therefore work in a frame where a thin-plate spline (Bookstein, "Principal warps", PAMI 1989) has moved the face's
landmarks to their mean positions. Two dense maps connect the frame (positions v) with the crop (positions u):

    B: v -> u   where in the crop a frame pixel looks
    A: u -> v   its inverse, where in the frame a crop pixel lies

All positions are normalised: (-1, -1) is the corner of the top left pixel, (1, 1) of the bottom right one, as in
`torch.nn.functional.grid_sample(align_corners=False)`.
"""

from typing import NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from reggan.faces.topology import CONTROL, FACE_OVAL, MIRROR

_GRID = 65  # the spline is smooth, so it is evaluated on 65 x 65 nodes and interpolated linearly
_CELL = 2 / (_GRID - 1)
_EDGE = 0.96  # landmarks beyond it (chin or ear outside the crop) are moved to it: the border stays in place
_FOLDED = 0.05  # least share of its area that a cell may keep; at the lips of a closed mouth it is 0.3
_ROUNDS = 120  # of smoothing at most; four faces in five need none
_STRIDE = 0.06  # longest step in the search for the inverse
_RIM = 9  # width in pixels of 256 of the blur, applied three times, at the face's outline
_SMOOTHING = 2.5e-4  # in units of the kernel r^2 log r; a landmark off by a pixel then causes no kink


class FrameMaps(NamedTuple):
    """The two maps of a batch of faces, each (B, H, W, 2), last axis (x, y), normalised positions."""

    to_crop: Tensor  # B, indexed by frame pixel
    to_frame: Tensor  # A, indexed by crop pixel


def normalise(points: Tensor, size: int) -> Tensor:
    """Pixel positions (centres are integers) in an image of side `size` to normalised positions."""
    return (points + 0.5) * (2.0 / size) - 1.0


def pixel_grid(size: int, like: Tensor) -> Tensor:
    """Normalised positions of the pixel centres, (1, size, size, 2)."""
    t = (torch.arange(size, device=like.device, dtype=like.dtype) + 0.5) * (2.0 / size) - 1.0
    y, x = torch.meshgrid(t, t, indexing="ij")
    return torch.stack([x, y], -1)[None]


def mirrored(field: Tensor) -> Tensor:
    """A field of distances or positions, (..., 2, H, W), for the mirror image."""
    return field.flip(-1) * field.new_tensor([-1.0, 1.0])[:, None, None]


def mirrored_control(points: Tensor) -> Tensor:
    """Control landmarks, (84, 2) normalised positions, for the mirror image."""
    return points[list(MIRROR)] * points.new_tensor([-1.0, 1.0])


def mean_shape(landmarks: Tensor, size: int) -> Tensor:
    """The frame's shape: the mean over faces, made symmetric.

    Args:
        landmarks: (N, 478, 2) pixels in aligned crops of side `size`.

    Returns:
        (84, 2) normalised positions.
    """
    mean = normalise(landmarks[:, list(CONTROL)].double(), size).mean(0)
    return (0.5 * (mean + mirrored_control(mean))).float()


def _border(like: Tensor) -> Tensor:
    """The 24 points on the border that the spline keeps in place, (24, 2)."""
    t = torch.linspace(-1, 1, 7, device=like.device, dtype=like.dtype)
    e = torch.ones_like(t)
    sides = [torch.stack(s, -1) for s in ((t, -e), (t, e), (-e[1:-1], t[1:-1]), (e[1:-1], t[1:-1]))]
    return torch.cat(sides)


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    """U(r) = r^2 log r between (N, 2) and (M, 2): (N, M)."""
    r2 = (a[:, None] - b[None]).square().sum(-1)
    return 0.5 * r2 * torch.log(r2.clamp_min(1e-20))


def spline_operator(source: Tensor, at: Tensor, smoothing: float = _SMOOTHING) -> Tensor:
    """The operator with which spline(at) = operator @ target for any target (N, 2): the spline is linear in it.

    Solves [K + smoothing I, P; P^T, 0] [w; a] = [target; 0] with K = U(|s_i - s_j|), P = [1, s] (Bookstein 1989).

    Args:
        source: (N, 2) positions of the control points.
        at: (M, 2) positions at which to evaluate the spline.

    Returns:
        (M, N), float64.
    """
    source, at = source.double(), at.double()
    n = len(source)
    p = torch.cat([torch.ones_like(source[:, :1]), source], 1)  # (N, 3)
    system = torch.cat(
        [
            torch.cat([_kernel(source, source) + smoothing * torch.eye(n).to(source), p], 1),
            torch.cat([p.T, p.new_zeros(3, 3)], 1),
        ]
    )
    basis = torch.cat([_kernel(at, source), torch.ones_like(at[:, :1]), at], 1)  # (M, N + 3)
    return torch.linalg.solve(system, basis.T).T[:, :n]  # the system is symmetric


class LandmarkFrame(nn.Module):
    """Builds `FrameMaps`. Its only state is the mean shape, (84, 2) normalised positions from `mean_shape`."""

    shape: Tensor
    operator: Tensor
    _face: Tensor

    def __init__(self, shape: Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer("shape", torch.zeros(len(CONTROL), 2) if shape is None else shape.float())
        # Derived from the shape, so not stored; computed when first needed.
        self.register_buffer("operator", torch.zeros(0), persistent=False)
        self.register_buffer("_face", torch.zeros(0), persistent=False)

    def _operator(self) -> Tensor:
        if self.operator.numel() == 0:
            control = torch.cat([self.shape, _border(self.shape)])
            self.operator = spline_operator(control, nodes(self.shape).reshape(-1, 2)).float()  # (65 * 65, 84 + 24)
        return self.operator

    def forward(self, landmarks: Tensor, size: int) -> FrameMaps:
        """The maps between aligned crops and the frame.

        Args:
            landmarks: (B, 478, 2) pixels in the crop.
            size: side S of crop and frame in pixels.

        Returns:
            `FrameMaps` with (B, S, S, 2) float32 maps.
        """
        forward = self._at_nodes(landmarks, size)
        return FrameMaps(_upsample(forward, size), inverse(forward, size))

    def to_crop(self, landmarks: Tensor, size: int) -> Tensor:
        """B alone, which is quicker; arguments as `forward` has them."""
        return _upsample(self._at_nodes(landmarks, size), size)

    def face(self, size: int) -> Tensor:
        """Where the face is in the frame, the same place for all: (1, 1, size, size) in [0, 1], soft at its outline."""
        if self._face.shape[-1] != size:
            oval = self.shape[[CONTROL.index(k) for k in FACE_OVAL]]
            inside = _inside(pixel_grid(size, oval), oval).float()[:, None]
            width = max(1, _RIM * size // 256) | 1
            for _ in range(3):
                inside = F.avg_pool2d(inside, width, 1, width // 2, count_include_pad=False)
            self._face = inside
        return self._face

    def _at_nodes(self, landmarks: Tensor, size: int) -> Tensor:
        """B at the nodes, (B, 65, 65, 2)."""
        face = normalise(landmarks[:, list(CONTROL)].float(), size).clamp(-_EDGE, _EDGE)  # (B, 84, 2)
        face = torch.cat([face, _border(face)[None].expand(len(face), -1, -1)], 1)
        return _untangle((self._operator() @ face).reshape(-1, _GRID, _GRID, 2))


def _inside(points: Tensor, polygon: Tensor) -> Tensor:
    """Whether points (..., 2) lie in a polygon (N, 2): an odd number of its edges lies to their right."""
    x, y = points[..., None, 0], points[..., None, 1]  # (..., 1)
    (ax, ay), (bx, by) = polygon.unbind(1), polygon.roll(-1, 0).unbind(1)
    crosses = (ay > y) != (by > y)
    right = x < ax + (y - ay) * (bx - ax) / torch.where(by == ay, torch.ones_like(by), by - ay)
    return (crosses & right).sum(-1) % 2 == 1


def _untangle(forward: Tensor) -> Tensor:
    """Smooth a map at the nodes, (B, 65, 65, 2), where it folds or nearly does, and nowhere else.

    On a head turned by 30 degrees, nose and mouth hide their far sides: there, landmarks swap places, and a map through
    all of them has no inverse. In such places the map follows its surroundings instead of the landmarks.
    """
    rest = nodes(forward)
    offset = (forward - rest).permute(0, 3, 1, 2)
    inside = F.pad(torch.ones_like(offset[:, :1, 1:-1, 1:-1]), (1, 1, 1, 1))
    for _ in range(_ROUNDS):
        area = _least_area(rest + offset.permute(0, 2, 3, 1))
        folded = area.flatten(1).amin(1) < _FOLDED
        if not folded.any():
            break
        near = ((area < 2 * _FOLDED) & folded[:, None, None]).float()[:, None]
        near = F.max_pool2d(F.pad(near, (1, 1, 1, 1)), 6, 1, 2)  # from cells to nodes, two nodes wider
        near = F.avg_pool2d(F.pad(near, (2, 2, 2, 2)), 5, 1) * inside
        smooth = F.avg_pool2d(F.pad(offset, (1, 1, 1, 1), mode="replicate"), 3, 1)
        offset = offset + near * (smooth - offset)
    return rest + offset.permute(0, 2, 3, 1)


def _least_area(grid: Tensor) -> Tensor:
    """How far each cell between four nodes shrinks at worst: the smallest Jacobian determinant of its corners, negative
    where the map folds. (B, 65, 65, 2) -> (B, 64, 64)."""
    across, down = (grid[:, :, 1:] - grid[:, :, :-1]) / _CELL, (grid[:, 1:] - grid[:, :-1]) / _CELL
    corners = [(a, b) for a in (across[:, :-1], across[:, 1:]) for b in (down[:, :, :-1], down[:, :, 1:])]
    return torch.stack([a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0] for a, b in corners]).amin(0)


def inverse(forward: Tensor, size: int) -> Tensor:
    """The inverse at the pixels of a map given at the nodes, (B, 65, 65, 2) -> (B, size, size, 2).

    Newton's method, A <- A - J(A)^-1 (B(A) - u), with steps of limited length: first at the nodes, then at the pixels,
    starting from the nodes' result. The fixed-point iteration A <- A - (B(A) - u) diverges where an open mouth
    stretches the map twofold.
    """
    b = forward.permute(0, 3, 1, 2)
    padded = F.pad(b, (1, 1, 1, 1), mode="replicate")
    span = torch.full((_GRID,), 2 * _CELL, device=b.device, dtype=b.dtype)
    span[0] = span[-1] = _CELL  # one-sided at the border
    x_slope = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / span
    y_slope = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / span[:, None]
    known = torch.cat([b, x_slope, y_slope], 1)  # (B, 6, 65, 65)
    at_nodes = _newton(known, nodes(forward), nodes(forward).expand_as(forward), steps=12)
    return _newton(known, pixel_grid(size, forward), _upsample(at_nodes, size), steps=2)


def _newton(known: Tensor, goal: Tensor, start: Tensor, steps: int) -> Tensor:
    """Where a map equals `goal` (1, h, w, 2), from `start` (B, h, w, 2). `known` (B, 6, H, W): map and slopes."""
    a = start
    for _ in range(steps):
        value = F.grid_sample(known, a, mode="bilinear", padding_mode="border", align_corners=True)
        b_x, b_y, xx, xy, yx, yy = value.unbind(1)  # xy: the slope of the map's y along x
        e_x, e_y = b_x - goal[..., 0], b_y - goal[..., 1]
        area = (xx * yy - xy * yx).clamp_min(0.5 * _FOLDED)
        step = torch.stack([yy * e_x - yx * e_y, xx * e_y - xy * e_x], -1) / area[..., None]
        length = step.norm(dim=-1, keepdim=True)
        a = (a - step * (_STRIDE / length.clamp_min(_STRIDE))).clamp(-1, 1)
    return a


def nodes(like: Tensor) -> Tensor:
    """Normalised positions of the nodes, (1, 65, 65, 2)."""
    t = torch.linspace(-1, 1, _GRID, device=like.device, dtype=like.dtype)
    y, x = torch.meshgrid(t, t, indexing="ij")
    return torch.stack([x, y], -1)[None]


def _upsample(grid: Tensor, size: int) -> Tensor:
    """From the 65 x 65 nodes, which span [-1, 1], to pixel centres: (B, 65, 65, 2) -> (B, size, size, 2), bilinear."""
    where = pixel_grid(size, grid).expand(len(grid), -1, -1, -1)
    up = F.grid_sample(grid.permute(0, 3, 1, 2), where, mode="bilinear", padding_mode="border", align_corners=True)
    return up.permute(0, 2, 3, 1)


def sample(image: Tensor, where: Tensor, mode: str = "bicubic") -> Tensor:
    """Sample `image` (B, C, H, W) at normalised positions (B, h, w, 2): (B, C, h, w), reflected at the border."""
    return F.grid_sample(image, where, mode=mode, padding_mode="reflection", align_corners=False)


def sample_at(image: Tensor, points: Tensor) -> Tensor:
    """What `image` (B, C, S, S) has at points (B, K, 2), pixels: (B, K, C)."""
    return sample(image, normalise(points, image.shape[-1])[:, None], "bilinear")[:, :, 0].transpose(1, 2)


def skin_moves(to_crop: Tensor, goal: FrameMaps) -> Tensor:
    """How far each pixel of the crop is from what lies there when faces take the shape of their goals.

    Args:
        to_crop: (B, S, S, 2), the map B of the faces as they are.
        goal: the maps of the faces as they will be.

    Returns:
        (B, 2, S, S) normalised displacement: what is at u was at u + it.
    """
    return sample((to_crop - goal.to_crop).permute(0, 3, 1, 2), goal.to_frame, "bilinear")

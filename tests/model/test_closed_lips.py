"""Lips that close over teeth: painted mouths of three colours, shut by what is known of their edges alone."""

import torch

from reggan.faces import SIZE
from reggan.faces.topology import CONTROL, INNER_LIPS, OUTER_LIPS
from reggan.model.closed_lips import Closing
from reggan.model.finer_grid import FACTOR, SIDE, with_finer
from reggan.model.frame import pixel_grid, sample
from reggan.model.mouth_geometry import POWERS, MouthShape, closed, line_at, lip_distance
from reggan.model.refinement import Edit
from reggan.model.reggan import composed
from tests.landmarks import mean_face

SKIN, LIP, TOOTH = (torch.tensor(c) for c in ([0.8, 0.6, 0.5], [0.6, 0.3, 0.3], [0.95, 0.95, 0.9]))
CORNER = torch.tensor([[72, 130]])  # of the finer square


def _mouth(opened: float) -> torch.Tensor:
    """The mean face with its lips so many pixels apart, the upper one raised, the lower one lowered, both whole."""
    face = mean_face()
    shut = closed(face[None, list(CONTROL)])[0]
    n = len(INNER_LIPS) // 2
    t = torch.tensor([k / n * (1 - k / n) * 4 for k in (*range(n + 1), *range(n - 1, 0, -1))])
    way = torch.tensor([-1.0 if k <= n else 1.0 for k in range(2 * n)])
    face[list(INNER_LIPS)] = shut + torch.stack([torch.zeros(2 * n), way * t * opened / 2], 1)
    for lip, sign in ((OUTER_LIPS[1:n], -1), (OUTER_LIPS[n + 1 :], 1)):
        inner = INNER_LIPS[1:n] if sign < 0 else INNER_LIPS[n + 1 :]
        face[list(lip)] = face[list(inner)] + torch.tensor([0.0, sign * 8.0])
    return face


def _shape(lips: torch.Tensor) -> MouthShape:
    return MouthShape(lips.mean(1), lips, torch.zeros(len(lips), 2, 2, len(POWERS)), 77.0)


def _shut(n: int = 1) -> MouthShape:
    return _shape(closed(mean_face()[None, list(CONTROL)]).repeat(n, 1, 1))


def _painted(face: torch.Tensor) -> torch.Tensor:
    """(1, 3, S, S): skin, lips, teeth between them."""
    points = (pixel_grid(SIZE, face) + 1) * (SIZE / 2) - 0.5
    outer, inner = (lip_distance(face[None, list(k)], points)[0, ..., None] > 0 for k in (OUTER_LIPS, INNER_LIPS))
    return torch.where(inner, TOOTH, torch.where(outer, LIP, SKIN)).permute(2, 0, 1)[None]


def _half_way(face: torch.Tensor, n: int = 1) -> Edit:
    """What stage 2 would say: smooth, right at the outer edges of the lips, and paint between."""
    t, line = torch.arange(float(SIZE)), closed(mean_face()[None, list(CONTROL)])[:, :11]
    apart = (face[list(INNER_LIPS)][[(-k) % 20 for k in range(11)], 1] - face[list(INNER_LIPS)][:11, 1])[None]
    middle, gap = (line_at(line, values, t[None]) for values in (line[..., 1], apart))
    below = t[:, None] - middle
    move = gap / 2 * torch.tanh(below / 4) * (2 / SIZE)
    displacement = torch.stack([torch.zeros(SIZE, SIZE), move])[None].repeat(n, 1, 1, 1)
    opacity = 0.4 * (below.abs() < 6).float().expand(n, 1, SIZE, SIZE)
    nothing = torch.zeros(n, 3, SIZE, SIZE)
    return Edit(displacement, opacity, nothing, nothing)


def _refined(crop: torch.Tensor, edit: Edit) -> torch.Tensor:
    return composed(sample(crop, pixel_grid(SIZE, crop) + edit.displacement.permute(0, 2, 3, 1)), edit)


def _column(image: torch.Tensor, dx: int = 0) -> torch.Tensor:
    """The middle column around the mouth, (40, 3), with the line where lips meet at 20."""
    x, y = closed(mean_face()[None, list(CONTROL)])[0, 5].round().long().tolist()
    return image[0, :, y - 20 : y + 20, x + dx].T


def test_no_tooth_is_left_and_lips_stay_as_thick() -> None:
    face, rest = _mouth(14), _mouth(0)
    crop, edit = _painted(face), _half_way(face)
    smooth = edit._replace(opacity=torch.zeros_like(edit.opacity))
    for dx in (-12, 0, 12):
        assert ((_column(_refined(crop, smooth), dx) - TOOTH).abs().amax(1) < 0.2).sum() >= 3, "a bar of teeth"
    closing = Closing(_shut(), face[None], rest[None])
    assert closing
    made = closing(edit, edit.displacement)
    shut, _ = with_finer(made, closing.seam(_refined(crop, made).clamp(0, 1), CORNER))
    for dx in (-12, 0, 12):
        column = _column(_refined(crop, shut), dx)
        assert (column[:, 2] < 0.55).all(), "nothing as blue as teeth"
        there = (column[:, 1] < 0.45).nonzero()[:, 0]
        real = (_column(_painted(rest), dx)[:, 1] < 0.45).nonzero()[:, 0]
        assert abs(int(there[0]) - int(real[0])) <= 1 and abs(int(there[-1]) - int(real[-1])) <= 1, (
            "as thick as at rest"
        )


def test_the_shadow_is_deepest_where_lips_meet_and_keeps_their_hue() -> None:
    face, rest = _mouth(14), _mouth(0)
    closing = Closing(_shut(), face[None], rest[None])
    lips = LIP[:, None, None].expand(1, 3, SIZE, SIZE)
    seam = closing.seam(lips, CORNER)
    x, y = (closed(mean_face()[None, list(CONTROL)])[0, 5] - CORNER[0]).tolist()
    middle = seam.added[0, :, :, round((x + 0.5) * FACTOR)]
    full = seam.opacity[0, 0, :, round((x + 0.5) * FACTOR)] == 1
    gain = (middle / LIP[:, None])[:, full]
    assert abs(int(gain[0].argmin() + full.nonzero()[0]) - (y + 0.5) * FACTOR) <= 1
    torch.testing.assert_close(gain[0], gain[2])
    assert 0.65 < gain.min() < 0.75 and gain.max() > 0.85
    assert not seam.opacity[..., :20].any() and not seam.opacity[..., -20:, :].any(), "nothing beyond the mouth"
    assert seam.opacity.shape[-2:] == (FACTOR * SIDE, FACTOR * SIDE)


def test_lips_that_are_shut_or_stay_open_do_not_close() -> None:
    rest = _mouth(0)[None]
    assert not Closing(_shut(), rest, rest), "they were shut"
    wide = _mouth(14)
    assert not Closing(_shape(wide[None, list(INNER_LIPS)]), wide[None], rest), "they stay open"


def test_each_mouth_for_itself() -> None:
    """One closes, one stays open; the second is left as it would be otherwise."""
    wide, rest = _mouth(14), _mouth(0)
    shape = _shape(torch.cat([_shut().lips, wide[None, list(INNER_LIPS)]]))
    closing = Closing(shape, torch.stack([wide, wide]), torch.stack([rest, rest]))
    edit = _half_way(wide, 2)
    otherwise = edit.displacement + 0.01
    made = closing(edit, otherwise)
    assert torch.equal(made.displacement[1], otherwise[1]) and torch.equal(made.opacity[1], edit.opacity[1])
    alone = Closing(_shut(), wide[None], rest[None])(Edit(*(t[:1] for t in edit)), otherwise[:1])
    torch.testing.assert_close(made.displacement[:1], alone.displacement)
    far = made.displacement[0, :, :100]
    assert torch.equal(far, otherwise[0, :, :100]), "eyes stay where they are"
    assert not closing.seam(torch.ones(2, 3, SIZE, SIZE), CORNER.repeat(2, 1)).opacity[1].any()


def test_values_along_a_line() -> None:
    line = torch.tensor([[[10.0, 0.0], [20.0, 0.0], [40.0, 0.0]]])
    found = line_at(line, torch.tensor([[1.0, 3.0, -1.0]]), torch.tensor([[0.0, 10.0, 15.0, 30.0, 40.0, 99.0]]))
    torch.testing.assert_close(found, torch.tensor([[1.0, 1.0, 2.0, 1.0, -1.0, -1.0]]))

"""Eyeballs stay where they are while lids open over them, and what was hidden of them is as the rest."""

import torch

from reggan.faces import SIZE
from reggan.faces.topology import EYES, IRISES
from reggan.model.finer_grid import cut, square_points
from reggan.model.frame import normalise, pixel_grid, sample, sample_at
from reggan.model.iris import find_irises
from reggan.model.mouth_geometry import lip_distance
from reggan.model.refinement import Edit
from reggan.model.reggan import compose
from reggan.model.still_eyes import moved_to, with_still_eyes
from tests.landmarks import mean_face

SKIN, WHITE, IRIS, PUPIL = ([0.8, 0.6, 0.5], [0.9, 0.88, 0.85], [0.3, 0.45, 0.6], [0.05, 0.05, 0.05])
RADIUS = 8.0


def _face() -> torch.Tensor:
    """The mean face, whose irises have their landmarks a little beside their middle."""
    face = mean_face()
    for iris, eye in zip(IRISES, EYES, strict=True):
        face[list(iris)] = face[list(eye)].mean(0) + torch.tensor([0.8, 0.5])
    return face


def _between(face: torch.Tensor, within: float = 0) -> torch.Tensor:
    """(S, S) where its eyes are open, so far from the lids."""
    points = square_points(torch.zeros(1, 2).long(), SIZE)
    return torch.stack([lip_distance(face[list(eye)][None], points)[0] for eye in EYES]).amax(0) > within


def _painted(face: torch.Tensor, open_as: torch.Tensor, iris: list[float] = IRIS) -> torch.Tensor:
    """Skin, and where `open_as` has its eyes, white with round irises, pupils, and a catch-light off their middle."""
    at = ((pixel_grid(SIZE, face) + 1) * (SIZE / 2) - 0.5)[0]
    image, eyeball = torch.tensor(SKIN).expand(SIZE, SIZE, 3).clone(), torch.tensor(WHITE).expand(SIZE, SIZE, 3).clone()
    for eye in EYES:
        away = (at - face[list(eye)].mean(0)).norm(dim=-1)
        light = (at - face[list(eye)].mean(0) - torch.tensor([2.0, 4.0])).norm(dim=-1)
        eyeball[away < RADIUS] = torch.tensor(iris)
        eyeball[away < RADIUS / 3] = torch.tensor(PUPIL if iris == IRIS else iris)
        if iris == IRIS:
            eyeball[light < 1.3] = torch.ones(3)
    there = _between(open_as)
    image[there] = eyeball[there]
    return image.permute(2, 0, 1)[None]


def _opened(face: torch.Tensor, edit: Edit) -> torch.Tensor:
    """The face with its lids where they go."""
    face = face.clone()
    for eye in EYES:
        face[list(eye)] = moved_to(face[list(eye)][None], edit.displacement)[0]
    return face


def _edit(face: torch.Tensor, pixels: float) -> Edit:
    """What a network would say: around each eye the skin moves up by `pixels`, fading outwards, smoothly."""
    at = ((pixel_grid(SIZE, face) + 1) * (SIZE / 2) - 0.5)[0]
    down = torch.zeros(SIZE, SIZE)
    for eye in EYES:
        upper, middle = face[list(eye[1:8])].mean(0), face[list(eye)].mean(0)
        wide = (face[eye[0]] - face[eye[8]]).norm()
        down += torch.exp(-(((at[..., 0] - middle[0]) / (0.4 * wide)) ** 2) - ((at[..., 1] - upper[1] + 2) / 9) ** 2)
    displacement = torch.stack([torch.zeros_like(down), pixels * down * 2 / SIZE])[None]
    none = torch.zeros(1, 3, SIZE, SIZE)
    return Edit(displacement, none[:, :1], none, none)


def test_lashes_go_with_their_lid_and_stay_as_long() -> None:
    """Brows rise more than lids, so the skin between them stretches: not just above the lid, where lashes are."""
    face = _face()
    at = ((pixel_grid(SIZE, face) + 1) * (SIZE / 2) - 0.5)[0]
    down = (0.5 * (face[list(EYES[0])].mean(0)[1] + 6 - at[..., 1])).clamp(0, 18)  # half as far apart before
    none = torch.zeros(1, 3, SIZE, SIZE)
    edit = Edit(torch.stack([torch.zeros_like(down), down * 2 / SIZE])[None], none[:, :1], none, none)
    new = with_still_eyes(edit, _painted(face, face), face[None])
    opened = _opened(face, edit)
    for eye in EYES:
        old, goal = (f[list(eye[3:6])] for f in (face, opened))
        for above, stretched, kept in ((2.0, 0.55, 0.9), (4.0, 0.55, 0.8)):
            up = goal - torch.tensor([0.0, above])
            before, after = (
                (old - up - sample_at(e.displacement, up[None])[0] * SIZE / 2)[:, 1] / above for e in (edit, new)
            )
            assert (before < stretched).all() and (after > kept).all(), f"{above}: {before}, {after}"
        brow = face[list(eye)].mean(0) - torch.tensor([0.0, 34.0])
        torch.testing.assert_close(*(sample_at(e.displacement, brow[None, None]) for e in (edit, new)))


def _shown(edit: Edit, crop: torch.Tensor) -> torch.Tensor:
    where = pixel_grid(SIZE, crop) + edit.displacement.permute(0, 2, 3, 1)
    return compose(crop, where, edit)


def _around_eyes(image: torch.Tensor, face: torch.Tensor) -> torch.Tensor:
    corner = torch.stack([face[list(eye)].mean(0) for eye in EYES]).round().long() - 24
    return cut(image.expand(2, -1, -1, -1), corner, 48)


def test_an_iris_that_lids_uncover_is_round_and_its_light_is_where_it_was() -> None:
    face = _face()
    crop, edit = _painted(face, face), _edit(face, 6)
    goal = _opened(face, edit)
    wanted = _painted(face, goal)
    stretched, still = (_around_eyes(_shown(e, crop), face) for e in (edit, with_still_eyes(edit, crop, face[None])))
    inside, within = (_around_eyes(_between(goal, px)[None, None].float(), face) > 0 for px in (0, 2))
    error, before = (
        float((within * (image - _around_eyes(wanted, face)).abs()).mean()) for image in (still, stretched)
    )
    assert error < 0.6 * before
    bright = [float((image.amin(1, keepdim=True) > 0.95).sum()) for image in (_around_eyes(crop, face), still)]
    assert bright[1] <= 1.3 * bright[0], "no second catch-light"
    below = torch.arange(48)[:, None] > 24
    assert torch.equal(below * ~inside * still, below * ~inside * stretched), "cheeks go where they went"


def test_eyes_that_close_are_left_alone_and_those_that_stay_change_nothing() -> None:
    face = _face()
    crop, closing = _painted(face, face), _edit(face, -4)
    assert with_still_eyes(closing, crop, face[None]) is closing
    torch.testing.assert_close(_shown(with_still_eyes(_edit(face, 0), crop, face[None]), crop), crop, atol=1e-4, rtol=0)


def test_carved_eyes_and_shut_ones_stay_as_they_were_made() -> None:
    face, edit = _face(), _edit(_face(), 6)
    shut = face.clone()
    for eye in EYES:
        shut[list(eye[1:8]), 1] = shut[list(eye[15:8:-1]), 1] - 1
    carved = with_still_eyes(edit, _painted(face, face, WHITE), face[None])
    sleeping = with_still_eyes(edit, _painted(face, shut), shut[None])
    inside = _between(_opened(face, edit), 1.0)
    torch.testing.assert_close(inside * carved.displacement, inside * edit.displacement, atol=1e-4, rtol=0)
    torch.testing.assert_close(sleeping.displacement, edit.displacement, atol=1e-4, rtol=0)
    for made in (carved, sleeping):
        for a, b in zip(made[1:], edit[1:], strict=True):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=0)


def test_each_face_of_a_batch_is_treated_as_if_it_were_alone() -> None:
    face = _face()
    crops = torch.cat([_painted(face, face), _painted(face, face) * 0.7])
    edits = [_edit(face, 6), _edit(face, 0)]
    both = with_still_eyes(Edit(*(torch.cat(t) for t in zip(*edits, strict=True))), crops, face.expand(2, -1, -1))
    alone = with_still_eyes(edits[0], crops[:1], face[None])
    for batch, first, untouched in zip(both, alone, edits[1], strict=True):
        torch.testing.assert_close(batch[:1], first)
        torch.testing.assert_close(batch[1:], untouched)


def test_a_displacement_is_followed_to_where_things_go() -> None:
    face = _face()
    field = _edit(face, 6).displacement
    points = face[list(EYES[0])][None]
    where = moved_to(points, field)
    there = where + sample(field, normalise(where, SIZE)[:, None], "bilinear")[:, :, 0].transpose(1, 2) * (SIZE / 2)
    torch.testing.assert_close(there, points, atol=0.02, rtol=0)
    assert (points - where)[..., 1].max() > 3


def test_irises_are_found_behind_lids_wherever_the_landmarks_have_them() -> None:
    face = _face()
    squares, visible = _around_eyes(_painted(face, face), face), _around_eyes(_between(face)[None, None].float(), face)
    corner = torch.stack([face[list(eye)].mean(0) for eye in EYES]).round() - 24
    middle = torch.stack([face[list(eye)].mean(0) for eye in EYES]) - corner
    span = torch.stack([(face[eye[0]] - face[eye[8]]).norm() for eye in EYES])
    for off in ([0.0, 0.0], [1.5, 1.0], [-1.5, 0.5]):
        found = find_irises(squares, visible, middle + torch.tensor(off), span)
        assert (found.centre - middle).abs().max() < 1.6
        assert (found.radius - RADIUS).abs().max() < 1.0 and found.contrast.min() > 0.3

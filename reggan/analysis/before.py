"""How a face was before RegGAN edited it, from the picture and from what its file says was done (`edit_record.py`).

The edit depends on the face it was made of, which is looked for. A guess of that face says what was done, taking that
back gives a better guess:

    guess = rest of the face;  guess <- take_back(picture, edit of guess), twice

where the first comes from the model itself, as `neutral`. The face found so is close to the one it was: FSS is 0.997 in
the median of ten pictures, see docs/reliability.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from reggan.analysis.analysed import AlignedFace, Analysis, Before, moved
from reggan.analysis.edit_record import Box, FaceEdit
from reggan.errors import InputError
from reggan.faces import Change, Face, face_in_box, find_faces, paste_back, similarity_scale
from reggan.faces.close_up import overlap, size
from reggan.faces.images import scaled_down
from reggan.faces.take_back import take_back
from reggan.faces.transparency import take_opacity_back
from reggan.model.arrays import Image
from reggan.model.forward import Float
from reggan.model.neutral import NeutralEstimator, come_and_leave

Align = Callable[[Image, Face], AlignedFace]
Edit = Callable[[AlignedFace, NDArray[np.float32], float], Change]  # of a face by c (6,) and relax

_STEPS = 2  # a third changes little
_SAME = 0.5  # intersection over union, from which two boxes are of one face
_ENOUGH = 2.0  # picture pixels for one of the crop, where a face is looked for
_AROUND = 0.8  # of a face's box, by which the part of the picture that is looked at is larger on each side


def with_before(analysis: Analysis, edits: tuple[FaceEdit, ...], align: Align, edit: Edit) -> Analysis:
    """The analysis, with how the faces were that RegGAN has edited.

    Args:
        analysis: of the picture as it is.
        edits: what its file says was done.
    """
    if not edits:
        return analysis
    faces = list(analysis.faces)
    height, width = analysis.image.shape[:2]
    for done in edits:
        x0, y0, x1, y1 = done.box
        box = x0 * width, y0 * height, x1 * width, y1 * height
        known = [n for n, one in enumerate(faces) if overlap(one.face.box, box) >= _SAME]
        hidden = None if known else _missed(analysis.image, box)
        if hidden is not None:
            known = [len(faces)]
            faces.append(align(analysis.image, hidden))
        for n in known[:1]:
            if faces[n].before is None:
                faces[n] = replace(faces[n], before=_before(analysis, faces[n], done, align, edit))
    return replace(analysis, faces=tuple(sorted(faces, key=lambda one: -size(one.face.box))))


def _missed(image: Image, box: Box) -> Face | None:
    """The face in a box that was not found: what made it may have made it hard to find."""
    try:
        face = face_in_box(image, box)
    except InputError:
        return None
    return None if face.assumed or overlap(face.box, box) < _SAME else face


def edits_of(analysis: Analysis, faces: Iterable[int], c: Float, relax: Float) -> tuple[FaceEdit, ...]:
    """What the picture's file is to say when these faces have got c (N, 6) and relax (N,), and the others stay as they
    are: what was done to each, be it now or earlier."""
    asked = {face: (c[n : n + 1], relax[n : n + 1]) for n, face in enumerate(faces) if c[n].any() or relax[n]}
    height, width = analysis.image.shape[:2]
    edits = []
    for n, one in enumerate(analysis.faces):
        if one.face.assumed:  # nobody will find it again
            continue
        x0, y0, x1, y1 = one.base.face.box
        box = x0 / width, y0 / height, x1 / width, y1 / height
        if n in asked:
            edits.append(_came(one, box, *asked[n]))
        elif one.before is not None:
            edits.append(replace(one.before.edit, box=box))
    return tuple(edit for edit in edits if edit.comes.any() or edit.leaves)


def _came(one: AlignedFace, box: Box, c: Float, relax: Float) -> FaceEdit:
    """What c (1, 6) and relax (1,) really do to a face: a smile that is there stays as it is."""
    left = 0.0 if one.before is None else one.before.edit.leaves
    c, relax = one.asked(c, relax)
    there = NeutralEstimator.leaving(torch.from_numpy(one.base.present[None]))
    if not there.any() or left == 1:
        return FaceEdit(box, c[0], left)
    comes, leaves = come_and_leave(there, torch.from_numpy(c), torch.from_numpy(relax))
    return FaceEdit(box, comes[0].numpy(), 1 - (1 - left) * (1 - float(leaves[0])))


def _before(analysis: Analysis, face: AlignedFace, done: FaceEdit, align: Align, edit: Edit) -> Before | None:
    """None where no face is found on the way."""
    if not done.comes.any():
        return Before(face, done, (0, 0), analysis.image[:0, :0])
    x0, y0, x1, y1 = face.face.box
    room = _AROUND * max(x1 - x0, y1 - y0)
    corner = max(int(x0 - room), 0), max(int(y0 - room), 0)
    around = slice(corner[1], int(y1 + room) + 1), slice(corner[0], int(x1 + room) + 1)
    part = np.ascontiguousarray(analysis.image[around])
    now = moved(face, np.ones(2), -np.array(corner, float))
    rest = edit(now, np.zeros(6, np.float32), 1.0)
    made = _made(part, now, rest, done, align, edit)
    if made is None:
        return None
    edits, then = made
    guess = paste_back(part, now.matrix, rest)
    for matrix, change in edits:
        guess = take_back(part, matrix, change, guess)
    then = moved(then, np.ones(2), np.array(corner, float))
    if analysis.opacity is None:
        return Before(then, done, corner, guess)
    return Before(then, done, corner, guess, take_opacity_back(analysis.opacity[around], *edits[-1]))


def _made(
    part: Image, now: AlignedFace, rest: Change, done: FaceEdit, align: Align, edit: Edit
) -> tuple[list[tuple[NDArray[np.float64], Change]], AlignedFace] | None:
    """What was made of a face, better told with each step, by matrix and change; and how the face was. It is looked
    for in a smaller copy, if the picture has more pixels of it than that takes. None where no face is found."""
    small = scaled_down(part, min(1.0, _ENOUGH * similarity_scale(now.matrix)))
    stretch = np.array(small.shape[1::-1]) / part.shape[1::-1]
    here = moved(now, stretch, 0.5 * stretch - 0.5)
    there = 1 / stretch, 0.5 / stretch - 0.5
    edits = []
    guess = paste_back(small, here.matrix, rest)
    for _ in range(_STEPS):
        once = _found(guess, here, align)
        if once is None:
            return None
        change = edit(once, done.comes, 0.0)
        edits.append((moved(once, *there).matrix, change))
        guess = take_back(small, once.matrix, change, guess)
    then = _found(guess, here, align)
    return None if then is None else (edits, moved(then, *there))


def _found(image: Image, like: AlignedFace, align: Align) -> AlignedFace | None:
    """The face that lies where another does, if it is found; what covers that covers it."""
    face = max(find_faces(image), key=lambda one: overlap(one.box, like.face.box), default=None)
    if face is None or overlap(face.box, like.face.box) < _SAME:
        return None
    return replace(align(image, face), covered=like.covered)

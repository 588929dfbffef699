"""RegGAN: both stages in the landmark-normalised frame, and the way back into the crop."""

from typing import NamedTuple, TypeVar

import torch
import torch.nn as nn
from torch import Tensor

from reggan.faces import SIZE
from reggan.faces.topology import INNER_LIPS
from reggan.model.arrays import resize, shrink, smoothstep
from reggan.model.closed_lips import Closing
from reggan.model.config import ModelConfig
from reggan.model.finer_grid import FACTOR, FinerOutput, cut, enlarged, with_finer
from reggan.model.fold_detail import FoldDetail, how_lined
from reggan.model.frame import FrameMaps, LandmarkFrame, pixel_grid, sample, skin_moves
from reggan.model.mouth_detail import MouthDetail, kind_of_teeth, mouth_corner, mouth_guess, paint, share
from reggan.model.mouth_geometry import MouthShape, lip_correction, opening
from reggan.model.neutral import NeutralEstimator, come_and_leave, further
from reggan.model.own_teeth import OwnTeeth, like_own, own_teeth
from reggan.model.picture_quality import Quality, no_whiter, quality_of, softened, veiled
from reggan.model.reference_colours import reference_colours
from reggan.model.refinement import Edit, Placement, RefinementNetwork
from reggan.model.refinement.monochrome import palette_of
from reggan.model.regression import RegressionLayer
from reggan.model.still_eyes import with_still_eyes
from reggan.model.thin_paint import with_thin_paint_as_light

_NARROW = 3.0, 6.5, 7.5  # pixels between lips that part for a slit: more than hardly, less than for a smile
_CHANGES = 0.3  # of an expression comes or leaves, from which the lips are put where they belong altogether


class Output(NamedTuple):
    """What the model makes of a batch of aligned crops."""

    coarse: Tensor  # (B, 3, S, S) in [0, 1], stage 1
    refined: Tensor  # (B, 3, S, S) in [0, 1], stage 2
    edit: Edit  # on the crop's grid, for pasting back at full resolution
    details: tuple[FinerOutput, ...] = ()  # mouth and folds, where they were wanted


class Stage1(NamedTuple):
    """What stage 1 makes, and what stage 2 goes on from; N rows each."""

    crop: Tensor  # (N, 3, S, S)
    x: Tensor  # (N, 3, S, S) the face in the frame
    c: Tensor  # (N, 6) in [0, 1], what comes: less than is asked for, if the face has some of it already
    change: Tensor  # (N, 3, grid, grid) coarse minus x
    leaving: Tensor  # (N, 6) in [0, 1], how much of each expression that the face has is taken away
    placement: Placement
    relaxed: Tensor | None  # (N, 2, S, S) how the skin moves as that leaves
    to_goal: Tensor  # (N, S, S, 2) where in the frame a crop pixel lies then
    coarse: Tensor  # (N, 3, S, S) in [0, 1], in the crop
    rest: Tensor  # (N / n, 478, 2) landmarks of the faces at rest
    shows: Tensor  # (N, 6) the expression in the end: what comes, and what stays of what is there


def compose(image: Tensor, where: Tensor, edit: Edit) -> Tensor:
    """Equation (4): `image` (B, 3, S, S) looked up at `where` (B, h, w, 2), painted over and shaded; not clipped."""
    return composed(sample(image, where), edit)


def composed(moved: Tensor, edit: Edit) -> Tensor:
    """Equation (4) with what is already looked up, (B, 3, h, w)."""
    return (1 - edit.opacity) * moved + edit.opacity * edit.paint + edit.residual


def channels_last(t: Tensor) -> Tensor:
    """(B, 2, H, W) to (B, H, W, 2): a field to positions for `sample`."""
    return t.permute(0, 2, 3, 1)


def _unchanged(c: Tensor, leaving: Tensor) -> Tensor:
    """(N, 1, 1, 1) where nothing comes and nothing leaves."""
    return ((c == 0) & (leaving == 0)).all(1)[:, None, None, None]


def _moved(s: Stage1, edit: Edit) -> Tensor:
    """The crops with their skin where it goes, (N, 3, S, S)."""
    return sample(s.crop, pixel_grid(s.crop.shape[-1], s.crop) + channels_last(edit.displacement))


def _refined(s: Stage1, edit: Edit, moved: Tensor) -> Tensor:
    """Stage 2's images (N, 3, S, S): equation (4), and the crop itself where nothing changes."""
    return torch.where(_unchanged(s.c, s.leaving), s.crop, composed(moved, edit).clamp(0, 1))


def _repeat(t: Tensor, n: int) -> Tensor:
    """(B, ...) to (B n, ...), each n times in a row; without a copy where B or n is 1."""
    return t[:, None].expand(-1, n, *t.shape[1:]).flatten(0, 1)


AnyModule = TypeVar("AnyModule", bound=nn.Module)


def fast_layout(module: AnyModule) -> AnyModule:
    """Weights as (height, width, channel): convolutions on a CPU are about 1.4 times as fast."""
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


class RegGAN(nn.Module):
    """Stage 1 and stage 2 as one module."""

    #: Stage 2; an ablation puts another in its place.
    refinement_network: type[RefinementNetwork] = RefinementNetwork

    def __init__(self, config: ModelConfig = ModelConfig()) -> None:  # noqa: B008  (it is frozen)
        super().__init__()
        self.config = config
        self.frame = LandmarkFrame()
        self.neutral = NeutralEstimator()
        self.regression = RegressionLayer(config.grid, config.r)
        self.refinement = self.refinement_network(config, SIZE)
        self.mouth = MouthDetail()
        self.folds = FoldDetail()

    def coarse_change(self, x: Tensor, c: Tensor, leaving: Tensor) -> Tensor:
        """Stage 1 in the frame: x (B, 3, S, S) in [0, 1], c, what leaves (B, 6) -> coarse - x, (B, 3, grid, grid)."""
        return self.regression.change(shrink(x, self.regression.size), c, leaving)

    def refinement_input(self, x: Tensor, change: Tensor) -> tuple[Tensor, Tensor]:
        """What stage 2 is shown of x (B, 3, S, S) and of stage 1's change (B, 3, grid, grid): (B, 3, S, S) and
        (B, 3, S/2, S/2)."""
        return x, resize(change, SIZE // 2)

    def forward(
        self,
        crop: Tensor,
        landmarks: Tensor,
        c: Tensor,
        relax: Tensor | None = None,
        maps: dict[str, Tensor] | None = None,
        detail: bool = False,
    ) -> Output:
        """Edit aligned crops.

        Args:
            crop: (B, 3, 256, 256) in [0, 1].
            landmarks: (B, 478, 2) MediaPipe landmarks, pixels in the crop.
            c: (N, 6) in [0, 1]: N / B expressions of each face, the first face's first.
            relax: (N,) in [0, 1], how much of the expression that the face has is taken away; nothing if not given.
                What the new one has too stays in place, see `come_and_leave`.
            maps: if given, filled with stage 2's attention maps, in the frame.
            detail: whether to do what nothing but training leaves out, see `_with_detail`.

        Returns:
            `Output` with N rows; where c and relax are 0, both images equal the crop.
        """
        relax = c.new_zeros(len(c)) if relax is None else relax
        s = self.stage_1(crop, landmarks, c, relax)
        edit = self.refinement(*self.refinement_input(s.x, s.change), s.c, s.leaving, s.placement, maps)
        edit = Edit(*sample(torch.cat(list(edit), 1), s.to_goal, "bilinear").split([2, 1, 3, 3], 1))
        if s.relaxed is not None:
            edit = edit._replace(displacement=edit.displacement + s.relaxed)
        if detail:
            return self._with_detail(s, edit, crop, landmarks)
        return Output(s.coarse, _refined(s, edit, _moved(s, edit)), edit)

    def _with_detail(self, s: Stage1, edit: Edit, crop: Tensor, landmarks: Tensor) -> Output:
        """Stage 2's edit (N, ., S, S) of crops (B, 3, S, S), and what it is too coarse for or knows too little of.

        Eyeballs are held still (`still_eyes.py`), lips put where they belong and closed (`closed_lips.py`), opened
        mouths drawn anew (`mouth_detail.py`), folds drawn (`fold_detail.py`), as pale and as soft as the picture is
        (`picture_quality.py`), thin paint is light (`thin_paint.py`), and light no whiter than the skin near by.
        Without a fit of `mouth.geometry` nothing is done to mouths, without one of `folds` no fold is drawn.
        """
        n = len(s.c) // len(crop)
        colours, finer = reference_colours(crop, landmarks), list[FinerOutput]()
        around, own = _repeat(colours, n), OwnTeeth(*(_repeat(t, n) for t in own_teeth(crop, landmarks, colours)))
        quality = Quality(*(_repeat(t, n) for t in quality_of(crop)))
        edit = with_still_eyes(edit, crop, landmarks)
        shape = None
        if self.mouth.geometry.fitted:
            rest, now = _repeat(s.rest, n), _repeat(landmarks, n)
            shape = self.mouth.geometry(rest, s.shows, crop.shape[-1])
            displacement = edit.displacement + self._lips(edit.displacement, s, shape, now)
            closing = Closing(shape, now, rest)
            edit = closing(edit, displacement) if closing else edit._replace(displacement=displacement)
        moved = _moved(s, edit)
        refined = _refined(s, edit, moved)
        if shape is not None:
            bare = moved + edit.residual
            finer.append(self._mouth_detail(refined, s, edit, bare, shape, around, own, quality, closing))
        if self.folds.fold(s.c):
            lined = _repeat(how_lined(s.x[::n]), n)
            folds = self.folds(refined, edit, s.placement.frame, lined, s.c, around[:, 1])
            finer.append(folds._replace(added=softened(folds.added, FACTOR * quality.softness)))
        details = []
        for one in finer:
            edit, finest = with_finer(edit, one)
            details.append(finest)
        edit = no_whiter(with_thin_paint_as_light(edit, moved), moved)
        return Output(s.coarse, _refined(s, edit, moved), edit, tuple(details))

    @staticmethod
    def _lips(displacement: Tensor, s: Stage1, shape: MouthShape, now: Tensor) -> Tensor:
        """What `displacement` (N, 2, S, S) lacks to put the lips where they belong: where an expression leaves, and
        where they open so little that stage 2 stretches them instead; `now` (N, 478, 2) are the landmarks."""
        wide = opening(shape.lips)
        narrow = smoothstep(wide / _NARROW[0]) * smoothstep((_NARROW[2] - wide) / (_NARROW[2] - _NARROW[1]))
        leaves, comes = (smoothstep(t.amax(1) / _CHANGES) for t in (s.leaving, s.c))
        sets_in = torch.maximum(leaves, narrow * comes)[:, None, None, None]
        if not sets_in.any():
            return torch.zeros_like(displacement)
        return sets_in * lip_correction(displacement, shape, now[:, list(INNER_LIPS)])

    def _mouth_detail(
        self,
        refined: Tensor,
        s: Stage1,
        edit: Edit,
        bare: Tensor,
        shape: MouthShape,
        around: Tensor,
        own: OwnTeeth,
        quality: Quality,
        closing: Closing,
    ) -> FinerOutput:
        """Equation (7), as what it adds to equation (4)'s opacity and to what is added there; and the seam of lips that
        close.

        Args:
            refined: (N, 3, S, S).
            s: of the same faces.
            bare: (N, 3, S, S), moved and shaded, but nothing painted.
            shape: of N mouths.
            around: (N, 3, 3) colours elsewhere in the face.
            own: teeth that the N faces show.
            quality: of the N pictures.
        """
        corner = mouth_corner(self.frame, s.placement.goal)
        kind = _repeat(kind_of_teeth(s.rest), len(refined) // len(s.rest))
        square = cut(torch.cat([refined, edit.opacity, bare, edit.opacity * edit.paint, edit.residual], 1), corner)
        mouth, opacity, bare, painted, residual = square.split([3, 1, 3, 3, 3], 1)
        fields = self.mouth(mouth, opacity, bare, mouth_guess(shape, corner), around)
        fields = fields._replace(teeth=like_own(fields.teeth, fields.lips > 0, own))
        colour, inside = paint(fields, kind)
        colour = palette_of(s.x).toned(veiled(colour.clamp(0, 1), quality.veil))
        inside, drawn = softened(torch.cat([inside, inside * colour], 1), FACTOR * quality.softness).split([1, 3], 1)
        part = share(fields, inside, opacity)
        added = drawn - inside * enlarged(residual) - enlarged(painted)
        more, added = part * (inside - enlarged(opacity)), part * added
        if closing:  # where lips meet there is no inside
            seam = closing.seam(refined, corner)
            more, added = more + seam.opacity, added + seam.added
        return FinerOutput(corner, more, added)

    def stage_1(self, crop: Tensor, landmarks: Tensor, c: Tensor, relax: Tensor) -> Stage1:
        """Stage 1 alone; arguments as `forward` has them."""
        size, n = crop.shape[-1], len(c) // len(crop)
        f: FrameMaps = self.frame(landmarks, size)
        rest, present = self.neutral(landmarks, size)
        there = _repeat(self.neutral.leaving(present), n)
        c, relax = come_and_leave(there, c, relax)
        shows = c + (1 - relax)[:, None] * there
        relax = relax * further(there, c)
        leaving = relax[:, None] * there
        x = sample(crop, f.to_crop).clamp(0, 1)
        relaxed, goals = self._relaxed(landmarks, rest, f, relax, leaving, size)
        crop, x, to_crop, to_frame = (_repeat(t, n) for t in (crop, x, *f))
        change = self.coarse_change(x, c, leaving)
        # Back onto the crop's grid: output u lies at A(u) of a face at rest, and shows what was at u + relaxed(u).
        coarse = crop if relaxed is None else sample(crop, pixel_grid(size, crop) + channels_last(relaxed))
        coarse = (coarse + sample(change, goals.to_frame, "bilinear")).clamp(0, 1)
        coarse = torch.where(_unchanged(c, leaving), crop, coarse)
        placement = Placement(FrameMaps(to_crop, to_frame), goals.to_crop, self.frame.face(size))
        return Stage1(crop, x, c, change, leaving, placement, relaxed, goals.to_frame, coarse, rest, shows)

    def _relaxed(
        self, landmarks: Tensor, rest: Tensor, f: FrameMaps, relax: Tensor, leaving: Tensor, size: int
    ) -> tuple[Tensor | None, FrameMaps]:
        """How the skin moves when something of the present expression goes, and where the frame lies then.

        The frame is laid over the face as it would be at rest, and filled with the face as it is. So a closed mouth
        takes the place of a laughing one before either stage has done anything.

        Args:
            landmarks, rest: (B, 478, 2) as they are, and at rest.
            f: the frame of the landmarks.
            relax: (N,), how far they go towards rest, N / B rows of each face.
            leaving: (N, 6), what goes then.

        Returns:
            displacement (N, 2, S, S) in the crop, None where nothing moves; and the maps of the goal.
        """
        n = len(relax) // len(landmarks)
        if not leaving.any():
            return None, FrameMaps(*(_repeat(t, n) for t in f))
        face = torch.arange(len(landmarks), device=relax.device).repeat_interleave(n)
        each, row = torch.stack([face.to(relax), relax], 1).unique(dim=0, return_inverse=True)  # often one of each face
        face, share = each[:, 0].long(), each[:, 1, None, None]
        goals = self.frame(torch.lerp(landmarks[face], rest[face], share.to(rest)), size)
        moves = skin_moves(f.to_crop[face], goals)
        return moves[row], FrameMaps(goals.to_crop[row], goals.to_frame[row])

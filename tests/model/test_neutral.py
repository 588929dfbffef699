"""What a face does already: equation (6), and how the model takes it away."""

import copy

import numpy as np
import pytest
import torch

from reggan.expressions import BASIC, NATURAL, relaxation
from reggan.faces import SIZE, Change, apply_change
from reggan.faces.topology import CONTROL
from reggan.model.arrays import to_uint8
from reggan.model.config import ModelConfig
from reggan.model.frame import LandmarkFrame, mean_shape, normalise
from reggan.model.neutral import COMPONENTS, NeutralEstimator, come_and_leave, further, smiling
from reggan.model.reggan import RegGAN
from reggan.pairs.layout import Subject
from reggan.predictor import Predictor
from reggan.train.neutral_fit import Changed, Observed, changed, errors_of_neutral, fit_move, fit_neutral, observe_skin
from tests.landmarks import mean_face, moved
from tests.paths import PHOTO

WIDE = 12.0  # pixels by which the invented smile widens the mouth
CONTROLS = list(CONTROL)


def _smile(face: torch.Tensor, strength: float) -> torch.Tensor:
    """Landmarks (478, 2) of a face, its mouth `strength` times as wide, higher at the corners and open."""
    out = face.clone()
    mouth = face[[61, 291, 13, 14]].mean(0)
    offset = face - mouth
    near = torch.exp(-(offset / 30).square().sum(1))
    out[:, 0] += strength * near * offset[:, 0].clamp(-1, 1) * WIDE
    out[:, 1] += strength * near * (offset[:, 1].clamp(-1, 1) * 6 - offset[:, 0].abs() / 40 * 8)
    return out


def _observed(faces: range) -> list[Observed]:
    out = []
    for seed in faces:
        face = moved(mean_face(), 3, seed)
        rest = normalise(face[CONTROLS], SIZE)
        for strength in (0.0, 0.5, 1.0):
            c = strength * torch.eye(6)[0]
            out.append(Observed(normalise(_smile(face, strength)[CONTROLS], SIZE), rest, c, 1.0))
    return out


@pytest.fixture(scope="module")
def estimator() -> NeutralEstimator:
    estimator = NeutralEstimator()
    fit_neutral(estimator, _observed(range(60)))
    return estimator


def test_the_smile_of_a_face_never_seen_is_found_and_taken_back(estimator: NeutralEstimator) -> None:
    face = moved(mean_face(), 3, 99)
    smiling = _smile(face, 1.0)
    rest, present = estimator(smiling[None], SIZE)
    assert present[0, 0] > 0.8 and present[0, 1:].max() < 0.2
    before, after = ((p - face)[CONTROLS].norm(dim=1).mean() for p in (smiling, rest[0]))
    assert after < 0.35 * before
    others = [k for k in range(478) if k not in CONTROL]
    assert torch.equal(rest[0, others], smiling[others])


def test_a_face_at_rest_is_left_alone(estimator: NeutralEstimator) -> None:
    face = moved(mean_face(), 3, 99)
    rest, present = estimator(face[None], SIZE)
    assert torch.equal(rest[0], face)
    assert present.max() < 0.22
    unfitted, nothing = NeutralEstimator()(_smile(face, 1.0)[None], SIZE)
    assert torch.equal(unfitted[0], _smile(face, 1.0)) and not nothing.any()


def test_errors_fall_on_people_kept_out(estimator: NeutralEstimator) -> None:
    errors = errors_of_neutral(estimator, _observed(range(90, 100)))
    assert errors["rest_as_it_is"] == 0 and errors["rest_estimated"] < 0.2
    assert errors["full_estimated"] < 0.4 * errors["full_as_it_is"]


def test_an_unknown_strength_counts_for_the_landmarks_alone() -> None:
    with_strength, without = NeutralEstimator(), NeutralEstimator()
    observed = _observed(range(20))
    fit_neutral(with_strength, observed)
    fit_neutral(without, [*observed[:30], *(o._replace(c=None) for o in observed[30:])])
    assert not torch.allclose(with_strength.present, without.present)
    without.present.copy_(with_strength.present)
    fit_move(without, [o if i % 3 == 0 else o._replace(c=None) for i, o in enumerate(observed)])
    fit_move(with_strength, [*observed, *(o for i, o in enumerate(observed) if i % 3)])
    torch.testing.assert_close(with_strength.move, without.move)  # a photograph of a smile counts twice


def test_each_expression_has_a_way_of_its_own_to_leave() -> None:
    """Equation (6a) with M_1 = 3 pixels to the right, M_2 = 5 pixels down, and nothing else."""
    estimator = NeutralEstimator()
    of = [len(estimator.move) - (6 - k) * (1 + COMPONENTS) for k in range(6)]  # rows of M_k, the constant first
    estimator.move[of[1], 0::2], estimator.move[of[2], 1::2] = 3 / (SIZE / 2), 5 / (SIZE / 2)
    face = mean_face()[None]
    for strengths, wanted in (
        ((1.0, 0.0), (3, 0)),
        ((0.0, 0.5), (0, 5)),
        ((1.0, 0.75), (3, 5 * 0.5)),
        ((1.0, 0.5), (3, 0)),
    ):
        estimator.present[0, 1:3] = torch.tensor(strengths)
        rest, present = estimator(face, SIZE)
        assert present[0, 1:3].tolist() == list(strengths)
        moves = (rest - face)[0, CONTROLS]
        torch.testing.assert_close(moves, torch.tensor(wanted).float().expand_as(moves), atol=1e-3, rtol=0)


def test_faces_at_rest_count_little_for_what_leaves() -> None:
    """However many they are, of a full smile nearly all is taken away."""
    many, few = NeutralEstimator(), NeutralEstimator()
    observed = _observed(range(40))
    fit_neutral(few, observed)
    fit_neutral(many, [o._replace(weight=1000.0) if o.c is not None and not o.c.any() else o for o in observed])
    many.mean, many.directions, many.present = few.mean, few.directions, few.present
    fit_move(many, [o._replace(weight=1000.0) if o.c is not None and not o.c.any() else o for o in observed])
    assert torch.equal(many.move, few.move)


def test_results_are_looked_at_as_the_page_does(predictor: Predictor) -> None:
    """The model's own smile is wider than the face at rest, and its skin is looked for where it was."""
    face = predictor.analyse(PHOTO).faces[0]
    crop, landmarks = torch.from_numpy(face.crop).permute(2, 0, 1), torch.from_numpy(face.landmarks)
    person = Subject("p", crop, landmarks, crop[:0], torch.zeros(0, 6), ())
    made = changed(predictor.model, [person])
    assert [int(one.c.argmax()) for one in made] == list(range(6))
    assert all(np.array_equal(one.rest, face.crop) for one in made)
    (smiling,) = observe_skin(predictor.model, made[:1])
    corners = [CONTROLS.index(k) for k in (61, 291)]
    rest, smile = (p[corners[1], 0] - p[corners[0], 0] for p in (smiling.at_rest, smiling.position))
    assert smile > 1.15 * rest
    away = (smiling.at_rest - normalise(landmarks[CONTROLS], SIZE)).norm(dim=1) * SIZE / 2
    assert away.mean() < 3 and away.max() < 9


def test_skin_that_lies_elsewhere_is_what_rest_lacks(predictor: Predictor) -> None:
    """Landmarks are told 3 pixels beside the face: at rest its skin is there, not where landmarks would be found."""
    face = predictor.analyse(PHOTO).faces[0]
    beside = np.roll(face.crop, (0, 3), (0, 1))
    seen = [
        observe_skin(predictor.model, [Changed(face.crop, face.landmarks, torch.zeros(6), rest)])[0]
        for rest in (face.crop, beside)
    ]
    move = ((seen[1].at_rest - seen[0].at_rest) * SIZE / 2).median(0).values
    assert move.tolist() == pytest.approx([3, 0], abs=0.4)


def test_what_looks_natural_takes_all_of_it_away() -> None:
    c = np.array(
        [[0, 0, 0, 0, 0, 0], [0.35, 0, 0, 0, 0, 0], [0.7, 0, 0, 0, 0, 0], [0, 0.65, 0, 0.65, 0, 0]], np.float32
    )
    assert relaxation(c, 0.3).tolist() == pytest.approx([0.3, 0.5, 1, 1])


@pytest.fixture(scope="module")
def model(estimator: NeutralEstimator) -> RegGAN:
    """Random weights that do something visible, and a fitted estimator."""
    torch.manual_seed(0)
    model = RegGAN(ModelConfig(grid=32, widths=(8, 8, 16, 16), shading=32))
    model.frame = LandmarkFrame(mean_shape(mean_face()[None], SIZE))
    model.neutral = estimator
    model.regression.weight.normal_(0, 0.02)
    torch.nn.init.normal_(model.refinement.head.weight, 0, 0.05)
    return model.eval().requires_grad_(False)


def _crop() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.nn.functional.interpolate(torch.rand(1, 3, 16, 16), size=(SIZE, SIZE), mode="bilinear")


def test_neutral_brings_the_landmarks_to_rest(model: RegGAN) -> None:
    """What the output shows at the landmark's place at rest is what the input showed at the landmark."""
    smiling = _smile(moved(mean_face(), 3, 99), 1.0)[None]
    out = model(_crop(), smiling, torch.zeros(1, 6), torch.ones(1))
    assert not torch.equal(out.refined, _crop())
    rest, _ = model.neutral(smiling, SIZE)
    for k in (61, 291, 17, 0):
        x, y = rest[0, k].round().int().tolist()
        shown = torch.tensor([x, y]) + out.edit.displacement[0, :, y, x] * SIZE / 2
        assert (shown - smiling[0, k]).norm() < 1.5


def test_a_face_at_rest_is_edited_as_before(model: RegGAN) -> None:
    face, c = moved(mean_face(), 3, 99)[None], torch.eye(6)
    assert torch.equal(model(_crop(), face, c).refined, model(_crop(), face, c, torch.ones(6)).refined)


def test_nothing_new_and_nothing_taken_away_is_the_input_bit_for_bit(model: RegGAN) -> None:
    smiling = _smile(mean_face(), 1.0)[None]
    out = model(_crop(), smiling, torch.zeros(1, 6), torch.zeros(1))
    assert torch.equal(out.refined, _crop()) and torch.equal(out.coarse, _crop())


def test_rows_do_not_depend_on_each_other(model: RegGAN) -> None:
    crops = torch.cat([_crop(), _crop().flip(-1)])
    faces = torch.stack([_smile(moved(mean_face(), 3, k), 1.0) for k in (97, 98)])
    c, relax = torch.rand(6, len(BASIC)), torch.tensor([0.0, 0.5, 1.0, 0.5, 1.0, 0.2])
    together = model(crops, faces, c, relax)
    for n in range(6):
        k = n // 3
        alone = model(crops[k : k + 1], faces[k : k + 1], c[n : n + 1], relax[n : n + 1])
        torch.testing.assert_close(together.refined[n : n + 1], alone.refined, atol=1e-4, rtol=0)
        torch.testing.assert_close(together.coarse[n : n + 1], alone.coarse, atol=1e-4, rtol=0)


def test_what_is_pasted_back_is_what_was_shown(model: RegGAN) -> None:
    crop, smiling = _crop(), _smile(moved(mean_face(), 3, 99), 1.0)[None]
    quiet = copy.deepcopy(model)
    out = quiet(crop, smiling, torch.eye(6)[:1], torch.ones(1))
    d, m, paint, r = (t[0].permute(1, 2, 0).numpy() for t in out.edit)
    pasted = apply_change(to_uint8(crop)[0], Change(np.ascontiguousarray(d) * np.float32(SIZE / 2), m, paint, r))
    inside = np.s_[24:-24, 24:-24]
    assert np.abs(pasted[inside].astype(float) - to_uint8(out.refined)[0][inside]).mean() < 0.6


@pytest.mark.parametrize(
    ("there", "c", "relax", "comes", "leaves"),
    [
        ([0.9, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], 1, [0, 1, 0, 0, 0, 0], 1),  # nothing in common
        ([0.9, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], 1, [0.1, 0, 0, 0, 0, 0], 0),  # the smile stays, and a little comes
        ([0.8, 0, 0, 0, 0, 0], [0.4, 0, 0, 0.6, 0, 0], 1, [0, 0, 0, 0.6, 0, 0], 0.5),  # half of it stays
        ([0.8, 0, 0, 0, 0, 0], [0.4, 0, 0, 0.3, 0, 0], 1, [0, 0, 0, 0.3, 0, 0], 0.2),  # most of it
        ([0.9, 0, 0, 0, 0, 0], [0.7, 0, 0, 0, 0, 0], 1, [0.07, 0, 0, 0, 0, 0], 0),  # asking for a smile weakens none
        ([0.8, 0, 0, 0, 0, 0], [0, 0.7, 0, 0, 0, 0], 1, [0, 0.7, 0, 0, 0, 0], 1),  # but another takes all of it
        ([0.8, 0, 0, 0, 0, 0], [0, 0.5, 0, 0, 0, 0], 0.5, [0, 0.5, 0, 0, 0, 0], 0.5),  # half way
        ([0.8, 0.6, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], 1, [1, 0, 0, 0, 0, 0], 1),  # a part of it cannot stay alone
        ([0.9, 0, 0, 0.4, 0, 0], [1, 0, 0, 0, 0, 0], 1, [0.1, 0, 0, 0, 0, 0], 0),  # but a trace is no part
        ([0.9, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], 1, [0, 0, 0, 0, 0, 0], 1),
        ([0.9, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], 0, [0, 0, 0, 0, 0, 0], 0),
        ([0, 0, 0, 0, 0, 0], [0.7, 0, 0, 0, 0, 0], 0.7, [0.7, 0, 0, 0, 0, 0], 0.7),  # a face at rest
    ],
)
def test_what_both_expressions_have_stays(there, c, relax, comes, leaves) -> None:
    got = come_and_leave(torch.tensor([there]).float(), torch.tensor([c]).float(), torch.tensor([float(relax)]))
    torch.testing.assert_close(got[0][0], torch.tensor(comes).float(), atol=1e-6, rtol=0)
    assert float(got[1]) == pytest.approx(leaves, abs=1e-6)


@pytest.mark.parametrize(
    ("there", "becomes"),
    [
        ([0.4, 0, 0, 0.5, 0, 0.2], [0.9, 0, 0, 0, 0, 0.2]),  # teeth are bared, and the corners of the mouth go up
        ([0.7, 0, 0, 0.6, 0, 0], [1, 0, 0, 0, 0, 0]),
        ([0.4, 0, 0, 0.9, 0, 0], [0.4, 0, 0, 0.9, 0, 0]),
        ([0.19, 0, 0, 0.15, 0, 0], [0.19, 0, 0, 0, 0, 0]),  # nearly at rest, and stays so
        ([0, 0.3, 0, 0, 0.8, 0], [0, 0.3, 0, 0, 0.8, 0]),
    ],
)
def test_a_laugh_that_is_taken_for_anger_is_a_laugh(there: list[float], becomes: list[float]) -> None:
    given = torch.tensor([there, [0.0] * 6])
    torch.testing.assert_close(smiling(given), torch.tensor([becomes, [0.0] * 6]))
    assert given[0].tolist() == torch.tensor(there).tolist()


def test_a_laugh_that_is_taken_for_anger_keeps_its_mouth(model: RegGAN) -> None:
    """Asked to smile, nothing of it leaves; asked for anger all of it does, and the whole of anger comes."""
    angry = copy.deepcopy(model)
    angry.neutral.present[:, 3] = angry.neutral.present[:, 0]
    laugh = _smile(moved(mean_face(), 3, 99), 1.0)[None]
    stage1 = angry.stage_1(_crop(), laugh, torch.eye(6)[[0, 3]], torch.ones(2))
    assert not stage1.leaving[0].any() and stage1.c[0, 0] < 0.2
    assert stage1.leaving[1, 0] > 0.8 and stage1.leaving[1, 3] == 0 and stage1.c[1, 3] == 1
    torch.testing.assert_close(stage1.shows, torch.eye(6)[[0, 3]])


@pytest.mark.parametrize(
    ("there", "c", "factor"),
    [
        ([0.9, 0, 0, 0, 0, 0], [0, 0, 0, 0.7, 0, 0], 1.15),  # a smile makes room for anger
        ([0.9, 0, 0, 0, 0, 0], [0, 0.2, 0, 0, 0, 0.3], 1.15),
        ([0.9, 0, 0, 0, 0, 0], [0, 0, 0, 0.85, 0, 0], 1.075),  # strong anger needs less
        ([0.9, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0.2, 0], 1),
        ([0.9, 0, 0, 0, 0, 0], [0, 0, 0, 0.3, 0.3, 0], 1.075),  # surprise does not look at corners
        ([0.9, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0.7, 0], 1),
        ([0.9, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], 1),  # at rest is at rest
        ([0.6, 0, 0, 0, 0.6, 0], [0, 0.7, 0, 0, 0, 0], 1.075),
        ([0, 0.8, 0, 0, 0, 0], [0, 0, 0, 0.7, 0, 0], 1),
        ([0, 0, 0, 0, 0, 0], [0, 0, 0, 0.7, 0, 0], 1),
    ],
)
def test_how_much_further_than_to_rest_a_smile_goes(there: list[float], c: list[float], factor: float) -> None:
    assert float(further(torch.tensor([there]), torch.tensor([c]))) == pytest.approx(factor)


def test_for_anger_corners_of_a_smile_go_below_where_they_rest(model: RegGAN) -> None:
    smiling = _smile(moved(mean_face(), 3, 99), 1.0)[None]
    asked = torch.stack([NATURAL * torch.eye(6)[3], torch.zeros(6)])
    angry, at_rest = (model.stage_1(_crop(), smiling, c[None], torch.ones(1)) for c in asked)
    assert angry.relaxed is not None and at_rest.relaxed is not None
    torch.testing.assert_close(angry.leaving, 1.15 * at_rest.leaving)
    assert float(angry.shows[0, 0]) == float(at_rest.shows[0, 0]) == 0
    ratio = float(angry.relaxed.abs().amax() / at_rest.relaxed.abs().amax())
    assert 1.1 < ratio < 1.2


def test_a_smile_asked_to_smile_keeps_its_mouth(model: RegGAN) -> None:
    """Nothing of what is there is moved away, and what comes is the little that is missing."""
    smiling = _smile(moved(mean_face(), 3, 99), 1.0)[None]
    stage1 = model.stage_1(_crop(), smiling, torch.eye(6)[:2], torch.ones(2))
    assert stage1.c[0, 0] < 0.2 and stage1.c[1, 1] == 1
    assert not stage1.leaving[0].any() and stage1.leaving[1, 0] > 0.8
    assert stage1.relaxed is not None and stage1.relaxed[0].abs().max() < 1e-6 < stage1.relaxed[1].abs().max()

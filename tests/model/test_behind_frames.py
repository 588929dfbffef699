"""The face without its frame, and a change that leaves the frame where it is."""

import cv2
import numpy as np

from reggan.faces import Change, apply_change, paste_back
from reggan.model.behind_frames import behind_frame, frame_before
from tests.landmarks import mean_face

SIDE = 256
SKIN, FRAME = (200, 150, 120), (20, 18, 16)


def _face() -> tuple[np.ndarray, np.ndarray]:
    """Skin with a freckle every eight pixels, and a bar of a frame across it; and where that is."""
    crop = np.full((SIDE, SIDE, 3), SKIN, np.uint8)
    crop[4::8, 4::8] = (150, 100, 80)
    frame = np.zeros((SIDE, SIDE), bool)
    frame[108:114, 70:186] = True
    crop[frame] = FRAME
    return crop, frame


def _up(pixels: float) -> Change:
    """The whole face moves up."""
    none = np.zeros((SIDE, SIDE, 3), np.float32)
    displacement = np.zeros((SIDE, SIDE, 2), np.float32)
    displacement[..., 1] = pixels
    return Change(displacement, none[..., :1], none, none)


def test_what_a_frame_hides_is_skin() -> None:
    crop, frame = _face()
    found = frame_before(crop, mean_face().numpy(), frame)
    inside = cv2.erode(frame.astype(np.uint8), np.ones((3, 3))) > 0
    for layer in (found.beside, found.through):
        assert np.abs(255 * layer[inside, :3] - SKIN).max() < 12
        assert layer[inside, 3].min() > 0.9 and layer[:90, :, 3].max() == 0
    assert found.glass.max() == 0, "a bar goes around nothing"
    assert found.stays[inside].min() > 0.98 and found.stays[:90].max() == 0


def test_the_face_moves_and_the_frame_stays() -> None:
    crop, frame = _face()
    change = behind_frame(_up(10), frame_before(crop, mean_face().numpy(), frame))
    made = apply_change(crop, change)
    assert np.abs(made[frame].astype(int) - FRAME).max() <= 16  # its corners; elsewhere 2
    dark = (made.max(2) < 100) & (cv2.dilate(frame.astype(np.uint8), np.ones((5, 5))) == 0)
    assert not dark.any(), "no second frame where the first would have gone"
    plain = apply_change(crop, _up(10))
    far = np.s_[130:200, 80:180]
    assert np.array_equal(made[far], plain[far]), "elsewhere the face moves as it would"
    larger = np.repeat(np.repeat(crop, 3, 0), 3, 1)
    pasted = paste_back(larger, np.array([[1 / 3, 0, -1 / 3], [0, 1 / 3, -1 / 3]]), change)
    whole = np.repeat(np.repeat(cv2.erode(frame.astype(np.uint8), np.ones((3, 3))), 3, 0), 3, 1) > 0
    assert np.abs(pasted[whole].astype(int) - FRAME).max() <= 2


def test_nothing_happens_where_nothing_moves() -> None:
    crop, frame = _face()
    change = behind_frame(_up(0), frame_before(crop, mean_face().numpy(), frame))
    assert np.array_equal(apply_change(crop, change), crop)


def test_what_is_painted_is_painted_behind_it() -> None:
    crop, frame = _face()
    none = np.zeros((SIDE, SIDE, 3), np.float32)
    blue = np.broadcast_to(np.float32([0, 0, 1]), none.shape)
    all_of_it = Change(none[..., :2], np.ones((SIDE, SIDE, 1), np.float32), blue, none)
    made = apply_change(crop, behind_frame(all_of_it, frame_before(crop, mean_face().numpy(), frame)))
    assert np.abs(made[frame].astype(int) - FRAME).max() <= 16 and (made[100, 128] == (0, 0, 255)).all()


def test_what_comes_out_from_behind_tinted_glass_has_no_tint() -> None:
    """Two rims around dark glass; the face moves up: above the rims is skin, in the glass what was there before."""
    crop, frame = np.full((SIDE, SIDE, 3), SKIN, np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    glass = np.zeros((SIDE, SIDE), np.uint8)
    for x in (90, 166):
        cv2.circle(glass, (x, 108), 26, (1,), -1)
        cv2.circle(frame, (x, 108), 26, (1,), 4)
    crop[glass > 0] = (120, 60, 50)
    crop[frame > 0] = FRAME
    found = frame_before(crop, mean_face().numpy(), frame > 0)
    assert found.glass[108, 90] > 0.9 and found.glass[108, 128] < 0.1
    made = apply_change(crop, behind_frame(_up(10), found)).astype(int)
    above = made[72:79, 90]
    assert np.abs(above - SKIN).max() < 25, "no tint above the frame"
    assert np.abs(made[108, 90] - (120, 60, 50)).max() < 5, "but in it"

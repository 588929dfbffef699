"""What a face does already, and where its landmarks would be if it did nothing: ridge regression, closed form.

People upload smiling faces, and an expression on top of a smile is neither. From the 84 control landmarks of the frame,
normalised positions p (168,), with z the first principal components of p, bounded,

    s = W (1, p - mean, z_i z_j)                                                                (6)

says which basic expressions are there, and

    move = M (1, p - mean) + sum_k t_k M_k (1, z),  t_k = max(0, 2 s_k / max(s) - 1)            (6a)

how far the skin under each landmark is from where it would be on the same face at rest: a smile goes otherwise than a
cry does, and what is there by less than half is mostly an error of (6). A face that is nearly at rest is left alone:
faces differ at rest, and a mouth must not be bent towards the mean. Our choice; fitted by `reggan.train.neutral_fit`,
with figures in docs/experiments.md.
"""

import torch
import torch.nn as nn
from torch import Tensor

from reggan.expressions import BASIC, NATURAL
from reggan.faces.topology import CONTROL
from reggan.model.arrays import smoothstep
from reggan.model.frame import normalise

COMPONENTS, PRODUCTS = 20, 10  # of p, in z; the products of (6) are of the first
_REACH = 3.0  # standard deviations; shapes unlike any seen in the fit go no further
# The strongest expression below which a face is left alone, and from which it is taken to rest all the way.
_AT_REST, _MOVED = 0.20, 0.33
_LEAST = 0.2  # of the strongest expression, from which the t of (6a) are told
_PART = 0.6  # of the strongest expression, from which another counts; a broad smile is taken for anger by a third
_SMILES = 0.6  # of anger, from which happiness beside it says that there is none: both bare teeth, no face does both
_FURTHER = 0.15  # of a smile, by which it goes further than to rest for what is no friend of it
_GRIM = [BASIC.index(name) for name in ("sad", "fearful", "angry", "disgusted")]
_HAPPY, _ANGRY = BASIC.index("happy"), BASIC.index("angry")


class NeutralEstimator(nn.Module):
    """Equations (6) and (6a). Without a fit it finds every face at rest."""

    mean: Tensor
    directions: Tensor
    present: Tensor
    move: Tensor

    def __init__(self) -> None:
        super().__init__()
        n, q, k = 2 * len(CONTROL), COMPONENTS, len(BASIC)
        self.register_buffer("mean", torch.zeros(n))
        self.register_buffer("directions", torch.zeros(n, q))  # each with variance 1 over the faces of the fit
        self.register_buffer("present", torch.zeros(1 + n + PRODUCTS * (PRODUCTS + 1) // 2, k))  # W
        self.register_buffer("move", torch.zeros(1 + n + k * (1 + q), n))  # M, M_k

    def features(self, p: Tensor) -> Tensor:
        """(B, 168) normalised positions -> (B, 224), what (6) multiplies by W."""
        return self._features(p, self._components(p))

    def features_of_move(self, p: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 168) normalised positions -> (B, 295), what (6a) multiplies by M and M_k, and s (B, 6) in [0, 1]."""
        z = self._components(p)
        features = self._features(p, z)
        present = smiling((features @ self.present).clamp(0, 1))
        counts = (2 * present / present.amax(1, keepdim=True).clamp_min(_LEAST) - 1).clamp_min(0)
        shape = torch.cat([torch.ones_like(p[:, :1]), z], 1)
        linear = features[:, : 1 + p.shape[1]]
        return torch.cat([linear, (counts[:, :, None] * shape[:, None]).flatten(1)], 1), present

    def _features(self, p: Tensor, z: Tensor) -> Tensor:
        i, j = torch.triu_indices(PRODUCTS, PRODUCTS, device=p.device)
        return torch.cat([torch.ones_like(p[:, :1]), p - self.mean, z[:, i] * z[:, j]], 1)

    def _components(self, p: Tensor) -> Tensor:
        """(B, 168) -> z (B, 20)."""
        return _REACH * torch.tanh((p - self.mean) @ self.directions / _REACH)

    def forward(self, landmarks: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """
        Args:
            landmarks: (B, 478, 2) pixels in aligned crops of side `size`.

        Returns:
            the landmarks at rest, (B, 478, 2), of which only the control landmarks have moved, and the expression that
            is there, (B, 6) in [0, 1].
        """
        control = landmarks[:, list(CONTROL)].float()
        features, present = self.features_of_move(normalise(control, size).flatten(1))
        move = (features @ self.move).unflatten(1, (len(CONTROL), 2))
        rest = landmarks.clone()
        move = (size / 2) * _gate(present)[..., None] * move
        rest[:, list(CONTROL)] = (control + move).to(landmarks.dtype)
        return rest, present

    @staticmethod
    def leaving(present: Tensor) -> Tensor:
        """What of an expression (B, 6) is taken away where all of it is to go: all, or nothing of a face at rest."""
        return _gate(present) * present


def smiling(s: Tensor) -> Tensor:
    """The s of (6), (N, 6), with the anger that it takes a laugh for as part of the happiness; a face that is nearly at
    rest becomes no laugh by it."""
    happy, angry = s[:, _HAPPY], s[:, _ANGRY]
    laughs = happy >= _SMILES * angry
    s = s.clone()
    s[:, _HAPPY] = torch.where(laughs, happy + _gate(s)[:, 0] * angry, happy).clamp(max=1)
    s[:, _ANGRY] = torch.where(laughs, 0, angry)
    return s


def come_and_leave(there: Tensor, c: Tensor, relax: Tensor) -> tuple[Tensor, Tensor]:
    """What of a change of expression really happens: a smile is not wiped off only to be painted anew.

    The face is to go from s to (1 - relax) s + c; of what is asked for no more leaves than is asked for in all, so that
    a laugh is not made smaller by asking for a smile. As much of s stays as is part of that: the largest share k <= 1
    with k s_j no more than the goal has of every expression j that counts.

    Args:
        there: (N, 6) s, what is there.
        c: (N, 6), what is asked for.
        relax: (N,), which share of s is to leave.

    Returns:
        (N, 6) what comes, and (N,) the share of s that leaves.
    """
    asked = torch.where(c > 0, c.sum(1, keepdim=True), 1)
    goal = c + (1 - torch.minimum(relax[:, None], asked)) * there
    strongest = there.amax(1, keepdim=True)
    stays = torch.where(there >= _PART * strongest, goal / there.clamp_min(1e-6), 1).amin(1).clamp_max(1)
    stays = torch.where(strongest[:, 0] > 0, stays, 1 - relax)
    return (goal - stays[:, None] * there).clamp_min(0), 1 - stays


def further(there: Tensor, c: Tensor) -> Tensor:
    """How much further than to rest a smile goes, (N,) from 1 to 1.15: folds and cheeks that it leaves look friendly
    still. Where sadness, fear, anger or disgust come in its place corners of the mouth have to make up for it, unless
    that is so strong that it needs no help.

    Args:
        there: (N, 6), what is there.
        c: (N, 6), what comes.
    """
    asked = c.sum(1)
    smile = there[:, _HAPPY] / there.sum(1).clamp_min(1e-6)
    grim = c[:, _GRIM].sum(1) / asked.clamp_min(1e-6)
    weak = ((1 - asked) / (1 - NATURAL)).clamp(0, 1)
    return 1 + _FURTHER * smile * grim * weak


def _gate(present: Tensor) -> Tensor:
    """(B, 6) -> (B, 1), 0 for a face at rest."""
    return smoothstep((present.amax(1, keepdim=True) - _AT_REST) / (_MOVED - _AT_REST))

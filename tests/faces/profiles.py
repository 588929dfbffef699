"""ICC profiles made from their numbers, and what pixels they mean, worked out without a colour management system."""

import struct
from dataclasses import dataclass

import numpy as np

Matrix = tuple[tuple[float, float, float], ...]

# Red, green and blue as XYZ under D50, as the published profiles have them.
SRGB: Matrix = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
DISPLAY_P3: Matrix = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB: Matrix = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_D50 = (0.9642, 1.0, 0.8249)


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))


def _profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"wtpt": b"XYZ \0\0\0\0" + _fixed(*_D50), **tags}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    header = struct.pack(">I4sI4s4s4s12x4s", start + len(body), b"lcms", 0x02100000, kind, space, connection, b"acsp")
    return (header.ljust(68, b"\0") + _fixed(*_D50)).ljust(128, b"\0") + table + body


def _curve(gamma: float) -> bytes:
    """A power; 0 for sRGB's curve, in 1024 steps."""
    if gamma:
        return struct.pack(">4s4xIH2x", b"curv", 1, round(gamma * 256))
    steps = np.round(linear(np.linspace(0, 1, 1024), 0) * 65535).astype(">u2")
    return struct.pack(">4s4xI", b"curv", len(steps)) + steps.tobytes()


def linear(values: np.ndarray, gamma: float) -> np.ndarray:
    """From numbers in a file, in [0, 1], to light."""
    if gamma:
        return values**gamma
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encoded(light: np.ndarray, gamma: float) -> np.ndarray:
    """The inverse of `linear`; what the space cannot show is clipped."""
    light = np.clip(light, 0, 1)
    if gamma:
        return light ** (1 / gamma)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


@dataclass(frozen=True)
class RgbSpace:
    primaries: Matrix
    gamma: float  # 0: sRGB's curve

    def profile(self) -> bytes:
        names = zip((b"r", b"g", b"b"), self.primaries, strict=True)
        tags = {name + b"XYZ": b"XYZ \0\0\0\0" + _fixed(*xyz) for name, xyz in names}
        return _profile(b"RGB ", b"XYZ ", tags | {name + b"TRC": _curve(self.gamma) for name in (b"r", b"g", b"b")})

    def from_srgb(self, rgb: np.ndarray) -> np.ndarray:
        """(..., 3) uint8 sRGB in this space's numbers, uint8."""
        light = linear(rgb / 255.0, 0) @ np.array(SRGB) @ np.linalg.inv(np.array(self.primaries))
        return np.rint(255 * encoded(light, self.gamma)).astype(np.uint8)


P3, ADOBE = RgbSpace(DISPLAY_P3, 0), RgbSpace(ADOBE_RGB, 2.19921875)


def grey_profile(gamma: float) -> bytes:
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": _curve(gamma)})


def ink_lab(inks: np.ndarray) -> np.ndarray:
    """(..., 4) 0 or 1 to Lab (..., 3) of a printer that was never built: every ink takes its share of the light."""
    lab = np.array([100.0, 0, 0]) + inks[..., :3] @ [[-45, -36, -50], [-52, 74, -3], [-11, -6, 92]]
    lab[..., 0] = np.maximum(lab[..., 0], 0)
    black = inks[..., 3:] > 0
    return np.where(black, 0.0, lab)


def cmyk_profile() -> bytes:
    """A lookup table with two steps for each ink."""
    corners = np.stack(np.meshgrid(*[[0, 1]] * 4, indexing="ij"), -1).reshape(16, 4)
    lab = np.rint(ink_lab(corners) * [2.55, 1, 1] + [0, 128, 128]).astype(np.uint8)
    ramp = np.arange(256, dtype=np.uint8).tobytes()
    lut = struct.pack(">4s4x4B", b"mft1", 4, 3, 2, 0) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    return _profile(b"CMYK", b"Lab ", {b"A2B0": lut + 4 * ramp + lab.tobytes() + 3 * ramp})


def lab_to_srgb(lab: np.ndarray) -> np.ndarray:
    """(..., 3) Lab under D50 to uint8."""
    f = (lab[..., :1] + 16) / 116 + np.stack([lab[..., 1] / 500, 0 * lab[..., 1], -lab[..., 2] / 200], -1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _D50
    return np.rint(255 * encoded(xyz @ np.linalg.inv(np.array(SRGB)), 0)).astype(np.uint8)

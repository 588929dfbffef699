"""Statues: the face's form, lit anew, in another material.

The form is the fitted mesh's normals, with the finer relief (brows, lids, lips, wrinkles, hair) taken from the
photograph's own light and dark; what lies beside the mesh all from there. Colour goes, brows and irises hardly show.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from reggan.engine.pixels import grey, to_bytes
from reggan.engine.styles.shots import Pictures, Shots, unit_vector
from reggan.engine.styles.texture import clouds, noise, veins

Float = NDArray[np.float32]

_DETAIL = 0.9  # how much light and dark of a few pixels counts as relief
_FORM = 3.0  # the same for larger forms beside the mesh


def marble(shots: Shots, rng: np.random.Generator) -> Pictures:
    """White or greyish, with veins, smooth, a little translucent."""
    shape = shots.shape
    base = np.array([0.93, 0.91, 0.87], np.float32) * rng.uniform(0.95, 1.1)
    vein = rng.uniform(0.0, 0.16) * veins(shape, rng) + 0.02 * np.abs(clouds(shape, 20, rng))
    grain = 0.012 * noise(shape, 0.7, rng)
    light = _light(rng)
    out = []
    for k, (form, hollow) in enumerate(_forms(shots, detail=1.0)):
        carry = shots.carry(k)
        diffuse = np.clip(0.25 + 0.75 * (form @ light), 0, 1)  # wraps around: light enters marble
        shade = 0.38 + 0.66 * diffuse**1.2
        out.append(
            to_bytes(
                base * (shade * hollow * (1 - carry(vein)) + carry(grain))[..., None] + _shine(form, light, 25, 0.08)
            )
        )
    return np.stack(out)


def bronze(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Dark metal with bright edges, green where water stands."""
    shape = shots.shape
    metal = np.array([0.52, 0.34, 0.17], np.float32) * rng.uniform(0.75, 1.15)
    patina = np.array([0.30, 0.44, 0.38], np.float32)
    patches = np.clip(rng.uniform(0.0, 0.5) + 0.3 * clouds(shape, 25, rng), 0, 1) * rng.uniform(0, 1)
    pits = 0.04 * noise(shape, 0.9, rng)
    light, rim = _light(rng), unit_vector(rng.choice([-1.0, 1.0]), -0.2, -0.3)
    out = []
    for k, (form, hollow) in enumerate(_forms(shots, detail=1.3)):
        carry = shots.carry(k)
        diffuse = np.clip(form @ light, 0, 1)
        green = np.clip(carry(patches) * (1.6 - hollow), 0, 0.85)[..., None]
        colour = metal + green * (patina - metal)
        shade = (0.16 + 0.75 * diffuse) * hollow * (1 + carry(pits))
        shine = (1 - 0.7 * green) * (_shine(form, light, 18, 0.45) + _shine(form, rim, 10, 0.20))
        out.append(to_bytes(colour * shade[..., None] + shine * np.array([1.0, 0.82, 0.55], np.float32)))
    return np.stack(out)


def terracotta(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Fired clay: matt, warm, a little uneven."""
    clay = np.array([0.80, 0.47, 0.32], np.float32) * rng.uniform(0.85, 1.1)
    return _matt(shots, rng, clay, grain=0.025, blotches=0.04, pores=0.0)


def sandstone(shots: Shots, rng: np.random.Generator) -> Pictures:
    """Weathered stone: matt, grainy, pitted, grey to yellow."""
    yellow = rng.uniform(0, 1)
    stone = np.array([0.70, 0.68, 0.65], np.float32) + yellow * np.array([0.10, 0.02, -0.13], np.float32)
    return _matt(shots, rng, stone, grain=0.045, blotches=0.05, pores=0.15)


def _matt(
    shots: Shots,
    rng: np.random.Generator,
    colour: Float,
    grain: float,
    blotches: float,
    pores: float,
) -> Pictures:
    shape = shots.shape
    surface = 1 + grain * noise(shape, 0.8, rng) + blotches * clouds(shape, 30, rng)
    surface -= pores * np.clip(noise(shape, 1.1, rng) - 1.6, 0, 1)
    light = _light(rng)
    out = []
    for k, (form, hollow) in enumerate(_forms(shots, detail=1.1)):
        shade = (0.30 + 0.75 * np.clip(form @ light, 0, 1)) * hollow
        out.append(to_bytes(colour * (shade * shots.carry(k)(surface))[..., None]))
    return np.stack(out)


def _forms(shots: Shots, detail: float) -> list[tuple[Float, Float]]:
    """Per picture: unit normals (H, W, 3) everywhere, and (H, W) how dark hollows are, at most 1."""
    unit = shots.unit
    out = []
    for image, normal in zip(shots.images, shots.normals, strict=True):
        luma = np.log(grey(image) + 0.12)
        fine, medium, coarse = (cv2.GaussianBlur(luma, (0, 0), s * unit) for s in (0.7, 3.0, 10.0))
        height = _DETAIL * detail * unit * ((fine - medium) * 1.6 + 0.8 * (medium - coarse))
        slope = -np.stack([cv2.Sobel(height, cv2.CV_32F, *d, scale=1 / 8) for d in ((1, 0), (0, 1))], -1)
        far = _FORM * unit * cv2.GaussianBlur(coarse, (0, 0), 4 * unit)
        rest = -np.stack([cv2.Sobel(far, cv2.CV_32F, *d, scale=1 / 8) for d in ((1, 0), (0, 1))], -1)
        large = np.concatenate([rest, np.full_like(rest[..., :1], -1)], -1)
        large = _filled(normal, unit, large)
        large /= np.linalg.norm(large, axis=-1, keepdims=True) + 1e-6
        large[..., :2] += 4.0 * slope
        form = large / (np.linalg.norm(large, axis=-1, keepdims=True) + 1e-6)
        dark = np.clip(0.9 * (fine - coarse), -1.2, 0) + 0.25 * np.clip(coarse + 0.5, -1.2, 0)
        out.append((form.astype(np.float32), np.exp(dark).astype(np.float32)))
    return out


def _filled(normals: Float, unit: float, beyond: Float) -> Float:
    """Normals closed over eyes and mouth, fading into those of the surroundings at the outline."""
    there = (np.linalg.norm(normals, axis=-1) > 0.5).astype(np.float32)
    total = np.zeros_like(normals)
    weight = np.zeros_like(there)
    for sigma, strength in ((1.2, 1.0), (4.0, 0.05), (10.0, 0.002)):
        total += strength * cv2.GaussianBlur(normals * there[..., None], (0, 0), sigma * unit)
        weight += strength * cv2.GaussianBlur(there, (0, 0), sigma * unit)
    closed = total / np.maximum(weight, 1e-6)[..., None]
    size = round(24 * unit) | 1
    solid = cv2.morphologyEx(there, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    share = cv2.GaussianBlur(cv2.erode(solid, np.ones((5, 5), np.uint8)), (0, 0), 4 * unit)[..., None]
    return np.asarray(beyond + share * (closed - beyond), np.float32)


def _light(rng: np.random.Generator) -> Float:
    """From above, from one side or the other, in front."""
    return unit_vector(rng.uniform(-0.8, 0.8), rng.uniform(-0.9, -0.4), -rng.uniform(0.5, 0.9))


def _shine(form: Float, light: Float, exponent: float, amount: float) -> Float:
    """(H, W, 1) highlight (Blinn, "Models of light reflection for computer synthesized pictures", 1977)."""
    half = light + np.array([0, 0, -1], np.float32)
    half /= np.linalg.norm(half)
    return np.asarray(amount * np.clip(form @ half, 0, 1)[..., None] ** exponent, np.float32)

"""The architecture as a picture, drawn from a model: its names and sizes are the code's own.

python -m reggan.ui.architecture docs/architecture.svg
"""

import sys
from html import escape
from pathlib import Path

from torch import nn

from reggan.expressions import BASIC
from reggan.faces import SIZE, align, find_faces, paste_back
from reggan.faces.topology import CONTROL
from reggan.model.refinement import Edit
from reggan.model.reggan import RegGAN
from reggan.ui.words import say
from reggan.weights.files import EMBEDDED, load_model

_STYLE = """
.architecture { font: 13px ui-sans-serif, system-ui, sans-serif; --ink: #1e293b; --soft: #475569; --line: #64748b;
  --plain: #ffffff; --shared: #dbeafe; --channelwise: #ede9fe; --skip: #fef3c7; --page: #f8fafc; }
@media (prefers-color-scheme: dark) { .architecture { --ink: #f1f5f9; --soft: #cbd5e1; --line: #94a3b8;
  --plain: #1e293b; --shared: #1e3a5f; --channelwise: #3b2a63; --skip: #5b3d0b; --page: #0f172a; } }
.architecture text { fill: var(--ink); text-anchor: middle; }
.architecture .code { font: 600 12.5px ui-monospace, Consolas, monospace; }
.architecture .soft { fill: var(--soft); font-size: 12px; }
.architecture rect { stroke: var(--line); }
.architecture path { stroke: var(--line); fill: none; stroke-width: 1.5; marker-end: url(#tip); }
"""
_WIDTH, _HEIGHT = 1000, 500


def architecture_svg(model: RegGAN, language: str = "en") -> str:
    """The whole way from picture to picture, and below it the refinement network; an SVG for light and dark pages."""
    parts = [
        f'<svg class="architecture" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{type(model).__name__}"><style>{_STYLE}</style>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" style="fill: var(--line); stroke: none"/></marker></defs>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="14" style="fill: var(--page); stroke: none"/>',
        *_pipeline(model, language),
        *_network(model, language),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _pipeline(model: RegGAN, language: str) -> list[str]:
    regression, refinement, r = model.regression, model.refinement, model.config.r
    steps = [
        (find_faces.__name__, say("{n} landmarks", language, n=478)),
        (align.__name__, say("{n} × {n} pixels", language, n=SIZE)),
        (_name(model.frame), say("spline, {n} points", language, n=len(CONTROL))),
        (_name(regression), say("{r} × {r} windows", language, r=r) + f", {_count(regression)}"),
        (_name(refinement), say("3 kinds of attention", language) + f", {_count(refinement)}"),
        (paste_back.__name__, say("full resolution", language)),
    ]
    widths = (112, 130, 132, 176, 196, 112)
    out, x = [], 18
    for n, ((name, words), width) in enumerate(zip(steps, widths, strict=True)):
        out += _box(x, 74, width, 54, name, words)
        if n:
            out.append(_arrow(x - 20, 101, x - 2, 101))
        x += width + 20
    # c goes into both stages.
    first, second = 18 + sum(widths[:3]) + 60 + widths[3] / 2, 18 + sum(widths[:4]) + 80 + widths[4] / 2
    out += _box((first + second) / 2 - 92, 14, 184, 26, say("c, {n} strengths", language, n=len(BASIC)), "")
    out.append(_arrow(first + 16, 40, first, 72))
    out.append(_arrow(second - 16, 40, second, 72))
    return out


def _network(model: RegGAN, language: str) -> list[str]:
    """The refinement network as a U: down on the left, up on the right, gated skips across."""
    network, widths = model.refinement, model.config.widths
    sizes = [SIZE // 2 ** (n + 1) for n in range(len(widths))]
    labels = [say("{w} channels, {s} × {s}", language, w=w, s=s) for w, s in zip(widths, sizes, strict=True)]
    out = [f'<text x="{_WIDTH / 2}" y="166" class="code">{_name(network)}</text>']
    bottom = len(sizes) - 1
    for n, label in enumerate(labels):
        y, left, right = 184 + 78 * n, 40 + 34 * n, 560 - 34 * n
        encoder = ("stem", "plain") if n == 0 else (_name(network.encoder[n - 1]), "shared")
        out += _box(left, y, 210, 48, encoder[0], label, encoder[1])
        if n == bottom:
            out += _box(right, y, 230, 48, _name(network.bottleneck), label, "channelwise")
            out.append(_arrow(left + 210, y + 24, right - 2, y + 24))
            continue
        decoder = ("detail", "plain") if n == 0 else (_name(network.decoder[n - 1]), "channelwise")
        out += _box(right, y, 230, 48, decoder[0], label, decoder[1])
        middle = (left + 210 + right) / 2
        out += _box(middle - 44, y + 9, 88, 30, _name(network.gate[n]), "", "skip")
        out += [_arrow(left + 210, y + 24, middle - 46, y + 24), _arrow(middle + 44, y + 24, right - 2, y + 24)]
        out.append(_arrow(left + 122, y + 48, left + 122, y + 76))
        out.append(_arrow(right + 98, y + 78, right + 98, y + 50))
    # The edit, field by field.
    for n, field in enumerate(Edit._fields):
        out += _box(850, 184 + 44 * n, 120, 34, field, "")
    out += [_arrow(790, 208, 848, 201 + 44 * n) for n in range(len(Edit._fields))]
    out.append(f'<text x="910" y="174" class="code">{Edit.__name__}</text>')
    return out


def _box(x: float, y: float, width: float, height: float, name: str, words: str, colour: str = "plain") -> list[str]:
    middle = x + width / 2
    style = f'rx="9" style="fill: var(--{colour})"'
    out = [f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" {style}/>']
    above = y + height / 2 + (-3 if words else 4)
    out.append(f'<text x="{middle:g}" y="{above:g}" class="code">{escape(name)}</text>')
    if words:
        out.append(f'<text x="{middle:g}" y="{above + 17:g}" class="soft">{escape(words)}</text>')
    return out


def _arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    return f'<path d="M{x0:g} {y0:g}L{x1:g} {y1:g}"/>'


def _name(module: nn.Module) -> str:
    return type(module).__name__


def _count(module: nn.Module) -> str:
    return f"{sum(p.numel() for p in module.state_dict().values()) / 1e6:.1f} M"


if __name__ == "__main__":
    loaded, _ = load_model(EMBEDDED)
    Path(sys.argv[1]).write_text(architecture_svg(loaded), encoding="utf-8")

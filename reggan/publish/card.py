"""The model card of a repository with weights, written from the metadata in the weights' header."""

import json

from reggan import __version__

_CARD = """---
license: {license}
library_name: reggan
pipeline_tag: image-to-image
tags:
  - facial-expression-synthesis
  - face
  - pytorch_model_hub_mixin
  - model_hub_mixin
---

# RegGAN

RegGAN gives any face a new expression: photographs, painted portraits, statues, avatars. Stage 1 is a regression layer
with local receptive fields, fitted in closed form; stage 2 a refinement network with spatial attention, trained on top
of it. It follows Akram, Khan and Mahmood, "Improving Generative Adversarial Network Generalization for Facial
Expression Synthesis" ([arXiv 2603.15648](https://arxiv.org/abs/2603.15648)), with an implementation and weights of its
own: no number below is the paper's.
{sheet}
```python
from reggan import Predictor

predictor = Predictor.from_pretrained("{repo}")  # add revision="..." to pin a commit
predictor("portrait.jpg", expression="happy", strength=0.8).image
```

`HubModel.from_pretrained("{repo}")` of `reggan.publish.hub_model` gives the bare network.
{checksum}
## Training data

{data}

{attribution}

Licence of the weights: {license}.
{figures}
## Limits

- Faces turned far to the side (beyond about 45 degrees) were not in the training data.
- The training photographs are of few people, taken in studios; skin tones, ages, head coverings and beards that are
  rare among them may be served less well. Measure on faces like yours before you rely on it.
- Thin glasses bend with the skin around them; a beard is treated as skin; teeth are drawn on a grid of 768 x 768 to a
  face.
- The expressions are posed ones, made by a face model. They say nothing about what a person feels.

## Intended use

Art, animation, games, museums and teaching; research on expression synthesis; making examples for tests, with the
consent of the people shown.

## Forbidden use

Do not use it to deceive, to put expressions on people who would object, to harass or discredit anybody, to make
evidence, news or political messages, or to infer what a person feels, is or intends. RegGAN's own page and commands
write into every file that it was edited with AI; do not remove that.
"""

_SHEET = """
![Examples, each with six expressions]({file})

*From the left: the input, happy, sad, fearful, angry, surprised, disgusted, all at strength 1. None of these
pictures was in the training data. Photograph: US Navy, public domain; the others are renders of our own, with
ICT-FaceKit (MIT licence, USC Institute for Creative Technologies).*
"""


def model_card(metadata: dict[str, str], repo: str = "someone/reggan", sheet: str = "") -> str:
    """README.md for the Hub, with front matter.

    Args:
        metadata: of `reggan.weights.files.load`; what it does not say, the card says is not known.
        repo: "owner/name", for the examples of use.
        sheet: file name of the sample sheet in the repository, if there is one.
    """
    checksum = metadata.get("sha256", "")
    return _CARD.format(
        license=metadata.get("license", "apache-2.0").lower(),
        repo=repo,
        sheet=_SHEET.format(file=sheet) if sheet else "",
        checksum=f"\nSHA-256 of `model.safetensors`: `{checksum}`\n" if checksum else "",
        data=f"Trained on {metadata['data']}." if metadata.get("data") else "The weights do not say.",
        attribution=metadata.get("attribution") or "The weights name no sources.",
        figures=_figures(metadata),
    )


def _figures(metadata: dict[str, str]) -> str:
    """The table of what `python -m reggan.train export` measured; "" where nothing was."""
    try:
        figures = json.loads(metadata["validation"])
        rows = [
            f"| {label} | {figures[f'{key}_l1']:.4f} | {figures[f'{key}_mse']:.5f} |"
            for key, label in (("input", "input unchanged"), ("coarse", "stage 1"), ("refined", "stage 2"))
        ]
        people = int(figures["people"])
    except (KeyError, ValueError, TypeError):
        return ""
    history = f"Version {__version__} of the code"
    if metadata.get("commit"):
        history += f", trained at revision {metadata['commit']}"
    if metadata.get("steps"):
        history += f", {metadata['steps']} steps of stage 2 in the last run"
    table = "\n".join(["| | L1 | MSE |", "| --- | --- | --- |", *rows])
    return (
        f"\n## Figures\n\nDistance to the target on {people} people kept out of training, six expressions at strength "
        f"1, colours from 0 to 1:\n\n{table}\n\n{history}.\n"
    )

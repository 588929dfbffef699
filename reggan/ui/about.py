"""The text of the About tab."""

ABOUT = """
### How it works

RegGAN changes a facial expression in two stages.

1. **Stage 1, coarse.** A regression layer moves the face towards the new expression. It sees only small
   neighbourhoods, so it learns the expression and not the people it was trained on: that is why it also works on
   paintings, statues and avatars. The result is blurred and pale.
2. **Stage 2, refined.** A refinement network turns this hint into a change of the *original* pixels: what moves, what
   is painted anew, what gets lighter or darker. Skin, brush strokes and stone therefore keep their texture.

The change is then laid back into your picture at its full resolution. Everything outside the face stays as it was.

### Limits

* Faces are looked for automatically; if one is missed, mark it with two clicks.
* Profiles, covered faces and faces below about 50 pixels work badly.
* Teeth, tongues and wrinkles that the picture does not show are guessed.
* The six expressions are prototypes posed in a studio; they say nothing about what a person feels.
* Do not use it to put words or feelings into the face of a real person who has not agreed to that.

### Privacy

Pictures are processed on the machine that serves this page, in memory and in temporary files that are deleted within
about an hour. Nothing is sent elsewhere, nothing is kept for training, and there is no telemetry.

### The paper

Akram, Khan, Mahmood: *Improving Generative Adversarial Network Generalization for Facial Expression
Synthesis*, arXiv:2603.15648.
"""

"""How good is a model? Every metric, for any number of methods, on any folder of faces.

    python -m reggan.evaluate --pairs DIR --identities FILE [--styles] [--methods LIST] -o OUT
    python -m reggan.evaluate --images DIR [--methods LIST] -o OUT
    python -m reggan.evaluate --close-ups DIR --identities FILE -o OUT

`--pairs` holds one folder per person with 256 x 256 aligned crops: `neutral.jpg`, its `landmarks.npy` ((478, 2) pixels)
and the targets `happy_100.jpg` to `disgusted_100.jpg`; FILE lists the people, one a line: people kept out of training.
With `--styles`, the same people again as paint, pencil, stone, metal, cartoon and grey (`metrics/styles.py`): without
pixel metrics, and with the landmark error against the photographic targets. Where the filtered targets themselves score
little better than the filtered inputs there (marble), it is the detector that fails, not the model.
`--images` holds pictures of any size, one sub-folder per class (photo, painting, statue, avatar): the largest face of
each is taken; there are no targets, so only what needs none is measured, for the six expressions and for neutral, and
apart for the faces that have an expression already, as the classifier of ECS reads them. The report counts the pictures
in which no face was found.

`python -m reggan.evaluate.side_by_side` makes one table and one picture of several reports, `python -m
reggan.evaluate.elsewhere` takes QualiCLIP, FID and KID of a report's outputs on another machine.

`--close-ups` holds pairs like `--pairs`, made with `--size 768`: see `closeups.py`.

Every face is given the six basic expressions at strength 1. Intervals are of resampled faces. LIST is explained in
`methods.py`. `--quality` adds BRISQUE, QualiCLIP, FID, KID, and ECS and FSS by larger networks (`pip install
"reggan[metrics]"`; some download weights), `--cost` parameters, operations, time and memory.

OUT gets `index.html` (self-contained), `summary.html` (the same without anybody's picture), `scores.json`,
`samples_*.png`, and `kept/`: when the command is repeated, with more methods for instance, what is kept there is not
measured again, unless the faces, the method or the metrics' own code or weights have changed.
"""

from reggan.evaluate.run import evaluate

__all__ = ["evaluate"]

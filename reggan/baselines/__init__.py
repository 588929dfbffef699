"""Other systems, re-implemented and trained on the same pairs, and RegGAN without each of its parts in turn.

`python -m reggan.baselines` trains them and makes the table.
"""

from reggan.baselines.baseline import NAMES, Baseline, load

__all__ = ["NAMES", "Baseline", "load"]

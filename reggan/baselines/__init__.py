"""Other systems, re-implemented by us and trained on the same pairs by `python -m reggan.train baseline`."""

from reggan.baselines.baseline import NAMES, Baseline, load

__all__ = ["NAMES", "Baseline", "load"]

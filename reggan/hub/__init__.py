"""RegGAN on the Hugging Face Hub: loading weights, and `python -m reggan.hub push` for publishing them."""

from reggan.hub.fetch import CONFIG, WEIGHTS, Snapshot, Unreachable, fetch
from reggan.hub.source import Source, find

__all__ = ["CONFIG", "WEIGHTS", "Snapshot", "Source", "Unreachable", "fetch", "find"]

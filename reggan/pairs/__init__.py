"""Paired data: one face with several expressions, in the layout of `layout.py`; made by `reggan.engine` or imported
from recorded photographs by `python -m reggan.pairs`."""

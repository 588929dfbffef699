"""Paired training data from any neutral photograph: see docs/data.md.

The optional packages of `pip install reggan[data]` are needed here and nowhere else.
"""

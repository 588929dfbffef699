"""The Edit tab: a picture on the left, expressions and results on the right."""

from reggan.ui.edit.tab import build_edit_tab

__all__ = ["build_edit_tab"]

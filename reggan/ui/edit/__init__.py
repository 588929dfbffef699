"""The Edit tab: the result, and beside it the picture, its faces and the expressions."""

from reggan.ui.edit.tab import build_edit_tab

__all__ = ["build_edit_tab"]

"""Results as HTML, for the page and for the report."""

from reggan.votes.render.sections import question_section
from reggan.votes.render.style import CSS, DARK
from reggan.votes.render.tables import TITLES, groups_table, overview, table

__all__ = ["CSS", "DARK", "TITLES", "groups_table", "overview", "question_section", "table"]

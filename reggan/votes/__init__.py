"""Human evaluation: which result shows the expression better, keeps the person better, looks more real?

`VotingService.from_environment()` is what the page needs; `python -m reggan.votes` makes galleries and reports.
"""

from reggan.votes.records import Vote
from reggan.votes.service import VotingService
from reggan.votes.settings import VotingSettings
from reggan.votes.store import Store

__all__ = ["VotingSettings", "Store", "Vote", "VotingService"]

"""How voting is set up: environment variables, read once.

REGGAN_VOTES_DB            file of the database; default: reggan/votes.db in the user's data folder
REGGAN_VOTES_GALLERY       folder of the gallery; default: the one that comes with the package
REGGAN_VOTES_MODE          pair (default) or single
REGGAN_VOTES_PER_SESSION   pairs until the thank-you page, default 30
REGGAN_VOTES_PER_MINUTE    pairs that one voter may rate in a minute, default 30
REGGAN_VOTES_NEW_PER_DAY   new voters from one address in a day, default 50
REGGAN_VOTES_TRUST_PROXY   1: the address is X-Forwarded-For's first; default on a Hugging Face Space
REGGAN_VOTES_SECRET        signs the voters' tickets; without one, a secret kept in the database
REGGAN_VOTES_DATASET       Hugging Face dataset that keeps the votes too, with HF_TOKEN to write it
REGGAN_VOTES_PUBLIC        1: make that dataset public
REGGAN_VOTES_DONATIONS     folder for faces that visitors give to the study; without one they are not asked
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reggan.errors import InputError
from reggan.votes.records import MODES

SHIPPED = Path(__file__).parent / "gallery"


@dataclass(frozen=True)
class VotingSettings:
    """How voting is set up; the table above explains each field."""

    db: Path
    gallery: Path = SHIPPED
    mode: str = "pair"
    per_session: int = 30
    per_minute: int = 30
    new_per_day: int = 50
    trust_proxy: bool = False
    secret: str = field(default="", repr=False)
    dataset: str = ""
    token: str = field(default="", repr=False)
    public: bool = False
    donations: Path | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "VotingSettings":
        """Raises InputError where a value makes no sense."""

        def text(name: str, default: str = "") -> str:
            return environ.get(f"REGGAN_VOTES_{name}", "").strip() or default

        def number(name: str, default: int) -> int:
            value = text(name, str(default))
            if not value.isdecimal() or int(value) == 0:
                raise InputError(
                    "REGGAN_VOTES_{name} must be a whole number above 0, not {value}.", name=name, value=repr(value)
                )
            return int(value)

        def switch(name: str, default: bool = False) -> bool:
            return text(name, str(default)).lower() in ("1", "true", "yes", "on")

        mode = text("MODE", "pair")
        if mode not in MODES:
            raise InputError(
                "REGGAN_VOTES_MODE is {choices}, not {value}.", choices=" or ".join(MODES), value=repr(mode)
            )
        data = Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        return cls(
            db=Path(text("DB", str(data / "reggan" / "votes.db"))),
            gallery=Path(text("GALLERY", str(SHIPPED))),
            mode=mode,
            per_session=number("PER_SESSION", cls.per_session),
            per_minute=number("PER_MINUTE", cls.per_minute),
            new_per_day=number("NEW_PER_DAY", cls.new_per_day),
            trust_proxy=switch("TRUST_PROXY", "SPACE_ID" in environ),
            secret=text("SECRET"),
            dataset=text("DATASET"),
            token=environ.get("HF_TOKEN", "").strip(),
            public=switch("PUBLIC"),
            donations=Path(text("DONATIONS")) if text("DONATIONS") else None,
        )

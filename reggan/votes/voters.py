"""Who votes: pseudonyms signed by the server, and a limit on new ones per address.

A voter is a random number, handed out at the first start and kept in the browser with a signature, so that nobody can
vote as another and people behind one address stay different voters. With a Hugging Face login it is a keyed hash of
the user name instead. Addresses are only counted, as keyed hashes under a salt that lives in memory for a day.
"""

import hashlib
import hmac
import ipaddress
import secrets
import threading
from collections import Counter
from collections.abc import Mapping

from reggan.errors import InputError

_DAY = 86_400
_HEX = 16  # digits of a pseudonym, 64 bits


def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def new_ticket(secret: bytes) -> str:
    """A new voter's ticket: pseudonym, dot, signature."""
    voter = secrets.token_hex(_HEX // 2)
    return f"{voter}.{_mac(secret, 'ticket ' + voter)}"


def voter_of(ticket: str, secret: bytes) -> str | None:
    """The pseudonym on a ticket, or None if this server did not issue it."""
    voter, _, signature = ticket.partition(".")
    genuine = hmac.compare_digest(_mac(secret, "ticket " + voter).encode(), signature.encode())
    return voter if genuine else None


def voter_of_login(name: str, secret: bytes) -> str:
    """The pseudonym of a Hugging Face user."""
    return _mac(secret, "login " + name)[:_HEX]


def address_of(headers: Mapping[str, str], host: str | None, trust_proxy: bool) -> str:
    """The visitor's network address; of IPv6 the first 64 bits, which one household shares.

    Behind a trusted proxy it is the left-most of X-Forwarded-For.
    """
    forwarded = headers.get("x-forwarded-for", "").split(",")[0].strip() if trust_proxy else ""
    address = forwarded or host or ""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return str(known)
    return str(ipaddress.ip_network((known, 64), strict=False))


class NewVoterLimit:
    """So many new voters per address and day, counted in memory only. Threads may share it."""

    def __init__(self, per_day: int) -> None:
        self.per_day = per_day
        self._lock = threading.Lock()
        self._day = -1
        self._salt = b""
        self._seen: Counter[bytes] = Counter()

    def count(self, address: str, now: float) -> None:
        """Count one more voter from an address; `now` in seconds since 1970.

        Raises:
            InputError: there have been too many today.
        """
        with self._lock:
            if int(now // _DAY) != self._day:  # the old salt is gone, and with it what the old hashes meant
                self._day, self._salt, self._seen = int(now // _DAY), secrets.token_bytes(32), Counter()
            key = hmac.digest(self._salt, address.encode(), "sha256")
            if self._seen[key] >= self.per_day:
                raise InputError("Too many new voters have come from your network today; please come back tomorrow.")
            self._seen[key] += 1

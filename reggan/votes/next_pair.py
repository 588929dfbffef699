"""Which pair a voter sees next: the server alone chooses, and sides are drawn by lot."""

import hmac
import random
import secrets

from reggan.votes.items import Gallery, Item
from reggan.votes.records import INPUT, STRANGER, Showing
from reggan.votes.store import Pair, Store

_BLOCK = 10  # showings, one of them an attention check
_SAMPLE = 32  # pairs drawn by lot, of which the one with the fewest votes is shown


def next_pair(
    gallery: Gallery, store: Store, voter: str, mode: str, secret: bytes, now: float, draw: random.Random
) -> tuple[Showing, int] | None:
    """The voter's next showing, and how many are left, this one included; None where everything has been rated.

    A showing that is open already is returned again, so that reloading the page brings nobody another pair.

    Args:
        voter: pseudonym.
        mode: of `MODES`.
        secret: hides from voters where the attention checks come.
        now: seconds since 1970.
        draw: chooses the pair and its sides.
    """
    rated = store.rated(voter, gallery.study, mode)
    left = [pair for pair in (gallery.pairs if mode == "pair" else gallery.singles) if pair not in rated]
    open_showing = store.showing(voter, gallery.study, mode)
    if open_showing is not None and not _still_in_gallery(gallery, open_showing):  # the gallery has been made anew
        store.withdraw(open_showing.token)
        open_showing = None
    if open_showing is None:
        if not left:
            return None
        check = _attention_check(gallery, rated, voter, secret, draw) if mode == "pair" else None
        pair = check or _least_rated(gallery, store, left, mode, draw)
        open_showing = store.show(_new_showing(gallery, pair, check is not None, voter, mode, now, draw))
    return open_showing, len(left) + (STRANGER in (open_showing.left, open_showing.right))


def _still_in_gallery(gallery: Gallery, showing: Showing) -> bool:
    item = gallery.items.get(showing.item)
    if item is None or item.expression != showing.expression:
        return False
    methods = {*item.files, ""} | ({STRANGER} if item.stranger else set())
    return showing.left in methods and showing.right in methods


def _least_rated(gallery: Gallery, store: Store, left: list[Pair], mode: str, draw: random.Random) -> Pair:
    sample = draw.sample(left, min(_SAMPLE, len(left)))
    counts = store.count_voters(gallery.study, mode, sample)
    return sample[counts.index(min(counts))]


def _attention_check(gallery: Gallery, rated: set[Pair], voter: str, secret: bytes, draw: random.Random) -> Pair | None:
    """An attention check, if it is time for one: at one place in each block, which the voter cannot foresee."""
    block, place = divmod(len(rated), _BLOCK)
    if place != _secret_number(secret, f"place {voter} {block}") % _BLOCK:
        return None
    items = gallery.items.values()
    unchanged = [_pair(item, INPUT) for item in items if item.clear and item.check_method]
    strangers = [_pair(item, STRANGER) for item in items if _has_stranger(gallery, item)]
    kinds = (unchanged, strangers) if (block + _secret_number(secret, f"kind {voter}")) % 2 else (strangers, unchanged)
    for kind in kinds:
        open_ones = [pair for pair in kind if pair not in rated]
        if open_ones:
            return draw.choice(open_ones)
    return None


def _secret_number(secret: bytes, text: str) -> int:
    """From 0 to 255, the same at every call."""
    return hmac.digest(secret, text.encode(), "sha256")[0]


def _pair(item: Item, other: str) -> Pair:
    first, second = sorted((item.check_method or "", other))
    return item.id, first, second


def _has_stranger(gallery: Gallery, item: Item) -> bool:
    return (
        item.stranger is not None
        and item.check_method is not None
        and item.check_method in gallery.items[item.stranger].files
    )


def _new_showing(
    gallery: Gallery, pair: Pair, check: bool, voter: str, mode: str, now: float, draw: random.Random
) -> Showing:
    item = gallery.items[pair[0]]
    left, right = draw.sample(pair[1:], 2) if mode == "pair" else (pair[2], "")
    checked = expected = ""
    if check:
        checked = "identity" if STRANGER in pair else "expression"
        expected = "left" if left == item.check_method else "right"
    about = (voter, gallery.study, mode, item.id, item.image_class, item.expression)
    return Showing(secrets.token_urlsafe(24), now, *about, left, right, checked, expected)

"""Which pair comes next, who votes, and what the service hands to the browser."""

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reggan.errors import InputError
from reggan.votes import voters
from reggan.votes.agreement import agreed_with_others
from reggan.votes.items import Gallery
from reggan.votes.next_pair import next_pair
from reggan.votes.records import Ballot, Showing
from reggan.votes.service import VotingService
from reggan.votes.settings import SHIPPED, VotingSettings
from reggan.votes.store import Store
from tests.votes.tiny_gallery import tiny_gallery

KEY = b"k" * 32
BOTH = ("both", "both", "both")
SECONDS = (1.0, 1.0, 1.0)


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery.load(tiny_gallery(tmp_path / "gallery", faces=4))  # 8 items, 24 pairs


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "votes.db")


def rate_all(gallery: Gallery, store: Store, voter: str, mode: str = "pair", seed: int = 0) -> list[Showing]:
    seen = []
    draw = random.Random(seed)
    while (found := next_pair(gallery, store, voter, mode, KEY, 0.0, draw)) is not None:
        seen.append(found[0])
        store.cast(found[0].token, voter, BOTH, SECONDS, 0.0)
    return seen


def test_every_pair_comes_once_and_then_nothing(gallery: Gallery, store: Store) -> None:
    seen = rate_all(gallery, store, "v")
    pairs = [(s.item, *sorted((s.left, s.right))) for s in seen]
    assert len(set(pairs)) == len(pairs)
    assert {p for p in pairs if "stranger" not in p} == set(gallery.pairs)
    assert len({s.token for s in seen}) == len(seen)


def test_sides_are_drawn_by_lot(gallery: Gallery, store: Store) -> None:
    sides = [s.left < s.right for n in range(10) for s in rate_all(gallery, store, f"v{n}", seed=n)]
    assert 0.4 < sum(sides) / len(sides) < 0.6  # of about 260


def test_attention_checks_are_few_and_know_their_answer(gallery: Gallery, store: Store) -> None:
    seen = rate_all(gallery, store, "v")
    checks = [n for n, s in enumerate(seen) if s.checked]
    assert [n // 10 for n in checks if n < 20] == [0, 1], "one in each ten"
    assert {s.checked for s in seen} >= {"", "expression", "identity"}
    for s in (s for s in seen if s.checked):
        right_side = {"left": s.left, "right": s.right}[s.expected]
        wrong_one = "input" if s.checked == "expression" else "stranger"
        assert right_side == "refined" and {s.left, s.right} == {"refined", wrong_one}
        assert s.expression == "happy" or s.checked == "identity"


def test_a_voter_cannot_choose_by_loading_again(gallery: Gallery, store: Store) -> None:
    draws = random.Random(1)
    found = {next_pair(gallery, store, "v", "pair", KEY, 0.0, draws)[0].token for _ in range(5)}  # type: ignore[index]
    assert len(found) == 1


def test_the_least_rated_come_first(gallery: Gallery, store: Store) -> None:
    plain = Gallery.load(tiny_gallery(gallery.folder.parent / "plain", faces=4, checks=False))
    seen: Counter[Any] = Counter()
    for n in range(6):  # 6 voters, 8 of 24 pairs each: two rounds
        for _ in range(8):
            found = next_pair(plain, store, f"v{n}", "pair", KEY, 0.0, random.Random(n))
            assert found is not None
            store.cast(found[0].token, f"v{n}", BOTH, SECONDS, 0.0)
            seen[(found[0].item, *sorted((found[0].left, found[0].right)))] += 1
    assert len(seen) == 24 and set(seen.values()) == {2}


def test_a_showing_of_a_gallery_that_is_gone_is_replaced(gallery: Gallery, store: Store, tmp_path: Path) -> None:
    old = Showing("old", 0.0, "v", "tiny", "pair", "gone_happy", "photo", "happy", "refined", "coarse")
    store.show(old)
    found = next_pair(gallery, store, "v", "pair", KEY, 0.0, random.Random(0))
    assert found is not None and found[0].token != "old"


def test_single_mode_shows_every_result_once(gallery: Gallery, store: Store) -> None:
    seen = rate_all(gallery, store, "v", "single")
    assert len(seen) == len({(s.item, s.left) for s in seen}) == 24
    assert not any(s.right or s.checked for s in seen)


# Voters


def test_tickets_are_signed() -> None:
    ticket = voters.new_ticket(KEY)
    voter = voters.voter_of(ticket, KEY)
    assert voter is not None and len(voter) == 16
    assert voters.new_ticket(KEY) != ticket
    assert voters.voter_of(ticket, b"other") is None
    assert voters.voter_of("0" * 16 + ticket[16:], KEY) is None
    for nonsense in ("", ".", voter, f"{voter}.", f"{voter}.é", "." + ticket.partition(".")[2]):
        assert voters.voter_of(nonsense, KEY) is None


def test_logins_are_keyed_hashes() -> None:
    one = voters.voter_of_login("ingrid", KEY)
    assert one == voters.voter_of_login("ingrid", KEY) != voters.voter_of_login("ingrid", b"other")
    assert "ingrid" not in one and len(one) == 16


@pytest.mark.parametrize(
    ("header", "host", "trusted", "address"),
    [
        ("", "10.0.0.1", True, "10.0.0.1"),
        ("203.0.113.9, 10.0.0.2", "10.0.0.1", True, "203.0.113.9"),
        ("203.0.113.9, 10.0.0.2", "10.0.0.1", False, "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "10.0.0.1", True, "2001:db8:1:2::/64"),
        ("", "testclient", False, "testclient"),
        ("", None, True, ""),
    ],
)
def test_addresses(header: str, host: str | None, trusted: bool, address: str) -> None:
    assert voters.address_of({"x-forwarded-for": header}, host, trusted) == address


def test_new_voters_per_address_and_day() -> None:
    door = voters.NewVoterLimit(2)
    for _ in range(2):
        door.count("203.0.113.9", 0.0)
    with pytest.raises(InputError, match="Too many new voters"):
        door.count("203.0.113.9", 86_399.0)
    door.count("203.0.113.10", 0.0)
    assert "203.0.113.9" not in str(vars(door)), "only hashes"
    before = (door._salt, set(door._seen))
    door.count("203.0.113.9", 86_400.0)
    assert door._salt != before[0] and not before[1] & set(door._seen), "a new salt, and the old counts are gone"


# The service


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def service(gallery: Gallery, tmp_path: Path) -> VotingService:
    settings = VotingSettings(db=tmp_path / "service.db", gallery=gallery.folder, per_session=5)
    return VotingService(settings, Clock())


def test_a_session_from_start_to_thanks(service: VotingService) -> None:
    screen = service.begin("", "", "203.0.113.9")
    ticket = screen["ticket"]
    positions = []
    while screen["kind"] == "showing":
        positions.append((screen["position"], screen["total"]))
        screen = service.vote(ticket, "", screen["token"], BOTH, SECONDS)
    assert positions == [(n, 5) for n in range(1, 6)]
    assert screen["kind"] == "thanks" and screen["done"] == 5 and screen["more"] is True
    assert (screen["agreed"], screen["asked"]) == (0, 0), "nobody else has voted"
    assert service.begin(ticket, "", "203.0.113.9")["position"] == 1, "the next five"
    assert {v.voter for v in service.store.votes()} == {ticket.partition(".")[0]} == {screen["voter"]}


def test_a_showing_betrays_nothing_and_a_vote_reveals(service: VotingService) -> None:
    screen = service.begin("", "", "203.0.113.9")
    sent = json.dumps(screen)
    files = [path.name for path in service.gallery.folder.iterdir()]
    assert not [name for name in (*service.gallery.methods, "stranger", "face0", "face1", *files) if name in sent]
    assert len(screen["images"]) == 2 and all(i.startswith("data:image/png;base64,") for i in screen["images"])
    after = service.vote(screen["ticket"], "", screen["token"], BOTH, SECONDS)
    assert after["last"].startswith("left ") and ", right " in after["last"]


def test_a_gallery_without_pairs_is_refused_at_the_start(tmp_path: Path) -> None:
    settings = VotingSettings(tmp_path / "v.db", tiny_gallery(tmp_path / "one", methods=("refined",)))
    with pytest.raises(InputError, match="nothing to rate"):
        VotingService(settings)
    assert VotingService(replace(settings, mode="single")).begin("", "", "")["kind"] == "showing"


def test_a_session_goes_on_where_it_was_left(service: VotingService) -> None:
    screen = service.begin("", "", "203.0.113.9")
    service.vote(screen["ticket"], "", screen["token"], BOTH, SECONDS)
    again = VotingService(service.settings, Clock())  # a restart
    assert again.begin(screen["ticket"], "", "")["position"] == 2


def test_a_repeated_request_counts_once(service: VotingService) -> None:
    screen = service.begin("", "", "203.0.113.9")
    first = service.vote(screen["ticket"], "", screen["token"], BOTH, SECONDS)
    second = service.vote(screen["ticket"], "", screen["token"], ("left",) * 3, SECONDS)
    assert first == second
    assert len(service.store.ballots()) == 1


def test_voting_too_fast_is_refused_and_nothing_is_lost(service: VotingService, monkeypatch: Any) -> None:
    fast = VotingService(VotingSettings(service.settings.db, service.settings.gallery, per_minute=2), Clock())
    screen = fast.begin("", "", "203.0.113.9")
    for _ in range(2):
        screen = fast.vote(screen["ticket"], "", screen["token"], BOTH, SECONDS)
    with pytest.raises(InputError, match="very fast"):
        fast.vote(screen["ticket"], "", screen["token"], BOTH, SECONDS)
    monkeypatch.setattr(Clock, "now", Clock.now + 61)
    fast.vote(screen["ticket"], "", screen["token"], BOTH, SECONDS)
    assert len(fast.store.ballots()) == 3


@pytest.mark.parametrize("answers", [("left", "left"), ("left", "left", "5"), ("left", "left", None), ("left",) * 4])
def test_answers_that_are_none(service: VotingService, answers: Any) -> None:
    screen = service.begin("", "", "203.0.113.9")
    with pytest.raises(InputError, match="three answers"):
        service.vote(screen["ticket"], "", screen["token"], answers, SECONDS)
    assert service.store.ballots() == []


def test_a_stranger_s_ticket_and_token(service: VotingService) -> None:
    one, two = service.begin("", "", "a"), service.begin("", "", "b")
    with pytest.raises(InputError, match="not known"):
        service.vote("0123456789abcdef.forged", "", one["token"], BOTH, SECONDS)
    with pytest.raises(InputError, match="no longer open"):
        service.vote(two["ticket"], "", one["token"], BOTH, SECONDS)


def test_times_of_the_browser_are_bounded(service: VotingService) -> None:
    screen = service.begin("", "", "a")
    screen = service.vote(screen["ticket"], "", screen["token"], BOTH, (-1, 1.2345678, 1e9))
    assert service.store.ballots()[0][1].seconds == (0.0, 1.235, 3600.0)
    service.vote(screen["ticket"], "", screen["token"], BOTH, ("nan", "x", None))  # type: ignore[arg-type]
    assert service.store.ballots()[1][1].seconds == (0.0, 0.0, 0.0)


def test_with_a_login_the_voter_is_the_user(service: VotingService) -> None:
    one, two = (service.begin("", "ingrid", address) for address in ("a", "b"))
    assert one["voter"] == two["voter"] and one["ticket"] == ""
    assert one["voter"] != service.begin("", "bob", "a")["voter"]
    service.vote("", "ingrid", one["token"], BOTH, SECONDS)
    assert "ingrid" not in str(service.store.votes())


def test_agreement_is_shown_at_the_end(service: VotingService) -> None:
    for address in ("a", "b"):
        screen = service.begin("", "", address)
        while screen["kind"] == "showing" or screen["more"]:
            if screen["kind"] == "thanks":
                screen = service.begin(screen["ticket"], "", address)
                continue
            screen = service.vote(screen["ticket"], "", screen["token"], BOTH, SECONDS)
            service._clock.now += 10  # type: ignore[attr-defined]
    assert screen["agreed"] == screen["asked"] > 0


# Agreement


def ballot(voter: str, left: str, right: str, *answers: str, checked: str = "", mode: str = "pair") -> Ballot:
    about = ("2026-01-01T00:00:00Z", voter, "s", mode, "i", "photo", "happy", left, right, checked, "")
    return Ballot("t", *about, *answers, 1.0, 1.0, 1.0)


def test_agreement_ignores_sides_and_skips_where_others_are_divided() -> None:
    mine = [ballot("me", "a", "b", "left", "both", "right")]
    one = ballot("x", "b", "a", "right", "both", "right")  # a, both, a
    two = ballot("y", "a", "b", "left", "neither", "left")  # a, neither, a
    assert agreed_with_others(mine, [one]) == (2, 3)
    assert agreed_with_others(mine, [one, two]) == (1, 2), "others are divided on the second question"
    assert agreed_with_others(mine, []) == (0, 0)
    checked = [ballot("me", "a", "b", "left", "both", "right", checked="expression")]
    assert agreed_with_others(checked, [one]) == (0, 0)


def test_agreement_on_ratings_is_within_one_point() -> None:
    mine = [ballot("me", "a", "", "1", "3", "5", mode="single")]
    others = [ballot("x", "a", "", rating, rating, rating, mode="single") for rating in ("3", "4", "5")]  # mean 4
    assert agreed_with_others(mine, others) == (2, 3)


# Settings


def test_settings_from_the_environment(tmp_path: Path) -> None:
    given = VotingSettings.from_environment({"XDG_DATA_HOME": str(tmp_path)})
    assert given == VotingSettings(db=tmp_path / "reggan" / "votes.db", gallery=SHIPPED)
    variables = {"DB": "/data/v.db", "MODE": "single", "PER_SESSION": "12", "PUBLIC": "1", "SECRET": "hush"}
    given = VotingSettings.from_environment(
        {f"REGGAN_VOTES_{k}": v for k, v in variables.items()} | {"HF_TOKEN": "hf_x"}
    )
    assert (given.db, given.mode, given.per_session, given.public) == (Path("/data/v.db"), "single", 12, True)
    assert "hush" not in repr(given) and "hf_x" not in repr(given)
    assert VotingSettings.from_environment({"SPACE_ID": "me/reggan"}).trust_proxy is True
    assert VotingSettings.from_environment({"SPACE_ID": "me/x", "REGGAN_VOTES_TRUST_PROXY": "0"}).trust_proxy is False


@pytest.mark.parametrize(("name", "value"), [("MODE", "triple"), ("PER_SESSION", "0"), ("PER_MINUTE", "many")])
def test_settings_that_make_no_sense(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"REGGAN_VOTES_{name}"):
        VotingSettings.from_environment({f"REGGAN_VOTES_{name}": value})

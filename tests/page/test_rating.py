"""The rating tab in a real browser, on a page and a gallery of its own."""

import json
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import starlette.requests
from gradio.helpers import special_args
from gradio_client import Client
from playwright.sync_api import expect

from reggan.ui.rating_tab import answer, build_rating_tab
from reggan.votes import Vote, VotingService, VotingSettings
from reggan.votes.study_report import write_report
from reggan.votes.voters import voter_of_login
from tests.page.rating_board import METHODS, WAIT, Arrive, Serve
from tests.votes.tiny_gallery import tiny_gallery

MAKERS = ("refined", "coarse")


def test_the_tab_adds_no_endpoint(serve: Serve) -> None:
    url, _ = serve()
    assert Client(url, verbose=False).view_api(return_format="dict")["named_endpoints"] == {}


@pytest.mark.parametrize("call", [None, [], {}, {"do": "vote"}, {"do": "vote", "answers": "left", "token": 3}])
def test_odd_requests_get_a_screen(tmp_path: Path, call: Any) -> None:
    service = VotingService(VotingSettings(tmp_path / "v.db", tiny_gallery(tmp_path / "gallery")))
    request = type("Request", (), {"client": None, "headers": {}})
    screen = answer(service, call, request, "")
    assert screen["kind"] == ("showing" if call == {} else "problem")


def test_a_login_makes_the_voter(tmp_path: Path) -> None:
    service = VotingService(VotingSettings(tmp_path / "v.db", tiny_gallery(tmp_path / "gallery")))
    with gr.Blocks() as demo:
        build_rating_tab(demo, service)
    (board,) = (block for block in demo.blocks.values() if isinstance(block, gr.HTML))
    user = {"name": "Ada", "preferred_username": "ada", "profile": "", "picture": ""}
    session = {"oauth_info": {"userinfo": user, "expires_at": 1e12}}
    scope = {"type": "http", "headers": [], "client": ("203.0.113.9", 1), "session": session}
    rate = board.rate  # type: ignore[attr-defined]
    for known, voter in ((scope, voter_of_login("ada", service.store.secret())), ({**scope, "session": {}}, None)):
        inputs, *_ = special_args(rate, [{"do": "begin"}], starlette.requests.Request(known))
        screen = rate(*inputs)
        assert screen["kind"] == "showing" and (voter is None) == bool(screen["ticket"])
        assert voter in (None, screen["voter"])


def answers_of(votes: list[Vote]) -> list[str]:
    return [vote.answer for vote in votes]


def test_nothing_betrays_a_method_before_the_vote(serve: Serve, arrive: Arrive) -> None:
    url, service = serve(checks=True)
    names = [*METHODS[:2], "stranger", *service.gallery.items, *(p.stem for p in service.gallery.folder.glob("*.png"))]
    voter = arrive(url)
    voter.begin()
    voter.press("ArrowLeft", "ArrowRight")
    voter.step(3)
    sent = voter.bodies()
    assert any("data:image/png;base64" in text for text in sent), "the pictures are in what was recorded"
    assert [name for name in names for text in sent if name in text] == []
    assert [name for name in names if name in voter.page.content()] == []

    voter.press("ArrowUp")
    voter.shows("2 of 3")
    votes = [r for r in voter.responses if "component_server" in r.url]
    screen = votes[-1].json()
    told = screen.pop("last")
    assert any(method in told for method in METHODS[:2]), "after it, names are told"
    assert [name for name in names if name in json.dumps(screen)] == [], "but not those of the next pair"


def test_the_database_holds_exactly_what_was_clicked_and_pressed(serve: Serve, arrive: Arrive, tmp_path: Path) -> None:
    url, service = serve()
    voter = arrive(url)
    voter.begin()
    voter.click("left", "both", "neither")
    voter.shows("2 of 3")
    assert answers_of(service.store.votes()) == ["left", "both", "neither"]
    told = re.fullmatch(r"Last pair: left (\w+), right (\w+)", voter.last())
    assert told is not None
    first = service.store.votes()[0]
    assert tuple(side.replace("unchanged", "input") for side in told.groups()) == (first.left, first.right)

    voter.press("ArrowRight", "1")
    voter.step(3)
    voter.press("Backspace")
    voter.step(2)
    voter.press("ArrowDown", "3")
    voter.shows("3 of 3")
    assert answers_of(service.store.votes())[3:] == ["right", "neither", "both"]

    voter.press("2")
    voter.page.locator("#rating [data-do=undo]").click()
    voter.step(1)
    voter.press("4", "ArrowUp", "ArrowLeft")
    expect(voter.page.locator("#rating [data-screen=thanks]")).to_contain_text("You have rated 3 pairs", timeout=WAIT)
    votes = service.store.votes()
    assert answers_of(votes)[6:] == ["neither", "both", "left"]
    assert len(votes) == 9 and len({v.token for v in votes}) == 3 and len({v.voter for v in votes}) == 1
    assert all(0 <= v.seconds < 60 for v in votes)  # two keys can come within a millisecond
    assert sum(v.seconds for v in votes) > 0
    expect(voter.page.locator("#rating [data-screen=thanks]")).to_contain_text(votes[0].voter)

    voter.press("Enter")  # "3 more" has the focus
    voter.shows("1 of 3")

    for n in range(6):  # intervals need a few voters
        screen = service.begin("", "", str(n))
        while screen["kind"] == "showing":
            screen = service.vote(screen["ticket"], "", screen["token"], ("left", "both", "right"), (1, 1, 1))
    write_report(service.votes(), tmp_path / "report", everything=True)  # keys are pressed faster than people can look
    page = (tmp_path / "report" / "index.html").read_text().partition("<body>")[2]
    report = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "21 votes, 63 answers · 7 voters" in report
    assert all(re.search(rf"{method} \d+ % \d+ to \d+", report) for method in METHODS)


def test_what_is_revealed_stands_beside_the_pair_that_it_is_about(serve: Serve, arrive: Arrive) -> None:
    url, _ = serve()
    voter = arrive(url)
    voter.begin()
    sources = "images => images.map((image) => image.src)"
    pair = voter.page.locator("#rating .result img").evaluate_all(sources)
    voter.press("1", "2", "3")
    voter.shows("2 of 3")
    thumbs = voter.page.locator("#rating [data-screen=showing] .last img")
    assert thumbs.evaluate_all(sources) == pair != voter.page.locator("#rating .result img").evaluate_all(sources)
    area = thumbs.first.bounding_box()
    assert area is not None and 30 < area["width"] < 50
    voter.press("1", "2", "3")
    voter.shows("3 of 3")
    expect(thumbs).to_have_count(2)
    assert thumbs.evaluate_all(sources) != pair


def test_focus_survives_undo_and_a_lost_request(serve: Serve, arrive: Arrive) -> None:
    url, _ = serve()
    voter = arrive(url)
    broken = False
    voter.page.route("**/component_server/", lambda route: route.abort() if broken else route.continue_())
    voter.open()
    voter.begin()
    voter.press("1")
    undo = voter.page.locator("#rating [data-do=undo]")
    undo.focus()
    voter.press("Enter")
    voter.step(1)
    expect(voter.page.locator("#rating .question")).to_be_focused()
    voter.press("2", "2")
    undo.focus()
    voter.press("Enter")
    voter.step(2)
    expect(undo).to_be_focused()
    broken = True
    voter.click("left", "both")
    expect(voter.page.locator("#rating .problem")).to_be_visible(timeout=WAIT)
    voter.step(3)
    assert voter.page.evaluate("document.querySelector('#rating').contains(document.activeElement)")
    voter.press("Backspace")
    voter.step(2)


def test_voters_are_told_apart_and_known_again(serve: Serve, arrive: Arrive) -> None:
    url, service = serve(faces=1, per_session=6)  # 6 pairs
    one, two = arrive(url), arrive(url)
    one.begin()
    one.press("1", "1", "1")
    one.shows("2 of 6")
    one.open()  # the page is loaded anew
    expect(one.page.locator("#rating [data-screen=start]")).to_contain_text(service.store.votes()[0].voter)
    one.page.locator("#rating [data-screen=start] button").click()
    one.shows("2 of 6")
    for n in range(2, 7):
        one.shows(f"{n} of 6")
        one.press("3", "3", "3")
    expect(one.page.locator("#rating .agreed")).to_contain_text("Nobody else has rated these yet", timeout=WAIT)
    expect(one.page.locator("#rating [data-screen=thanks]")).to_contain_text("every one there is")
    two.begin()
    for n in range(1, 7):
        two.shows(f"{n} of 6")
        two.press("3", "3", "3")
    share = f"{round(100 * 15 / 18)} % of the 18 questions"  # the first voter said "left" to one pair
    expect(two.page.locator("#rating .agreed")).to_contain_text(share, timeout=WAIT)
    assert len({v.voter for v in service.store.votes()}) == 2


def test_keys_are_left_alone_elsewhere(serve: Serve, arrive: Arrive) -> None:
    url, service = serve()
    voter = arrive(url)
    voter.press("1", "2", "3")  # before the start
    voter.begin()
    remark = voter.page.locator("#remark textarea, #remark input").first
    remark.fill("")
    remark.press_sequentially("123")
    expect(remark).to_have_value("123")
    voter.step(1)
    voter.page.get_by_role("tab", name="Write").click()
    voter.page.locator("body").click(position={"x": 5, "y": 600})
    voter.press("1", "2", "3")
    voter.page.get_by_role("tab", name="Rate").click()
    voter.step(1)
    voter.page.locator("#rating .question").click()
    voter.press("Control+1")
    voter.step(1)
    voter.press("1")
    voter.step(2)
    assert service.store.votes() == []


def test_a_lost_request_loses_no_vote(serve: Serve, arrive: Arrive) -> None:
    url, service = serve()
    voter = arrive(url)
    broken = False  # routed from the start: a request made while a route is being set up may slip through
    voter.page.route("**/component_server/", lambda route: route.abort() if broken else route.continue_())
    voter.open()
    voter.begin()
    broken = True
    voter.press("1", "2", "3")
    expect(voter.page.locator("#rating .problem")).to_contain_text("Nothing is lost", timeout=WAIT)
    voter.step(3)
    broken = False
    voter.press("4")
    voter.shows("2 of 3")
    expect(voter.page.locator("#rating .problem")).to_be_hidden()
    assert answers_of(service.store.votes()) == ["left", "right", "neither"]


def test_voting_too_fast_gets_a_sentence(serve: Serve, arrive: Arrive) -> None:
    url, service = serve(per_minute=1)
    voter = arrive(url)
    voter.begin()
    voter.press("1", "2", "3")
    voter.shows("2 of 3")
    voter.press("1", "2", "3")
    expect(voter.page.locator("#rating .problem")).to_contain_text("very fast", timeout=WAIT)
    assert len(service.store.votes()) == 3


def test_ratings_of_single_results(serve: Serve, arrive: Arrive) -> None:
    url, service = serve(mode="single")
    voter = arrive(url)
    voter.begin()
    expect(voter.page.locator("#rating .stage img:visible")).to_have_count(2)
    voter.press("5", "1")
    voter.step(3)
    voter.click("3")
    voter.shows("2 of 3")
    votes = service.store.votes()
    assert answers_of(votes) == ["5", "1", "3"] and {v.right for v in votes} == {""} and votes[0].mode == "single"
    assert voter.last() == f"Last result: {votes[0].left.replace('input', 'unchanged')}"

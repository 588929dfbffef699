"""The Results tab in a real browser: hidden, then shown, filtered, on a phone."""

import re
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from playwright.sync_api import Browser, Page, expect

from reggan.errors import InputError
from reggan.ui.results_tab import build_results_tab, show_results
from reggan.votes.records import QUESTIONS, Vote
from reggan.votes.render.numbers import PERCENT, beside
from reggan.votes.stats import select, summarise_pairs
from tests.votes.votes_simulation import simulate, vote

WAIT = 60_000  # milliseconds: the machine may be busy
VOTES = simulate(1, voters=24, each=10, questions=QUESTIONS) + [
    vote(voter=f"v{n}", token=f"check{n}", check="left", answer="left" if n < 12 else "right") for n in range(24)
]
FAILED = {f"v{n}" for n in range(12, 24)}
COUNTED = [v for v in VOTES if v.voter not in FAILED or v.check]
FEW = VOTES[: 3 * 29]  # of the 30 that it takes


def rate(votes: list[Vote], question: str, method: str) -> str:
    """A win rate as the page writes it."""
    summary = summarise_pairs(votes, question)
    assert summary is not None
    (found,) = (m for m in summary.methods if m.method == method)
    return beside(found.win_rate, PERCENT)


@pytest.fixture(scope="module")
def stored() -> SimpleNamespace:
    return SimpleNamespace(votes=VOTES)


@pytest.fixture(scope="module")
def url(stored: SimpleNamespace) -> Iterator[str]:
    with gr.Blocks() as demo:
        language = gr.Textbox("en", visible=False)
        with gr.Tab("Edit"):
            gr.Markdown("Something else.")
        with gr.Tab("Results") as tab:
            build_results_tab(demo, lambda: stored.votes, language, 30, tab)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo.launch(server_port=port, prevent_thread_lock=True, quiet=True, ssr_mode=False)
    yield f"http://127.0.0.1:{port}"
    demo.close()


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["desk", "phone"])
def page(browser: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_default_timeout(WAIT)
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))

    def note(request: Any) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            problems.append(f"a request to {request.url}")

    page.on("request", note)
    page.goto(url, wait_until="domcontentloaded")
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert problems == []


def choose(page: Page, name: str, label: str) -> None:
    page.locator(f"#results_{name} input").click()
    page.get_by_role("option", name=label, exact=True).click()


def test_results_stay_hidden_until_there_are_enough_votes(page: Page, stored: SimpleNamespace) -> None:
    stored.votes = FEW
    page.get_by_role("tab", name="Results").click()
    state, body = page.locator("#results_state"), page.locator("#results_body")
    expect(state).to_contain_text("29 of 30 votes so far: results stay hidden until then", timeout=WAIT)
    assert body.locator("table").count() == 0 and page.locator("#results_question").count() == 0

    stored.votes = VOTES
    page.locator("#results_refresh").click()
    expect(state).to_contain_text("Votes: 120, voters: 12. 12 of 24 voters passed the attention checks.", timeout=WAIT)
    expect(state).to_contain_text("Left out, of voters who failed them: 120.")
    for question in QUESTIONS:
        expect(body).to_contain_text(f"{question.capitalize()} Which result", ignore_case=True)
    assert body.locator("svg circle").count() == 3 * 2 * 4
    first = body.locator("svg .bar").first.bounding_box()
    assert first is not None and first["width"] > 4

    stored.votes = FEW
    page.locator("#results_refresh").click()
    expect(state).to_contain_text("29 of 30 votes", timeout=WAIT)
    assert body.locator("table").count() == 0, "and hidden again"


def test_filters(page: Page, stored: SimpleNamespace) -> None:
    stored.votes = VOTES
    page.get_by_role("tab", name="Results").click()
    body = page.locator("#results_body")

    def shows(kept: list[Vote]) -> None:
        expect(body.locator("section")).to_have_count(1, timeout=WAIT)
        expect(body.locator(".facts")).to_contain_text(f"{len(kept) // 3} answers", timeout=WAIT)
        assert rate(kept, "identity", "refined") in body.inner_html()

    page.locator("#results_question label").filter(has_text="Identity").click()
    shows(select(COUNTED))
    choose(page, "class", "Photo")
    shows(select(COUNTED, image_class="photo"))
    choose(page, "expression", "Sad")
    shows(select(COUNTED, "sad", "photo"))
    choose(page, "voters", "All votes")
    shows(select(VOTES, "sad", "photo"))
    expect(page.locator("#results_state")).to_have_text(
        re.compile(r"Votes: 240, voters: 24.*checks\.\s*$"), timeout=WAIT
    )
    choose(page, "voters", "Of voters who passed the attention checks")
    shows(select(VOTES, "sad", "photo", only_passed=True))
    choose(page, "class", "Painting")
    expect(body).to_contain_text("No votes match these filters.", timeout=WAIT)
    choose(page, "expression", "All expressions")
    shows(select(VOTES, None, "painting", only_passed=True))


def test_a_choice_that_no_longer_exists_means_all() -> None:
    body = show_results(lambda: VOTES, 30, "all", "fearful", "avatar", "all", "en")[-1]
    assert rate(select(VOTES), "realism", "refined") in body


def test_names_are_escaped() -> None:
    named = [v._replace(left=v.left.replace("refined", "<b>")) for v in VOTES]
    body = show_results(lambda: named, 30, "all", "all", "all", "all", "en")[-1]
    assert "&lt;b&gt;" in body and "<b></b>" not in body


def test_votes_too_fast_to_have_looked_are_left_out_unless_all_are_asked_for() -> None:
    hasty = [v._replace(seconds=0.39) if v.token == COUNTED[0].token else v for v in VOTES]
    counted, everything = (
        show_results(lambda: hasty, 30, "all", "all", "all", who, "en") for who in ("counted", "all")
    )
    assert "Votes: 119," in counted[0] and "Left out, as faster than 0.4 s: 1." in counted[0]
    assert "Votes: 240," in everything[0] and "Left out" not in everything[0]


@pytest.mark.parametrize("language", ["de", "es"])
@pytest.mark.parametrize("mode", ["pair", "single"])
def test_results_speak_the_page_s_language(language: str, mode: str) -> None:
    """Every word between the tags, names of methods excepted."""
    votes = VOTES if mode == "pair" else [v._replace(mode=mode, right="", answer="4") for v in VOTES if not v.check]
    for known in (votes, votes[: 3 * 40]):
        state, *_, body = show_results(lambda kept=known: kept, 30, "all", "all", "all", "all", language)
        text = re.sub("<style>.*?</style>|<[^>]*>", " | ", f"{state} {body}", flags=re.DOTALL)
        assert len(text) > 1000
        english = r"\b(the|of|to|answers?|voters?|method|which|rank|win|rate|over|with|points|better|mean|by)\b"
        assert re.findall(english, text, re.IGNORECASE) == []


def test_attention_checks_do_not_count_towards_the_threshold() -> None:
    state, shown, *_, body = show_results(lambda: [*FEW, *VOTES[-24:]], 30, "all", "all", "all", "all", "en")
    assert "29 of 30" in state and shown["visible"] is False and body == ""


def test_no_votes_at_all() -> None:
    state, *_, body = show_results(list, 0, "all", "all", "all", "all", "en")
    assert "There are no votes yet." in state and body == ""


def test_a_database_that_cannot_be_read_gets_a_sentence() -> None:
    def broken() -> list[Vote]:
        raise InputError("The database of votes cannot be opened.")

    with pytest.raises(gr.Error, match="cannot be opened"):
        show_results(broken, 30, "all", "all", "all", "all", "en")

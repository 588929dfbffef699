"""A page and a gallery of its own for the rating tab, and people who rate."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
import pytest
from playwright.sync_api import Browser

from reggan.ui.rating_tab import build_rating_tab
from reggan.ui.theme import theme
from reggan.votes import VotingService, VotingSettings
from tests.page.rating_board import METHODS, Arrive, Serve, Voter
from tests.votes.tiny_gallery import tiny_gallery


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a page with a text field in one tab and the rating board in the next."""
    running: list[gr.Blocks] = []

    def start(**settings: Any) -> tuple[str, VotingService]:
        faces, checks = settings.pop("faces", 2), settings.pop("checks", False)
        folder = tiny_gallery(tmp_path / f"gallery{len(running)}", faces, METHODS, checks)
        service = VotingService(
            VotingSettings(tmp_path / f"{len(running)}.db", folder, **{"per_session": 3, **settings})
        )
        with gr.Blocks() as demo:
            with gr.Tab("Write"):
                gr.Textbox(label="Words")
            with gr.Tab("Rate"):
                gr.Textbox(label="Remark", elem_id="remark")
                build_rating_tab(demo, service)
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, theme=theme(), ssr_mode=False)
        running.append(demo)
        return url.rstrip("/"), service

    yield start
    for demo in running:
        demo.close()


@pytest.fixture
def arrive(browser: Browser) -> Iterator[Arrive]:
    here: list[Voter] = []

    def come(url: str, **look: Any) -> Voter:
        here.append(Voter(browser, url, **look))
        return here[-1]

    yield come
    for voter in here:
        voter.close()

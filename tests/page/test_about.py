"""The About tab in a real browser."""

import re

from playwright.sync_api import expect

from reggan.ui.about_tab import printed_calls
from tests.visitor import Visitor


def test_calls_are_printed_with_the_address_of_the_page(visitor: Visitor) -> None:
    """They are run, as they are printed here, in `test_api.py`."""
    visitor.top("about")
    blocks = visitor.page.locator("#calls pre")
    expected = re.findall(r"```\w+\n(.*?)```", printed_calls(visitor.url), re.DOTALL)
    expect(blocks).to_have_count(len(expected))
    assert [text.strip() for text in blocks.locator("code").all_inner_texts()] == [text.strip() for text in expected]
    assert "7860" not in visitor.page.locator("#about").inner_text()

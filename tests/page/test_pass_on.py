"""The result leaves the page by the clipboard or the device's own way to share; pictures come from anywhere on it."""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, expect

from reggan.output import provenance
from tests.page.test_dropped import drop
from tests.visitor import WAIT, Visitor

# A browser that can share files; what is shared is kept.
_BASE64 = "(bytes) => btoa(bytes.reduce((s, b) => s + String.fromCharCode(b), ''))"
_SHARES = f"""Object.assign(navigator, {{canShare: (data) => data.files.length === 1, share: async ({{files}}) => {{
  const bytes = new Uint8Array(await files[0].arrayBuffer());
  window.shared = {{name: files[0].name, type: files[0].type, data: ({_BASE64})(bytes)}};
}}}})"""
_COPIED = f"""async () => {{
  const [item] = await navigator.clipboard.read();
  return ({_BASE64})(new Uint8Array(await (await item.getType('image/png')).arrayBuffer()));
}}"""
_PASTE = """async (data) => {
  const content = new DataTransfer(), blob = await (await fetch('data:image/png;base64,' + data)).blob();
  content.items.add(new File([blob], 'image.png', {type: 'image/png'}));
  document.body.dispatchEvent(new ClipboardEvent('paste', {bubbles: true, cancelable: true, clipboardData: content}));
}"""


def test_the_result_is_copied_and_shared(browser: Browser, url: str) -> None:
    page = browser.new_page(locale="en-US", permissions=["clipboard-read", "clipboard-write"])
    page.add_init_script(_SHARES)
    visitor = Visitor(page, url)
    page.locator("#copy").click()
    expect(page.locator("#passed_on")).to_have_text("The picture is in the clipboard.", timeout=WAIT)
    copied = np.asarray(Image.open(io.BytesIO(base64.b64decode(page.evaluate(_COPIED)))).convert("RGB"), int)
    assert copied.shape == (900, 768, 3) and np.abs(copied - visitor.pixels()).mean() < 3
    visitor.choose("suffix", "JPEG")
    page.locator("#share").click()
    page.wait_for_function("window.shared", timeout=WAIT)
    shared = page.evaluate("window.shared")
    assert (shared["name"], shared["type"]) == ("photo_grace_hopper_happy.jpg", "image/jpeg")
    assert provenance.read(base64.b64decode(shared["data"]))["source_type"] == provenance.SOURCE_TYPE
    page.close()
    assert visitor.problems == []


def test_where_the_browser_cannot_share_there_is_no_button(visitor: Visitor) -> None:
    expect(visitor.page.locator("#download")).to_be_visible()
    expect(visitor.page.locator("#share")).to_be_hidden()


def test_a_picture_is_dropped_or_pasted_anywhere(visitor: Visitor, pictures: dict[str, Path]) -> None:
    visitor.until_changed("after", lambda: drop(visitor, "#compare .frame", pictures["pair"]))
    visitor.says("2 faces found")
    pasted = base64.b64encode(pictures["smile"].read_bytes()).decode()
    visitor.until_changed("after", lambda: visitor.page.evaluate(_PASTE, pasted))
    visitor.says("1 face found")
    visitor.top("batch")
    drop(visitor, "#head", pictures["pair"])
    expect(visitor.page.locator("#batch_files")).to_contain_text("pair", timeout=WAIT)

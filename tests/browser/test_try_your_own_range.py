"""Drives the explorer of notebook 08 in JupyterLab, in a real browser."""

import importlib.util
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CELL = """
from course_utils.teaching import style
from course_utils.teaching.explorers.try_your_own_range import RangeExplorer

style.use()
explorer = RangeExplorer()
explorer.widget
"""
pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("playwright") is None, reason="Playwright is in `make dev` only"
    ),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium"),
]


@pytest.fixture
def lab(tmp_path):
    """Serves JupyterLab on loopback with one notebook; its address."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.strip())])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "explorer.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--ip=127.0.0.1", "--IdentityProvider.token=secret"]
    server = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api?token=secret")
        yield f"{address}/lab/tree/explorer.ipynb?token=secret"
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(address, seconds=120):
    """Until something answers there."""
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def test_a_new_range_is_trained_and_drawn(lab, tmp_path):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 1400})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_default_timeout(300_000)
        page.goto(lab)
        page.locator(".jp-Notebook .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        run = page.get_by_role("button", name="Run", exact=True)
        run.wait_for()
        for label, value in (("seeds", "2"), ("steps", "100"), ("test to", "9")):
            box = page.get_by_label(label, exact=True)
            box.fill(value)
            box.press("Enter")
        run.click()
        picture = page.locator("img[src^='data:image/png']")
        first = picture.get_attribute("src")
        assert "tested on 2 to 9" in picture.get_attribute("alt")
        # An impossible range is answered beside the controls, and the picture stays.
        box = page.get_by_label("test to", exact=True)
        box.fill("1")
        box.press("Enter")
        page.get_by_role("alert").get_by_text("test range 2 to 1 is empty").wait_for()
        assert picture.get_attribute("src") == first
        # A new range is drawn: the picture and what it says of its data.
        box.fill("40")
        box.press("Enter")
        run.click()
        page.locator("img[alt*='tested on 2 to 40']").wait_for()
        assert picture.get_attribute("src") != first
        page.screenshot(path=tmp_path / "explorer.png")
        browser.close()
    assert errors == []

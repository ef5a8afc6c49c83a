"""A headless Chromium."""

import contextlib

from playwright.sync_api import sync_playwright


@contextlib.contextmanager
def chromium():
    """A browser, which ends with the block. Its pages wait for at most a minute."""
    with sync_playwright() as playwright:
        # The sandbox of Chromium needs privileges that a container lacks. Every name below `example` is this machine.
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--host-resolver-rules=MAP *.example 127.0.0.1"])
        try:
            yield browser
        finally:
            browser.close()

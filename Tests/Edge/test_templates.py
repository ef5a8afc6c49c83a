"""Templates as settings: the example Examples/Pages, in a browser."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from browser import chromium
from edge import EdgeTest, REPOSITORY

PACKAGE = REPOSITORY / "Examples/Pages"
BUILD = REPOSITORY / ".build/pages"


class Templates(EdgeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        subprocess.run(
            ["swift", "build", "--package-path", PACKAGE, "--scratch-path", BUILD, "-c", "release"], check=True,
            stdout=subprocess.DEVNULL)

    def edit(self, change):
        """Replaces the template in one step, as most editors do."""
        path = pathlib.Path(f"{self.folder}/templates/index.mustache")
        new = path.with_suffix(".new~")
        new.write_text(change(path.read_text()))
        os.replace(new, path)

    def test_editing(self):
        """a browser shows an edited template; a malformed one is shown as a fault, and the page recovers by itself"""
        shutil.copytree(PACKAGE / "templates", f"{self.folder}/templates")
        shutil.copy(BUILD / "release/libPages.so", f"{self.folder}/libPages.so")
        self.write("settings.yaml", "applications: [{module: ./libPages.so, mount: /, templates: templates}]")
        output = self.start(
            [self.command, "serve", "--bind", "127.0.0.1:0", "--reload", "--run-dir", f"{self.folder}/run"], " serving ")
        address = re.search(r"http://127\.0\.0\.1:\d+/?", output.wait_for(" serving "))[0]
        with chromium() as browser:
            page = browser.new_page()
            page.goto(f"{address}?name=<i>Ada</i>")
            self.assertIn("Hello, <i>Ada</i>!", page.inner_text("p"))
            self.edit(lambda text: text.replace("Hello", "Welcome"))
            output.wait_for("reloaded application=Pages")
            page.reload()
            self.assertIn("Welcome, <i>Ada</i>!", page.inner_text("p"))
            self.edit(lambda text: text.replace("{{visitor}}", "{{visitor}"))
            output.wait_for("reload failed, previous version still serving")
            page.wait_for_function("() => fetch(location, {headers: {accept: 'text/html'}}).then(r => r.status === 503)")
            page.reload()
            self.assertIn("index.mustache:3: ", page.inner_text("pre"))
            self.edit(lambda text: text.replace("{{visitor}", "{{visitor}}"))
            page.wait_for_selector("text=Welcome, <i>Ada</i>!")


if __name__ == "__main__":
    unittest.main()

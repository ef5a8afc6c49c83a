"""Pages and rules that only a browser applies."""

import re
import unittest

from browser import chromium
from edge import EdgeTest

# Asks another origin from a page, and returns what the page may see.
ASK = """async ([url, options]) => {
    try {
        const response = await fetch(url, options)
        return [response.status, response.headers.get("x-shown"), await response.text()]
    } catch (error) { return [error.name] }
}"""


class CrossOrigin(EdgeTest):
    """The middleware `cors` and the browser agree on what pages of other origins may do."""

    def setUp(self):
        super().setUp()
        output = self.start(
            [self.command, "serve", f"{self.folder}/scope.so", "--bind", "127.0.0.1:0", "--run-dir", f"{self.folder}/pages"],
            " serving ")
        self.pages = re.search(r"http://127\.0\.0\.1:(\d+)", output.wait_for(" serving "))[1]
        self.api = self.roost(
            "--middleware", f"cors,origins=http://allowed.example:{self.pages},methods=PUT,headers=x-token,expose=x-shown,credentials",
            "--middleware", "headers,set=x-shown:yes")

    def ask(self, page, **options):
        return page.evaluate(ASK, [f"http://api.example:{self.api}/api", options])

    def test_rules(self):
        """an allowed origin may send what is allowed, and no other; other origins see nothing"""
        with chromium() as browser:
            page = browser.new_page()
            page.goto(f"http://allowed.example:{self.pages}/")
            status, shown, text = self.ask(page)
            self.assertEqual((status, shown), (200, "yes"))
            self.assertIn(f"origin: http://allowed.example:{self.pages}\n", text)
            self.assertEqual(self.ask(page, method="PUT", headers={"x-token": "1"}, credentials="include")[0], 200)
            self.assertEqual(self.ask(page, method="DELETE"), ["TypeError"])
            self.assertEqual(self.ask(page, headers={"x-other": "1"}), ["TypeError"])
            page.goto(f"http://other.example:{self.pages}/")
            self.assertEqual(self.ask(page), ["TypeError"])
            self.assertEqual(self.ask(page, method="PUT", headers={"x-token": "1"}), ["TypeError"])


class Pages(EdgeTest):
    def test_error_page(self):
        """a browser shows the page of an error, without anything from elsewhere"""
        self.write("settings.yaml", "applications: [{module: ./scope.so, mount: /here}]")
        output = self.start(
            [self.command, "serve", "--bind", "127.0.0.1:0", "--run-dir", f"{self.folder}/run"], " serving ")
        port = re.search(r"http://127\.0\.0\.1:(\d+)", output.wait_for(" serving "))[1]
        with chromium() as browser:
            page = browser.new_page()
            problems = []
            page.on("console", lambda message: message.type == "error" and "404" not in message.text
                    and problems.append(message.text))
            response = page.goto(f"http://127.0.0.1:{port}/nothing")
            self.assertEqual(response.status, 404)
            self.assertEqual(page.title(), "404 Not Found")
            self.assertEqual(page.inner_text("p"), "Nothing is mounted here")
            self.assertEqual(problems, [])


if __name__ == "__main__":
    unittest.main()

"""The options of other servers: the tables of `roost` against the servers' own help."""

import os
import re
import subprocess
import sys
import unittest

from support import ROOST, needs


def tables() -> dict[str, dict[str, str]]:
    """For each server, what `roost` does with an option."""
    page = subprocess.run([ROOST, "reference", "other-servers"], capture_output=True, text=True, check=True).stdout
    found = {}
    for section in page.split("\n## ")[1:]:
        server = section.partition("\n")[0]
        found[server] = {}
        for row in re.findall(r"^\| (`-.*)", section, re.M):
            names, treatment, _ = row.split(" | ", 2)
            for name in re.findall(r"`(-[^`]*)`", names):
                found[server].setdefault(name, treatment)  # other rows are about other values
    return found


def help_of(*command: str) -> str:
    return subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=True).stdout


class OptionTests(unittest.TestCase):
    @needs("uvicorn")
    def test_uvicorn_is_complete(self):
        """every option of the installed Uvicorn is in the table, and the table has no other"""
        lines = [line.split("  ")[0] for line in help_of("uvicorn", "--help").split("\n  ") if line.startswith("-")]
        options = {name for line in lines for name in re.findall(r"--[a-z0-9-]+", line)}
        self.assertGreater(len(options), 50)
        listed = tables()["Uvicorn"]
        negated = {name for name in options if name.startswith("--no-") and "--" + name[5:] in options}
        self.assertEqual(options - negated - set(listed), set())
        self.assertEqual(set(listed) - options, set())

    @needs("uvicorn")
    def test_uvicorn_is_understood(self):
        """every option of Uvicorn is accepted, or refused with a reason"""
        values = {
            "--port": "8000", "--fd": "3", "--reload-delay": "1.5", "--workers": "2", "--loop": "asyncio", "--http": "h11",
            "--ws": "wsproto", "--lifespan": "on", "--interface": "asgi3", "--log-level": "trace", "--backlog": "100",
            "--ws-per-message-deflate": "True", "--limit-concurrency": "10", "--header": "x-a:b", "--forwarded-allow-ips": "10.0.0.0/8",
            "--reload-dir": "/tmp", "--env-file": "/etc/environment", "--root-path": "/x"}
        flags = {"--reload", "--http2", "--access-log", "--no-access-log", "--use-colors", "--no-use-colors",
                 "--proxy-headers", "--no-proxy-headers", "--server-header", "--no-server-header", "--date-header",
                 "--no-date-header", "--reset-contextvars", "--factory"}
        numbers = ("--ws-", "--limit-", "--timeout-", "--h11-")
        for name, treatment in tables()["Uvicorn"].items():
            if name in ("--version", "--help"):
                continue
            value = values.get(name) or ("7" if name.startswith(numbers) else "x")
            words = [name] if name in flags else [name, value]
            if name.startswith("--reload-"):
                words.append("--reload")
            shown = subprocess.run([ROOST, "settings", *words], capture_output=True, text=True, cwd="/")
            with self.subTest(name):
                if treatment == "refused":
                    self.assertEqual(shown.returncode, 2)
                    self.assertIn(f"roost: {name}: ", shown.stderr)
                else:
                    self.assertEqual(shown.stderr, "")
                    self.assertEqual(shown.returncode, 0)

    def test_negatable_flags(self):
        """roost.run knows the flags that have a negated form"""
        sys.path.insert(0, os.environ["ROOST_TEST_PACKAGES"])
        from roost.server import NEGATABLE
        page = subprocess.run([ROOST, "reference", "options"], capture_output=True, text=True, check=True).stdout
        self.assertEqual({name.replace("-", "_") for name in re.findall(r"`--no-([a-z-]+)` \|", page)} - {"settings"}, NEGATABLE)

    def check(self, server: str, text: str):
        """Every option of a table exists."""
        for name in tables()[server]:
            if name.startswith("--"):
                self.assertRegex(text, rf"{name}\b", server)

    @needs("gunicorn")
    def test_gunicorn(self):
        """the options of Gunicorn exist"""
        self.check("Gunicorn", help_of("gunicorn", "--help"))

    @needs("granian")
    def test_granian(self):
        """the options of Granian exist"""
        self.check("Granian", help_of("granian", "--help"))

    @needs("hypercorn")
    def test_hypercorn(self):
        """the options of Hypercorn exist"""
        self.check("Hypercorn", help_of("hypercorn", "--help"))

    @needs("daphne")
    def test_daphne(self):
        """the options of Daphne exist"""
        self.check("Daphne", help_of("daphne", "--help"))


if __name__ == "__main__":
    unittest.main()

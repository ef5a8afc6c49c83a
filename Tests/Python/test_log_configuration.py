"""Python's logging by a file (--log-config)."""

import json
import pathlib
import tempfile
import textwrap
import unittest

from harness import Server

SOURCE = """
import logging
async def application(scope, receive, send):
    if scope["type"] == "http":
        logging.getLogger("pages.view").warning("a record of %s", scope["path"])
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})
"""
DICTIONARY = {
    "version": 1,
    "formatters": {"plain": {"format": "configured %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "INFO", "handlers": ["stream"]},
}
INI = """
    [loggers]
    keys=root
    [handlers]
    keys=stream
    [formatters]
    keys=plain
    [logger_root]
    level=INFO
    handlers=stream
    [handler_stream]
    class=StreamHandler
    formatter=plain
    args=(sys.stderr,)
    [formatter_plain]
    format=configured %(levelname)s %(name)s %(message)s
    """


class LogConfigurationTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def serve(self, name: str, text: str | None):
        path = self.folder / name
        if text is not None:
            path.write_text(textwrap.dedent(text))
        return Server(SOURCE, log_config=str(path))

    def test_formats(self):
        """files of JSON and of fileConfig configure the loggers of the application"""
        for name, text in (("log.json", json.dumps(DICTIONARY)), ("log.ini", INI)):
            with self.subTest(name), self.serve(name, text) as server:
                self.assertEqual(server.get(b"/page").status, 204)
                server.wait_for_log("configured WARNING pages.view a record of /page")

    def test_faults(self):
        """a file that cannot be used is refused with its name"""
        for name, text, reason in (
                ("broken.json", "{", "JSONDecodeError"), ("empty.ini", "", ""), ("none.json", None, "FileNotFoundError"),
                ("without_version.json", "{}", "ValueError")):
            with self.subTest(name):
                server = self.serve(name, text)
                self.addCleanup(server.stop)
                self.assertIsNone(server.port)
                self.assertIn(f"--log-config {self.folder / name}: {reason}", server.log())


if __name__ == "__main__":
    unittest.main()

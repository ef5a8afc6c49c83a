"""manage.py runserver by Roost, with a terminal."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import unittest

from django_site import SETTINGS, Project
from support import Client, needs, program_environment, wait_until


@needs("django")
class RunserverTests(unittest.TestCase):
    """manage.py runserver"""

    def setUp(self):
        self.project = Project("wiki", "wiki", SETTINGS + """
INSTALLED_APPS = ["roost.django", *INSTALLED_APPS]
ASGI_APPLICATION = "wiki.asgi.application"
""", database=False)
        self.addCleanup(self.project.remove)

    def start(self, *arguments: str):
        """Starts runserver with a terminal. Returns the port."""
        self.terminal, inner = pty.openpty()
        self.addCleanup(os.close, self.terminal)
        self.shown = b""
        process = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", "--skip-checks", "0", *arguments], cwd=self.project.folder,
            stdin=inner, stdout=inner, stderr=inner, env=program_environment(), start_new_session=True)
        os.close(inner)
        self.addCleanup(process.wait)
        self.addCleanup(os.killpg, process.pid, signal.SIGKILL)

        def read():
            try:
                while data := os.read(self.terminal, 65536):
                    self.shown += data
            except OSError:
                pass
        threading.Thread(target=read, daemon=True).start()
        return self.wait_for_port(1)

    def wait_for_port(self, count: int) -> int:
        pattern = rb"Starting (?:\w+ )?development server at http://127.0.0.1:(\d+)/"
        wait_until(lambda: len(re.findall(pattern, self.shown)) >= count, "the server")
        return int(re.findall(pattern, self.shown)[-1])

    def get(self, port: int, target: bytes):
        with Client(port) as client:
            return client.request(b"GET", target, [(b"connection", b"close")])

    def test_pages_and_autoreload(self):
        """pages and static files by ASGI; a change of a source restarts the server"""
        port = self.start()
        self.assertEqual(self.get(port, b"/plain").body, b"plain")
        self.assertEqual(self.get(port, b"/static/style.css").status, 200)
        self.assertTrue(self.get(port, b"/async").json()["task"])
        views = self.project.folder / "pages/views.py"
        changed = views.read_text().replace('HttpResponse("plain"', 'HttpResponse("changed"')

        def restarts():
            # Django misses a change before its first look at a file.
            views.write_text(changed)
            return b"views.py changed, reloading." in self.shown
        wait_until(restarts, "the restart")
        port = self.wait_for_port(2)
        self.assertEqual(self.get(port, b"/plain").body, b"changed")

    def test_debugger(self):
        """breakpoint() in a view stops in the terminal of runserver, by ASGI and WSGI"""
        views = self.project.folder / "pages/views.py"
        views.write_text(views.read_text().replace('    return HttpResponse("plain"',
                                                   '    breakpoint()\n    return HttpResponse("plain"'))
        for arguments in ((), ("--noasgi",)):
            with self.subTest(arguments):
                port = self.start("--noreload", *arguments)
                answers = []
                thread = threading.Thread(target=lambda: answers.append(self.get(port, b"/plain").body))
                thread.start()
                wait_until(lambda: b"(Pdb)" in self.shown, f"the debugger:\n{self.shown.decode()}")
                self.assertEqual(answers, [])
                os.write(self.terminal, b"print('method', request.method)\ncontinue\n")
                thread.join(20)
                self.assertEqual(answers, [b"plain"])
                self.assertIn(b"method GET", self.shown)


if __name__ == "__main__":
    unittest.main()

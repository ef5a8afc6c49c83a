"""The worker under its supervisor, `roost serve`. Needs ROOST_COMMAND, the path of `roost`."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

from harness import LOOP, TIMEOUT, Client, wait_until

COMMAND = os.environ.get("ROOST_COMMAND", "")
SOURCE = """
import asyncio, atexit, os, sys
print("imported", sys.argv, flush=True)
atexit.register(lambda: print("atexit has run"))  # not flushed
async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("shutdown", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/stop":
        asyncio.get_running_loop().stop()
    body = b"%d" % os.getpid()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
"""


@unittest.skipUnless(COMMAND, "ROOST_COMMAND is not set")
class WorkerTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="roost-worker-")
        self.addCleanup(self.folder.cleanup)
        self.process = None

    def start(self, source: str, *options: str):
        with open(os.path.join(self.folder.name, "app.py"), "w") as file:
            file.write(source)
        loop = "asyncio" if LOOP == "public" else LOOP
        self.output = open(os.path.join(self.folder.name, "log"), "wb")
        self.addCleanup(self.output.close)
        self.process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", "--python", sys.executable, "--loop", loop, "--app-dir", self.folder.name,
             *options, "app:application"], stdout=self.output, stderr=self.output, cwd=self.folder.name)
        self.addCleanup(self.end)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        with open(self.output.name) as file:
            return file.read()

    def port(self) -> int:
        wait_until(lambda: "url=http" in self.log() or self.process.poll() is not None, "the start")
        return int(re.search(r"url=http://[^ :]*:(\d+)", self.log())[1])

    def get(self, port, target=b"/") -> bytes:
        with Client(port) as client:
            return client.request(b"GET", target).body

    def test_a_worker_serves_and_shuts_down(self):
        self.start(SOURCE)
        port = self.port()
        self.assertNotEqual(int(self.get(port)), self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(TIMEOUT), 0)
        log = self.log()
        self.assertEqual([log.count(text) for text in ("shutdown\n", "atexit has run")], [1, 1], log)
        self.assertIn("imported ['-c']", log)
        self.assertNotIn("Traceback", log)

    def test_a_worker_whose_loop_is_stopped_is_replaced(self):
        self.start(SOURCE)
        port = self.port()
        first = self.get(port, b"/stop")
        wait_until(lambda: self.log().count("imported") == 2, "another worker")
        wait_until(lambda: self.get(port) != first, "another worker answers")
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(TIMEOUT), 0)

    def test_an_application_that_cannot_be_imported_is_refused(self):
        self.start("import absent\n")
        self.assertNotEqual(self.process.wait(TIMEOUT), 0)
        self.assertIn("imports 'absent'", self.log())
        self.assertIn("Traceback", self.log())


if __name__ == "__main__":
    unittest.main()

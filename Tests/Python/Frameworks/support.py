"""Starts `roost` processes that serve the applications of these tests.

Environment:
    ROOST              the executable (default: .build/release/roost of this repository)
    ROOST_TEST_FULL    1: all rounds of the tests that repeat something; otherwise a part of them
    ROOST_TEST_LOOP    the event loop: auto, asyncio or uvloop
    ROOST_TEST_OUTPUT  the folder for screenshots
"""

import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
REPOSITORY = FOLDER.parents[2]
sys.path.insert(0, str(FOLDER.parent))

# Most of these are for the tests, which import them from here.
from harness import TIMEOUT, Client, Endpoint, WebSocket, assert_no_fault, in_threads, wait_until  # noqa: E402, F401

ROOST = os.environ.get("ROOST", str(REPOSITORY / ".build/release/roost"))
FULL = os.environ.get("ROOST_TEST_FULL") == "1"
LOOP = os.environ.get("ROOST_TEST_LOOP", "auto")
PICTURES = pathlib.Path(os.environ.get("ROOST_TEST_OUTPUT", REPOSITORY / ".build/python/pictures"))
APPLICATIONS = FOLDER / "applications"


def installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def needs(*packages: str):
    """Skips a test or a class if a package is not installed."""
    missing = [package for package in packages if not installed(package)]
    return unittest.skipIf(missing, f"not installed: {', '.join(missing)}")


def program_environment() -> dict[str, str]:
    """The environment of a program that imports the package `roost`."""
    return {**os.environ, "PYTHONPATH": os.environ["ROOST_TEST_PACKAGES"], "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1"}


def children(pid: int) -> list[int]:
    """The child processes of a process."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(child) for child in file.read().split()]
        except (FileNotFoundError, ProcessLookupError):  # the thread has ended
            pass
    return found


class Roost(Endpoint):
    """A server: the supervisor and its workers."""

    def __init__(self, application: str, *arguments: str, app_dir=None, environment=None, loop=LOOP, cwd=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-frameworks-"))
        self.gates = 0
        self.run_dir = self.folder / "run"
        self.error = open(self.folder / "error", "w+b")
        self.output = open(self.folder / "output", "w+b")
        command = [ROOST, application, "--port", "0", "--run-dir", self.run_dir, "--app-dir",
                   app_dir or APPLICATIONS, "--python", sys.prefix, "--loop", loop, *arguments]
        self.process = subprocess.Popen(
            command, stdout=self.output, stderr=self.error, stdin=subprocess.DEVNULL, cwd=cwd,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})})
        try:
            wait_until(lambda: "info     serving " in self.log() or self.process.poll() is not None, "the start")
            if self.process.poll() is not None:
                raise AssertionError("the server did not start:\n" + self.log())
        except BaseException:
            self.kill()
            raise
        self.port = int(self.log().split("url=http://127.0.0.1:")[1].split()[0])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        if self.process.poll() is None:
            self.stop()
        self.remove()

    def log(self) -> str:
        """Standard error so far."""
        return (self.folder / "error").read_text("utf-8", "replace")

    def output_text(self) -> str:
        return (self.folder / "output").read_text("utf-8", "replace")

    def gate(self) -> pathlib.Path:
        """The path of a file for which a view waits: the test creates it."""
        self.gates += 1
        return self.folder / f"gate-{self.gates}"

    def workers(self) -> list[int]:
        """The processes of the workers: interpreters, and no probes or templates."""
        found = []
        for pid in children(self.process.pid):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if b"--worker" in file.read():
                        found.append(pid)
            except (FileNotFoundError, ProcessLookupError):  # the process has ended
                pass
        return found

    def worker(self) -> int:
        workers = self.workers()
        assert len(workers) == 1, workers
        return workers[0]

    def command(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [ROOST, *arguments, "--run-dir", self.run_dir], capture_output=True, text=True, timeout=120)

    def stop(self) -> int:
        self.terminate()
        # Longer than the default of --timeout-graceful-shutdown.
        return self.wait(60)

    def kill(self):
        for pid in children(self.process.pid) if self.process.poll() is None else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.kill()
        self.process.wait()

    def remove(self):
        for file in (self.error, self.output):
            file.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class RoostTestCase(unittest.TestCase):
    """Tests of one server. Its log must not contain a fault, and it must exit with status 0."""

    APPLICATION = ""
    ARGUMENTS = ()
    ENVIRONMENT = {}
    EXPECTED = ()  # texts that are removed from the log before it is searched for faults

    @classmethod
    def app_dir(cls):
        return APPLICATIONS

    @classmethod
    def setUpClass(cls):
        cls.server = Roost(cls.APPLICATION, *cls.ARGUMENTS, app_dir=cls.app_dir(), environment=cls.ENVIRONMENT)
        # Also if the rest of a subclass's setUpClass fails, which skips tearDownClass.
        cls.addClassCleanup(cls.server.__exit__)

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        log = cls.server.log()
        assert status == 0, f"exited with {status}:\n{log}"
        assert_no_fault(log, cls.EXPECTED)


def save(path: pathlib.Path, text: str):
    """Replaces a file, as editors do."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


class PlainTestCase(unittest.TestCase):
    """Tests that change the application `plain` in a folder of their own. GET / shows its VALUE, "one" at the start."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-plain-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        shutil.copy(APPLICATIONS / "gates.py", self.folder)
        self.source = (APPLICATIONS / "plain.py").read_text()
        self.write("one")

    def write(self, value: str):
        save(self.folder / "plain.py", self.source.replace('VALUE = "one"', f'VALUE = "{value}"'))


def requests_of(server: Roost, target: bytes, count: int, connections=1):
    """Sends `count` requests over keep-alive connections that have one request each under way."""
    clients = [server.client() for _ in range(connections)]
    try:
        for _ in range(count // connections):
            for client in clients:
                client.start(b"GET", target)
            for client in clients:
                response = client.read()
                assert response.status == 200 and not response.closed, (response.status, response.body)
    finally:
        for client in clients:
            client.socket.close()


def multipart(name: bytes, content: bytes, fields=()):
    """Returns a form as a body, and its header fields: a file, and `fields`, pairs of a name and a value."""
    body = b"".join(b'--b\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s\r\n' % field for field in fields)
    body += (b'--b\r\ncontent-disposition: form-data; name="%s"; filename="f.bin"\r\n' % name
             + b"content-type: application/octet-stream\r\n\r\n" + content + b"\r\n--b--\r\n")
    return body, [(b"content-type", b"multipart/form-data; boundary=b")]


class browser:
    """A headless Chromium, as a context manager that returns playwright's browser."""

    def __enter__(self):
        from playwright.sync_api import sync_playwright

        path = shutil.which("chromium")
        if path is None:
            raise unittest.SkipTest("not installed: chromium")
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        PICTURES.mkdir(parents=True, exist_ok=True)
        return self.browser

    def __exit__(self, *arguments):
        self.browser.close()
        self.playwright.stop()

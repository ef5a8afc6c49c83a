"""Starts Roost with the module of this folder."""

import atexit
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from client import Client
from frames import FrameClient
from serving import TIMEOUT, Output

FOLDER = pathlib.Path(__file__).resolve().parent
REPOSITORY = FOLDER.parents[1]
ROOST = pathlib.Path(os.environ.get("ROOST", REPOSITORY / ".build/release/roost")).resolve()

# A test that takes longer has failed. The slowest take some seconds on an idle machine.
TIME_LIMIT = 120


@functools.cache
def build_folder():
    folder = tempfile.mkdtemp(prefix="roost-h2-build-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def routes(version=1):
    """The path of the module. Its route /version answers with the version."""
    path = f"{build_folder()}/routes-{version}.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", f'-DVERSION="{version}"', "-I",
         REPOSITORY / "Sources/CASGI/include", "-o", path, *sorted(FOLDER.glob("*.c"))], check=True)
    return path


class Server:
    """Roost in one worker with one event loop; with `grouped`, the module is in a second worker."""

    def __init__(self, *options, grouped=False, tls=False, module=None):
        self.folder = tempfile.mkdtemp(prefix="roost-h2-")
        os.chmod(self.folder, 0o755)
        self.module = f"{self.folder}/{pathlib.Path(module).name if module else 'routes.so'}"
        shutil.copy(module or routes(), self.module)
        if grouped:
            pathlib.Path(f"{self.folder}/settings.yaml").write_text(json.dumps({
                "server": {"groups": {"g": {}}}, "applications": [{"module": self.module, "worker": "g"}]}) + "\n")
        command = [ROOST, "serve", *([] if grouped else [self.module, "--no-settings"])]
        # The cleartext address is the last one.
        addresses = ["--tls-self-signed", "--bind", "127.0.0.1:0", "--bind", "127.0.0.1:0,tls=off"] if tls else ["--port", "0"]
        self.process = subprocess.Popen(
            [*command, *addresses, "--app-dir", self.folder, "--run-dir", f"{self.folder}/run", "--log-level", "debug",
             "--workers", "1", "--threads", "1", "--timeout-graceful-shutdown", "2", *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=self.folder)
        self.output = Output(self.process)
        try:
            line = self.output.wait_for(" serving ")
        except AssertionError:
            self.stop()
            raise
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", line)[1])
        self.tls_port = int(re.search(r"https://127\.0\.0\.1:(\d+)", line)[1]) if tls else None
        self.certificate = f"{self.folder}/run/localhost.pem" if tls else None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.output.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def workers(self):
        """The ids of the workers in the order of their start, as the log has them."""
        return [int(pid) for pid in re.findall(r"worker ready .*pid=(\d+)", self.output.text)]

    def client(self, tls=False, **options):
        """A client that conforms to the protocol."""
        return Client(self.tls_port if tls else self.port, self.certificate if tls else None, **options)

    def curl(self, path, *options, tls=False, version="--http2-prior-knowledge"):
        """Sends a request with curl. Returns what it wrote, with the status and the version of the response at the end."""
        origin = f"https://localhost:{self.tls_port}" if tls else f"http://127.0.0.1:{self.port}"
        return subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", str(TIMEOUT), "--write-out", "\n%{http_code} %{http_version}",
             *(["--cacert", self.certificate, "--http2"] if tls else [version]), *options, f"{origin}{path}"],
            check=True, capture_output=True).stdout.decode("latin-1")


class ServerTest(unittest.TestCase):
    """Tests that share a server. Each has a time limit, and the worker must survive it."""

    options = ()
    grouped = False
    tls = False

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options, grouped=cls.grouped, tls=cls.tls)
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        def expire(number, frame):
            raise TimeoutError(f"the test took longer than {TIME_LIMIT} s")
        signal.signal(signal.SIGALRM, expire)
        signal.alarm(TIME_LIMIT)
        self.addCleanup(signal.alarm, 0)
        self.addCleanup(self.check_workers, self.server, self.server.workers())

    def check_workers(self, server, before):
        self.assertEqual(server.workers(), before, server.output.text[-4000:])

    def start(self, *options, **arguments):
        """Starts a server of the test's own."""
        server = Server(*options, grouped=self.grouped, **arguments)
        self.addCleanup(server.stop)
        return server

    def client(self, server=None, **options):
        client = (server or self.server).client(**options)
        self.addCleanup(client.close)
        return client

    def frames(self, server=None, **options):
        """A client that writes any frames."""
        client = FrameClient((server or self.server).port, **options)
        self.addCleanup(client.close)
        return client

    def check_alive(self, server=None):
        """A new client is answered."""
        response = self.client(server).get("/version")
        self.assertEqual((response.status, response.body), (200, b"1"))


def fields(text):
    """The scope that a route has sent, with its strings as the bytes that the server passed, one character each."""
    return json.loads(text)

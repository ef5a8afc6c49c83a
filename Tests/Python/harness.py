"""Starts a server process with the Python bridge, and talks to it by raw sockets.

Environment:
    ROOST_LIBRARY      the path of libRoost.so
    ROOST_TEST_PACKAGES     the folder that contains the package `roost` with its extension module
    ROOST_TEST_LOOP    the event loop: asyncio, uvloop, or public (asyncio without its private functions)
"""

import base64
import concurrent.futures
import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

LIBRARY = os.environ.get("ROOST_LIBRARY", "")
PACKAGES = os.environ.get("ROOST_TEST_PACKAGES", "")
LOOP = os.environ.get("ROOST_TEST_LOOP", "asyncio")
TIMEOUT = 20  # seconds that no step of a test may take
# What no log of a passed test contains, unless the test expects it.
FAULTS = ("Fatal Python error", "Exception ignored", "never awaited", "Task was destroyed", "Task exception was never",
          "Traceback", "killing worker", "worker exited", "worker crashed", "AddressSanitizer", "runtime error:")

# The child: prints the port on descriptor 3.
_CHILD = """
import os, sys
from roost import worker
if {public}:
    from roost import loops
    loops.AsyncioLoop = loops.PublicAsyncioLoop
def started(port):
    os.write({pipe}, b"%d\\n" % port)
    os.close({pipe})
try:
    worker.serve({library!r}, {settings!r}, {python!r}, started)
except RuntimeError as error:
    sys.exit(str(error))
print("the server has returned", flush=True)
"""


def wait_until(condition, what="the condition"):
    """Waits until condition() is true."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"timeout: {what}")
        time.sleep(0.005)


def assert_no_fault(log: str, expected=()):
    """Fails if a log contains a fault. `expected`: texts of the log that are none."""
    searched = log
    for text in expected:
        searched = searched.replace(text, "")
    for fault in FAULTS:
        assert fault not in searched, f"{fault!r} in the log:\n{log}"


def in_threads(count: int, function):
    """Calls function(number) in `count` threads at the same time; raises the first exception of them."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        for future in [pool.submit(function, number) for number in range(count)]:
            future.result()


def run_check(case: unittest.TestCase, server, name: str, query=b""):
    """Runs a check of the application by GET /name, as a subtest that is skipped if a package is missing."""
    with case.subTest(name):
        body = server.get(b"/" + name.encode() + query).body.decode()
        if body.startswith("skipped: "):
            case.skipTest(body.removeprefix("skipped: "))
        case.assertEqual(body, "ok")


class Response:
    """A response as it came: status line, header fields as bytes, body."""

    def __init__(self, status, headers, body, closed):
        self.status = status
        self.headers = headers
        self.body = body
        self.trailers = []
        self.closed = closed  # the connection ended before the body was complete

    def header(self, name: bytes):
        return next((value for key, value in self.headers if key == name), None)

    def json(self):
        return json.loads(self.body)


class Client:
    """A connection to the server."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        self.socket.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def reset(self):
        """Ends the connection by a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def fill(self) -> bool:
        try:
            more = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.data += more
        return bool(more)

    def exactly(self, count: int) -> bytes:
        while len(self.data) < count:
            if not self.fill():
                raise EOFError(self.data)
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def until(self, mark: bytes) -> bytes:
        while mark not in self.data:
            if not self.fill():
                raise EOFError(self.data)
        taken, _, self.data = self.data.partition(mark)
        return taken

    def rest(self, at_most=TIMEOUT) -> bytes:
        """Reads until the server closes the connection, which it must do within `at_most` seconds."""
        end = time.monotonic() + at_most
        more = True
        while more:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"the server has not closed the connection within {at_most} s")
            self.socket.settimeout(left)
            more = self.fill()
        self.socket.settimeout(TIMEOUT)
        taken, self.data = self.data, b""
        return taken

    def read(self, head_only=False) -> Response:
        lines = self.until(b"\r\n\r\n").split(b"\r\n")
        status = int(lines[0].split()[1])
        headers = [tuple(part.strip() for part in line.split(b":", 1)) for line in lines[1:]]
        response = Response(status, headers, b"", False)
        if head_only or status < 200 or status in (204, 304):
            return response
        try:
            length = response.header(b"content-length")
            if length is not None:
                response.body = self.exactly(int(length))
            elif response.header(b"transfer-encoding") == b"chunked":
                while True:
                    size = int(self.until(b"\r\n").split(b";")[0], 16)
                    if size == 0:
                        break
                    response.body += self.exactly(size)
                    self.exactly(2)
                while line := self.until(b"\r\n"):
                    response.trailers.append(tuple(part.strip() for part in line.split(b":", 1)))
            else:
                response.body = self.rest()
        except EOFError:
            response.closed = True
        return response

    def start(self, method: bytes, target: bytes, headers=(), body=None):
        """Sends a request."""
        lines = [method + b" " + target + b" HTTP/1.1", b"host: test"]
        lines += [name + b": " + value for name, value in headers]
        if body is not None:
            lines.append(b"content-length: %d" % len(body))
        self.send(b"\r\n".join(lines) + b"\r\n\r\n" + (body or b""))

    def request(self, method: bytes, target: bytes, headers=(), body=None) -> Response:
        self.start(method, target, headers, body)
        return self.read(head_only=method == b"HEAD")


class WebSocket(Client):
    """A client of a WebSocket."""

    KEY = b"dGhlIHNhbXBsZSBub25jZQ=="

    def __init__(self, port, target=b"/", headers=()):
        super().__init__(port)
        self.start(b"GET", target, [(b"upgrade", b"websocket"), (b"connection", b"upgrade"),
                                    (b"sec-websocket-version", b"13"), (b"sec-websocket-key", self.KEY), *headers])

    def accept(self) -> Response:
        response = self.read(head_only=True)
        if response.status == 101:
            expected = base64.b64encode(hashlib.sha1(self.KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            assert response.header(b"sec-websocket-accept") == expected
        elif length := response.header(b"content-length"):
            response.body = self.exactly(int(length))
        return response

    def frame(self, opcode: int, payload: bytes, final=True):
        head = bytes([opcode | (0x80 if final else 0)])
        size = len(payload)
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += b"\xfe" + struct.pack(">H", size)
        else:
            head += b"\xff" + struct.pack(">Q", size)
        self.send(head + b"\0\0\0\0" + payload)  # a mask of zeros

    def text(self, text: str):
        self.frame(1, text.encode())

    def binary(self, data: bytes):
        self.frame(2, data)

    def close(self, code=1000, reason=b""):
        self.frame(8, struct.pack(">H", code) + reason)

    def message(self):
        """Returns (opcode, payload) of the next frame that is no ping."""
        while True:
            first, second = self.exactly(2)
            size = second & 0x7f
            if size == 126:
                size = struct.unpack(">H", self.exactly(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self.exactly(8))[0]
            payload = self.exactly(size)
            if first & 15 != 9:
                return first & 15, payload

    def close_code(self):
        """Reads up to the close frame, and returns its code."""
        while True:
            opcode, payload = self.message()
            if opcode == 8:
                return struct.unpack(">H", payload[:2])[0] if payload else None


class Endpoint:
    """A server process with a log and a port: the base class of all servers of these tests."""

    process = None
    port = None

    def log(self) -> str:
        raise NotImplementedError

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait_for_log(self, text: str, count=1):
        wait_until(lambda: self.log().count(text) >= count, f"{text!r} in the log:\n{self.log()}")

    def client(self) -> Client:
        return Client(self.port)

    def websocket(self, target=b"/", headers=()) -> WebSocket:
        return WebSocket(self.port, target, headers)

    def get(self, target: bytes, headers=()) -> Response:
        with self.client() as client:
            return client.request(b"GET", target, headers)

    def post(self, target: bytes, body: bytes, headers=()) -> Response:
        with self.client() as client:
            return client.request(b"POST", target, headers, body)

    def get_json(self, target: bytes, headers=()):
        response = self.get(target, headers)
        assert response.status == 200, f"{response.status} {response.body[:2000].decode()}\n{self.log()}"
        return response.json()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout=TIMEOUT) -> int:
        """Waits for the end of the process. Returns its status."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            log = self.log()
            self.kill()
            raise AssertionError("the server did not end:\n" + log) from None


class Server(Endpoint):
    """A server process. `source` is the module `app`; the settings are those of the application, and of the host."""

    def __init__(self, source: str, *, application="app:application", host=None, environment=None, files=(), **settings):
        self.folder = tempfile.TemporaryDirectory(prefix="roost-python-")
        with open(os.path.join(self.folder.name, "app.py"), "w") as file:
            file.write(textwrap.dedent(source))
        for name, text in files:
            path = os.path.join(self.folder.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(textwrap.dedent(text))
        loop = "asyncio" if LOOP == "public" else LOOP
        python = {"application": application, "app_dir": self.folder.name, "loop": loop, **settings}
        run = os.path.join(self.folder.name, "run")
        os.mkdir(run, 0o700)
        configuration = {"port": 0, "run-dir": run, "threads": 1,
                         "applications": [{"module": "builtin:python", "mount": "/"}], **(host or {})}
        reader, writer = os.pipe()
        child = _CHILD.format(public=LOOP == "public", library=LIBRARY, settings=json.dumps(configuration),
                              python=json.dumps(python), pipe=writer)
        self.output = open(os.path.join(self.folder.name, "log"), "w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-c", child], stdout=self.output, stderr=self.output, pass_fds=[writer],
            env={**os.environ, "PYTHONPATH": PACKAGES, **(environment or {})})
        os.close(writer)
        with open(reader, "rb") as pipe:
            line = pipe.readline()
        self.port = int(line) if line else None  # None: the start has failed

    def __enter__(self):
        if self.port is None:
            raise AssertionError("the server did not start:\n" + self.log())
        return self

    def __exit__(self, *arguments):
        self.stop()

    def log(self) -> str:
        if self.output.closed:
            return self.final_log
        with open(self.output.name, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.terminate()
        status = self.wait()
        if not self.output.closed:
            self.final_log = self.log()
            self.output.close()
            self.folder.cleanup()
        return status


class ServerTestCase(unittest.TestCase):
    """Tests of one application: SOURCE is its module, SETTINGS are its settings."""

    SOURCE = ""
    SETTINGS = {}
    EXPECTED = ()  # texts that are removed from the log before it is searched for faults

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.SOURCE, **cls.SETTINGS)
        cls.server.__enter__()

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        log = cls.server.log()
        assert status == 0 and "the server has returned" in log, f"exited with {status}:\n{log}"
        assert_no_fault(log, cls.EXPECTED)

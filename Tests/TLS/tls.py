"""Starts Roost with TLS, and connects with the clients of Python and of openssl."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from certificates import Pair, make_pair
from serving import TIMEOUT, Output

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ROOST = pathlib.Path(os.environ.get("ROOST") or REPOSITORY / ".build/release/roost").resolve()
# A debug build serves with one worker and one thread only.
WORKERS = 1 if "debug" in str(ROOST) else 2


def s_client(port, *words, text=None) -> str:
    """Requests /tls with openssl, or sends it the text, whose lines may be commands. Returns its output."""
    request = "GET /tls HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *([] if text else ["-ign_eof"]), *words]
    ended = subprocess.run(command, input=text or request, capture_output=True, text=True, timeout=TIMEOUT)
    return ended.stdout + ended.stderr


class Roost:
    """A server. `port` is that of its first TCP address, and `trust` the file with the certificate of its authority."""

    def __init__(self, folder, options, module, trust, environment):
        self.trust = trust
        self.run = tempfile.mkdtemp(prefix="run-", dir=folder)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("ROOST", "WEB_"))}
        self.environment.update(environment)
        self._words = [ROOST, "serve", *([module] if module else []), "--run-dir", self.run, "--log-level", "debug"]
        # A busy machine may take longer than the default to load the module.
        self._words += ["--probe-timeout", str(TIMEOUT)]
        self._words += [] if "--bind" in options or "--port" in options else ["--bind", "127.0.0.1:0"]
        self._words += [*([] if "--app-dir" in options else ["--no-settings"]), *options]
        self._folder = folder
        self._marks = []

    def _launch(self):
        return subprocess.Popen(
            self._words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=self._folder,
            env=self.environment)

    def start(self):
        """Starts the server, and waits until it serves."""
        self.process = self._launch()
        self.output = Output(self.process)
        try:
            line = self.output.wait_for(" serving ")
        except BaseException:
            self.process.kill()
            raise
        self.ports = [int(port) for port in re.findall(r"https?://127\.0\.0\.1:(\d+)", line)]
        self.port = self.ports[0] if self.ports else None
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(TIMEOUT)
        self.output.close()

    def refusal(self) -> tuple[int, str]:
        """Starts the server, which must refuse to. Returns the exit status and its only line of output."""
        lines = []
        with self._launch() as process:
            for line in process.stdout:
                lines.append(line)
                if " serving " in line:
                    process.terminate()
        assert process.returncode != 0 and len(lines) == 1, f"exit status {process.returncode}\n{''.join(lines[:20])}"
        return process.returncode, lines[0]

    def roost(self, *words):
        """Runs a command of roost for this server."""
        return subprocess.run(
            [ROOST, *words, "--run-dir", self.run], capture_output=True, text=True, timeout=TIMEOUT, env=self.environment)

    @property
    def workers(self) -> list[int]:
        """The worker processes that have been started so far."""
        return [int(pid) for pid in re.findall(r"worker ready.* pid=(\d+)", self.output.text)]

    def context(self, client=None, versions=None, ciphers=None, protocols=None) -> ssl.SSLContext:
        """`client`: the pair of the client. `versions`: the only version of TLS."""
        context = ssl.create_default_context(cafile=self.trust)
        if client:
            context.load_cert_chain(*client)
        if versions:
            context.minimum_version = context.maximum_version = versions
        if ciphers:
            context.set_ciphers(ciphers)
        if protocols:
            context.set_alpn_protocols(protocols)
        return context

    def connect(self, context=None, name="localhost", port=None) -> ssl.SSLSocket:
        """Connects. Reading reports a connection that ends without the notice of TLS as `ssl.SSLEOFError`."""
        plain = socket.create_connection(("127.0.0.1", port or self.port), timeout=TIMEOUT)
        try:
            return (context or self.context()).wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=False)
        except BaseException:
            plain.close()
            raise

    def ask(self, path="/", method="GET", body=None, context=None, port=None, **fields):
        """Sends a request on a new connection. Returns its answer."""
        with self.connect(context, port=port) as connection:
            return ask(connection, path, method, body, connection_="close", **fields)

    def handshake_failures(self, port=None) -> list[str]:
        """The log lines of failed handshakes so far. `port`: one with TLS."""
        with socket.create_connection(("127.0.0.1", port or self.port), timeout=TIMEOUT) as plain:
            self._marks.append(f"client=127.0.0.1:{plain.getsockname()[1]} ")
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            # What was logged before is in the output once this line is.
            self.output.wait_for(f"TLS handshake failed {self._marks[-1]}")
        lines = [line for line in self.output.text.splitlines() if "TLS handshake failed" in line]
        return [line for line in lines if not any(mark in line for mark in self._marks)]


def ask(connection, path="/", method="GET", body=None, **fields):
    """Sends a request, and reads the response. Returns the status, the header fields and the body."""
    head = [f"{method} {path} HTTP/1.1", "host: localhost"]
    head += [f"{name.strip('_').replace('_', '-')}: {value}" for name, value in fields.items()]
    head += [f"content-length: {len(body)}"] if body is not None else []
    connection.sendall("\r\n".join([*head, "", ""]).encode() + (body or b""))
    return answer(connection, method)


def answer(connection, method="GET"):
    """Reads a response, which ends the connection or precedes the next request."""
    with http.client.HTTPResponse(connection, method=method) as response:
        response.begin()
        return response.status, response.headers, response.read()


class TLSTest(unittest.TestCase):
    """Tests with a folder that holds the module `Secured.c` and the pair of an authority."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="roost-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.module = f"{cls.folder}/secured.so"
        subprocess.run(
            ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I", REPOSITORY / "Sources/CASGI/include",
             "-o", cls.module, REPOSITORY / "Tests/TLS/Secured.c"], check=True)
        cls.authority = make_pair(f"{cls.folder}/authority", "/CN=authority", names=None, is_authority=True)

    @classmethod
    def pair(cls, name, *subject, signer=None, **options) -> Pair:
        return make_pair(f"{cls.folder}/{name}", *subject, signer=signer or cls.authority, **options)

    @classmethod
    def write_settings(cls, **settings):
        """Writes the settings file of --app-dir."""
        # JSON is YAML.
        pathlib.Path(f"{cls.folder}/settings.yaml").write_text(json.dumps(settings))

    @classmethod
    def server(cls, *options, module=None, trust=None, **environment) -> Roost:
        return Roost(cls.folder, options, module or cls.module, trust or cls.authority.certificate, environment)

    @classmethod
    def serve_class(cls, *options, **further) -> Roost:
        """Starts a server for all tests of the class."""
        server = cls.server(*options, **further).start()
        cls.addClassCleanup(server.stop)
        return server

    def serve(self, *options, **further) -> Roost:
        server = self.server(*options, **further).start()
        self.addCleanup(server.stop)
        return server

    def check_refused(self, *cases):
        """The server does not start, and says why in one line. A case: its name, a pattern of the line, options."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            refusals = [pool.submit(self.server(*options).refusal) for _, _, *options in cases]
            for (name, pattern, *_), refusal in zip(cases, refusals):
                with self.subTest(name):
                    status, line = refusal.result()
                    self.assertIn(status, (1, 2))
                    self.assertRegex(line, f"^roost: {pattern}")

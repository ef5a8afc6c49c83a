"""Shutdowns: requests under way are answered, streams and WebSockets end within the drain timeouts."""

import signal
import time
import unittest

from support import Roost, installed, needs, wait_until

if installed("django"):
    from django_site import SETTINGS, Project


def begin(server, client, target: bytes):
    """Sends a request, and waits until the application has it."""
    before = server.get_json(b"/tasks")["tasks"]
    client.start(b"GET", target)
    wait_until(lambda: server.get_json(b"/tasks")["tasks"] > before, "the request")


def terminate_then_open(server, gate):
    """Begins the shutdown, and then opens the gate for which the application waits."""
    server.terminate()
    server.wait_for_log("stopping")
    gate.touch()


class ShutdownTests(unittest.TestCase):
    def stopped(self, server, at_most: float):
        """Waits for the end. `at_most`: the sum of the drain timeouts that apply, in seconds."""
        start = time.monotonic()
        status = server.wait()
        self.assertEqual(status, 0, server.log())
        self.assertLess(time.monotonic() - start, at_most + 5)
        self.assertIn("the application has shut down", server.log())

    def test_request(self):
        """a request that runs when SIGTERM arrives is answered"""
        for target, body in (b"/held", b"held"), (b"/held-in-thread", b"held in a thread"):
            with self.subTest(target), Roost("plain:app") as server, server.client() as client:
                gate = server.gate()
                with server.client() as idle:
                    self.assertEqual(idle.request(b"GET", b"/").status, 200)
                    begin(server, client, target + b"?" + bytes(gate))
                    terminate_then_open(server, gate)
                    response = client.read()
                    self.assertEqual((response.status, response.body), (200, body))
                    self.assertEqual(idle.rest(), b"")
                self.stopped(server, 0)

    def test_interrupt(self):
        """SIGINT is a graceful shutdown too"""
        with Roost("plain:app") as server:
            server.process.send_signal(signal.SIGINT)
            self.stopped(server, 0)

    def test_stream(self):
        """a stream that does not listen is ended after --timeout-graceful-shutdown"""
        with Roost("plain:app", "--timeout-graceful-shutdown", "1") as server, server.client() as client:
            client.start(b"GET", b"/stream")
            client.until(b"data: 3")
            server.terminate()
            data = client.rest()
            self.assertFalse(data.endswith(b"0\r\n\r\n"), "a stream that was cut must not end cleanly")
            self.stopped(server, 1)

    def test_listening_stream(self):
        """a stream that waits for http.disconnect is told, and ends within --timeout-graceful-shutdown"""
        with Roost("plain:app", "--timeout-graceful-shutdown", "1") as server, server.client() as client:
            client.start(b"GET", b"/listening-stream")
            client.until(b"data: 0")
            server.terminate()
            client.rest()
            self.stopped(server, 1)
            self.assertIn("the stream has been told", server.log())

    def test_websocket(self):
        """an idle WebSocket is closed with 1012 or 1001, and the application is told"""
        with Roost("plain:app", "--timeout-graceful-shutdown", "2") as server, server.websocket(b"/") as socket:
            socket.accept()
            socket.text("a")
            self.assertEqual(socket.message(), (1, b"a"))
            server.terminate()
            self.assertIn(socket.close_code(), (1001, 1012))
            socket.socket.close()
            self.stopped(server, 2)
            self.assertIn("disconnected", server.log())

    def test_background(self):
        """a background task that outlives its response finishes"""
        with Roost("plain:app") as server:
            gate = server.gate()
            self.assertEqual(server.get(b"/background?" + bytes(gate)).body, b"answered")
            terminate_then_open(server, gate)
            self.stopped(server, 0)
            self.assertIn("the background task has finished", server.log())

    def test_background_reload(self):
        """a background task finishes when a reload replaces its worker"""
        with Roost("plain:app") as server:
            gate = server.gate()
            self.assertEqual(server.get(b"/background?" + bytes(gate)).body, b"answered")
            result = server.command("reload", "--new-workers")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertNotIn("the background task has finished", server.log())
            gate.touch()
            server.wait_for_log("the background task has finished")
            server.terminate()
            self.stopped(server, 0)

    @needs("fastapi")
    def test_fastapi_background(self):
        """FastAPI's background tasks finish, and its lifespan ends"""
        with Roost("with_fastapi:app") as server:
            gate = server.gate()
            self.assertEqual(server.get(b"/background?gate=" + bytes(gate)).status, 200)
            terminate_then_open(server, gate)
            self.assertEqual(server.wait(), 0)
            before, _, after = server.output_text().partition("the background task has finished")
            self.assertNotIn("the application has shut down", before)
            self.assertIn("the application has shut down", after)

    @needs("quart")
    def test_quart(self):
        """Quart's after_serving runs"""
        with Roost("with_quart:app") as server:
            self.assertEqual(server.get(b"/").status, 200)
            self.assertEqual(server.stop(), 0)
            self.assertIn("the application has shut down", server.output_text())

    @needs("litestar")
    def test_litestar(self):
        """Litestar's lifespan ends"""
        with Roost("with_litestar:app") as server:
            self.assertEqual(server.get(b"/").status, 200)
            self.assertEqual(server.stop(), 0)
            self.assertIn("the application has shut down", server.output_text())


@needs("django")
class DjangoShutdownTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.project = Project("wiki", "wiki", SETTINGS)
        cls.addClassCleanup(cls.project.remove)

    def test_sync_view(self):
        """a synchronous view that runs when SIGTERM arrives is answered"""
        with Roost("wiki.asgi:application", app_dir=self.project.folder) as server, server.client() as client:
            gate = server.gate()
            begin(server, client, b"/held?gate=" + bytes(gate))
            terminate_then_open(server, gate)
            response = client.read()
            self.assertEqual((response.status, response.body), (200, b"held"))
            self.assertEqual(server.wait(), 0)

    def test_stream(self):
        """an endless StreamingHttpResponse ends with --timeout-graceful-shutdown"""
        with Roost("wiki.asgi:application", "--timeout-graceful-shutdown", "1",
                   app_dir=self.project.folder) as server, server.client() as client:
            client.start(b"GET", b"/stream-endless")
            client.until(b"data: 3")
            start = time.monotonic()
            server.terminate()
            client.rest()
            self.assertEqual(server.wait(), 0)
            self.assertLess(time.monotonic() - start, 6)
            self.assertNotIn("Traceback", server.log())


if __name__ == "__main__":
    unittest.main()

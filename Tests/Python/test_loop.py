"""The event loop: what asyncio promises, and what the host must not lose by it."""

import pathlib
import time
import unittest

from harness import Server, ServerTestCase, run_check

FOLDER = pathlib.Path(__file__).resolve().parent
SOURCE = (FOLDER / "loop_checks.py").read_text()
FILES = [(name, (FOLDER / name).read_text()) for name in ("checks.py", "network_checks.py")]


class LoopTests(ServerTestCase):
    SOURCE = SOURCE
    SETTINGS = {"files": FILES}
    EXPECTED = ("Traceback",)

    def test_asyncio_keeps_its_promises(self):
        for name in self.server.get_json(b"/names"):
            run_check(self, self.server, name)

    def test_an_unknown_check_gets_404(self):
        self.assertEqual(self.server.get(b"/unknown").status, 404)

    def test_an_exception_of_a_callback_reaches_the_log(self):
        self.assertEqual(self.server.get(b"/default_exception_handler").body, b"ok")
        self.server.wait_for_log("for the default handler")

    def test_the_context_of_a_request_ends_with_it(self):
        with self.server.client() as client:
            client.request(b"GET", b"/set")
            self.assertEqual(client.request(b"GET", b"/get").body, b"None")

    def test_a_task_that_never_waits_does_not_stop_the_server(self):
        with self.server.client() as client:
            client.request(b"GET", b"/spin")
            first = int(client.request(b"GET", b"/spins").body)
            for _ in range(20):
                second = int(client.request(b"GET", b"/spins").body)
            self.assertGreater(second, first)
            self.assertEqual(client.request(b"GET", b"/sleeps_take_their_time").body, b"ok")
            self.assertEqual(client.request(b"GET", b"/ping_pong").body, b"ok")
            client.request(b"GET", b"/stop_spin")

    def test_an_idle_server_uses_no_processor_time(self):
        before = float(self.server.get(b"/cpu").body)
        time.sleep(1)  # the time that is measured
        self.assertLess(float(self.server.get(b"/cpu").body) - before, 0.2)


class OtherLoopTests(unittest.TestCase):
    def test_the_loop_can_stop_the_server(self):
        with Server(SOURCE, files=FILES) as server:
            self.assertEqual(server.get(b"/stop").status, 200)
            self.assertEqual(server.wait(), 0)

    def test_debug_mode_reports_slow_callbacks(self):
        with Server(SOURCE, files=FILES, environment={"PYTHONASYNCIODEBUG": "1"}) as server:
            self.assertEqual(server.get(b"/slow").status, 200)
            server.wait_for_log("took 0.1")
            for name in ("short_sleeps", "to_thread", "threadsafe_calls", "contexts_are_separate", "streams",
                         "asgiref_both_ways"):
                run_check(self, server, name)

    def test_requests_that_are_open_at_the_stop_are_awaited(self):
        with Server("""
            import asyncio
            async def application(scope, receive, send):
                assert scope["type"] == "http"
                print("begun", flush=True)
                await asyncio.sleep(0.3)
                await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
                await send({"type": "http.response.body", "body": b"late"})
            """) as server, server.client() as client:
            client.start(b"GET", b"/")
            server.wait_for_log("begun")
            server.terminate()
            self.assertEqual(client.read().body, b"late")
            self.assertEqual(server.wait(), 0)

    def test_memory_does_not_grow_with_requests(self):
        with Server("""
            import gc, os
            async def application(scope, receive, send):
                if scope["type"] == "lifespan":
                    raise RuntimeError
                await receive()
                if scope["path"] == "/objects":
                    gc.collect()
                    body = b"%d" % len(gc.get_objects())
                elif scope["path"] == "/memory":
                    with open("/proc/self/statm") as file:
                        body = file.read().split()[1].encode()
                else:
                    body = b"x"
                await send({"type": "http.response.start", "status": 200,
                            "headers": [(b"content-length", b"%d" % len(body))]})
                await send({"type": "http.response.body", "body": body})
            """) as server, server.client() as client:
            def load(count):
                for _ in range(count // 50):
                    client.send(b"GET /a HTTP/1.1\r\nhost: test\r\n\r\n" * 50)
                    for _ in range(50):
                        client.read()
            def measure(what):
                return int(client.request(b"GET", what).body)
            load(5000)
            objects, pages = measure(b"/objects"), measure(b"/memory")
            load(20000)
            self.assertLess(measure(b"/objects") - objects, 50)
            self.assertLess((measure(b"/memory") - pages) * 4, 2048)  # KiB


if __name__ == "__main__":
    unittest.main()

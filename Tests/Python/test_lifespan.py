"""The lifespan of an application, and how applications are imported (asgi.md 1.4)."""

import unittest

from harness import Server

SERVING = """
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"""
PLAIN = "async def application(scope, receive, send):\n    assert scope['type'] != 'lifespan'\n" + SERVING

FULL = """
import asyncio, atexit, contextvars
variable = contextvars.ContextVar("variable", default=None)
atexit.register(print, "atexit has run")
async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        assert scope["asgi"] == {"version": "3.0", "spec_version": "2.0"}, scope
        assert (await receive()) == {"type": "lifespan.startup"}
        await asyncio.sleep(0.01)
        print("startup", flush=True)
        scope["state"]["key"] = "value"
        variable.set("of the lifespan")
        await send({"type": "lifespan.startup.complete"})
        assert (await receive()) == {"type": "lifespan.shutdown"}
        await asyncio.sleep(0.01)
        print("shutdown", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    assert scope["state"] == {"key": "value"}
    assert variable.get() is None
""" + SERVING


def lifespan(body: str) -> str:
    """An application with this code for its lifespan."""
    lines = "\n".join("        " + line for line in body.splitlines())
    return ("import asyncio\nasync def application(scope, receive, send):\n"
            f"    if scope['type'] == 'lifespan':\n{lines}\n" + SERVING)


class LifespanTests(unittest.TestCase):
    def assert_serves(self, server):
        self.assertEqual(server.get(b"/").body, b"ok")

    def assert_refused(self, *texts, **arguments):
        server = Server(**arguments)
        try:
            self.assertIsNone(server.port, "the server has started")
            self.assertNotEqual(server.wait(), 0)
            for text in texts:
                self.assertIn(text, server.log())
        finally:
            server.stop()
        return server.log()

    def test_startup_and_shutdown_run_once_each(self):
        with Server(FULL) as server:
            self.assert_serves(server)
            self.assertEqual(server.stop(), 0)
            log = server.log()
            self.assertEqual([log.count(text) for text in ("startup\n", "shutdown\n", "atexit has run")], [1, 1, 1], log)
            self.assertLess(log.index("shutdown\n"), log.index("atexit has run"))
            self.assertNotIn("Traceback", log)

    def test_auto_takes_an_exception_before_receive_for_no_support(self):
        with Server(PLAIN) as server:
            self.assert_serves(server)
            self.assertEqual(server.stop(), 0)
            self.assertNotIn("Traceback", server.log())

    def test_auto_refuses_an_exception_after_receive_with_its_traceback(self):
        self.assert_refused("Traceback", "LookupError: broken",
                            source=lifespan("await receive()\nraise LookupError('broken')"))

    def test_on_refuses_an_application_without_lifespan(self):
        self.assert_refused("Traceback", "AssertionError", source=PLAIN, lifespan="on")
        self.assert_refused("returned from its lifespan", source=lifespan("return"), lifespan="on")

    def test_off_does_not_call_the_application(self):
        with Server(lifespan("print('called', flush=True)\nraise SystemExit"), lifespan="off") as server:
            self.assert_serves(server)
            self.assertEqual(server.stop(), 0)
            self.assertNotIn("called", server.log())

    def test_startup_failed_refuses_the_start_with_its_message(self):
        self.assert_refused("no database", source=lifespan(
            "await receive()\nawait send({'type': 'lifespan.startup.failed', 'message': 'no database'})"))

    def test_an_exception_in_the_shutdown_is_logged(self):
        with Server(lifespan("await receive()\nawait send({'type': 'lifespan.startup.complete'})\n"
                             "await receive()\nraise LookupError('at the end')")) as server:
            self.assert_serves(server)
            server.stop()
            self.assertIn("LookupError: at the end", server.log())
            self.assertIn("Traceback", server.log())

    def test_an_exception_while_serving_is_logged_and_requests_go_on(self):
        with Server(lifespan("await receive()\nawait send({'type': 'lifespan.startup.complete'})\n"
                             "await asyncio.sleep(0.01)\nraise LookupError('in between')")) as server:
            server.wait_for_log("LookupError: in between")
            self.assert_serves(server)
            self.assertEqual(server.stop(), 0)

    def test_a_wrong_lifespan_event_raises(self):
        with Server(lifespan("""
await receive()
await send({'type': 'lifespan.startup.complete'})
for event in ({'type': 'lifespan.startup.complete'}, {'type': 'lifespan.shutdown.complete'}, {'type': 'x'}):
    try:
        await send(event)
    except (RuntimeError, ValueError) as error:
        print(type(error).__name__, flush=True)
await receive()
await send({'type': 'lifespan.shutdown.complete'})""")) as server:
            self.assert_serves(server)
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.log().split()[:3], ["RuntimeError", "RuntimeError", "ValueError"])

    def test_tasks_and_generators_end_before_the_process(self):
        with Server("""
import asyncio
held = []
async def forever():
    try:
        await asyncio.Event().wait()
    finally:
        print("task ended", flush=True)
async def numbers():
    try:
        while True:
            yield 1
    finally:
        await asyncio.sleep(0)
        print("generator ended", flush=True)
async def application(scope, receive, send):
    assert scope["type"] == "http"
    held.append(asyncio.create_task(forever()))
    held.append(numbers())
    await anext(held[-1])
""" + SERVING) as server:
            self.assert_serves(server)
            self.assertEqual(server.stop(), 0)
            self.assertIn("task ended", server.log())
            self.assertIn("generator ended", server.log())
            self.assertNotIn("Traceback", server.log())

    def test_a_module_that_does_not_exist_is_refused_with_what_to_do(self):
        self.assert_refused("no module 'missing'", "--app-dir", source="", application="missing:application")
        self.assert_refused("has no 'missing'", source="", application="app:missing")
        self.assert_refused("write it as 'module:attribute'", source="", application="app")
        log = self.assert_refused("Traceback", "import absent", "imports 'absent'", source="import absent\n")
        self.assertEqual(log.count("Traceback"), 1, log)
        self.assert_refused("SyntaxError", "fix the error above", source="def (:\n")
        self.assert_refused("SystemExit", source="import sys\nsys.exit(3)\n")

    def test_a_factory_is_called(self):
        with Server(PLAIN + "\n\ndef create():\n    return application\n", application="app:create", factory=True) as server:
            self.assert_serves(server)
        self.assert_refused("add --factory", source=PLAIN + "\n\ndef create():\n    return application\n",
                            application="app:create")
        self.assert_refused("LookupError: in the factory", source="def create():\n    raise LookupError('in the factory')\n",
                            application="app:create", factory=True)

    def test_asgi_2_is_supported(self):
        with Server("""
class application:
    def __init__(self, scope):
        assert scope["type"] == "http" and scope["asgi"]["version"] == "2.0", scope
    async def __call__(self, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
""") as server:
            self.assert_serves(server)

    def test_callables_of_asgi_3_are_recognized(self):
        for source in ("import functools\n" + PLAIN.replace("application", "inner") +
                       "application = functools.partial(inner)\n",
                       PLAIN.replace("application", "inner") + "\ndef application(scope, receive, send):\n"
                       "    return inner(scope, receive, send)\n",
                       "class Application:\n    async def __call__(self, scope, receive, send):\n"
                       "        assert scope['type'] == 'http'\n    " + SERVING.replace("\n", "\n    ") +
                       "\napplication = Application()\n"):
            with Server(source) as server:
                self.assert_serves(server)

    def test_wsgi_as_asgi_no_callable_trio_and_unknown_settings_are_refused(self):
        self.assert_refused("as a WSGI application does; use --interface wsgi", interface="asgi",
                            source="def application(environ, start_response):\n    return []\n")
        self.assert_refused("not a callable", source="application = 5\n")
        self.assert_refused("Trio is not supported", source=PLAIN, loop="trio")
        self.assert_refused("unknown event loop 'tornado'", source=PLAIN, loop="tornado")
        self.assert_refused("unknown lifespan mode", source=PLAIN, lifespan="maybe")

    def test_gevent_is_refused(self):
        try:
            import gevent.monkey  # noqa: F401
        except ImportError:
            self.skipTest("gevent is not installed")
        self.assert_refused("gevent has patched", source="import gevent.monkey\ngevent.monkey.patch_all()\n" + PLAIN)


if __name__ == "__main__":
    unittest.main()

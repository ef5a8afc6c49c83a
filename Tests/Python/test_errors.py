"""Events that are wrong, exceptions of applications, and incomplete responses (asgi.md 1.1, 1.8)."""

import unittest

from harness import ServerTestCase, wait_until

SOURCE = """
import asyncio, json, sys

results = {}
ok = {"type": "http.response.start", "status": 200, "headers": []}

BAD = {
    "no_dict": (["http.response.start"], TypeError),
    "no_type": ({"status": 200}, KeyError),
    "type_bytes": ({"type": b"http.response.start"}, TypeError),
    "unknown": ({"type": "http.response.finish"}, ValueError),
    "other_protocol": ({"type": "websocket.send", "text": ""}, RuntimeError),
    "no_status": ({"type": "http.response.start"}, KeyError),
    "none_status": ({"type": "http.response.start", "status": None}, TypeError),
    "str_status": ({"type": "http.response.start", "status": "200"}, TypeError),
    "status_100": ({"type": "http.response.start", "status": 100}, ValueError),
    "status_1000": ({"type": "http.response.start", "status": 1000}, ValueError),
    "status_huge": ({"type": "http.response.start", "status": 1 << 80}, ValueError),
    "str_name": ({**ok, "headers": [("a", b"b")]}, TypeError),
    "str_value": ({**ok, "headers": [(b"a", "b")]}, TypeError),
    "int_value": ({**ok, "headers": [(b"content-length", 5)]}, TypeError),
    "cr_lf": ({**ok, "headers": [(b"a", b"b" + bytes([13, 10]) + b"c: d")]}, ValueError),
    "nul": ({**ok, "headers": [(b"a", b"b" + bytes(1))]}, ValueError),
    "space_in_name": ({**ok, "headers": [(b"a b", b"c")]}, ValueError),
    "empty_name": ({**ok, "headers": [(b"", b"c")]}, ValueError),
    "no_pair": ({**ok, "headers": [(b"a",)]}, ValueError),
    "no_list": ({**ok, "headers": 5}, TypeError),
    "dict_headers": ({**ok, "headers": {b"a": b"b"}}, TypeError),
    "body_first": ({"type": "http.response.body", "body": b""}, RuntimeError),
    "trailers_first": ({"type": "http.response.trailers", "headers": []}, RuntimeError),
}
BAD_BODY = {
    "str_body": ({"type": "http.response.body", "body": "text"}, TypeError),
    "list_body": ({"type": "http.response.body", "body": [b"x"]}, TypeError),
    "second_start": (ok, RuntimeError),
    "relative_path": ({"type": "http.response.pathsend", "path": "file"}, ValueError),
    "no_path": ({"type": "http.response.pathsend"}, KeyError),
    "no_descriptor": ({"type": "http.response.zerocopysend", "file": object()}, AttributeError),
}

class Broken:
    "Raises while the bridge reads it."
    def __iter__(self):
        yield (b"a", b"b")
        raise LookupError("iterator")

async def attempt(send, message, expected):
    try:
        await send(message)
    except expected:
        return "ok"
    except BaseException as error:
        return repr(error)
    return "no exception"

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError
    path = scope["path"][1:]
    if path == "bad":
        for name, (message, expected) in BAD.items():
            results[name] = await attempt(send, message, expected)
        results["broken"] = await attempt(send, {**ok, "headers": Broken()}, LookupError)
        await send(ok)
        for name, (message, expected) in BAD_BODY.items():
            results[name] = await attempt(send, message, expected)
        await send({"type": "http.response.body", "body": json.dumps(results).encode()})
        results["after"] = await attempt(send, {"type": "http.response.body"}, RuntimeError)
    elif path == "after":
        await send(ok)
        await send({"type": "http.response.body", "body": json.dumps(results["after"]).encode()})
    elif path == "raise":
        await receive()
        raise LookupError("before the start")
    elif path == "raise_after_start":
        await send(ok)
        raise LookupError("after the start")
    elif path == "raise_after_sleep":
        await asyncio.sleep(0.001)
        raise LookupError("after a sleep")
    elif path == "raise_in_body":
        await send({**ok, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        await receive()
        raise LookupError("in the body")
    elif path == "return":
        return
    elif path == "return_after_start":
        await send(ok)
    elif path == "return_in_body":
        await send(ok)
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        await receive()
    elif path == "exit":
        sys.exit(3)
    elif path == "interrupt":
        await asyncio.sleep(0)
        raise KeyboardInterrupt
    elif path == "cancel_itself":
        asyncio.current_task().cancel()
        await asyncio.sleep(0)
    elif path == "return_after_throw":
        asyncio.current_task().cancel()
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            return
    elif path == "group":
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
            raise LookupError("in a group")
    elif path == "str_headers":
        await send({"type": "http.response.start", "status": 200, "headers": [("a", "b")]})
    elif path == "long":
        await send({**ok, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"123456"})
    elif path == "surrogate":
        raise LookupError("surrogate " + chr(0xdc80))
    else:
        await send({**ok, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
"""


class ErrorTests(ServerTestCase):
    SOURCE = SOURCE
    EXPECTED = ("Traceback",)

    def log_since(self, target: bytes, status=500):
        before = len(self.server.log())
        response = self.server.get(target)
        self.assertEqual(response.status, status)
        self.assertEqual(self.server.get(b"/").body, b"ok")
        return self.server.log()[before:]

    def break_off(self, target: bytes):
        """Receives the part of a body that the application sends before it reads the request's body."""
        with self.server.client() as client:
            client.send(b"POST %s HTTP/1.1\r\nhost: test\r\ncontent-length: 1\r\n\r\n" % target)
            client.until(b"part")
            client.send(b"x")
            self.assertNotIn(b"0\r\n\r\n", client.rest())  # no end of a chunked body

    def test_a_wrong_event_raises_and_the_response_goes_on(self):
        results = self.server.get_json(b"/bad")
        self.assertEqual({name: result for name, result in results.items() if result != "ok"}, {})
        wait_until(lambda: self.server.get(b"/after").status == 200)
        self.assertEqual(self.server.get_json(b"/after"), "ok")

    def test_an_exception_gets_500_and_one_traceback(self):
        for path, text in ((b"/raise", "before the start"), (b"/raise_after_start", "after the start"),
                           (b"/raise_after_sleep", "after a sleep"), (b"/group", "in a group")):
            log = self.log_since(path)
            self.assertEqual(log.count("Traceback (most recent call last)"), 2 if path == b"/group" else 1, log)
            self.assertIn(f"LookupError: {text}", log)
            self.assertIn("app.py", log)

    def test_an_exception_in_the_body_ends_the_connection(self):
        self.break_off(b"/raise_in_body")
        self.server.wait_for_log("in the body")

    def test_a_return_without_a_response_gets_500_and_is_logged(self):
        self.assertIn("application returned without a response", self.log_since(b"/return"))
        self.assertIn("application returned without a response", self.log_since(b"/return_after_start"))
        self.assertIn("application returned without a response", self.log_since(b"/return_after_throw"))

    def test_a_return_in_the_body_ends_the_connection(self):
        self.break_off(b"/return_in_body")
        self.server.wait_for_log("returned before its response was complete")

    def test_exit_and_interrupt_of_an_application_do_not_stop_the_server(self):
        self.assertIn("SystemExit: 3", self.log_since(b"/exit"))
        self.assertIn("KeyboardInterrupt", self.log_since(b"/interrupt"))

    def test_a_task_that_cancels_itself_gets_500(self):
        self.assertIn("CancelledError", self.log_since(b"/cancel_itself"))

    def test_str_headers_get_500(self):
        self.assertIn("must be bytes, not <class 'str'>", self.log_since(b"/str_headers"))

    def test_more_bytes_than_content_length_are_never_sent(self):
        with self.server.client() as client:
            response = client.request(b"GET", b"/long")
            self.assertEqual(response.status, 500)
            self.assertNotIn(b"12", response.body)

    def test_a_message_that_is_no_unicode_is_logged(self):
        self.assertIn("surrogate \\udc80", self.log_since(b"/surrogate"))


class FrameworkDisconnectTests(ServerTestCase):
    """Exceptions that follow from a disconnect of the client are not logged; others are."""

    EXPECTED = ("Traceback",)
    SOURCE = """
    import asyncio
    class ClientDisconnect(Exception): pass
    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            raise RuntimeError
        await send({"type": "http.response.start", "status": 200})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x" * 50000, "more_body": True})
        except OSError:
            if scope["path"] == "/translated":
                print("left /translated", flush=True)
                raise ClientDisconnect()
            if scope["path"] == "/group":
                print("left /group", flush=True)
                async with asyncio.TaskGroup() as group:
                    group.create_task(again(send))
            print("left /bug", flush=True)
            raise NameError("a bug of the cleanup")
    async def again(send):
        await send({"type": "http.response.body", "body": b"x"})
    """

    def leave(self, path):
        with self.server.client() as client:
            client.start(b"GET", path.encode())
            client.read(head_only=True)
            client.reset()
        self.server.wait_for_log("left " + path)

    def test_only_a_bug_is_logged(self):
        self.leave("/translated")
        self.leave("/group")
        self.leave("/bug")
        self.server.wait_for_log("a bug of the cleanup")
        self.assertEqual(self.server.log().count("exception in the application"), 1, self.server.log())


if __name__ == "__main__":
    unittest.main()

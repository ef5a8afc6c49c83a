"""Requests and responses (asgi.md 1.2, 1.6, 1.8)."""

import time
import unittest

from harness import ServerTestCase, in_threads, wait_until

SOURCE = """
import asyncio, inspect, json, os, sys, tempfile
import roost

seen = []      # what background code reports, for GET /seen
gate = {}      # events by name

async def body_of(receive):
    body, more = b"", True
    while more:
        event = await receive()
        assert event["type"] == "http.request", event
        body += event.get("body", b"")
        more = event.get("more_body", False)
    return body

async def answer(send, body, status=200, headers=()):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    await send({"type": "http.response.start", "status": status,
                "headers": [(b"content-length", b"%d" % len(body)), *headers]})
    await send({"type": "http.response.body", "body": body})

routes = {}
def route(function):
    routes["/" + function.__name__] = function
    return function

@route
async def hello(scope, receive, send):
    await answer(send, b"hello")

@route
async def echo(scope, receive, send):
    await answer(send, await body_of(receive))

@route
async def parts(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "unknown": 1})
    for part in (b"a", bytearray(b"b"), memoryview(b"c")):
        await send({"type": "http.response.body", "body": part, "more_body": True, "extra": object()})
    await send({"type": "http.response.body"})

@route
async def mixed_case(scope, receive, send):
    await answer(send, b"x", headers=[[b"X-Mixed", b"Value"], (b"Transfer-Encoding", b"chunked")])

@route
async def generator_headers(scope, receive, send):
    headers = ([b"x-number", b"%d" % number] for number in range(40))
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})

@route
async def changed_headers(scope, receive, send):
    headers = [[b"x-a", b"1"], (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    headers[0][1] = b"2"
    headers.clear()
    await send({"type": "http.response.body", "body": b"ok"})

@route
async def large(scope, receive, send):
    await answer(send, os.urandom(1) * 3_000_000)

@route
async def stream(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    for number in range(40):
        await send({"type": "http.response.body", "body": bytes([number]) * 100_000, "more_body": True})
    await send({"type": "http.response.body", "body": b""})

@route
async def sleep(scope, receive, send):
    await asyncio.sleep(0.01)
    await answer(send, b"slept")

@route
async def background(scope, receive, send):
    await answer(send, b"first")
    await gate.setdefault("background", asyncio.Event()).wait()
    seen.append("background")

@route
async def release(scope, receive, send):
    gate.setdefault("background", asyncio.Event()).set()
    await answer(send, b"ok")

@route
async def after_response(scope, receive, send):
    await answer(send, b"x")
    seen.append(["after", await receive(), await receive()])

@route
async def endless(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    try:
        while True:
            await send({"type": "http.response.body", "body": b"x" * 10000, "more_body": True})
    except OSError as error:
        seen.append(["endless", type(error).__name__, isinstance(error, roost.ClientDisconnected),
                     isinstance(error, ConnectionResetError)])
        try:
            await send({"type": "http.response.body", "body": b"x"})
        except OSError as again:
            seen.append(["again", type(again).__name__])
        raise

@route
async def wait_disconnect(scope, receive, send):
    events = [await receive()]
    seen.append("waits for the disconnect")
    events += [await receive(), await receive()]
    seen.append(["disconnect", [event["type"] for event in events]])
    try:
        await answer(send, b"late")
    except OSError as error:
        seen.append(["late", type(error).__name__])

@route
async def two_receivers(scope, receive, send):
    "Django: a task listens for the disconnect beside the reading of the body."
    first = asyncio.create_task(receive())
    second = asyncio.create_task(receive())
    third = asyncio.ensure_future(receive())
    await asyncio.sleep(0)
    events = [await first]
    seen.append("the first of two")
    events.append(await second)
    seen.append(["two", [[event["type"], event.get("body", b"").decode()] for event in events]])
    event = await third
    seen.append(["third", event["type"]])

@route
async def cancelled_receive(scope, receive, send):
    lost = 0
    for _ in range(3):
        try:
            await asyncio.wait_for(receive(), 0.02)
            lost += 1
        except asyncio.TimeoutError:
            pass
    task = asyncio.create_task(receive())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    seen.append("listening")
    await answer(send, [lost, (await body_of(receive)).decode()])

@route
async def cancelled_late(scope, receive, send):
    "The event arrives and the receiver is cancelled in the same iteration of the loop."
    async def once():
        return await receive()
    task = asyncio.create_task(once())
    seen.append("waiting")
    await asyncio.sleep(0)
    future = task._fut_waiter if hasattr(task, "_fut_waiter") else None
    while not (future is not None and future.done()):
        await asyncio.sleep(0)
        if task.done():
            break
    task.cancel()
    result = await asyncio.gather(task, return_exceptions=True)
    body = b"" if isinstance(result[0], BaseException) else result[0]["body"]
    if not body:
        body = (await receive())["body"]
    await answer(send, body)

@route
async def receive_is_coroutine_function(scope, receive, send):
    call = receive()
    await answer(send, {
        "asyncio": [asyncio.iscoroutinefunction(receive), asyncio.iscoroutinefunction(send)],
        "awaitable": inspect.isawaitable(call), "coroutine": asyncio.iscoroutine(call)})
    call.close()
    try:
        await call
    except RuntimeError as error:
        seen.append(["reused", str(error)])
    try:
        receive(1)
    except TypeError:
        seen.append("receive takes no arguments")
    await asyncio.sleep(0)

@route
async def introspection(scope, receive, send):
    task = asyncio.current_task()
    coroutine = task.get_coro()
    await asyncio.sleep(0)
    frames = task.get_stack()
    await answer(send, {"repr": repr(task), "name": coroutine.__qualname__, "code": coroutine.cr_code.co_name,
                        "frames": [frame.f_code.co_name for frame in frames], "all": task in asyncio.all_tasks(),
                        "type": type(task) is asyncio.Task})

@route
async def seen_(scope, receive, send):
    await answer(send, seen)

@route
async def pathsend(scope, receive, send):
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"file" * 1000)
        file.flush()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4000")]})
        await send({"type": "http.response.pathsend", "path": file.name})

@route
async def no_file(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    try:
        await send({"type": "http.response.pathsend", "path": "/nonexistent/file"})
    except OSError as error:
        seen.append(["no file", type(error).__name__])
        raise

@route
async def zerocopysend(scope, receive, send):
    with tempfile.TemporaryFile() as file:
        file.write(b"0123456789")
        file.flush()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
        await send({"type": "http.response.zerocopysend", "file": file, "offset": 2, "count": 3, "more_body": True})
        await send({"type": "http.response.body", "body": b"-", "more_body": True})
        await send({"type": "http.response.zerocopysend", "file": file.fileno(), "offset": 6})

@route
async def trailers(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "trailers": True})
    await send({"type": "http.response.body", "body": b"body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})

@route
async def early_hint(scope, receive, send):
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.early_hint", "links": (link for link in [b"</b.css>; rel=preload"])})
    await send({"type": "http.response.body"})

@route
async def concurrent_sends(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % (30 * 200_000))]})
    await asyncio.gather(*(send({"type": "http.response.body", "body": bytes([65 + n]) * 200_000, "more_body": True})
                           for n in range(30)))
    await send({"type": "http.response.body"})

@route
async def cancelled_send(scope, receive, send):
    "One of many sends that wait for room is cancelled; the others go on."
    await send({"type": "http.response.start", "status": 200})
    sends = [asyncio.create_task(send({"type": "http.response.body", "body": bytes([65 + n]) * 200_000, "more_body": True}))
             for n in range(30)]
    await asyncio.sleep(0)
    sends[20].cancel()
    results = await asyncio.gather(*sends, return_exceptions=True)
    seen.append(["cancelled", [n for n in range(30) if isinstance(results[n], asyncio.CancelledError)]])
    await send({"type": "http.response.body"})

@route
async def not_native(scope, receive, send):
    "An awaitable that is no coroutine."
    await answer(send, b"x")

class Awaitable:
    def __init__(self, coroutine):
        self.coroutine = coroutine
    def __await__(self):
        return self.coroutine.__await__()

@route
async def released(scope, receive, send):
    await answer(send, LENT)

LENT = b"z" * 200_000

@route
async def lent_count(scope, receive, send):
    await answer(send, [sys.getrefcount(LENT)])

def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("no lifespan")
    path = scope["path"]
    if path == "/not_native":
        return Awaitable(routes[path](scope, receive, send))
    return routes[path if path != "/seen" else "/seen_"](scope, receive, send)
"""


class HTTPTests(ServerTestCase):
    SOURCE = SOURCE
    EXPECTED = ("Traceback",)

    def seen(self):
        return self.server.get_json(b"/seen")

    def wait_seen(self, item):
        wait_until(lambda: item in self.seen(), f"{item} in {self.seen()}")

    def test_a_response_in_two_events_has_its_exact_bytes(self):
        with self.server.client() as client:
            response = client.request(b"GET", b"/hello")
            self.assertEqual((response.status, response.body), (200, b"hello"))
            self.assertEqual(client.request(b"GET", b"/hello").body, b"hello")  # kept alive

    def test_a_request_body_arrives_complete(self):
        body = bytes(range(256)) * 2000
        self.assertEqual(self.server.post(b"/echo", body).body, body)

    def test_a_chunked_request_body_is_decoded(self):
        with self.server.client() as client:
            client.send(b"POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
            client.send(b"2\r\nde\r\n0\r\n\r\n")
            self.assertEqual(client.read().body, b"abcde")

    def test_a_body_may_be_bytes_bytearray_or_memoryview(self):
        response = self.server.get(b"/parts")
        self.assertEqual((response.body, response.closed), (b"abc", False))
        self.assertEqual(response.header(b"transfer-encoding"), b"chunked")

    def test_header_names_are_lowered_and_transfer_encoding_is_ignored(self):
        response = self.server.get(b"/mixed_case")
        self.assertEqual(response.header(b"x-mixed"), b"Value")
        self.assertIsNone(response.header(b"transfer-encoding"))
        self.assertEqual(response.body, b"x")

    def test_header_fields_may_be_any_iterable(self):
        response = self.server.get(b"/generator_headers")
        self.assertEqual(response.status, 201)
        self.assertEqual(response.header(b"x-number"), b"0")
        self.assertEqual(sum(name == b"x-number" for name, _ in response.headers), 40)

    def test_header_fields_are_copied_at_the_start(self):
        response = self.server.get(b"/changed_headers")
        self.assertEqual((response.header(b"x-a"), response.body), (b"1", b"ok"))

    def test_a_large_body_arrives_complete(self):
        response = self.server.get(b"/large")
        self.assertEqual(len(response.body), 3_000_000)
        self.assertEqual(len(set(response.body)), 1)

    def test_a_stream_larger_than_the_high_water_mark_arrives_in_order(self):
        response = self.server.get(b"/stream")
        self.assertEqual(response.body, b"".join(bytes([number]) * 100_000 for number in range(40)))

    def test_concurrent_sends_wait_for_each_other(self):
        with self.server.client() as client:
            response = client.request(b"GET", b"/concurrent_sends")
        self.assertEqual(len(response.body), 30 * 200_000)
        self.assertEqual(response.body, b"".join(bytes([65 + n]) * 200_000 for n in range(30)))

    def test_a_cancelled_send_cancels_no_other(self):
        body = self.server.get(b"/cancelled_send").body
        self.assertEqual({bytes([65 + n]): body.count(bytes([65 + n])) for n in range(30)},
                         {bytes([65 + n]): 200_000 if n != 20 else 0 for n in range(30)})
        self.assertIn(["cancelled", [20]], self.seen())

    def test_a_request_that_sleeps_is_answered(self):
        start = time.monotonic()
        self.assertEqual(self.server.get(b"/sleep").body, b"slept")
        self.assertGreater(time.monotonic() - start, 0.009)

    def test_background_work_does_not_delay_the_next_request(self):
        with self.server.client() as client:
            self.assertEqual(client.request(b"GET", b"/background").body, b"first")
            self.assertEqual(client.request(b"GET", b"/hello").body, b"hello")
            self.assertNotIn("background", self.seen())
            client.request(b"GET", b"/release")
            self.wait_seen("background")

    def test_receive_after_the_response_gets_disconnect_again_and_again(self):
        self.server.get(b"/after_response")
        self.wait_seen(["after", {"type": "http.disconnect"}, {"type": "http.disconnect"}])

    def test_send_raises_when_the_client_has_gone(self):
        with self.server.client() as client:
            client.start(b"GET", b"/endless")
            client.read(head_only=True)
            client.reset()
        self.wait_seen(["endless", "ClientDisconnected", True, True])
        self.wait_seen(["again", "ClientDisconnected"])
        self.assertNotIn("ClientDisconnected", self.server.log())

    def test_receive_gets_the_disconnect_of_the_client(self):
        with self.server.client() as client:
            client.start(b"GET", b"/wait_disconnect")
            self.wait_seen("waits for the disconnect")
            client.reset()
        self.wait_seen(["disconnect", ["http.request", "http.disconnect", "http.disconnect"]])
        self.wait_seen(["late", "ClientDisconnected"])

    def test_two_receivers_get_the_events_in_order(self):
        with self.server.client() as client:
            client.send(b"POST /two_receivers HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\n\r\nabc")
            self.wait_seen("the first of two")
            client.send(b"def")
            self.wait_seen(["two", [["http.request", "abc"], ["http.request", "def"]]])
            client.reset()
        self.wait_seen(["third", "http.disconnect"])

    def test_a_cancelled_receive_loses_no_event(self):
        with self.server.client() as client:
            client.send(b"POST /cancelled_receive HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\n\r\n")
            self.wait_seen("listening")
            client.send(b"abcdef")
            self.assertEqual(client.read().json(), [0, "abcdef"])

    def test_a_receive_that_is_cancelled_with_its_event_loses_nothing(self):
        with self.server.client() as client:
            client.send(b"POST /cancelled_late HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\n\r\n")
            self.wait_seen("waiting")
            client.send(b"abcdef")
            self.assertEqual(client.read().body, b"abcdef")

    def test_receive_and_send_are_coroutine_functions(self):
        result = self.server.get_json(b"/receive_is_coroutine_function")
        self.assertEqual(result["asyncio"], [True, True])
        self.assertTrue(result["awaitable"] and result["coroutine"])
        self.wait_seen(["reused", "cannot reuse already awaited coroutine"])
        self.wait_seen("receive takes no arguments")

    def test_the_task_of_a_request_shows_the_application(self):
        result = self.server.get_json(b"/introspection")
        self.assertEqual((result["name"], result["code"]), ("introspection", "introspection"))
        self.assertIn("introspection() running at", result["repr"])
        self.assertEqual(result["frames"][-1], "introspection")
        self.assertTrue(result["all"] and result["type"])

    def test_files_are_sent(self):
        self.assertEqual(self.server.get(b"/pathsend").body, b"file" * 1000)
        self.assertEqual(self.server.get(b"/zerocopysend").body, b"234-6789")

    def test_a_file_that_does_not_exist_raises_and_gets_500(self):
        self.assertEqual(self.server.get(b"/no_file").status, 500)
        self.wait_seen(["no file", "OSError"])

    def test_trailers_are_sent(self):
        response = self.server.get(b"/trailers", [(b"te", b"trailers"), (b"connection", b"te")])
        self.assertEqual(response.body, b"body")
        self.assertEqual(response.trailers, [(b"x-sum", b"1")])

    def test_trailers_and_hints_that_the_client_does_not_take_are_ignored(self):
        response = self.server.get(b"/trailers")
        self.assertEqual((response.status, response.body, response.trailers), (200, b"body", []))
        with self.server.client() as client:
            client.send(b"GET /early_hint HTTP/1.0\r\n\r\n")
            self.assertEqual(client.read().status, 200)

    def test_early_hints_come_before_the_response(self):
        with self.server.client() as client:
            client.start(b"GET", b"/early_hint")
            first, second, last = client.read(), client.read(), client.read()
        self.assertEqual([first.status, second.status, last.status], [103, 103, 200])
        self.assertEqual(first.header(b"link"), b"</a.css>; rel=preload")
        self.assertEqual(second.header(b"link"), b"</b.css>; rel=preload")

    def test_an_awaitable_that_is_no_coroutine_is_awaited(self):
        self.assertEqual(self.server.get(b"/not_native").body, b"x")

    def test_a_lent_body_is_released(self):
        before = self.server.get_json(b"/lent_count")
        for _ in range(5):
            self.assertEqual(len(self.server.get(b"/released").body), 200_000)
        wait_until(lambda: self.server.get_json(b"/lent_count") == before, "the reference is dropped")

    def test_pipelined_requests_are_answered_in_order(self):
        with self.server.client() as client:
            client.send(b"GET /sleep HTTP/1.1\r\nhost: a\r\n\r\nGET /hello HTTP/1.1\r\nhost: a\r\n\r\n")
            self.assertEqual([client.read().body, client.read().body], [b"slept", b"hello"])

    def test_a_response_to_head_has_no_body(self):
        with self.server.client() as client:
            response = client.request(b"HEAD", b"/hello")
            self.assertEqual(response.header(b"content-length"), b"5")
            self.assertEqual(client.request(b"GET", b"/hello").body, b"hello")


class ManyConnectionsTests(ServerTestCase):
    SOURCE = SOURCE

    def test_connections_do_not_mix_their_bodies(self):
        def work(number):
            body = b"%d;" % number * 5000
            with self.server.client() as client:
                for _ in range(10):
                    self.assertEqual(client.request(b"POST", b"/echo", (), body).body, body)

        in_threads(16, work)


if __name__ == "__main__":
    unittest.main()

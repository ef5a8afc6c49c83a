"""WebSockets (asgi.md 1.3, 1.6, 1.8)."""

import unittest

from harness import Server, ServerTestCase, wait_until

SOURCE = """
import asyncio, json, roost
seen = []

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError
    path = scope["path"][1:]
    if scope["type"] == "http":
        body = json.dumps(seen).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})
        return
    assert (await receive()) == {"type": "websocket.connect"}
    if path == "deny":
        await send({"type": "websocket.close"})
        return
    if path == "deny_response":
        await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"X-Why", b"no")]})
        await send({"type": "websocket.http.response.body", "body": b"not ", "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b"allowed"})
        return
    if path == "raise_before":
        raise LookupError("before accept")
    if path == "return_before":
        return
    if path == "accept":
        await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][1], "headers": [(b"X-Extra", b"1")]})
    else:
        await send({"type": "websocket.accept", "subprotocol": None})
    if path == "echo":
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                seen.append(["echo", event["code"], event["reason"]])
                again = await receive()
                seen.append(["again", again["code"]])
                try:
                    await send({"type": "websocket.send", "text": "late"})
                except OSError as error:
                    seen.append(["late", type(error).__name__, isinstance(error, roost.ClientDisconnected)])
                    raise
                return
            assert ("text" in event) != ("bytes" in event), event
            await send({"type": "websocket.send", "text": event.get("text"), "bytes": event.get("bytes")})
    if path == "raise_after":
        raise LookupError("after accept")
    if path == "return_after":
        return
    if path == "close":
        await send({"type": "websocket.close", "code": 4001, "reason": "caf" + chr(233)})
        seen.append(["close", await receive()])
        return
    if path == "wrong":
        results = {}
        for name, message, expected in (
                ("nothing", {"type": "websocket.send"}, KeyError),
                ("both_none", {"type": "websocket.send", "text": None, "bytes": None}, KeyError),
                ("bytes_text", {"type": "websocket.send", "text": b"x"}, TypeError),
                ("str_bytes", {"type": "websocket.send", "bytes": "x"}, TypeError),
                ("surrogate", {"type": "websocket.send", "text": chr(0xdc80)}, UnicodeEncodeError),
                ("accept_again", {"type": "websocket.accept"}, RuntimeError),
                ("long_reason", {"type": "websocket.close", "reason": "x" * 124}, ValueError),
                ("code_999", {"type": "websocket.close", "code": 999}, ValueError),
                ("http", {"type": "http.response.start", "status": 200}, RuntimeError)):
            try:
                await send(message)
                results[name] = "no exception"
            except expected:
                results[name] = "ok"
            except BaseException as error:
                results[name] = repr(error)
        await send({"type": "websocket.send", "bytes": memoryview(json.dumps(results).encode()), "extra": 1})
        return
    if path == "flood":
        for number in range(100):
            await send({"type": "websocket.send", "bytes": bytes([number]) * 100_000})
        return
    if path == "broadcast":
        await asyncio.gather(*(send({"type": "websocket.send", "text": str(number) * 1000}) for number in range(300)))
        return
    if path == "wait_for":
        for _ in range(3):
            try:
                await asyncio.wait_for(receive(), 0.01)
            except asyncio.TimeoutError:
                pass
        await send({"type": "websocket.send", "text": "now"})
        event = await receive()
        await send({"type": "websocket.send", "text": event["text"]})
        return
    if path == "sender":
        async def beat():
            number = 0
            while True:
                await send({"type": "websocket.send", "text": str(number)})
                number += 1
                await asyncio.sleep(0.001)
        task = asyncio.create_task(beat())
        event = await receive()
        seen.append(["sender", event["type"], event.get("code")])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
"""


class WebSocketTests(ServerTestCase):
    SOURCE = SOURCE
    EXPECTED = ("Traceback",)

    def wait_seen(self, item):
        wait_until(lambda: item in self.server.get_json(b"/seen"), f"{item} in {self.server.get_json(b'/seen')}")

    def test_messages_are_echoed(self):
        with self.server.websocket(b"/echo") as socket:
            self.assertEqual(socket.accept().status, 101)
            socket.text("caf\xe9")
            self.assertEqual(socket.message(), (1, "caf\xe9".encode()))
            socket.binary(b"\0\xff")
            self.assertEqual(socket.message(), (2, b"\0\xff"))
            socket.frame(2, b"x" * 200_000)
            self.assertEqual(socket.message(), (2, b"x" * 200_000))
            socket.text("")
            self.assertEqual(socket.message(), (1, b""))
            socket.frame(1, b"a", final=False)
            socket.frame(0, b"b")
            self.assertEqual(socket.message(), (1, b"ab"))
            socket.close(3001, b"bye")
            self.assertEqual(socket.close_code(), 3001)
        self.wait_seen(["echo", 3001, "bye"])
        self.wait_seen(["again", 3001])
        self.wait_seen(["late", "ClientDisconnected", True])

    def test_a_lost_connection_has_the_code_1006(self):
        with self.server.websocket(b"/echo") as socket:
            socket.accept()
            socket.reset()
        self.wait_seen(["echo", 1006, ""])

    def test_accept_sends_subprotocol_and_headers(self):
        with self.server.websocket(b"/accept", [(b"sec-websocket-protocol", b"one, two")]) as socket:
            response = socket.accept()
            self.assertEqual(response.header(b"sec-websocket-protocol"), b"two")
            self.assertEqual(response.header(b"x-extra"), b"1")

    def test_a_close_before_accept_is_403(self):
        with self.server.websocket(b"/deny") as socket:
            self.assertEqual(socket.accept().status, 403)

    def test_a_denial_response_is_sent(self):
        with self.server.websocket(b"/deny_response") as socket:
            response = socket.read()
            self.assertEqual((response.status, response.body), (401, b"not allowed"))
            self.assertEqual(response.header(b"x-why"), b"no")

    def test_an_exception_before_accept_is_500_and_logged(self):
        with self.server.websocket(b"/raise_before") as socket:
            self.assertEqual(socket.accept().status, 500)
        self.server.wait_for_log("LookupError: before accept")

    def test_a_return_before_accept_is_500(self):
        with self.server.websocket(b"/return_before") as socket:
            self.assertEqual(socket.accept().status, 500)

    def test_an_exception_after_accept_closes_with_1011(self):
        with self.server.websocket(b"/raise_after") as socket:
            socket.accept()
            self.assertEqual(socket.close_code(), 1011)
        self.server.wait_for_log("LookupError: after accept")

    def test_a_return_after_accept_closes_with_1000(self):
        with self.server.websocket(b"/return_after") as socket:
            socket.accept()
            self.assertEqual(socket.close_code(), 1000)

    def test_close_sends_code_and_reason_and_receive_gets_the_disconnect(self):
        with self.server.websocket(b"/close") as socket:
            socket.accept()
            opcode, payload = socket.message()
            self.assertEqual((opcode, payload), (8, b"\x0f\xa1" + "caf\xe9".encode()))
            socket.frame(8, payload)
        wait_until(lambda: any(item[0] == "close" and item[1]["type"] == "websocket.disconnect"
                               for item in self.server.get_json(b"/seen")))

    def test_wrong_events_raise(self):
        import json
        with self.server.websocket(b"/wrong") as socket:
            socket.accept()
            results = json.loads(socket.message()[1])
            self.assertEqual({name: result for name, result in results.items() if result != "ok"}, {})

    def test_back_pressure_keeps_the_order(self):
        with self.server.websocket(b"/flood") as socket:
            socket.accept()
            for number in range(100):
                self.assertEqual(socket.message(), (2, bytes([number]) * 100_000))
            self.assertEqual(socket.close_code(), 1000)

    def test_concurrent_sends_keep_their_order(self):
        with self.server.websocket(b"/broadcast") as socket:
            socket.accept()
            for number in range(300):
                self.assertEqual(socket.message(), (1, str(number).encode() * 1000))

    def test_a_receive_with_a_timeout_loses_no_message(self):
        with self.server.websocket(b"/wait_for") as socket:
            socket.accept()
            self.assertEqual(socket.message(), (1, b"now"))
            socket.text("kept")
            self.assertEqual(socket.message(), (1, b"kept"))

    def test_a_second_task_may_send(self):
        with self.server.websocket(b"/sender") as socket:
            socket.accept()
            for number in range(5):
                self.assertEqual(socket.message(), (1, str(number).encode()))
            socket.close(1001)
        self.wait_seen(["sender", "websocket.disconnect", 1001])


class DrainTests(unittest.TestCase):
    """A shutdown ends WebSockets and endless responses at the drain timeout."""

    SOURCE_OF_ENDLESS = """
    import asyncio
    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            raise RuntimeError
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            event = await receive()
            print("websocket ended", event["code"], flush=True)
            return
        try:
            await send({"type": "http.response.start", "status": 200})
            while True:
                await send({"type": "http.response.body", "body": b"data", "more_body": True})
                await asyncio.sleep(0.01)
        except OSError as error:
            print("stream ended", type(error).__name__, flush=True)
            raise
        except asyncio.CancelledError:
            print("stream ended", "cancelled", flush=True)
            raise
    """

    def test_open_connections_end_at_the_drain_timeout(self):
        with Server(self.SOURCE_OF_ENDLESS, host={"timeout-graceful-shutdown": 1}) as server:
            with server.websocket(b"/") as socket, server.client() as client:
                socket.accept()
                client.start(b"GET", b"/")
                client.until(b"data")
                server.terminate()
                self.assertEqual(socket.close_code(), 1012)
                socket.close(1012)
                self.assertNotIn(b"0\r\n\r\n", client.rest())
                self.assertEqual(server.wait(), 0)
            log = server.log()
            self.assertIn("websocket ended 1012", log)
            self.assertIn("stream ended", log)
            self.assertNotIn("Traceback", log)


if __name__ == "__main__":
    unittest.main()

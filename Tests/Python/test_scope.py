"""The scope of a request and of a WebSocket (asgi.md 1.2, 1.3)."""

import unittest

from harness import ServerTestCase

SOURCE = """
import asyncio, json

last = None

def plain(value):
    if isinstance(value, bytes):
        return {"bytes": value.decode("latin-1")}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value

async def application(scope, receive, send):
    global last
    if scope["type"] == "lifespan":
        scope["state"]["shared"] = []
        scope["state"]["number"] = 1
        while True:
            event = await receive()
            await send({"type": event["type"] + ".complete"})
            if event["type"] == "lifespan.shutdown":
                return
    result = plain(scope)
    result["types"] = {key: type(value).__name__ for key, value in scope.items()}
    result["shared names"] = last is not None and scope["headers"][0][0] is last["headers"][0][0]
    result["same asgi"] = last is not None and scope["asgi"] is last["asgi"]
    result["same extensions"] = last is not None and scope["extensions"] is last["extensions"]
    scope["state"]["number"] += 1
    scope["state"]["shared"].append(1)
    scope["asgi"]["touched"] = True
    for extension in scope["extensions"].values():
        extension["touched"] = True
    last = scope
    body = json.dumps(result).encode()
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": body.decode()})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
"""


class ScopeTests(ServerTestCase):
    SOURCE = SOURCE

    def test_keys_and_types_of_a_request(self):
        scope = self.server.get_json(b"/caf%C3%A9/a%2Fb?q=%20x&y", [(b"X-Up", b"One"), (b"accept", b"a"), (b"accept", b"b")])
        self.assertEqual(scope["type"], "http")
        self.assertEqual(scope["asgi"], {"version": "3.0", "spec_version": "2.5"})
        self.assertEqual(scope["http_version"], "1.1")
        self.assertEqual(scope["method"], "GET")
        self.assertEqual(scope["scheme"], "http")
        self.assertEqual(scope["path"], "/caf\xe9/a/b")
        self.assertEqual(scope["raw_path"], {"bytes": "/caf%C3%A9/a%2Fb"})
        self.assertEqual(scope["query_string"], {"bytes": "q=%20x&y"})
        self.assertEqual(scope["root_path"], "")
        self.assertEqual(scope["server"], ["127.0.0.1", self.server.port])
        self.assertEqual(scope["client"][0], "127.0.0.1")
        self.assertIsInstance(scope["client"][1], int)
        headers = [(name["bytes"], value["bytes"]) for name, value in scope["headers"]]
        self.assertEqual(headers, [("host", "test"), ("x-up", "One"), ("accept", "a"), ("accept", "b")])
        self.assertEqual(scope["types"]["headers"], "list")
        self.assertEqual(scope["types"]["extensions"], "dict")
        for name in ("http.response.pathsend", "http.response.zerocopysend"):
            self.assertEqual(scope["extensions"].get(name), {}, name)
        self.assertNotIn("tls", scope["extensions"])

    def test_version_1_0_is_written_with_its_minor_number(self):
        with self.server.client() as client:
            client.send(b"GET / HTTP/1.0\r\nhost: test\r\n\r\n")
            self.assertEqual(client.read().json()["http_version"], "1.0")

    def test_a_method_is_passed(self):
        with self.server.client() as client:
            self.assertEqual(client.request(b"PROPFIND", b"/").json()["method"], "PROPFIND")

    def test_dicts_of_the_scope_are_new_for_each_request(self):
        self.server.get_json(b"/")
        scope = self.server.get_json(b"/")
        self.assertFalse(scope["same asgi"])
        self.assertFalse(scope["same extensions"])
        self.assertNotIn("touched", scope["asgi"])
        self.assertNotIn("touched", scope["extensions"]["http.response.pathsend"])

    def test_well_known_names_of_headers_are_shared_objects(self):
        self.server.get_json(b"/")
        self.assertTrue(self.server.get_json(b"/")["shared names"])

    def test_the_state_is_a_shallow_copy(self):
        first = self.server.get_json(b"/")["state"]
        second = self.server.get_json(b"/")["state"]
        self.assertEqual((first["number"], second["number"]), (1, 1))
        self.assertEqual(len(second["shared"]), len(first["shared"]) + 1)

    def test_the_scope_of_a_websocket(self):
        import json
        with self.server.websocket(b"/ws?a=1", [(b"sec-websocket-protocol", b"one, two")]) as socket:
            self.assertEqual(socket.accept().status, 101)
            scope = json.loads(socket.message()[1])
        self.assertEqual(scope["type"], "websocket")
        self.assertEqual(scope["scheme"], "ws")
        self.assertEqual(scope["http_version"], "1.1")
        self.assertEqual(scope["subprotocols"], ["one", "two"])
        self.assertEqual(scope["asgi"], {"version": "3.0", "spec_version": "2.5"})
        self.assertEqual(scope["path"], "/ws")
        self.assertNotIn("method", scope)
        self.assertEqual(scope["state"]["number"], 1)
        self.assertEqual(scope["extensions"].get("websocket.http.response"), {})


if __name__ == "__main__":
    unittest.main()

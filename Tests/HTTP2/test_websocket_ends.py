"""How WebSockets of HTTP/2 end, and that the connection lives on."""

import unittest

from websocket import WebSocket, WebSocketTest


class Ends(WebSocketTest):
    def test_close_by_the_client(self):
        socket = self.open("/left")
        socket.close(3001, "leaving")
        self.assertEqual(socket.closed()[0], 3001)
        self.server.output.wait_for("socket disconnected /left? 3001")
        self.check_end(socket)

    def test_close_by_the_server(self):
        """the server waits for the answer of the client, before it ends the stream (RFC 6455 §7.1.1)"""
        for path, code, reason in ("/close", 4000, "enough"), ("/", 4001, "as asked"):
            with self.subTest(path=path):
                socket = self.open(path)
                if path == "/":
                    socket.send("close, please")
                self.assertEqual(socket.closed(), (code, reason))
                socket.client.round_trip()
                self.assertFalse(socket.has_ended())
                socket.close(code)
                self.check_end(socket)

    def test_half_close(self):
        """a client that ends its side without a close frame has left; what it sent before is answered"""
        socket = self.open("/half")
        socket.send("last words")
        self.assertEqual(socket.message(), "last words")
        socket.end()
        self.server.output.wait_for("socket disconnected /half? 1006")
        self.check_end(socket)

    def test_reset(self):
        socket = self.open("/reset")
        socket.client.reset(socket.stream)
        self.server.output.wait_for("socket disconnected /reset? 1006")
        self.assertEqual(socket.client.get("/version").body, b"1")

    def test_end_of_the_connection(self):
        client = self.client()
        for _ in range(5):
            self.open("/lost", client=client)
        client.close()
        self.server.output.wait_for("socket disconnected /lost? 1006", count=5)

    def test_rejection(self):
        for path, status, body in ("/reject", 418, b"a teapot"), ("/forbid", 403, None), ("/fail", 500, None):
            with self.subTest(path=path):
                socket = WebSocket(self.client(), path)
                self.assertEqual(socket.status(), status)
                socket.client.response(socket.stream)
                if body:
                    self.assertEqual(socket.response.body, body)
                self.check_end(socket)


class EndsInGroup(Ends):
    """The same with the module in another worker."""
    grouped = True


if __name__ == "__main__":
    unittest.main()

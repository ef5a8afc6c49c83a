"""Resets, limits, and frames that a server need not heed."""

import struct
import unittest

from frames import (
    END_HEADERS, END_STREAM, HEADERS, INTERNAL_ERROR, NO_ERROR, PRIORITIZED, PRIORITY, REFUSED_STREAM, PingFrame, RstStreamFrame,
    frame, reset)
from server import ServerTest


class Streams(ServerTest):
    def test_reset_by_the_client(self):
        """the application learns of it, wherever it waits"""
        client = self.client()
        for path in "/wait?reset", "/echo?reset", "/parts?100001":
            stream = client.request(path, "POST", ends=False)
            if "parts" in path:
                self.server.output.wait_for(f"parts wait {path}")
            elif "echo" in path:
                client.send(stream, b"a")
                client.wait_until(lambda: client.responses[stream].body)
            else:
                client.round_trip()
            client.reset(stream)
            if "parts" not in path:
                self.server.output.wait_for(f"disconnected {path}")
            self.assertEqual(client.get("/version").body, b"1")

    def test_end_of_the_connection(self):
        """every application learns of it"""
        client = self.client()
        for number in range(20):
            client.request(f"/wait?end{number}")
        client.round_trip()
        client.close()
        self.server.output.wait_for("disconnected /wait?end", count=20)

    def test_reset_by_the_server(self):
        """a response that is cut, and one that fails before its start"""
        client = self.client()
        other = client.request("/echo", "POST", ends=False)
        response = client.get("/cut")
        self.assertEqual((response.status, response.body, response.reset), (200, b"a part", INTERNAL_ERROR))
        # Nothing need have been sent yet when the application fails.
        response = client.get("/cut?now")
        self.assertEqual((response.reset, response.has_ended), (INTERNAL_ERROR, False))
        response = client.get("/fail")
        self.assertEqual((response.status, response.has_ended), (500, True))
        client.send(other, b"lives", ends=True)
        self.assertEqual(client.response(other).body, b"lives")

    def test_response_before_the_end_of_the_request(self):
        """the client is asked to stop (RFC 9113 §8.1), or its body is dropped"""
        client = self.frames()
        client.write(client.headers(1, client.fields("/version", "POST"), END_HEADERS))
        self.assertEqual(client.outcome(1), ("status", 200))
        client.write(frame(0, 0, 1, bytes(10000)), frame(0, END_STREAM, 1))
        client.round_trip()
        self.assertIn([each.error_code for each in client.all(RstStreamFrame, 1)], ([], [NO_ERROR]))
        self.assertEqual(client.status(3), 200)

    def test_limit(self):
        """a reset frees the place of its stream only when the application has finished; until then further ones are refused"""
        client = self.frames()
        # The server holds a client to the settings that it has acknowledged.
        client.round_trip()
        for number in range(100):
            client.write(client.headers(1 + 2 * number, client.fields(f"/slow?limit{number}")))
        client.write(reset(1), reset(3))
        client.round_trip()
        # The other worker has the application: this one has nothing left of the stream.
        if not self.grouped:
            client.write(client.headers(203))
            self.assertEqual(client.outcome(203), ("reset", REFUSED_STREAM))
        other = self.client()
        for number in range(2):
            other.get(f"/release?limit{number}")
        self.server.output.wait_for("disconnected /slow?limit", count=2)
        self.assertEqual(client.status(205), 200)

    def test_ping(self):
        client = self.frames()
        for number in range(10):
            client.write(frame(6, payload=struct.pack(">Q", number)))
            answer = client.wait_for(PingFrame)
            self.assertEqual((answer.opaque_data, answer.flags), (struct.pack(">Q", number), {"ACK"}))
        client.write(frame(6, 1, payload=bytes(8)))
        self.assertEqual(client.status(1), 200)
        self.assertEqual(len(client.all(PingFrame)), 10)

    def test_priorities(self):
        """priorities are accepted, and have no effect (RFC 9113 §5.3.2)"""
        client = self.frames()
        block = client.block(client.fields("/version", "GET", ("priority", "u=0, i")))
        client.write(
            frame(PRIORITY, 0, 3, struct.pack(">IB", 1, 200)), frame(16, 0, 0, struct.pack(">I", 1) + b"u=7"),
            frame(HEADERS, END_STREAM | END_HEADERS | PRIORITIZED, 1, struct.pack(">IB", 0x80000000 | 99, 255) + block))
        self.assertEqual(client.outcome(1), ("status", 200))
        self.assertEqual(client.status(3), 200)

    def test_unknown_frames(self):
        """unknown frames, flags and settings are ignored (RFC 9113 §5.5)"""
        client = self.frames(initial=[(0xfff0, 7), (9, 1)])
        client.write(
            frame(0xf0, 255, 0, b"what"), frame(0xf1, 0, 1, bytes(16384)), client.headers(1, flags=0xc0 | END_STREAM | END_HEADERS))
        self.assertEqual(client.outcome(1), ("status", 200))

    def test_without_a_table(self):
        """a client may forbid the dynamic table of HPACK, and change its size"""
        client = self.frames(initial=[(1, 0)])
        client.decoder.max_allowed_table_size = 0
        client.round_trip()
        for stream in 1, 3, 5:
            self.assertEqual(client.status(stream), 200)
        self.assertEqual(client.decoder.header_table.dynamic_entries.__len__(), 0)


class StreamsInGroup(Streams):
    """The same with the module in another worker."""
    grouped = True


if __name__ == "__main__":
    unittest.main()

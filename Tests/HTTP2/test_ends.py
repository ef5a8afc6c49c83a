"""Ends of connections by the server, and reloads."""

import os
import shutil
import signal
import unittest

from frames import (
    END_HEADERS, END_STREAM, NO_ERROR, DataFrame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, frame)
from server import ServerTest, routes

LAST = 2 ** 31 - 1


class Ends(ServerTest):
    def stopping(self, client, server):
        """Stops the server. Returns the last stream of its notice, which the client has read."""
        server.process.terminate()
        notice = client.wait_for(GoAwayFrame)
        self.assertEqual((notice.error_code, notice.last_stream_id), (NO_ERROR, LAST))

    def test_shutdown(self):
        """a notice, then after a round trip the last stream; open streams finish"""
        server = self.start("--timeout-graceful-shutdown", "60")
        client = self.frames(server, answers=False)
        client.write(client.headers(1, client.fields("/echo", "POST"), END_HEADERS), frame(0, 0, 1, b"begun, "))
        client.wait_for(DataFrame, 1)
        self.stopping(client, server)
        # The server cannot know which streams were on their way: it accepts those before the last GOAWAY.
        client.write(client.headers(3))
        ping = next((each for each in client.all(PingFrame)), None) or client.wait_for(PingFrame)
        client.write(frame(6, 1, 0, ping.opaque_data))
        final = client.wait_for(GoAwayFrame)
        self.assertEqual((final.error_code, final.last_stream_id), (NO_ERROR, 3))
        client.write(client.headers(5), frame(0, END_STREAM, 1, b"finished"))
        received = client.read_all()
        answers = {each.stream_id: dict(each.fields)[":status"] for each in received if isinstance(each, HeadersFrame)}
        self.assertEqual(answers, {1: "200", 3: "200"})
        self.assertEqual(b"".join(each.data for each in client.all(DataFrame, 1)), b"begun, finished")
        self.assertFalse(client.all(RstStreamFrame, 1))
        self.assertEqual(server.process.wait(60), 0)

    def test_shutdown_without_a_round_trip(self):
        """a client that does not answer the PING gets the last GOAWAY, too"""
        server = self.start()
        client = self.frames(server, answers=False)
        self.assertEqual(client.status(1), 200)
        self.stopping(client, server)
        received = client.read_all()
        self.assertEqual([each.last_stream_id for each in received if isinstance(each, GoAwayFrame)], [LAST, 1])
        self.assertEqual(server.process.wait(60), 0)

    def test_shutdown_of_idle_connections(self):
        server = self.start()
        clients = [self.frames(server) for _ in range(5)]
        for client in clients:
            client.round_trip()
        server.process.terminate()
        for client in clients:
            received = client.read_all()
            self.assertEqual({each.error_code for each in received if isinstance(each, GoAwayFrame)}, {NO_ERROR})
            self.assertIsNone(client.error)
        self.assertEqual(server.process.wait(60), 0)

    def test_shutdown_has_a_time_limit(self):
        """a stream that does not finish is cut"""
        server = self.start("--timeout-graceful-shutdown", "1")
        client = self.frames(server)
        client.write(client.headers(1, client.fields("/wait")))
        client.round_trip()
        server.process.terminate()
        received = client.read_all()
        self.assertFalse([each for each in received if isinstance(each, HeadersFrame) and dict(each.fields)[":status"] == "200"])
        server.process.wait(60)

    def test_idle_connection(self):
        """an idle connection is closed; one with a stream is not"""
        server = self.start("--timeout-keep-alive", "1")
        busy = self.frames(server)
        busy.write(busy.headers(1, busy.fields("/echo", "POST"), END_HEADERS))
        busy.round_trip()
        idle = self.frames(server)
        self.assertEqual(idle.status(1), 200)
        received = idle.read_all()
        self.assertEqual({each.error_code for each in received if isinstance(each, GoAwayFrame)}, {NO_ERROR})
        self.assertIsNone(idle.error)
        busy.write(frame(0, END_STREAM, 1, b"still here"))
        while "END_STREAM" not in busy.wait_for(DataFrame, 1).flags:
            pass
        self.assertFalse(busy.all(GoAwayFrame))

    def test_silent_client(self):
        """a client that sends nothing but the preface is closed, too"""
        server = self.start("--timeout-keep-alive", "1")
        self.frames(server).read_all()

    def test_unfinished_request(self):
        """the rest of a header block must arrive in time"""
        server = self.start("--timeout-request-head", "1")
        client = self.frames(server)
        client.write(frame(1, END_STREAM, 1, client.block(client.fields())[:3]))
        client.read_all()
        self.check_alive(server)

    def test_reload(self):
        """open streams keep the module that they began with; new ones get the new module"""
        server = self.start("--reload", "--reload-drain", "60")
        client = self.client(server)
        old = client.request("/echo", "POST", ends=False)
        client.send(old, b"begun, ")
        client.wait_until(lambda: client.responses[old].body)
        self.assertEqual(client.get("/version").body, b"1")
        shutil.copy(routes(2), f"{server.module}.new")
        os.replace(f"{server.module}.new", server.module)
        server.output.wait_for(" reloaded ")
        self.assertEqual(client.get("/version").body, b"2")
        client.send(old, b"finished", ends=True)
        self.assertEqual(client.response(old).body, b"begun, finished")

    def test_reload_by_signal(self):
        """the same without --reload, by SIGHUP, with a stream whose application has not answered"""
        server = self.start()
        client = self.client(server)
        old = client.request("/wait?reload")
        client.round_trip()
        shutil.copy(routes(2), f"{server.module}.new")
        os.replace(f"{server.module}.new", server.module)
        server.process.send_signal(signal.SIGHUP)
        server.output.wait_for(" reloaded ")
        self.assertEqual(client.get("/version").body, b"2")
        client.reset(old)
        server.output.wait_for("disconnected /wait?reload")


class EndsInGroup(Ends):
    """The same with the module in another worker."""
    grouped = True


if __name__ == "__main__":
    unittest.main()

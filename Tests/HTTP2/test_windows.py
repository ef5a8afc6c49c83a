"""Flow control: how much either side sends before the other has read."""

import unittest

from frames import DataFrame, settings, window_update
from server import ServerTest

STREAM_WINDOW, CONNECTION_WINDOW = 256 << 10, 1 << 20


class Windows(ServerTest):
    # What the connection between two workers may hold of a body in addition.
    relayed = 0

    def test_window_of_the_client(self):
        """no byte more than the window arrives, and the application waits"""
        client = self.client(reads=False, window=0)
        stream = client.request("/parts?100000")
        client.wait_until(lambda: client.responses[stream].status)
        line = self.server.output.wait_for("parts wait /parts?100000 ")
        self.assertLess(int(line.split("?100000 ")[1].split()[0]), 1000)
        client.round_trip()
        self.assertEqual(len(client.responses[stream].body), 0)
        for size in 1, 999, 40000:
            expected = len(client.responses[stream].body) + size
            client.open_window(size, stream)
            client.wait_until(lambda: len(client.responses[stream].body) >= expected)
            client.round_trip()
            self.assertEqual(len(client.responses[stream].body), expected)
        # The rest of the window of the connection, which had 65,535 bytes.
        client.open_window(1 << 20, stream)
        client.wait_until(lambda: len(client.responses[stream].body) == 65535)
        client.round_trip()
        self.assertEqual(len(client.responses[stream].body), 65535)
        self.assertEqual(client.get("/nothing").status, 204)
        client.reset(stream)

    def test_window_by_settings(self):
        """SETTINGS_INITIAL_WINDOW_SIZE changes the windows of open streams, also below zero (RFC 9113 §6.9.2)"""
        client = self.frames(initial=[(4, 1000)])
        client.write(client.headers(1, client.fields("/size?5000")))
        def received():
            return sum(len(each.data) for each in client.all(DataFrame, 1))
        while received() < 1000:
            client.wait_for(DataFrame, 1)
        client.write(settings((4, 0)), window_update(1, 500))
        client.round_trip()
        self.assertEqual(received(), 1000)
        client.write(window_update(1, 600))
        while received() < 1100:
            client.wait_for(DataFrame, 1)
        client.write(settings((4, 100000)))
        while "END_STREAM" not in client.wait_for(DataFrame, 1).flags:
            pass
        self.assertEqual(received(), 5000)

    def test_window_of_a_stream(self):
        """the body of a request is read as far as the application receives it"""
        client = self.client()
        stream = client.request("/slow?window", "POST", ends=False)
        sent = client.send_what_fits(stream)
        self.assertGreaterEqual(sent, STREAM_WINDOW)
        self.assertLessEqual(sent, STREAM_WINDOW + self.relayed)
        self.server.output.wait_for("slow /slow?window")
        received = 0
        while received < 100000:
            response = client.get("/release?window")
            self.assertEqual(response.status, 200)
            received = int(response.body)
        client.wait_until(lambda: client.h2.local_flow_control_window(stream) > 0)
        more = client.send_what_fits(stream)
        self.assertLessEqual(sent + more, received + STREAM_WINDOW + self.relayed)
        client.h2.end_stream(stream)
        client.flush()
        while client.get("/release?window").status == 200:
            pass
        self.assertEqual(int(client.response(stream).body), sent + more)

    def test_window_of_the_connection(self):
        """bodies that no application receives fill the connection's window; requests without a body are still answered"""
        client = self.client()
        streams = [client.request(f"/slow?c{number}", "POST", ends=False) for number in range(10)]
        sent = sum(client.send_what_fits(stream) for stream in streams)
        self.assertGreaterEqual(sent, CONNECTION_WINDOW)
        self.assertLessEqual(sent, CONNECTION_WINDOW + len(streams) * self.relayed)
        self.assertEqual(client.get("/version").status, 200)
        # What is lost with a stream opens the window of the connection again, once the application has ended.
        other = self.client()
        for number, stream in enumerate(streams):
            client.reset(stream)
            client.round_trip()
            self.assertEqual(other.get(f"/release?c{number}").status, 202)
        response = client.response(client.request("/echo", "POST", body=bytes(2 * CONNECTION_WINDOW)))
        self.assertEqual(len(response.body), 2 * CONNECTION_WINDOW)

    def test_stalled_stream(self):
        """a stream whose window is full does not hinder others"""
        client = self.client(reads=False)
        client.open_window(1 << 30)
        stalled = client.request("/parts?100000")
        client.wait_until(lambda: len(client.responses[stalled].body) == 65535)
        for _ in range(10):
            self.assertEqual(len(client.get("/size?60000").body), 60000)
        client.reset(stalled)

    def test_large_frames(self):
        """no frame is larger than the client permits; it may permit more"""
        for limit in 16384, 100000:
            client = self.frames(initial=[(5, limit), (4, 1 << 24)])
            client.write(window_update(0, 1 << 24), client.headers(1, client.fields("/size?1000000")))
            while "END_STREAM" not in client.wait_for(DataFrame, 1).flags:
                pass
            sizes = [len(each.data) for each in client.all(DataFrame, 1)]
            self.assertEqual(sum(sizes), 1000000)
            self.assertLessEqual(max(sizes), limit)

    def test_options(self):
        """--h2-window and --h2-connection-window"""
        server = self.start("--h2-window", "100000", "--h2-connection-window", "150000")
        client = self.client(server)
        client.round_trip()
        streams = [client.request(f"/slow?o{number}", "POST", ends=False) for number in range(2)]
        sent = [client.send_what_fits(stream) for stream in streams]
        self.assertGreaterEqual(sent[0], 100000)
        self.assertLessEqual(sent[0], 100000 + self.relayed)
        self.assertLessEqual(sum(sent), 150000 + 2 * self.relayed)


class WindowsInGroup(Windows):
    """The same with the module in another worker."""
    grouped = True
    relayed = 256 << 10


if __name__ == "__main__":
    unittest.main()

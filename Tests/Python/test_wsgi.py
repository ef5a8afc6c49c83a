"""WSGI applications (PEP 3333): environ, body and response."""

import pathlib
import unittest

from harness import ServerTestCase, in_threads, wait_until

SOURCE = pathlib.Path(__file__).with_name("wsgi_routes.py").read_text()
ERRORS = ("Traceback",)  # of the faults that the application makes


class RequestTests(ServerTestCase):
    """environ and wsgi.input"""

    SOURCE = SOURCE
    EXPECTED = ERRORS

    def state(self):
        return self.server.get_json(b"/state")

    def test_environ(self):
        """the variables of PEP 3333, and nothing of the process's environment"""
        shown = self.server.get_json(b"/environ?a=1&b=%C3%A4", [(b"Accept", b"text/html"), (b"content-type", b"text/x")])
        expected = {
            "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/environ", "QUERY_STRING": "a=1&b=%C3%A4",
            "REQUEST_URI": "/environ?a=1&b=%C3%A4", "RAW_URI": "/environ?a=1&b=%C3%A4", "CONTENT_TYPE": "text/x",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": str(self.server.port), "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_SOFTWARE": "roost", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "test", "HTTP_ACCEPT": "text/html",
            "wsgi.version": [1, 0], "wsgi.url_scheme": "http", "wsgi.multithread": True, "wsgi.multiprocess": True,
            "wsgi.run_once": False, "wsgi.input_terminated": True}
        for name, value in expected.items():
            self.assertEqual(shown.pop(name), value, name)
        self.assertGreater(int(shown.pop("REMOTE_PORT")), 0)
        self.assertEqual(set(shown), {"wsgi.input", "wsgi.errors", "wsgi.file_wrapper"})

    def test_header_fields(self):
        """fields of one name become one value; names with an underscore, and `proxy`, are dropped"""
        shown = self.server.get_json(b"/environ", [
            (b"x-own", b"1"), (b"X-Own", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x_own", b"spoofed"),
            (b"proxy", b"http://evil"), (b"x-latin", b"gr\xfcn"), (b"x-" + b"l" * 100, b"long")])
        self.assertEqual(shown["HTTP_X_OWN"], "1,2")
        self.assertEqual(shown["HTTP_COOKIE"], "a=1; b=2")
        self.assertEqual(shown["HTTP_X_LATIN"], "grün")
        self.assertEqual(shown["HTTP_X_" + "L" * 100], "long")
        self.assertNotIn("HTTP_PROXY", shown)

    def test_path(self):
        """the path is decoded, its bytes are characters; methods keep their case"""
        with self.server.client() as client:
            client.start(b"PROPFIND", b"/environ/../environ%C3%A4%2Fb")
            self.assertEqual(client.read().status, 500)  # the application has no such route
        self.server.wait_for_log("KeyError: '/environ/../environÃ¤/b'")

    def test_body(self):
        """bodies of all sizes arrive, with and without a content-length"""
        for size in (0, 1, 65_536, 3_000_000):
            body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
            self.assertEqual(self.server.post(b"/echo", body).body, body)
        with self.server.client() as client:
            client.send(b"POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
            client.send(b"4\r\ndefg\r\n0\r\n\r\n")
            self.assertEqual(client.read().body, b"abcdefg")
            # A body that nobody has read does not become the next request.
            self.assertEqual(client.request(b"POST", b"/unread", body=b"GET /raises HTTP/1.1\r\n\r\n").body, b"unread")
            self.assertEqual(client.request(b"POST", b"/echo", body=b"next").body, b"next")

    def test_reading_methods(self):
        """wsgi.input has read, readline, readlines and iteration, for bodies that have arrived and for others"""
        body = b"first\nsecond\nthird\nfourth"
        expected = ["first\n", "se", "con", ["d\n", "third\n", "fourth"], "", ""]
        self.assertEqual(self.server.post(b"/lines", body).json(), expected)
        with self.server.client() as client:
            client.start(b"POST", b"/lines", [(b"content-length", b"%d" % len(body)), (b"expect", b"100-continue")])
            self.assertEqual(client.read(head_only=True).status, 100)
            client.send(body)
            self.assertEqual(client.read().json(), expected)

    def test_streamed_body(self):
        """the application reads what has arrived before the client sends the rest"""
        with self.server.client() as client:
            client.start(b"POST", b"/first_part", [(b"content-length", b"10")])
            client.send(b"first")
            wait_until(lambda: "read" in self.state()["gates"], "the first part was read")
            client.send(b"other")
            self.assertEqual(client.read().body, b"first|other")

    def test_client_leaves_in_body(self):
        """reading raises OSError when the client leaves, which is no failure"""
        client = self.server.client()
        client.start(b"POST", b"/read_fails", [(b"content-length", b"10")])
        client.send(b"abc")
        client.reset()
        wait_until(lambda: "ClientDisconnected" in self.state()["closed"], "the exception")
        self.assertNotIn("before its request was complete", self.server.log())

    def test_kept_objects(self):
        """objects that outlive their request refuse or answer"""
        self.assertEqual(self.server.get(b"/kept").body, b"kept")
        self.assertEqual(self.server.get_json(b"/use_kept"), ["refused", ""])

    def test_errors_stream(self):
        """lines of wsgi.errors are errors in the log"""
        self.server.get(b"/errors")
        for line in ("one line", "two halves", "the rest"):
            self.server.wait_for_log(line)

    def test_no_websockets(self):
        """a WebSocket is rejected with 403"""
        with self.server.websocket(b"/echo") as socket:
            self.assertEqual(socket.accept().status, 403)


class ResponseTests(ServerTestCase):
    """start_response, write, and the iterable of the body"""

    SOURCE = SOURCE
    EXPECTED = ERRORS

    def closed(self):
        return self.server.get_json(b"/state")["closed"]

    def wait_for_close(self, name, count=1):
        wait_until(lambda: self.closed().count(name) == count, f"close() of {name}")

    def test_lists(self):
        """lists and tuples are one part with a content-length; names are lower case, order and duplicates are kept"""
        response = self.server.get(b"/tuple_of_parts")
        self.assertEqual(response.body, b"one,two,three")
        self.assertEqual(response.header(b"content-length"), b"13")
        self.assertEqual(response.header(b"x-latin"), b"gr\xfcn")
        self.assertEqual([value for name, value in response.headers if name == b"set-cookie"], [b"a=1", b"b=2"])
        empty = self.server.get(b"/empty")
        self.assertEqual((empty.status, empty.header(b"content-length")), (204, None))

    def test_iterators(self):
        """parts of an iterator are sent as they come; empty ones are skipped"""
        response = self.server.get(b"/generator")
        self.assertEqual((response.status, response.body), (201, b"a" + b"b" * 100_000 + b"c"))
        self.assertEqual(response.header(b"transfer-encoding"), b"chunked")
        self.assertEqual(self.server.get(b"/other_buffers").body, b"array,view")

    def test_content_length(self):
        """a body is complete at its content-length: the client does not wait for the iterator's end"""
        response = self.server.get(b"/known_length")
        self.assertEqual(response.body, b"abcdef")
        self.assertNotIn("known_length", self.closed())
        self.server.get(b"/open_gate?first")
        self.wait_for_close("known_length")

    def test_wrong_content_length(self):
        """a body that is longer is cut, one that is shorter ends the connection"""
        for target in (b"/too_long", b"/too_long_for_ever"):
            response = self.server.get(target)
            self.assertEqual((response.body, response.closed), (b"abc", False))
            self.wait_for_close(target[1:].decode())
        response = self.server.get(b"/too_short")
        self.assertTrue(response.status == 500 or response.closed)
        self.wait_for_close("too_short")

    def test_head(self):
        """HEAD gets the header only"""
        with self.server.client() as client:
            for target in (b"/tuple_of_parts", b"/generator", b"/whole_file", b"/large"):
                response = client.request(b"HEAD", target)
                self.assertLess(response.status, 300, target)
            self.assertEqual(client.request(b"GET", b"/unread").body, b"unread")

    def test_write(self):
        """write() sends before the iterable"""
        self.assertEqual(self.server.get(b"/written").body, b"one,two,three")

    def test_large(self):
        """a large body arrives whole"""
        self.assertEqual(len(self.server.get(b"/large").body), 3_000_000)

    def test_back_pressure(self):
        """the application waits for a client that does not read, and close() is called when it leaves"""
        client = self.server.client()
        client.start(b"GET", b"/endless")
        client.until(b"\r\n\r\n")
        counts = []

        def stands_still():
            counts.append(self.server.get_json(b"/state")["produced"]["endless"])
            return len(counts) > 5 and len(set(counts[-5:])) == 1
        wait_until(stands_still, "the application waits")
        self.assertLess(counts[-1] * 50_000, 64 << 20)
        client.reset()
        self.wait_for_close("endless")
        self.assertNotIn("exception in the application scope", self.server.log())

    def test_exceptions(self):
        """an exception before the response is sent is 500, a later one ends the connection"""
        for target, message in ((b"/raises", "raised before the response"), (b"/exits", "SystemExit: 3"),
                                (b"/raises_after_start", "raised after start_response")):
            response = self.server.get(target)
            self.assertEqual((response.status, response.body), (500, b"Internal Server Error"), target)
            self.server.wait_for_log(message)
        response = self.server.get(b"/raises_in_body")
        self.assertEqual((response.status, response.body, response.closed), (200, b"part", True))
        self.wait_for_close("raises_in_body")
        self.server.wait_for_log("raised in the body")

    def test_exc_info(self):
        """with exc_info, start_response replaces a response that was not sent, else it raises"""
        response = self.server.get(b"/replaced")
        self.assertEqual((response.status, response.body), (503, b"replaced"))
        self.assertEqual((response.header(b"x-first"), response.header(b"x-second")), (None, b"2"))
        response = self.server.get(b"/replaced_too_late")
        self.assertEqual((response.status, response.body, response.closed), (200, b"sent", True))
        self.server.wait_for_log("ValueError: replaced too late")

    def test_misuse(self):
        """faults of the application are 500, with the reason in the log"""
        for target, reason in (
                (b"/starts_twice", "start_response was called already"),
                (b"/never_starts", "the application has not called start_response"),
                (b"/text_part", "a part of the body must be bytes, not <class 'str'>"),
                (b"/bad_status", "the status must be like '200 OK', not 'OK'"),
                (b"/bad_header", "invalid value of a header field"),
                (b"/bytes_header", "the name of a header field must be a str, not <class 'bytes'>")):
            self.assertEqual(self.server.get(target).status, 500, target)
            self.server.wait_for_log(reason)

    def test_file_wrapper(self):
        """a regular file is sent by the kernel, from its position on; another object is read"""
        self.assertEqual(self.server.get(b"/whole_file").body, bytes(range(256)) * 4000)
        response = self.server.get(b"/file_part")
        self.assertEqual((response.body, response.header(b"content-length")), (b"3456", b"4"))
        self.assertGreater(len(self.server.get(b"/closed_file").body), 1000)
        self.wait_for_close("closed_file")
        self.assertEqual(self.server.get_json(b"/state")["reads"], 0)
        self.assertEqual(self.server.get(b"/memory_file").body, b"in memory" * 3000)
        self.assertEqual(self.server.get(b"/compressed_file").body, b"compressed" * 1000)
        self.assertGreater(self.server.get_json(b"/state")["reads"], 0)

    def test_context(self):
        """each request has a context of its own"""
        for _ in range(3):
            self.assertEqual(self.server.get_json(b"/context"), ["unset", "set"])

    def test_threads(self):
        """requests that block run at the same time, each on a thread of its own"""
        threads = []
        in_threads(4, lambda _: threads.append(self.server.get(b"/meets").body))
        self.assertEqual(len(set(threads)), 4)
        self.assertTrue(all(name.startswith(b"roost-wsgi-") for name in threads))

    def test_pipelined(self):
        """pipelined requests are answered in their order"""
        with self.server.client() as client:
            for _ in range(50):
                client.start(b"GET", b"/unread")
                client.start(b"GET", b"/tuple_of_parts")
            for _ in range(50):
                self.assertEqual(client.read().body, b"unread")
                self.assertEqual(client.read().body, b"one,two,three")


if __name__ == "__main__":
    unittest.main()

import contextlib
import random
import unittest

from garbage import GarbageTest
from wire import ALERT, HANDSHAKE, Wire, client_hello, record

REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
# A warning that asks for nothing.
WARNING = record(ALERT, b"\1\x5a")


class Garbage(GarbageTest):
    """instead of a handshake, and within it"""

    def test_plain_requests(self):
        """get an answer that says so, and one log line"""
        large = b"POST / HTTP/1.1\r\ncontent-length: 100000\r\n\r\n" + bytes(100000)
        requests = [REQUEST, large, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"G"]
        for request in requests:
            with self.subTest(request=request[:10]):
                received = self.wire(request).read_to_end()
                self.assertTrue(received.startswith(b"HTTP/1.1 400 Bad Request\r\n"), received)
                head, _, body = received.partition(b"\r\n\r\n")
                self.assertIn(b"plain HTTP request on a TLS port", body)
                self.assertIn(f"content-length: {len(body)}".encode(), head)
        self.check(*["plain HTTP request on a TLS port"] * len(requests))

    def test_plain_request_that_stays(self):
        """a client that keeps its connection open after the answer is closed, without a further line"""
        self.wire(REQUEST).read_to_end()
        # Its deadline is later, and noticed together with the earlier one.
        self.assertEqual(self.wire().read_to_end(), b"")
        self.check("plain HTTP request on a TLS port", "timeout")

    def test_not_tls(self):
        """is closed without an answer"""
        samples = [
            bytes(100), b"\x80\x2e\1\0\2" + bytes(40), b"get / HTTP/1.1\r\n\r\n", b"\x15\3\3\0\2\1\0", b"\x17\3\3\0\1\0", b"\n",
            b"\xff" * 100000]
        for sample in samples:
            with self.subTest(sample=sample[:10]):
                self.assertEqual(self.wire(sample).read_to_end(), b"")
        self.check(*["not a TLS handshake"] * len(samples))

    def test_random_bytes(self):
        """after the first byte of a handshake"""
        generator = random.Random(1)
        wires = [self.wire(b"\x16\3\1"[:1 + number % 3], generator.randbytes(generator.randrange(1, 2000))) for number in range(60)]
        for wire in wires:
            wire.end().read_to_end()
        self.check_one_line(*wires)

    def test_damaged_hellos(self):
        """a ClientHello with one byte changed, at each place"""
        hello = client_hello(name="localhost")
        wires = [self.wire(hello[:at], bytes([hello[at] ^ 0xFF]), hello[at + 1:]) for at in range(1, len(hello))]
        for wire in wires:
            wire.end().read_to_end()
        self.check_one_line(*wires)

    def test_cut_hellos(self):
        """the end of the connection within the ClientHello"""
        hello = client_hello()
        wires = []
        for end in (Wire.reset, Wire.end, lambda wire: wire.socket.close()):
            for size in (0, 1, 5, 6, 60, len(hello) - 1, len(hello)):
                wires.append(self.wire(hello[:size]))
                end(wires[-1])
        self.check_one_line(*wires)

    def test_reasons(self):
        """of handshakes that the client does not complete: words, without the names of functions"""
        for name, end in {"reset": Wire.reset, "end": Wire.end}.items():
            for size in (60, 10000):
                wire = self.wire(client_hello()[:size])
                # After it the server has read what it was sent.
                self.roost.ask()
                end(wire)
                for line in [line for line in self.lines() if f":{wire.port} " in line]:
                    with self.subTest(name, size=size):
                        self.assertRegex(line, 'reason=("[a-zA-Z ]+"|[a-z]+)$')

    def test_silence(self):
        """closed after --timeout-tls-handshake, at each place of the handshake"""
        hello = client_hello()
        wires = [self.wire(hello[:size]) for size in (0, 1, 5, 60, len(hello))]
        for wire in wires:
            wire.read_to_end()
        self.check(*["timeout"] * len(wires))

    def test_slow_hello(self):
        """a byte now and then does not extend the time"""
        wire = self.wire()
        hello = client_hello()
        wire.socket.settimeout(0.1)
        for at in range(len(hello)):
            wire.send(hello[at:at + 1])
            with contextlib.suppress(TimeoutError):
                if not wire.socket.recv(1):
                    break
        self.assertLess(at, len(hello) - 1)
        self.check("timeout")

    def test_many_silent(self):
        """others are served meanwhile"""
        wires = [self.wire() for _ in range(200)]
        for _ in range(20):
            self.assertEqual(self.roost.ask()[0], 200)
        for wire in wires:
            self.assertEqual(wire.read_to_end(), b"")
        self.check(*["timeout"] * len(wires))

    def test_sizes(self):
        """records that are larger than TLS permits, and empty ones"""
        for name, parts in {
            "announced": [record(HANDSHAKE, bytes(100), size=0xFFFF)], "sent": [record(HANDSHAKE, b"\1" + bytes(60000))],
            "large message": [record(HANDSHAKE, b"\1\xff\xff\xff" + bytes(16000))] * 20, "empty": [record(HANDSHAKE, b"")] * 1000,
            "a byte each": [record(HANDSHAKE, client_hello()[5:6])] + [record(HANDSHAKE, b"\0")] * 1000,
        }.items():
            with self.subTest(name):
                wire = self.wire(*parts)
                wire.read_to_end()
                self.check_one_line(wire)

    def test_alerts(self):
        """floods of warnings: at once, after a part of the ClientHello, and within the handshake"""
        hello = client_hello()
        for parts in ([], [record(HANDSHAKE, hello[5:60])], [hello]):
            with self.subTest(parts=parts):
                wire = self.wire(*parts, WARNING * 10000)
                wire.read_to_end()
                self.check_one_line(wire)


if __name__ == "__main__":
    unittest.main()

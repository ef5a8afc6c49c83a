import os
import ssl
import unittest

from garbage import GarbageTest
from wire import ALERT, TLSWire, client_hello, record

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


class Records(GarbageTest):
    """after the handshake"""

    def test_damaged_records(self):
        """of a request: it is not answered, and the connection does not end regularly"""
        for version in VERSIONS:
            for at in (0, 2, 4, 5, -1):
                with self.subTest(version=version, at=at), TLSWire(self.roost.port, self.roost.context(versions=version)) as wire:
                    records = bytearray(wire.records(REQUEST))
                    # The length only down, so that the record is complete.
                    records[at] ^= 1 if at != 4 else records[at] & -records[at]
                    wire.send(bytes(records))
                    wire.end()
                    with self.assertRaises((ssl.SSLError, ConnectionResetError)):
                        self.assertEqual(wire.read(), b"")
                        self.fail("the connection has ended regularly")
                    self.check_one_line(wire)

    def test_repeated_record(self):
        """a request is not answered twice"""
        for version in VERSIONS:
            with self.subTest(version=version), TLSWire(self.roost.port, self.roost.context(versions=version)) as wire:
                records = wire.records(REQUEST)
                wire.send(records, records)
                received, is_complete = wire.read_all()
                self.assertLessEqual(received.count(b"HTTP/1.1 200"), 1)
                self.assertFalse(is_complete)
                self.check_one_line(wire)

    def test_records_after_handshake(self):
        """plain ones, which a man in the middle can insert"""
        for version in VERSIONS:
            for content in (
                REQUEST, record(ALERT, b"\1\x5a") * 10000, record(ALERT, b"\1\0"), record(20, b"\1") * 100, client_hello(),
                os.urandom(1000),
            ):
                with self.subTest(version=version, content=content[:10]):
                    with TLSWire(self.roost.port, self.roost.context(versions=version)) as wire:
                        wire.send(content)
                        wire.end()
                        self.assertNotIn(b"HTTP", wire.read_to_end())
                        self.check_one_line(wire)

    def test_resets(self):
        """after the handshake, and with a request on its way"""
        for version in VERSIONS:
            for number in range(40):
                with TLSWire(self.roost.port, self.roost.context(versions=version)) as wire:
                    wire.send(*[wire.records(REQUEST)] * (number % 2))
                    wire.reset()
        self.check()


if __name__ == "__main__":
    unittest.main()

"""What the tests of malformed input check after each."""

import pathlib

from tls import TLSTest
from wire import Wire


class GarbageTest(TLSTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.roost = cls.serve_class(*cls.pair("server").options, "--timeout-tls-handshake", "1")

    def setUp(self):
        self.before = len(self.roost.handshake_failures())
        self.workers = self.roost.workers

    def wire(self, *parts):
        wire = Wire(self.roost.port)
        self.addCleanup(wire.socket.close)
        return wire.send(*parts)

    def lines(self):
        """The log lines of this test so far."""
        return self.roost.handshake_failures()[self.before:]

    def check(self, *reasons):
        """The server still answers, by the same worker, and has logged these reasons only."""
        self.assertEqual(self.roost.ask()[0], 200)
        found = [line.partition("reason=")[2].strip('"') for line in self.lines()]
        self.assertEqual(sorted(found), sorted(reasons))
        self.check_workers()

    def check_workers(self):
        self.assertEqual(self.roost.workers, self.workers)
        for worker in self.workers:
            self.assertTrue(pathlib.Path(f"/proc/{worker}").exists())

    def check_one_line(self, *wires):
        """The server still answers, by the same worker, and has logged at most one line for each connection."""
        lines = self.lines()
        for wire in wires:
            own = [line for line in lines if f"client=127.0.0.1:{wire.port} " in line]
            self.assertLessEqual(len(own), 1, own)
        self.assertEqual(self.roost.ask()[0], 200)
        self.check_workers()

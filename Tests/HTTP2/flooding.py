"""Attacks by one connection, and what the server must keep up meanwhile."""

import re

from frames import ENHANCE_YOUR_CALM, GoAwayFrame, Reader
from server import ServerTest

# Nothing that a client sends may make the worker grow by more.
GROWTH = 16 << 20


def peak(pid):
    """The maximum resident size of a process, since `forget_peak`."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) << 10


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


class FloodTest(ServerTest):
    """Each attack on memory has a server of its own: what an earlier one has freed would hide what a later one takes."""

    flood_options = ()

    def setUp(self):
        super().setUp()
        self.renew()

    def renew(self):
        """Starts a new server, with a client that must be answered during the attack."""
        self.victim = self.start("--no-access-log", *self.flood_options)
        self.worker = self.victim.workers()[-1]
        self.bystander = self.client(self.victim)
        self.answered = 0
        for _ in range(100):
            self.check_bystander()
        forget_peak(self.worker)
        self.before = peak(self.worker)

    def check_bystander(self):
        response = self.bystander.get("/version")
        self.assertEqual((response.status, response.body), (200, b"1"))
        self.answered += 1

    def flood(self, client, chunks):
        """Writes until the connection ends, and reads meanwhile. Fails if the chunks are exhausted before that."""
        reader = Reader(client)
        try:
            for number, chunk in enumerate(chunks):
                if reader.has_ended.is_set():
                    break
                client.write(chunk)
                if number % 10 == 0:
                    self.check_bystander()
        except ConnectionError as error:
            client.error = client.error or error
        self.check_bystander()
        reader.join()

    def check_end(self, client, *others):
        """The connection was ended for its reason, the log has one line, and the worker has stayed as it was. `others`:
        further codes that are permitted."""
        codes = [each.error_code for each in client.all(GoAwayFrame)]
        # A client that goes on to write may lose the GOAWAY by a reset of TCP.
        self.assertIn(codes, ([], *([code] for code in (ENHANCE_YOUR_CALM, *others))), client.error)
        line = self.victim.output.wait_for(f" client=127.0.0.1:{client.port} ")
        self.check_victim()
        lines = [each for each in self.victim.output.text.splitlines()
                 if f" client=127.0.0.1:{client.port} " in each and "request refused" not in each]
        self.assertEqual(len(lines), 1, lines)
        return line

    def check_victim(self):
        self.check_bystander()
        self.assertLess(peak(self.worker) - self.before, GROWTH)
        self.assertEqual(self.victim.workers(), [self.worker])
        self.assertIsNone(self.victim.process.poll())
        self.check_alive(self.victim)

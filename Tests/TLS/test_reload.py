import os
import pathlib
import shutil
import signal
import ssl
import time
import unittest

from certificates import Pair, make_pair, openssl
from load import Load
from serving import TIMEOUT
from tls import WORKERS, TLSTest, s_client

MODES = {"supervisor": ["--workers", str(WORKERS)], "single process": ["--no-supervisor"]}


def serial(pair) -> str:
    return openssl("x509", "-in", pair.certificate, "-noout", "-serial").strip().removeprefix("serial=")


class Reload(TLSTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pairs = [cls.pair("one"), cls.pair("two")]

    def setUp(self):
        self.live = Pair(f"{self.folder}/live.pem", f"{self.folder}/live.key")
        self.start_over()

    def start_over(self):
        self.replace(self.pairs[0])
        self.changes = self.refusals = 0

    def replace(self, pair, order=(1, 0)):
        """Replaces the served pair by renames, the key first."""
        for at in order:
            shutil.copy(pair[at], f"{self.live[at]}.new")
            os.chmod(f"{self.live[at]}.new", 0o600)
            os.rename(f"{self.live[at]}.new", self.live[at])

    def follow(self, roost):
        """Waits for the log line of the next change. The workers use it soon after."""
        self.changes += 1
        self.assertIn("names=localhost,127.0.0.1", roost.output.wait_for("certificates changed", count=self.changes))

    def follow_to(self, roost, pair):
        """Waits for the next change, and until a new connection gets the certificate."""
        self.follow(roost)
        end = time.monotonic() + TIMEOUT
        while self.presented(roost) != serial(pair):
            self.assertLess(time.monotonic(), end, "the certificate is not used")

    def check_log(self, roost):
        """One line for each change and for each refusal."""
        roost.handshake_failures()
        self.assertEqual(roost.output.text.count("certificates changed"), self.changes)
        self.assertEqual(roost.output.text.count("certificates not changed"), self.refusals)

    def presented(self, roost) -> str:
        with roost.connect(roost.context()) as connection:
            return connection.getpeercert()["serialNumber"]

    def test_changes_under_load(self):
        """no request fails while the certificate changes 100 times"""
        for name, options in MODES.items():
            with self.subTest(name):
                self.start_over()
                roost = self.serve(*self.live.options, *options, "--no-access-log")
                load = Load(roost)
                for number in range(1, 101):
                    pair = self.pairs[number % 2]
                    # Certificate or key first.
                    self.replace(pair, order=(number // 2 % 2, 1 - number // 2 % 2))
                    if number % 25 == 1 and name == "supervisor":
                        self.assertEqual(roost.roost("reload").returncode, 0)
                    elif number % 33:
                        roost.process.send_signal(signal.SIGHUP)
                    self.follow(roost)
                    load.wait_for(serial(pair), after=load.position)
                serials = load.stop()
                self.assertEqual(set(serials), {serial(pair) for pair in self.pairs})
                self.assertEqual(roost.handshake_failures(), [])
                self.check_log(roost)
                roost.stop()

    def test_bad_pair(self):
        """the previous certificate stays in use, the log has one line, and the next good pair is used"""
        one, two = self.pairs
        garbage = pathlib.Path(f"{self.folder}/garbage")
        garbage.write_text("garbage")
        bad = {
            "does not belong": Pair(two.certificate, one.key), "PEM": Pair(garbage, one.key),
            "private key": Pair(two.certificate, garbage), "expired": self.pair("expired", days=-1)}
        for name, options in MODES.items():
            with self.subTest(name):
                self.start_over()
                roost = self.serve(*self.live.options, *options)
                for reason, pair in bad.items():
                    self.replace(pair)
                    # Only the first is noticed without a signal, which takes a second.
                    if self.refusals:
                        roost.process.send_signal(signal.SIGHUP)
                    self.refusals += 1
                    line = roost.output.wait_for("certificates not changed", count=self.refusals)
                    with self.subTest(reason=reason):
                        self.assertRegex(line, f"error .*reason=.*{self.live.certificate}.*{reason}")
                    self.assertEqual(self.presented(roost), serial(one))
                if name == "supervisor":
                    ended = roost.roost("reload")
                    self.refusals += 1
                    self.assertEqual(ended.returncode, 1)
                    self.assertIn("expired", ended.stdout + ended.stderr)
                self.replace(two)
                self.follow_to(roost, two)
                self.assertEqual(roost.ask()[0], 200)
                self.check_log(roost)
                roost.stop()

    def test_missing_file(self):
        """as between the steps of a tool that deletes files first"""
        roost = self.serve(*self.live.options)
        os.remove(self.live.key)
        self.refusals += 1
        roost.output.wait_for("certificates not changed")
        self.assertEqual(self.presented(roost), serial(self.pairs[0]))
        self.replace(self.pairs[1])
        self.follow_to(roost, self.pairs[1])
        self.check_log(roost)

    def test_same_content(self):
        """files that are written again are no change"""
        roost = self.serve(*self.live.options)
        self.replace(self.pairs[0])
        self.assertEqual(roost.roost("reload").returncode, 0)
        self.replace(self.pairs[1])
        self.follow(roost)
        self.check_log(roost)

    def test_symbolic_links(self):
        """as certbot makes them"""
        for at in (0, 1):
            os.remove(self.live[at])
            os.symlink(self.pairs[0][at], self.live[at])
        roost = self.serve(*self.live.options)
        for at in (0, 1):
            os.symlink(self.pairs[1][at], f"{self.live[at]}.new")
            os.rename(f"{self.live[at]}.new", self.live[at])
        self.follow_to(roost, self.pairs[1])
        self.assertEqual(roost.ask()[0], 200)

    def test_sessions(self):
        """a client with a session of the previous certificate is served"""
        roost = self.serve(*self.live.options)
        for number, version in enumerate(("-tls1_2", "-tls1_3"), 1):
            s_client(roost.port, version, "-sess_out", f"{self.folder}/session")
            self.replace(self.pairs[number % 2])
            roost.process.send_signal(signal.SIGHUP)
            self.follow_to(roost, self.pairs[number % 2])
            self.assertIn("HTTP/1.1 200", s_client(roost.port, version, "-sess_in", f"{self.folder}/session"))

    def test_authorities_of_clients(self):
        """the file of the authorities is followed, too"""
        authorities = [make_pair(f"{self.folder}/clients-{number}", "/CN=clients", None, is_authority=True) for number in (0, 1)]
        clients = [make_pair(f"{self.folder}/client-{number}", "/CN=client", None, signer=authorities[number]) for number in (0, 1)]
        shutil.copy(authorities[0].certificate, f"{self.folder}/clients.pem")
        roost = self.serve(*self.live.options, "--ssl-ca-certs", f"{self.folder}/clients.pem", "--ssl-cert-reqs", "required")
        self.assertEqual(roost.ask(context=roost.context(clients[0]))[0], 200)
        # With it the certificate changes, which shows when the new files are used.
        shutil.copy(authorities[1].certificate, f"{self.folder}/clients.pem")
        self.replace(self.pairs[1])
        self.follow_to(roost, self.pairs[1])
        self.assertEqual(roost.ask(context=roost.context(clients[1]))[0], 200)
        with self.assertRaises(ssl.SSLError):
            roost.ask(context=roost.context(clients[0]))


if __name__ == "__main__":
    unittest.main()

import os
import pathlib
import subprocess
import unittest

from certificates import make_pair, openssl
from tls import TLSTest

PASSWORD = "a secret pass phrase"


def encrypted(key, *words):
    """Encrypts a key with the password. Returns the file."""
    path = f"{key}.encrypted"
    openssl(*words, "-in", key, "-out", path, "-passout", f"pass:{PASSWORD}")
    os.chmod(path, 0o600)
    return path


class Certificates(TLSTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good = cls.pair("good")
        cls.encrypted = encrypted(cls.good.key, "pkcs8", "-topk8", "-v2", "aes256")

    def write(self, name, *parts, mode=0o600):
        path = f"{self.folder}/{name}"
        with open(path, "wb") as file:
            for part in parts:
                file.write(part if isinstance(part, bytes) else pathlib.Path(part).read_bytes())
        os.chmod(path, mode)
        return path

    def with_key(self, name, reason, key, *options):
        """The case of a key that cannot be read."""
        return name, f"TLS: {key}: .*{reason}", "--ssl-certfile", self.good.certificate, "--ssl-keyfile", key, *options

    def with_wrong_key(self, name, reason, key, *options):
        """The case of a key that can be read: the line names the certificate, as in the settings file."""
        return name, f"TLS: {self.good.certificate}: .*{reason}", *self.with_key("", "", key, *options)[2:]

    def with_certificate(self, name, reason, certificate):
        return name, f"TLS: {certificate}: .*{reason}", "--ssl-certfile", certificate, "--ssl-keyfile", self.good.key

    def check_serves(self, *options, **environment):
        roost = self.serve(*options, **environment)
        self.assertEqual(roost.ask()[0], 200)
        return roost

    def test_modes(self):
        """files that others can change, and keys that they can read, are refused"""
        combined = self.write("d.pem", self.good.certificate, self.good.key, mode=0o644)
        self.check_refused(
            self.with_key("key readable by others", "chmod", self.write("a.key", self.good.key, mode=0o604)),
            self.with_key("key writable by others", "writ", self.write("b.key", self.good.key, mode=0o602)),
            self.with_certificate("certificate writable by others", "writ", self.write("c.pem", self.good.certificate, mode=0o646)),
            ("combined file readable by others", f"TLS: {combined}: .*chmod", "--ssl-certfile", combined))
        self.check_serves(*self.good._replace(key=self.write("e.key", self.good.key, mode=0o640)).options)

    def test_wrong_files(self):
        missing, fifo = f"{self.folder}/missing", f"{self.folder}/fifo"
        os.mkfifo(fifo, 0o600)
        damaged = pathlib.Path(self.good.certificate).read_bytes().replace(b"M", b"!", 1)
        self.check_refused(
            self.with_certificate("missing certificate", "No such file", missing),
            self.with_key("missing key", "No such file", missing),
            self.with_certificate("folder", "folder", self.folder),
            self.with_key("FIFO", "not a regular file", fifo),
            self.with_certificate("garbage", "PEM", self.write("garbage.pem", os.urandom(100).hex().encode())),
            self.with_certificate("binary", "", self.write("binary.pem", b"\xff\0\xfe")),
            self.with_certificate("empty certificate", "PEM", self.write("empty.pem")),
            self.with_certificate("large file", "larger", self.write("large.pem", self.good.certificate, b"\n" * (1 << 20))),
            self.with_certificate("damaged certificate", "PEM", self.write("damaged.pem", damaged)),
            self.with_certificate("key as certificate", "PEM", self.good.key))

    def test_wrong_keys(self):
        garbage = self.write("garbage.key", os.urandom(100).hex().encode())
        self.check_refused(
            self.with_wrong_key("key of another certificate", "does not belong", self.pair("another").key),
            self.with_wrong_key("key of another type", "does not belong", self.pair("rsa", kind="rsa").key),
            self.with_wrong_key("garbage", "no private key", garbage),
            self.with_wrong_key("empty key", "no private key", self.write("empty.key")),
            self.with_wrong_key("certificate as key", "no private key", self.write("certificate.key", self.good.certificate)),
            self.with_wrong_key("encrypted, without password", "password is missing", self.encrypted),
            self.with_wrong_key("wrong password", "password is wrong", self.encrypted, "--ssl-keyfile-password", "wrong"))

    def test_wrong_certificates(self):
        expired = self.pair("expired", days=-1)
        other = make_pair(f"{self.folder}/other", "/CN=other", names=None, is_authority=True)
        order = self.write("order.pem", self.authority.certificate, self.good.certificate)
        mixed = self.write("mixed.pem", self.good.certificate, other.certificate)
        garbage = self.write("garbage-ca.pem", b"no certificate")
        self.check_refused(
            ("expired", f"TLS: {expired.certificate}: .*has expired", *expired.options),
            self.with_certificate("wrong order", "order of the chain", order),
            self.with_certificate("certificate that does not belong to the chain", "order of the chain", mixed),
            ("garbage as authority", "TLS: ", *self.good.options, "--ssl-ca-certs", garbage, "--ssl-cert-reqs", "required"),
            ("missing authority", "TLS: ", *self.good.options, "--ssl-ca-certs", f"{garbage}.missing", "--ssl-cert-reqs", "2"),
            ("unknown ciphers", "TLS: ", *self.good.options, "--ssl-ciphers", "NO-SUCH-CIPHER"))

    def test_second_entry(self):
        """an entry of the settings file that cannot be used is named"""
        secret = self.write("password.txt", PASSWORD.encode(), mode=0o604)
        first = {"certificate": self.good.certificate, "key": self.good.key}
        for entry, reason in [
            ({"certificate": "authority.pem", "key": "good.key"}, "authority.pem: the key does not belong"),
            ({"certificate": "good.pem", "key": self.encrypted, "password-file": secret}, f"{secret}: .*chmod"),
            ({"key": "good.key"}, "names no 'certificate'"),
        ]:
            self.write_settings(tls={"certificates": [first, entry]})
            with self.subTest(entry=entry):
                self.assertRegex(self.server("--app-dir", self.folder).refusal()[1], reason)

    def test_key_formats(self):
        """the formats in which openssl writes keys"""
        rsa = self.pair("formats", kind="rsa")
        old = self.write("old.key")
        openssl("rsa", "-in", rsa.key, "-traditional", "-out", old)
        sec1 = self.write("sec1.key")
        openssl("ec", "-in", self.good.key, "-out", sec1)
        # As by `openssl ecparam -genkey`.
        with_parameters = self.write(
            "parameters.key", openssl("ecparam", "-name", "prime256v1").encode(), pathlib.Path(sec1).read_bytes())
        for name, certificate, key in [("PKCS #1", rsa.certificate, old), ("SEC 1", self.good.certificate, sec1),
                                       ("SEC 1 with parameters", self.good.certificate, with_parameters)]:
            with self.subTest(name):
                self.check_serves("--ssl-certfile", certificate, "--ssl-keyfile", key)

    def test_passwords(self):
        """neither in the words nor in the output of the workers"""
        old = encrypted(self.pair("traditional").key, "ec", "-aes256")
        self.write_settings(tls={"certificates": [{
            "certificate": "good.pem", "key": self.encrypted,
            "password-file": self.write("pass phrase", f"{PASSWORD}\n".encode())}]})
        good = ["--ssl-certfile", self.good.certificate, "--ssl-keyfile", self.encrypted]
        traditional = ["--ssl-certfile", f"{self.folder}/traditional.pem", "--ssl-keyfile", old]
        for name, options, environment in [
            ("option", [*good, "--ssl-keyfile-password", PASSWORD], {}),
            ("environment", traditional, {"ROOST_SSL_KEYFILE_PASSWORD": PASSWORD}),
            ("file", ["--app-dir", self.folder], {}),
        ]:
            with self.subTest(name):
                roost = self.check_serves(*options, **environment)
                self.assertTrue(roost.workers)
                for process in roost.workers:
                    self.assertNotIn(PASSWORD, pathlib.Path(f"/proc/{process}/cmdline").read_text())
                self.assertNotIn(PASSWORD, roost.output.text)

    def test_combined_file(self):
        for parts in [(self.good.certificate, self.good.key), (self.good.key, self.good.certificate, self.authority.certificate)]:
            with self.subTest(parts=parts):
                self.check_serves("--ssl-certfile", self.write("combined.pem", *parts))

    def test_chain(self):
        """the intermediate authority is sent"""
        between = self.pair("between", "/CN=between", names=None, is_authority=True)
        leaf = self.pair("leaf", signer=between)
        self.check_serves("--ssl-certfile", self.write("chain.pem", leaf.certificate, between.certificate),
                          "--ssl-keyfile", leaf.key)

    def test_self_signed(self):
        roost = self.server("--tls-self-signed")
        roost.trust = f"{roost.run}/localhost.pem"
        shown = []
        for _ in range(2):
            roost.start()
            self.addCleanup(roost.stop)
            fetched = subprocess.run(
                ["curl", "--silent", "--show-error", "--cacert", roost.trust, f"https://localhost:{roost.port}/"],
                capture_output=True, text=True, check=True)
            self.assertEqual(fetched.stdout, "Hello, World!")
            self.assertEqual(os.stat(f"{roost.run}/localhost.key").st_mode & 0o077, 0)
            shown.append(pathlib.Path(roost.trust).read_text())
            roost.stop()
        self.assertEqual(shown[0], shown[1])


if __name__ == "__main__":
    unittest.main()

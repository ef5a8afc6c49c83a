import json
import pathlib
import ssl
import unittest

from certificates import LOCAL
from tls import TLSTest, ask, s_client
from wire import (ALERT, DATA, GOOD_SUITES, HANDSHAKE, HEARTBEAT, SSL3, TLS10, TLS11, Wire, client_hello, record)

VERSIONS = {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}
# By their numbers in IANA's registry.
REFUSED_SUITES = {
    "RC4": [0x0004, 0x0005, 0x0018, 0xC002, 0xC007, 0xC00C, 0xC011, 0xC016],
    "3DES": [0x000A, 0x000D, 0x0010, 0x0013, 0x0016, 0x001B, 0xC003, 0xC008, 0xC00D, 0xC012, 0xC017],
    "DES": [0x0009, 0x000C, 0x000F, 0x0012, 0x0015, 0x001A],
    "NULL": [0x0000, 0x0001, 0x0002, 0x003B, 0xC001, 0xC006, 0xC00B, 0xC010, 0xC015],
    "EXPORT": [0x0003, 0x0006, 0x0008, 0x000B, 0x000E, 0x0011, 0x0014, 0x0017, 0x0019, 0x0060, 0x0062, 0x0064],
    "anonymous": [0x0018, 0x001B, 0x0034, 0x003A, 0x006C, 0x006D, 0x00A6, 0x00A7, 0xC016, 0xC017, 0xC018, 0xC019],
    "MD5": [0x0001, 0x0004, 0x0024],
}


class Handshakes(TLSTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.pair("first", names=f"{LOCAL},DNS:first.example.com")
        cls.wild = cls.pair("wild", names="DNS:*.example.com")
        cls.exact = cls.pair("exact", names="DNS:exact.example.com,DNS:Mixed.Example.com")
        cls.rsa = cls.pair("rsa", names="DNS:rsa.example.net", kind="rsa")
        pairs = [cls.first, cls.wild, cls.exact, cls.rsa, cls.pair("soon", names="DNS:soon.example", days=5)]
        cls.write_settings(tls={"certificates": [{"certificate": pair.certificate, "key": pair.key} for pair in pairs]})
        cls.roost = cls.serve_class("--app-dir", cls.folder)

    def presented(self, name):
        """The certificate that a client gets that asks for the host. Python names no host for an address."""
        context = self.roost.context()
        context.check_hostname = False
        with self.roost.connect(context, name or "127.0.0.1") as connection:
            return connection.getpeercert(binary_form=True)

    def test_names(self):
        """the certificate for the host that the client names"""
        for name, pair in {
            "first.example.com": self.first, "exact.example.com": self.exact, "mixed.example.com": self.exact,
            "rsa.example.net": self.rsa, "EXACT.Example.COM": self.exact, "exact.example.com.": self.exact,
            "any.example.com": self.wild, "ANY.example.com": self.wild, "any.example.com.": self.wild,
            "two.labels.example.com": self.first, "example.com": self.first, "notexample.com": self.first,
            "unknown.example": self.first, "x" * 63 + ".example.com": self.wild, "": self.first,
        }.items():
            with self.subTest(name=name):
                expected = ssl.PEM_cert_to_DER_cert(pathlib.Path(pair.certificate).read_text())
                self.assertEqual(self.presented(name), expected)

    def test_notes(self):
        """the log has a line for a certificate that ends soon, and for an RSA key"""
        lines = [line for line in self.roost.output.text.splitlines() if " certificate " in line]
        self.assertEqual(len(lines), 2, lines)
        self.assertRegex("\n".join(lines), r"info +certificate with an RSA key file=\S+/rsa\.pem\b")
        # Less than five whole days are left.
        self.assertRegex("\n".join(lines), r"warning +certificate ends soon days=[45] file=\S+/soon\.pem\b")

    def test_application_protocol(self):
        """HTTP/1.1 is selected if it is offered; a client without ALPN gets it too"""
        for offered, selected in [(None, None), (["http/1.1"], "http/1.1"), (["http/1.0", "http/1.1"], "http/1.1")]:
            for version in VERSIONS:
                with self.subTest(offered=offered, version=version):
                    with self.roost.connect(self.roost.context(versions=version, protocols=offered)) as connection:
                        self.assertEqual(connection.selected_alpn_protocol(), selected)
                        self.assertEqual(ask(connection)[0], 200)

    def test_scope(self):
        """the application gets the version, the cipher suite and the certificate of its connection"""
        for version, number in {ssl.TLSVersion.TLSv1_2: 0x0303, ssl.TLSVersion.TLSv1_3: 0x0304}.items():
            context = self.roost.context(versions=version)
            with self.subTest(version=version), self.roost.connect(context) as connection:
                suite = next(one["id"] & 0xFFFF for one in context.get_ciphers() if one["name"] == connection.cipher()[0])
                scope = json.loads(ask(connection, "/tls")[2])
                self.assertEqual(connection.version(), VERSIONS[version])
                self.assertEqual((scope["scheme"], scope["http_version"]), ("https", "1.1"))
                self.assertIn("tls", scope["extensions"])
                self.assertEqual(scope["tls"], {
                    "version": number, "cipher_suite": suite, "client_name": "", "client_error": "", "client_chain": [],
                    "server_certificate": pathlib.Path(self.first.certificate).read_text()})

    def test_minimum_version(self):
        roost = self.serve(*self.first.options, "--ssl-minimum-version", "1.3")
        with self.assertRaisesRegex(ssl.SSLError, "(?i)protocol.version"):
            roost.connect(roost.context(versions=ssl.TLSVersion.TLSv1_2))
        self.assertEqual(roost.ask(context=roost.context(versions=ssl.TLSVersion.TLSv1_3))[0], 200)
        self.assertEqual(len(roost.handshake_failures()), 1)

    def test_ciphers(self):
        """--ssl-ciphers restricts TLS 1.2 only"""
        roost = self.serve(*self.first.options, "--ssl-ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256")
        for ciphers in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"):
            with roost.connect(roost.context(versions=ssl.TLSVersion.TLSv1_2, ciphers=ciphers)) as connection:
                self.assertEqual(connection.cipher()[0], "ECDHE-ECDSA-AES128-GCM-SHA256")
        with self.assertRaisesRegex(ssl.SSLError, "(?i)handshake.failure"):
            roost.connect(roost.context(versions=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-CHACHA20-POLY1305"))
        self.assertEqual(roost.ask(context=roost.context(versions=ssl.TLSVersion.TLSv1_3))[0], 200)

    def test_resumption(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version=version):
                session = f"{self.folder}/session"
                self.assertIn("New, TLSv1", s_client(self.roost.port, version, "-sess_out", session))
                resumed = s_client(self.roost.port, version, "-sess_in", session)
                self.assertIn("Reused, TLSv1", resumed)
                self.assertIn("HTTP/1.1 200", resumed)
                if version == "-tls1_3":
                    # A request in early data could be replayed (RFC 8446 §8).
                    self.assertIn("Max Early Data: 0", resumed)
                    self.assertNotIn("Early data was accepted", resumed)

    def test_renegotiation(self):
        shown = s_client(self.roost.port, "-tls1_2", text="R\n")
        self.assertIn("Secure Renegotiation IS supported", shown)
        self.assertRegex(shown, "RENEGOTIATING\n.*(unexpected eof|no renegotiation|alert)")
        self.assertEqual(self.roost.ask()[0], 200)

    def test_compression(self):
        shown = s_client(self.roost.port, "-tls1_2", "-comp", "-cipher", "DEFAULT:@SECLEVEL=0")
        self.assertIn("Compression: NONE", shown)
        with Wire(self.roost.port) as wire:
            kind, hello = wire.send(client_hello(compressions=b"\1\0")).read_record()
        # After the session identifier: the suite, and the method of compression.
        self.assertEqual((kind, hello[39 + hello[38] + 2]), (HANDSHAKE, 0))
        self.check_refused("only compression", client_hello(compressions=b"\1"))

    def check_refused(self, name, hello):
        with self.subTest(name), Wire(self.roost.port) as wire:
            kind, content = wire.send(hello).read_record()
            self.assertEqual((kind, content[:1]), (ALERT, b"\2"))
            self.assertEqual(wire.read_to_end(), b"")

    def test_what_is_refused(self):
        """what testssl.sh and others look for"""
        for name in ("first.example.com", "rsa.example.net"):
            with self.subTest(f"accepted at {name}"), Wire(self.roost.port) as wire:
                self.assertEqual(wire.send(client_hello(name=name)).read_record()[0], HANDSHAKE)
            for version, title in {SSL3: "SSL 3.0", TLS10: "TLS 1.0", TLS11: "TLS 1.1"}.items():
                self.check_refused(f"{title} at {name}", client_hello(version=version, name=name))
            for title, suites in REFUSED_SUITES.items():
                self.check_refused(f"{title} at {name}", client_hello(suites, name=name))
            # The client supports TLS 1.3, and was made to fall back (RFC 7507).
            self.check_refused(f"downgrade at {name}", client_hello([*GOOD_SUITES, 0x5600], name=name))

    def test_attacks(self):
        """records that earlier implementations of TLS have accepted in a handshake"""
        for title, attack in {
            "Heartbleed": record(HEARTBEAT, b"\1\x40\0"), "early ChangeCipherSpec": record(20, b"\1"),
            "early data": record(DATA, bytes(64)), "second ClientHello": client_hello(),
        }.items():
            with self.subTest(title), Wire(self.roost.port) as wire:
                wire.send(client_hello())
                # The last message of the server's first flight is ServerHelloDone.
                while wire.read_record()[1][:1] != b"\x0e":
                    pass
                kind, content = wire.send(attack).read_record()
                self.assertIn((kind, content[:1]), [(ALERT, b"\2"), (None, b"")])
                self.assertEqual(wire.read_to_end(), b"")
        self.assertEqual(self.roost.ask()[0], 200)


if __name__ == "__main__":
    unittest.main()

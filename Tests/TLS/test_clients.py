import json
import pathlib
import ssl
import unittest

from certificates import make_pair, openssl
from tls import TLSTest, s_client

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


class Clients(TLSTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clients = make_pair(f"{cls.folder}/clients", "/O=Example/CN=authority of clients", None, is_authority=True)
        other = make_pair(f"{cls.folder}/other", "/O=Example/CN=authority of clients", None, is_authority=True)
        cls.client = cls.client_pair("client")
        cls.refused = {
            "self-signed": make_pair(f"{cls.folder}/self", "/CN=client", None),
            "expired": cls.client_pair("expired", days=-1),
            "of another authority": cls.client_pair("stranger", signer=other),
            "of the server's authority": cls.pair("own", "/CN=client", names=None),
            "for servers": cls.client_pair("server-only", usage="serverAuth"),
        }
        # By the chain that it sends: its signer is no authority.
        leaf = cls.client_pair("leaf", signer=cls.client)
        cls.append(leaf, cls.client)
        cls.refused["signed by a client"] = leaf
        cls.roost = cls.serve_class(
            *cls.pair("server").options, "--ssl-ca-certs", cls.clients.certificate, "--ssl-cert-reqs", "required",
            "--bind", "127.0.0.1:0", "--bind", "127.0.0.1:0,client-cert=optional",
            "--bind", "127.0.0.1:0,client-cert=none", "--bind", "127.0.0.1:0,tls=off")
        cls.required, cls.optional, cls.none, _ = cls.roost.ports

    @classmethod
    def client_pair(cls, name, subject="/CN=client", signer=None, **options):
        return make_pair(f"{cls.folder}/{name}", subject, None, signer=signer or cls.clients, **options)

    @staticmethod
    def append(pair, signer):
        """Appends the certificate of the signer, to be sent with that of the client."""
        with open(pair.certificate, "a") as file:
            file.write(pathlib.Path(signer.certificate).read_text())

    def facts(self, port, client=None, version=None):
        status, _, body = self.roost.ask("/tls", context=self.roost.context(client, version), port=port)
        self.assertEqual(status, 200)
        return json.loads(body)["tls"]

    def check_accepted(self, client, name, port=None):
        """The application gets the name, and the client's own certificate: swift-nio-ssl tells no others."""
        end = "-----END CERTIFICATE-----\n"
        own = pathlib.Path(client.certificate).read_text().split(end)[0] + end
        for version in VERSIONS:
            facts = self.facts(port or self.required, client, version)
            self.assertEqual(facts["client_name"], name)
            self.assertEqual(facts["client_error"], "")
            self.assertEqual(facts["client_chain"], [own])

    def check_refused(self, port, client):
        """The client gets an alert, and the log one line."""
        for version in VERSIONS:
            before = len(self.roost.handshake_failures())
            # With TLS 1.3 a client learns only after the handshake that it was refused.
            with self.assertRaisesRegex(ssl.SSLError, "(?i)alert"):
                with self.roost.connect(self.roost.context(client, version), port=port) as connection:
                    connection.recv(1)
            lines = self.roost.handshake_failures()[before:]
            self.assertEqual(len(lines), 1, lines)
            self.assertRegex(lines[0], 'reason="[a-z ]+"$')

    def test_required(self):
        self.check_accepted(self.client, "CN=client")

    def test_optional(self):
        self.check_accepted(self.client, "CN=client", port=self.optional)
        for version in VERSIONS:
            facts = self.facts(self.optional, version=version)
            self.assertEqual((facts["client_name"], facts["client_error"], facts["client_chain"]), ("", "", []))

    def test_none(self):
        """the listener does not ask for a certificate, so that clients with invalid ones can connect too"""
        for client in (None, self.client, *self.refused.values()):
            facts = self.facts(self.none, client)
            self.assertEqual((facts["client_name"], facts["client_error"], facts["client_chain"]), ("", "", []))

    def test_no_certificate(self):
        self.check_refused(self.required, None)

    def test_invalid(self):
        for name, client in self.refused.items():
            for port in (self.required, self.optional):
                with self.subTest(name, port=self.roost.ports.index(port)):
                    self.check_refused(port, client)

    def test_chain(self):
        """a client whose certificate is signed by an intermediate authority"""
        between = self.client_pair("between", "/CN=between", is_authority=True)
        client = self.client_pair("below", "/CN=below", signer=between)
        self.check_refused(self.required, client)
        self.append(client, between)
        self.check_accepted(client, "CN=below")

    def test_names(self):
        """the names of RFC 4514, as openssl prints them"""
        for number, subject in enumerate([
            "/DC=com/DC=example/OU=Sales/CN=Jane Roe", "/O=Roe, Doe and Sons/CN=client", "/CN=a\\+b; <c> \"d\" \\\\e",
            "/C=DE/ST=Bayern/L=München/O=Öl & Gas/CN=Jürgen 漢字", "/CN=#1", "/CN= spaces ", "/UID=jroe/STREET=Main/CN=x=y",
        ]):
            with self.subTest(subject=subject):
                client = self.client_pair(f"name-{number}", subject)
                shown = openssl("x509", "-in", client.certificate, "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb")
                name = shown.removeprefix("subject=").removesuffix("\n").replace("street=", "STREET=")
                self.assertEqual(self.facts(self.required, client)["client_name"], name)

    def test_name_of_several_values(self):
        """the order of the values is free (RFC 4514 §2.2)"""
        client = self.client_pair("several", "/O=Example/CN=Jane+UID=jroe")
        values, rest = self.facts(self.required, client)["client_name"].split(",")
        self.assertEqual((set(values.split("+")), rest), ({"CN=Jane", "UID=jroe"}, "O=Example"))

    def test_unknown_types(self):
        """types without a name in RFC 4514 are numbers"""
        client = self.client_pair("unknown", "/CN=client/emailAddress=a@example.com")
        value = b"\x16\x0da@example.com".hex()
        self.assertEqual(self.facts(self.required, client)["client_name"].lower(), f"1.2.840.113549.1.9.1=#{value},cn=client")

    def test_resumption(self):
        """a resumed session has the client's certificate, and is not accepted where another treatment applies"""
        words = ["-cert", self.client.certificate, "-key", self.client.key]
        for version in ("-tls1_2", "-tls1_3"):
            session = f"{self.folder}/session"
            with self.subTest(version):
                s_client(self.required, version, "-sess_out", session, *words)
                resumed = s_client(self.required, version, "-sess_in", session)
                self.assertIn("Reused", resumed)
                self.assertIn('"client_name": "CN=client"', resumed)
                for port in (self.none, self.optional):
                    s_client(port, version, "-sess_out", session)
                    for shown in (s_client(self.required, version, "-sess_in", session) for _ in range(2)):
                        self.assertNotIn("Reused", shown)
                        self.assertNotIn("HTTP/1.1 200", shown)

    def test_authorities(self):
        """the server names the authorities, so that a client can select its certificate"""
        for port, is_named in [(self.required, True), (self.optional, True), (self.none, False)]:
            self.assertEqual("CN = authority of clients" in s_client(port).split("Certificate chain")[1], is_named)

    def test_settings_file(self):
        self.write_settings(tls={
            "certificates": [{"certificate": "server.pem", "key": "server.key"}], "client-ca": "clients.pem",
            "client-certificates": "required", "minimum-version": "1.3"})
        roost = self.serve("--app-dir", self.folder)
        scope = json.loads(roost.ask("/tls", context=roost.context(self.client))[2])
        self.assertEqual(scope["tls"]["client_name"], "CN=client")
        with self.assertRaises(ssl.SSLError):
            roost.ask()
        with self.assertRaises(ssl.SSLError):
            roost.ask(context=roost.context(self.client, ssl.TLSVersion.TLSv1_2))


if __name__ == "__main__":
    unittest.main()

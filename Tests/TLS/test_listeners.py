import http.client
import json
import pathlib
import socket
import subprocess
import unittest

from certificates import make_pair
from tls import TLSTest, answer, ask
from wire import Wire, client_hello

PROXY_1 = b"PROXY TCP4 192.0.2.7 192.0.2.8 4711 443\r\n"
PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([192, 0, 2, 7, 192, 0, 2, 8, 0x12, 0x67, 1, 187])


def plain(port, path="/", method="GET", **fields):
    """Sends a request without TLS. Returns the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, headers=fields)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


class Listeners(TLSTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good = cls.pair("good")
        cls.webroot = pathlib.Path(f"{cls.folder}/webroot")
        (cls.webroot / ".well-known/acme-challenge").mkdir(parents=True)
        (cls.webroot / ".well-known/acme-challenge/token").write_text("token.thumbprint")
        (cls.webroot / "secret").write_text("secret")
        cls.socket = f"{cls.folder}/http.sock"
        cls.roost = cls.serve_class(
            *cls.good.options, "--acme-webroot", str(cls.webroot), "--alt-svc", 'h3=":443"; ma=86400', "--bind", "127.0.0.1:0",
            "--bind", "127.0.0.1:0,tls=off", "--bind", "127.0.0.1:0,redirect=https", "--bind", "127.0.0.1:0,redirect=https:8443",
            "--bind", "127.0.0.1:0,proxy=required", "--bind", f"unix:{cls.socket}", "--bind", "127.0.0.1:0,redirect=https:443")
        cls.tls, cls.off, cls.redirect, cls.redirect_8443, cls.proxied, cls.redirect_443 = cls.roost.ports

    def scope(self, **options):
        return json.loads(self.roost.ask("/tls", **options)[2])

    def test_addresses(self):
        """the line of the start has the scheme of each"""
        line = self.roost.output.wait_for(" serving ")
        for port in self.roost.ports:
            scheme = "https" if port in (self.tls, self.proxied) else "http"
            self.assertRegex(line, rf"\b{scheme}://127\.0\.0\.1:{port}\b")

    def test_off(self):
        status, _, body = plain(self.off, "/tls")
        scope = json.loads(body)
        self.assertEqual((status, scope["scheme"], scope["tls"]), (200, "http", None))
        self.assertNotIn("tls", scope["extensions"])
        with Wire(self.off) as wire:
            self.assertTrue(wire.send(client_hello()).read_to_end().startswith(b"HTTP/1.1 400 "))

    def test_forged_scheme(self):
        """a client of plain HTTP cannot pretend to use TLS if it is no proxy, and a proxy's client can use plain HTTP"""
        roost = self.serve(
            *self.good.options, "--forwarded-allow-ips", "192.0.2.1", "--bind", "127.0.0.1:0", "--bind", "127.0.0.1:0,tls=off")
        fields = {"x-forwarded-proto": "https", "x-forwarded-for": "6.6.6.6"}
        self.assertEqual(json.loads(plain(roost.ports[1], "/tls", **fields)[2])["scheme"], "http")
        self.assertEqual(json.loads(roost.ask("/tls", x_forwarded_proto="http")[2])["scheme"], "https")
        self.assertEqual(self.scope(x_forwarded_proto="http")["scheme"], "http")

    def test_redirect(self):
        for port, secure in [(self.redirect, self.tls), (self.redirect_8443, 8443), (self.redirect_443, None)]:
            place = f":{secure}" if secure else ""
            for method, expected in {"GET": 301, "HEAD": 301, "POST": 308, "PUT": 308, "DELETE": 308, "OPTIONS": 308}.items():
                for path in ("/", "/a/b?c=d&e", "/%2e%0d%0aset-cookie:a=b?%0a", "/?"):
                    for host in ("example.com", "example.com:80", "EXAMPLE.com", "[::1]:8080"):
                        with self.subTest(port=self.roost.ports.index(port), method=method, path=path, host=host):
                            status, fields, body = plain(port, path, method, host=host)
                            self.assertEqual((status, body), (expected, b""))
                            name = host.lower().removesuffix(":80").removesuffix(":8080")
                            self.assertEqual(fields["location"].removesuffix("?"), f"https://{name}{place}{path.removesuffix('?')}")
                            self.assertNotIn("set-cookie", fields)

    def test_requests_that_are_not_redirected(self):
        """without a host, or as a WebSocket, whose clients follow no redirect"""
        with Wire(self.redirect) as wire:
            self.assertTrue(wire.send(b"GET / HTTP/1.0\r\n\r\n").read_to_end().startswith(b"HTTP/1.1 400 "))
        self.assertEqual(plain(self.redirect, "/", connection="upgrade", upgrade="websocket", **{
            "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="})[0], 403)
        with Wire(self.redirect) as wire:
            self.assertTrue(wire.send(client_hello()).read_to_end().startswith(b"HTTP/1.1 400 "))

    def test_challenges(self):
        """of a certificate authority are answered over plain HTTP, and only they"""
        challenge = "/.well-known/acme-challenge"
        for port in (self.redirect, self.redirect_8443, self.off):
            status, _, body = plain(port, f"{challenge}/token")
            self.assertEqual((status, body), (200, b"token.thumbprint"))
            self.assertEqual(plain(port, f"{challenge}/missing")[0], 404)
            for path in (f"{challenge}/../../secret", f"{challenge}/%2e%2e/%2e%2e/secret", f"{challenge}/..%2f..%2fsecret", "/secret"):
                with self.subTest(port=self.roost.ports.index(port), path=path):
                    self.assertNotIn(b"secret", plain(port, path)[2])
        self.assertEqual(plain(self.redirect, "/.well-known/acme-challengers")[0], 301)
        self.assertEqual(self.roost.ask(f"{challenge}/token")[2], b"token.thumbprint")

    def test_proxy_protocol(self):
        """the header precedes the handshake"""
        for header in (PROXY_1, PROXY_2):
            for parts in ([header], [header[:7], header[7:]]):
                with self.subTest(header=header[:6], parts=len(parts)):
                    connection = socket.create_connection(("127.0.0.1", self.proxied), timeout=60)
                    for part in parts:
                        connection.sendall(part)
                    with self.roost.context().wrap_socket(connection, server_hostname="localhost") as secured:
                        scope = json.loads(ask(secured, "/tls")[2])
                    self.assertEqual((scope["client_host"], scope["client_port"], scope["server_port"]), ("192.0.2.7", 4711, 443))
                    self.assertEqual((scope["scheme"], scope["tls"]["client_name"]), ("https", ""))
        # In the segment of the ClientHello.
        with Wire(self.proxied) as wire:
            self.assertEqual(wire.send(PROXY_1, client_hello()).read_record()[0], 22)

    def test_proxy_protocol_is_required(self):
        for parts in ([client_hello()], [b"GET / HTTP/1.1\r\n\r\n"], [b"PROXY nonsense\r\n", client_hello()]):
            with self.subTest(parts=parts), Wire(self.proxied) as wire:
                self.assertEqual(wire.send(*parts).read_to_end(), b"")
        self.roost.output.wait_for("connection refused", count=3)
        with Wire(self.proxied) as wire:
            self.assertIn(b"plain HTTP request on a TLS port", wire.send(PROXY_1, b"GET / HTTP/1.1\r\n\r\n").read_to_end())
        self.roost.output.wait_for('TLS handshake failed client=192.0.2.7:4711 reason="plain HTTP request on a TLS port"')
        self.assertEqual(self.roost.ask()[0], 200)

    def test_unix_socket(self):
        fetched = subprocess.run(
            ["curl", "--silent", "--show-error", "--cacert", self.roost.trust, "--unix-socket", self.socket, "https://localhost/tls"],
            capture_output=True, text=True, check=True)
        scope = json.loads(fetched.stdout)
        self.assertEqual((scope["scheme"], scope["client_host"], scope["server_port"]), ("https", "", -1))
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.socket)
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertEqual(answer(connection)[0], 400)
        self.assertEqual(len([line for line in self.roost.output.text.splitlines() if "TLS handshake failed client=unix" in line]), 1)

    def test_alternative_service(self):
        for fields in (self.roost.ask()[1], self.roost.ask("/large", "HEAD")[1], plain(self.off)[1]):
            self.assertEqual(fields["alt-svc"], 'h3=":443"; ma=86400')

    def test_curl(self):
        """follows the redirect, verifies the certificate and the name, and refuses another authority"""
        curl = ["curl", "--silent", "--show-error", "--location", "--output", "/dev/null", "--cacert"]
        url = f"http://localhost:{self.redirect}/a?b"
        shown = ["--write-out", "%{http_code} %{scheme} %{num_redirects}"]
        fetched = subprocess.run([*curl, self.roost.trust, *shown, url], capture_output=True, text=True)
        self.assertEqual(fetched.stdout, "200 HTTPS 1")
        # 60: the certificate cannot be verified.
        other = make_pair(f"{self.folder}/other", "/CN=authority", names=None, is_authority=True)
        self.assertEqual(subprocess.run([*curl, other.certificate, url], capture_output=True).returncode, 60)
        wrong = subprocess.run(
            [*curl, self.roost.trust, "--connect-to", f"example.org::localhost:{self.tls}", "https://example.org/"],
            capture_output=True)
        self.assertEqual(wrong.returncode, 60)


class Options(TLSTest):
    def test_malformed(self):
        good = self.pair("good")
        self.check_refused(*[(reason, f".*{reason}", *options) for reason, *options in [
            ("tls=maybe", "--bind", "127.0.0.1:0,tls=maybe"), ("redirect=http", "--bind", "127.0.0.1:0,redirect=http"),
            ("redirect=https:0", "--bind", "127.0.0.1:0,redirect=https:0"),
            ("client-cert=yes", "--bind", "127.0.0.1:0,client-cert=yes"),
            ("client-cert", "--bind", "127.0.0.1:0,tls=off,client-cert=required"),
            # Else anyone could connect, without TLS.
            ("client-cert", "--bind", "127.0.0.1:0,client-cert=required"),
            ("ssl-ca-certs", *good.options, "--bind", "127.0.0.1:0,client-cert=required"),
            ("ssl-ca-certs", *good.options, "--ssl-cert-reqs", "required"),
            ("ssl-cert-reqs", *good.options, "--ssl-cert-reqs", "3"),
            ("ssl-certfile", "--ssl-keyfile", good.key),
            ("ssl-minimum-version", *good.options, "--ssl-minimum-version", "1.1"),
            ("timeout-tls-handshake", *good.options, "--timeout-tls-handshake", "soon"),
            ("exclude", *good.options, "--tls-self-signed"), ("alt-svc", *good.options, "--alt-svc", "a\r\nb: c")]])


if __name__ == "__main__":
    unittest.main()

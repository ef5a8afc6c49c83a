import shutil
import subprocess
import unittest

from edge import FORGED, REPOSITORY, EdgeTest

# Proxies and clients of the tests are on this machine: each proxy is configured to report this address for its client.
CLIENT = "192.0.2.7"


class Forwarding(EdgeTest):
    def check(self, port, scheme="https", host=None):
        """The client cannot forge its address, and no forged field reaches the application."""
        for _ in range(3):
            scope = self.ask(port, *FORGED)
            self.assertEqual((scope["client"], scope["scheme"]), (CLIENT, scheme))
            self.assertEqual((scope["root_path"], scope["path"]), ("", "/a"))
            self.assertEqual(scope["host"], host or f"127.0.0.1:{port}")
            self.assertNotIn("forwarded", scope)
            self.assertNotIn("x_forwarded_for", scope)
        self.output.wait_for(f"{CLIENT}:0 GET /a 200 ", count=3)
        self.assertNotIn("6.6.6.6:", self.output.text)

    def nginx_with(self, upstream, proto="https"):
        return self.nginx(f"""
            proxy_pass {upstream}; proxy_http_version 1.1; proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For {CLIENT}; proxy_set_header X-Forwarded-Proto {proto};""")

    def test_nginx(self):
        port = self.roost()
        self.check(self.nginx_with(f"http://127.0.0.1:{port}"))

    def test_nginx_appends(self):
        """the usual configuration appends the address to the field of the client"""
        port = self.nginx(f"""
            proxy_pass http://127.0.0.1:{self.roost()}; proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For "$http_x_forwarded_for, {CLIENT}"; proxy_set_header X-Forwarded-Proto https;""")
        self.check(port)

    def test_nginx_over_unix(self):
        self.roost()
        self.check(self.nginx_with(f"http://unix:{self.socket}"))

    def test_haproxy(self):
        port = self.roost()
        self.check(self.haproxy(
            "http", f"http-request set-header X-Forwarded-For {CLIENT}\nhttp-request set-header X-Forwarded-Proto https",
            f"127.0.0.1:{port}"))

    def test_haproxy_over_unix(self):
        self.roost()
        self.check(self.haproxy(
            "http", f"http-request set-header X-Forwarded-For {CLIENT}\nhttp-request set-header X-Forwarded-Proto https",
            f"unix@{self.socket}"))

    def test_caddy(self):
        port = self.roost()
        self.check(self.caddy(f"""reverse_proxy 127.0.0.1:{port} {{
            header_up X-Forwarded-For {CLIENT}
            header_up X-Forwarded-Proto https
        }}"""))

    def test_caddy_over_unix(self):
        self.roost()
        self.check(self.caddy(f"""reverse_proxy unix/{self.socket} {{
            header_up X-Forwarded-For {CLIENT}
            header_up X-Forwarded-Proto https
        }}"""))

    def test_apache(self):
        port = self.roost()
        self.check(self.apache(f"""
            ProxyPreserveHost On
            ProxyAddHeaders Off
            RequestHeader set X-Forwarded-For {CLIENT}
            RequestHeader set X-Forwarded-Proto https
            ProxyPass / http://127.0.0.1:{port}/"""))

    def test_apache_over_unix(self):
        self.roost()
        self.check(self.apache(f"""
            ProxyPreserveHost On
            ProxyAddHeaders Off
            RequestHeader set X-Forwarded-For {CLIENT}
            RequestHeader set X-Forwarded-Proto https
            ProxyPass / unix:{self.socket}|http://localhost/"""))

    def test_forwarded(self):
        """RFC 7239, as HAProxy and nginx can be configured to send it"""
        port = self.roost("--forwarded-header", "forwarded", "--forwarded-host")
        proxy = self.haproxy(
            "http", f'http-request set-header Forwarded "for={CLIENT};proto=https;host=shop.example"', f"127.0.0.1:{port}")
        scope = self.ask(proxy, *FORGED)
        self.assertEqual((scope["client"], scope["scheme"], scope["host"]), (CLIENT, "https", "shop.example"))
        self.assertEqual((scope["server"], scope["server_port"]), ("shop.example", "443"))
        self.assertNotIn("x-forwarded-for", scope)

    def test_two_proxies(self):
        """a client of a public proxy, which an inner one forwards; each hop gets forged fields"""
        port = self.roost("--forwarded-host", "--forwarded-prefix")
        inner = self.nginx(f"""
            proxy_pass http://127.0.0.1:{port}; proxy_set_header Host inner.internal;
            proxy_set_header X-Forwarded-For "$http_x_forwarded_for, 127.0.0.2";
            proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;""")
        outer = self.haproxy("http", f"""
                http-request set-header X-Forwarded-For "%[req.hdr(x-forwarded-for)], {CLIENT}"
                http-request set-header X-Forwarded-Proto https
                http-request set-header X-Forwarded-Host shop.example
                http-request set-header X-Forwarded-Prefix /shop""", f"127.0.0.1:{inner}")
        scope = self.ask(outer, *FORGED)
        self.assertEqual((scope["client"], scope["scheme"]), (CLIENT, "https"))
        self.assertEqual((scope["host"], scope["root_path"], scope["path"]), ("shop.example", "/shop", "/shop/a"))

    def test_without_a_proxy(self):
        """the fields of a client that is not trusted have no effect"""
        port = self.roost("--forwarded-allow-ips", "192.0.2.1")
        scope = self.ask(port, *FORGED)
        self.assertEqual((scope["client"], scope["scheme"], scope["root_path"]), ("127.0.0.1", "http", ""))
        self.assertEqual(set(scope) - {
            "scheme", "client", "client_port", "server", "server_port", "root_path", "path", "raw_path"},
            {"host", "user-agent", "accept"})

    def test_redirect(self):
        """the redirects of views have the prefix"""
        module = f"{self.folder}/views.so"
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-I", REPOSITORY / "Sources/CASGI/include", "-o", module,
             REPOSITORY / "Tests/Fixtures/Views.c"], check=True)
        shutil.copy(module, f"{self.folder}/scope.so")
        port = self.roost("--forwarded-prefix")
        proxy = self.caddy(f"""reverse_proxy 127.0.0.1:{port} {{
            header_up X-Forwarded-Proto https
            header_up X-Forwarded-Prefix /app
        }}""")
        shown = subprocess.run(
            ["curl", "--silent", "--include", f"http://127.0.0.1:{proxy}/blog"], check=True, capture_output=True, text=True)
        self.assertRegex(shown.stdout.lower(), r"location: /app/blog/\r?\n")


if __name__ == "__main__":
    unittest.main()

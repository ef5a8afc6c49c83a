import socket
import subprocess
import unittest

from edge import EdgeTest


class ProxyProtocol(EdgeTest):
    def proxied(self):
        """Starts Roost with a port that requires the PROXY protocol. Returns that port."""
        return self.roost("--bind", "127.0.0.1:0,proxy=required")[1]

    def check(self, port):
        with socket.create_connection(("127.0.0.1", port)) as client:
            own = client.getsockname()[1]
            client.sendall(b"GET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            text = b"".join(iter(lambda: client.recv(65536), b"")).decode()
            self.assertIn(f"client=127.0.0.1\nclient_port={own}\n", text)
            self.assertIn(f"server=127.0.0.1\nserver_port={port}\n", text)

    def test_haproxy_version_1(self):
        self.check(self.haproxy("tcp", "", f"127.0.0.1:{self.proxied()} send-proxy"))

    def test_haproxy_version_2(self):
        self.check(self.haproxy("tcp", "", f"127.0.0.1:{self.proxied()} send-proxy-v2 check check-send-proxy"))

    def test_haproxy_with_extensions(self):
        self.check(self.haproxy(
            "tcp", "", f"127.0.0.1:{self.proxied()} send-proxy-v2 proxy-v2-options unique-id,crc32c"))

    def test_nginx_stream(self):
        self.check(self.nginx("", f"""stream {{
            server {{ listen 127.0.0.1:PORT; proxy_pass 127.0.0.1:{self.proxied()}; proxy_protocol on; }} }}"""))

    def test_curl(self):
        port = self.proxied()
        scope = self.ask(port, "--haproxy-protocol")
        self.assertEqual((scope["client"], scope["server_port"]), ("127.0.0.1", str(port)))
        without = subprocess.run(["curl", "--silent", f"http://127.0.0.1:{port}/"], capture_output=True)
        # 52: an empty reply; 56: a reset, if the request arrived after the close.
        self.assertIn(without.returncode, (52, 56))
        self.output.wait_for("connection refused")

    def test_the_client_of_the_header_is_not_trusted(self):
        """header fields of the client of a trusted proxy are not evaluated"""
        port = self.proxied()
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(
                b"PROXY TCP4 192.0.2.7 192.0.2.8 4711 443\r\nGET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
                b"x-forwarded-for: 6.6.6.6\r\nx-forwarded-proto: https\r\n\r\n")
            text = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        self.assertIn("scheme=http\nclient=192.0.2.7\nclient_port=4711\n", text)
        self.assertNotIn("6.6.6.6", text)


if __name__ == "__main__":
    unittest.main()

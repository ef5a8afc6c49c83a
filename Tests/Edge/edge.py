"""Starts Roost with a module that shows its scope, and proxies in front of it."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from serving import Output, free_port

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ROOST = REPOSITORY / ".build/release/roost"


class EdgeTest(unittest.TestCase):
    """A test with a folder, a module, and processes that end with it."""

    command = ROOST

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="roost-edge-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-I", REPOSITORY / "Sources/CASGI/include", "-o", f"{self.folder}/scope.so",
             REPOSITORY / "Tests/Fixtures/Scope.c"], check=True)

    def start(self, command, ready):
        """Starts a process, and waits for the line that it writes once it listens. Returns its output."""
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=self.folder,
            env={**os.environ, "CADDY_ADMIN": "off", "XDG_DATA_HOME": self.folder, "XDG_CONFIG_HOME": self.folder})
        output = Output(process)
        self.addCleanup(self.stop, process, output)
        output.wait_for(ready)
        return output

    @staticmethod
    def stop(process, output):
        process.terminate()
        process.wait(60)
        output.close()

    def roost(self, *options):
        """Starts Roost, with a Unix socket and further options. Returns its port, or its ports for a further --bind."""
        self.socket = f"{self.folder}/http.sock"
        self.output = self.start(
            [ROOST, f"{self.folder}/scope.so", "--bind", "127.0.0.1:0", "--bind", f"unix:{self.socket}", "--run-dir",
             f"{self.folder}/run", *options], " serving ")
        ports = [int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", self.output.wait_for(" serving "))]
        return ports if len(ports) > 1 else ports[0]

    def write(self, name, text):
        pathlib.Path(f"{self.folder}/{name}").write_text(text.rstrip() + "\n")
        return f"{self.folder}/{name}"

    def nginx(self, location, stream=""):
        port = free_port()
        listen = stream.replace("PORT", str(port)) or (
            f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }} }}")
        modules = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;" if stream else ""
        path = self.write("nginx.conf", f"{modules} user root; daemon off; pid {self.folder}/nginx.pid; error_log stderr notice; events {{}}\n{listen}\n")
        self.start(["nginx", "-p", self.folder, "-e", "stderr", "-c", path], "start worker processes")
        return port

    def haproxy(self, mode, frontend, server):
        port = free_port()
        path = self.write("haproxy.cfg", f"""
            defaults
                mode {mode}
                timeout connect 5s
                timeout client 60s
                timeout server 60s
            frontend web
                bind 127.0.0.1:{port}
                {frontend}
                default_backend site
            backend site
                server one {server}
            """)
        self.start(["haproxy", "-W", "-db", "-f", path], "Loading success")
        return port

    def caddy(self, site):
        port = free_port()
        path = self.write("Caddyfile", f"http://127.0.0.1:{port} {{\n{site}\n}}\n")
        self.start(["caddy", "run", "--adapter", "caddyfile", "--config", path], "serving initial configuration")
        return port

    def apache(self, directives):
        port = free_port()
        modules = "\n".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
            for name in ("mpm_event", "authz_core", "proxy", "proxy_http", "headers"))
        path = self.write("apache.conf", f"""
            ServerRoot {self.folder}
            ServerName localhost
            PidFile {self.folder}/apache.pid
            ErrorLog /dev/stderr
            Listen 127.0.0.1:{port}
            {modules}
            {directives}
            """)
        self.start(["apache2", "-D", "FOREGROUND", "-f", path], "resuming normal operations")
        return port

    def ask(self, port, *options, path="/a"):
        """Sends a request with curl. Returns the scope as a dictionary, with the header fields."""
        text = subprocess.run(
            ["curl", "--silent", "--show-error", *options, f"http://127.0.0.1:{port}{path}"],
            check=True, capture_output=True, text=True).stdout
        scope = {}
        for line in text.splitlines():
            sign = "=" if "=" in line and ": " not in line.split("=")[0] else ": "
            name, _, value = line.partition(sign)
            scope[name] = value
        return scope


# The header fields of a client that pretends to have another address.
FORGED = [
    "-H", "X-Forwarded-For: 6.6.6.6", "-H", "X-Forwarded-Proto: https", "-H", "X-Forwarded-Host: evil.example",
    "-H", "X-Forwarded-Prefix: /evil", "-H", "Forwarded: for=6.6.6.6;proto=https;host=evil.example",
    "-H", "X_Forwarded_For: 6.6.6.6", "-H", "X-Real-IP: 6.6.6.6"]

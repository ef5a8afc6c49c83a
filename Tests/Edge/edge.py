"""Starts Roost with a module that shows its scope, and proxies in front of it."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ROOST = REPOSITORY / ".build/release/roost"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"exited with {process.returncode}: {pathlib.Path(log).read_text(errors='replace')}")
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"does not listen on {port}")


class EdgeTest(unittest.TestCase):
    """A test with a folder, a module, and processes that end with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="roost-edge-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-I", REPOSITORY / "Sources/CASGI/include", "-o", f"{self.folder}/scope.so",
             REPOSITORY / "Tests/Fixtures/Scope.c"], check=True)

    def start(self, command, port, name):
        log = f"{self.folder}/{name}.log"
        with open(log, "w") as file:
            process = subprocess.Popen(command, stdout=file, stderr=file, cwd=self.folder, env={
                **os.environ, "CADDY_ADMIN": "off", "XDG_DATA_HOME": self.folder, "XDG_CONFIG_HOME": self.folder})
        self.addCleanup(self.stop, process)
        wait_for(port, process, log)
        return process

    @staticmethod
    def stop(process):
        process.terminate()
        process.wait(60)

    def roost(self, *options):
        """Starts Roost, with a Unix socket besides. Returns its port."""
        port = free_port()
        self.socket = f"{self.folder}/http.sock"
        self.start([ROOST, f"{self.folder}/scope.so", "--bind", f"127.0.0.1:{port}", "--bind", f"unix:{self.socket}",
                    "--run-dir", f"{self.folder}/run", *options], port, "roost")
        return port

    def access_log(self):
        return pathlib.Path(f"{self.folder}/roost.log").read_text()

    def write(self, name, text):
        pathlib.Path(f"{self.folder}/{name}").write_text(text.rstrip() + "\n")
        return f"{self.folder}/{name}"

    def nginx(self, location, stream=""):
        port = free_port()
        listen = stream.replace("PORT", str(port)) or (
            f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }} }}")
        modules = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;" if stream else ""
        path = self.write("nginx.conf", f"{modules} user root; daemon off; pid {self.folder}/nginx.pid; events {{}}\n{listen}\n")
        self.start(["nginx", "-p", self.folder, "-e", f"{self.folder}/error.log", "-c", path], port, "nginx")
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
        self.start(["haproxy", "-db", "-f", path], port, "haproxy")
        return port

    def caddy(self, site):
        port = free_port()
        path = self.write("Caddyfile", f"http://127.0.0.1:{port} {{\n{site}\n}}\n")
        self.start(["caddy", "run", "--adapter", "caddyfile", "--config", path], port, "caddy")
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
            ErrorLog {self.folder}/apache-error.log
            Listen 127.0.0.1:{port}
            {modules}
            {directives}
            """)
        self.start(["apache2", "-D", "FOREGROUND", "-f", path], port, "apache")
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


# What a client sends to look like another one, to a server that believes it.
FORGED = [
    "-H", "X-Forwarded-For: 6.6.6.6", "-H", "X-Forwarded-Proto: https", "-H", "X-Forwarded-Host: evil.example",
    "-H", "X-Forwarded-Prefix: /evil", "-H", "Forwarded: for=6.6.6.6;proto=https;host=evil.example",
    "-H", "X_Forwarded_For: 6.6.6.6", "-H", "X-Real-IP: 6.6.6.6"]

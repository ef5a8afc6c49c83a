"""Servers that programs start: roost.run, roost.Server, and the fixture of pytest."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest

from support import Client, needs, program_environment, wait_until

SHOP = """
import threading

async def app(scope, receive, send):
    assert scope["type"] == "http"
    main = threading.current_thread() is threading.main_thread()
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": f"asgi {main}".encode()})

def wsgi(environ, start_response):
    start_response("200 OK", [])
    return [b"wsgi"]

def get(url):
    import urllib.request
    with urllib.request.urlopen(url, timeout=20) as response:
        return response.read().decode()
"""


# An unbuffered `print` makes a write of each word: lines of the access log could come between them.
PRINT = """import builtins, sys
builtins.print = lambda *words, flush=True: sys.stdout.write(" ".join(map(str, words)) + "\\n") and None
"""


class ProgramTestCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-programs-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "shop.py").write_text(SHOP)

    def start(self, source: str, *arguments: str, **options) -> subprocess.Popen:
        """Starts a program. Its output is in the file `output`."""
        (self.folder / "program.py").write_text(PRINT + textwrap.dedent(source))
        with open(self.folder / "output", "wb") as output:
            process = subprocess.Popen([sys.executable, "program.py", *arguments], cwd=self.folder, stdout=output,
                                       stderr=output, env=program_environment(), **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def output(self) -> str:
        return (self.folder / "output").read_text()

    def run_program(self, source: str) -> list[str]:
        """Runs a program. Returns the lines that begin with `>`."""
        self.assertEqual(self.start(source).wait(60), 0, self.output())
        return re.findall(r"^> (.*)", self.output(), re.M)


class ServerTests(ProgramTestCase):
    """roost.Server"""

    def test_objects(self):
        """application objects are served one after the other in this process, on another thread"""
        lines = self.run_program("""
            import roost
            from shop import app, get, wsgi
            for application in (app, wsgi, app, wsgi, app):
                with roost.Server(application, access_log=False) as server:
                    print(">", get(server.url))
            """)
        self.assertEqual(lines, ["asgi False", "wsgi", "asgi False", "wsgi", "asgi False"])

    def test_names(self):
        """applications by name are served in processes of their own, several at once, with options of the command"""
        lines = self.run_program("""
            import roost, urllib.request
            from shop import get
            with (roost.Server("shop:app", log_level="error", header=["x-a:b", "x-c:d"]) as one,
                  roost.Server("shop:wsgi", log_level="error", access_log=False) as other):
                response = urllib.request.urlopen(one.url)
                print(">", response.read().decode(), response.headers["x-a"], response.headers["x-c"])
                print(">", get(other.url), one.port != other.port)
            try:
                get(one.url)
            except OSError:
                print("> stopped")
            """)
        self.assertEqual(lines, ["asgi True b d", "wsgi True", "stopped"])

    def test_asynchronous(self):
        """async with starts and stops without blocking the event loop of the program"""
        lines = self.run_program("""
            import asyncio, roost
            from shop import app, get

            async def main():
                ticks = 0
                async def tick():
                    nonlocal ticks
                    while True:
                        await asyncio.sleep(0)
                        ticks += 1
                task = asyncio.create_task(tick())
                for application in (app, "shop:app"):
                    before = ticks
                    async with roost.Server(application, access_log=False) as server:
                        print(">", await asyncio.to_thread(get, server.url), ticks > before)
                task.cancel()

            asyncio.run(main())
            """)
        self.assertEqual(lines, ["asgi False True", "asgi True True"])

    def test_faults(self):
        """an application that does not start raises, and the next one can be served"""
        lines = self.run_program("""
            import roost
            from shop import app, get

            async def broken(scope, receive, send):
                if scope["type"] == "lifespan":
                    await receive()
                    raise RuntimeError("the database is down")

            def attempt(application, **options):
                try:
                    roost.Server(application, **options).start()
                except Exception as error:
                    print(">", type(error).__name__, error)

            attempt("none:app")
            attempt(broken)
            attempt(5)
            attempt(app, reload=True)
            attempt(app, no_such_option=1)
            with roost.Server(app) as first:
                attempt(app)
                attempt("shop:app", port=first.port)
            with roost.Server(app) as server:
                print(">", get(server.url))
            """)
        expected = [
            "RuntimeError roost exited with status 1", "RuntimeError .*the database is down", "RuntimeError .*not a callable",
            "ValueError reload needs the name of the application", "RuntimeError .*no-such-option",
            "RuntimeError this process serves another application object", "OSError .*in use", "asgi False"]
        self.assertEqual(len(lines), len(expected), lines)
        for line, pattern in zip(lines, expected):
            self.assertRegex(line, f"^{pattern}")

    def test_repeated(self):
        """a server can be started again; stop does nothing for one that does not serve; threads of WSGI are as given"""
        lines = self.run_program("""
            import gc, threading, roost
            from shop import app, get

            class Application:
                living = 0
                def __init__(self):
                    Application.living += 1
                def __del__(self):
                    Application.living -= 1
                def __call__(self, environ, start_response):
                    start_response("200 OK", [])
                    return [str(environ["wsgi.multithread"]).encode()]

            server = roost.Server(app, access_log=False)
            for _ in range(3):
                with server:
                    print(">", get(server.url))
            server.stop()
            with roost.Server(app, access_log=False) as serving:
                other = roost.Server(app)
                try:
                    other.start()
                except RuntimeError:
                    other.stop()
                print(">", get(serving.url))
                try:
                    roost.run(app, port=0)
                except RuntimeError as error:
                    print(">", str(error)[:36])
            try:
                roost.run(app, port=0)
            except RuntimeError as error:
                print(">", str(error)[:41])
            for threads in (1, 4, 4, 4):
                with roost.Server(Application(), access_log=False, wsgi_threads=threads) as server:
                    print(">", get(server.url))
            del server
            gc.collect()
            print(">", Application.living <= 1)  # the event loop may keep the last one
            """)
        self.assertEqual(lines, ["asgi False"] * 4 + ["this process serves another applicati"[:36],
                                                      "this process has served on another thread"[:41], "False", "True", "True", "True", "True"])

    def test_startup_timeout(self):
        """an application whose startup does not end is refused, and the next one is served"""
        lines = self.run_program("""
            import asyncio, roost
            from shop import app, get, wsgi

            async def hanging(scope, receive, send):
                await receive()
                await asyncio.Event().wait()

            try:
                roost.Server(hanging, timeout_lifespan=1).start()
            except RuntimeError as error:
                print("> refused")
            for application in (wsgi, app):
                with roost.Server(application, access_log=False) as server:
                    print(">", get(server.url))
            """)
        self.assertEqual(lines, ["refused", "wsgi", "asgi False"])

    def test_cancelled_start(self):
        """a start that is cancelled leaves no server"""
        lines = self.run_program("""
            import asyncio, os, roost
            from shop import app, get

            async def main():
                for application in (app, "shop:app"):
                    server = roost.Server(application)
                    try:
                        async with asyncio.timeout(0.001):
                            async with server:
                                pass
                    except TimeoutError:
                        print("> cancelled")
                    try:
                        get(server.url)
                    except OSError:
                        print("> stopped")
                async with roost.Server(app) as server:
                    print(">", await asyncio.to_thread(get, server.url))

            asyncio.run(main())
            """)
        self.assertEqual(lines, ["cancelled", "stopped", "cancelled", "stopped", "asgi False"])

    @needs("pytest")
    def test_fixture(self):
        """the fixture of pytest starts servers, and stops them at the end of the test"""
        (self.folder / "test_shop.py").write_text(textwrap.dedent("""
            import pytest
            from shop import app, get
            urls = []

            @pytest.mark.parametrize("application", [app, "shop:app", app])
            def test_page(roost_server, application):
                server = roost_server(application)
                urls.append(server.url)
                assert get(server.url).startswith("asgi")

            def test_stopped():
                for url in urls:
                    with pytest.raises(OSError):
                        get(url)
            """))
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "roost.pytest_plugin"], cwd=self.folder,
                              capture_output=True, text=True, env=program_environment())
        self.assertIn("4 passed", done.stdout, done.stdout + done.stderr)


class RunTests(ProgramTestCase):
    """roost.run"""

    SOURCE = """
        import sys, roost
        from shop import app
        if __name__ == "__main__":
            roost.run(app if sys.argv[1] == "object" else "shop:app", port=int(sys.argv[2]), **eval(sys.argv[3]))
            print("> returned")
        """

    def free_port(self) -> int:
        import socket
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return listener.getsockname()[1]

    def get(self, port: int):
        try:
            with Client(port) as client:
                return client.request(b"GET", b"/").body
        except OSError:
            return None

    def test_run(self):
        """an object is served on the main thread, a name by the command; both until SIGTERM or SIGINT"""
        for kind, options, number in (("object", "{}", signal.SIGTERM), ("object", "{}", signal.SIGINT),
                                      ("name", "{}", signal.SIGTERM),
                                      ("name", "{'reload': True, 'workers': 2}", signal.SIGTERM)):
            with self.subTest(kind=kind, options=options):
                port = self.free_port()
                process = self.start(self.SOURCE, kind, str(port), options)
                wait_until(lambda: self.get(port) == b"asgi True", f"the server:\n{self.output()}")
                process.send_signal(number)
                self.assertEqual(process.wait(30), 0, self.output())
                self.assertIn("> returned", self.output())

    def test_interrupt_of_a_terminal(self):
        """SIGINT to the process group stops the command once, gracefully"""
        port = self.free_port()
        process = self.start(self.SOURCE, "name", str(port), "{}", start_new_session=True)
        wait_until(lambda: self.get(port) == b"asgi True", "the server")
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(30), 0, self.output())
        self.assertIn("> returned", self.output())

    def test_interrupt_of_the_program(self):
        """SIGINT to the program alone is passed on, also during the startup of an object"""
        port = self.free_port()
        process = self.start(self.SOURCE, "name", str(port), "{}")
        wait_until(lambda: self.get(port) == b"asgi True", "the server")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 0, self.output())
        process = self.start("""
            import asyncio, roost, sys
            async def app(scope, receive, send):
                if scope["type"] == "lifespan":
                    await receive()
                    print("> starting", flush=True)
                    await asyncio.to_thread(sys.stdin.readline)
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
                    await send({"type": "lifespan.shutdown.complete"})
            roost.run(app, port=0)
            print("> returned")
            """, stdin=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        wait_until(lambda: "> starting" in self.output(), "the startup")
        process.send_signal(signal.SIGINT)
        process.stdin.write(b"\n")
        process.stdin.flush()
        self.assertEqual(process.wait(30), 0, self.output())
        self.assertIn("> returned", self.output())

    def test_status(self):
        """a command that fails ends the program with its status"""
        process = self.start(self.SOURCE, "name", "0", "{'ssl_version': 17}")
        self.assertEqual(process.wait(30), 2)
        self.assertIn("--ssl-version: TLS 1.2 and 1.3 are served", self.output())


if __name__ == "__main__":
    unittest.main()

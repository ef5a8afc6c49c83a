"""The wheel: its contents, and its use by several interpreters."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

from root import PACKAGES, REPOSITORY, Root
from serving import TIMEOUT, body_of, free_port

SOURCE = """
import sys

async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"asgi %d.%d" % sys.version_info[:2]})

def wsgi(environ, start_response):
    start_response("200 OK", [])
    return [b"wsgi %d.%d" % sys.version_info[:2]]
"""
MODULE = """
#include <asgi.h>
asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    (void)receive;
    return scope->type == ASGI_HTTP ? asgi_respond(scope, send, 200, "text/plain", asgi_text("native")) : ASGI_UNSUPPORTED;
}
"""


def wheel() -> pathlib.Path:
    found = list(PACKAGES.glob("roost-*.whl"))
    assert len(found) == 1, f"{found}: run make wheel"
    return found[0]


def interpreters() -> list[str]:
    versions = pathlib.Path.home() / ".pyenv/versions"
    found = [str(path / "bin/python3") for path in sorted(versions.glob("3.1[1-9].*"))]
    return found + (["/usr/bin/python3"] if os.access("/usr/bin/python3", os.X_OK) else [])


class ContentTests(unittest.TestCase):
    def test_files(self):
        """no Foundation and no ICU but FoundationEssentials, no symbols, relative run paths, at most 15 MB"""
        self.assertLessEqual(wheel().stat().st_size, 15_000_000)
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel()) as archive:
            archive.extractall(folder)
            libraries = [path for path in pathlib.Path(folder).rglob("*") if ".so" in path.name or path.name == "roost"
                         and path.is_file()]
            names = {path.name for path in libraries}
            self.assertIn("libRoost.so", names)
            self.assertEqual({name for name in names if "Foundation" in name or "ICU" in name}, {"libFoundationEssentials.so"})
            glibc = re.search(r"manylinux_2_(\d+)_", wheel().name)[1]
            for path in libraries:
                sections = subprocess.run(["readelf", "-SWd", path], capture_output=True, text=True).stdout
                self.assertNotIn(".debug_info", sections, path)
                for run_path in re.findall(r"(?:RUNPATH|RPATH).*\[(.*)\]", sections):
                    self.assertTrue(run_path.startswith("$ORIGIN"), f"{path}: {run_path}")
                symbols = subprocess.run(["objdump", "-T", path], capture_output=True, text=True).stdout
                for minor in re.findall(r"GLIBC_2\.(\d+)", symbols):
                    self.assertLessEqual(int(minor), int(glibc), path)
        self.assertTrue(list((PACKAGES / "debug/.build-id").rglob("*.debug")))


class InstalledTests(unittest.TestCase):
    """Installed by pip into a virtual environment of each interpreter."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-wheel-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "shop.py").write_text(SOURCE)
        (self.folder / "module.c").write_text(MODULE)

    def environment(self, interpreter: str) -> pathlib.Path:
        folder = self.folder / interpreter.strip("/").replace("/", "-")
        subprocess.run([interpreter, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", wheel()],
                       check=True)
        return folder / "bin"

    def serve(self, *words) -> str:
        port = free_port()
        process = subprocess.Popen(
            [*words, "--port", str(port), "--run-dir", self.folder / "run", "--no-access-log"], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={"PATH": "/usr/bin:/bin", "HOME": "/root"})
        try:
            return body_of(process, port)
        finally:
            process.terminate()
            process.wait(TIMEOUT)

    def test_interpreters(self):
        """the command serves applications of its own interpreter, and a native module"""
        found = interpreters()
        self.assertTrue(found)
        for interpreter in found:
            with self.subTest(interpreter):
                programs = self.environment(interpreter)
                version = subprocess.run(
                    [programs / "python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True,
                    text=True, check=True).stdout.strip()
                self.assertEqual(self.serve(programs / "roost", "shop:app"), f"asgi {version}")
                self.assertEqual(self.serve(programs / "roost", "shop:wsgi"), f"wsgi {version}")
                headers = subprocess.run([programs / "roost", "--include-dir"], capture_output=True, text=True, check=True)
                subprocess.run(["cc", "-shared", "-fPIC", "-I", headers.stdout.strip(), "-o", self.folder / "module.so",
                                self.folder / "module.c"], check=True)
                self.assertEqual(self.serve(programs / "roost", "./module.so"), "native")

    def test_page(self):
        """the page how-to/pip.md works as shown"""
        done = subprocess.run(
            [sys.executable, REPOSITORY / "Tests/Documentation/run_page.py", REPOSITORY / "Documentation/how-to/pip.md"],
            capture_output=True, text=True, env={**os.environ, "WHEEL": str(wheel()), "VIRTUAL_ENV": ""})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


@unittest.skipUnless(shutil.which("debootstrap") and os.getuid() == 0, "needs debootstrap, and root")
class ContainerTests(unittest.TestCase):
    """In a Debian root that has Python and nothing else, as python:3-slim."""

    def test_slim(self):
        """pip install, and the command serves an application"""
        with Root("python3-venv") as root:
            shutil.copy(wheel(), root.folder / "tmp")
            (root.folder / "srv/shop.py").write_text(SOURCE)
            for words in (["python3", "-m", "venv", "/venv"],
                          ["/venv/bin/pip", "install", "--quiet", "--no-index", f"/tmp/{wheel().name}"]):
                done = root.run(*words)
                self.assertEqual(done.returncode, 0, done.stderr)
            for application, answer in (("shop:app", "asgi"), ("shop:wsgi", "wsgi")):
                port = free_port()
                server = root.start("/venv/bin/roost", application, "--app-dir", "/srv", "--port", str(port))
                try:
                    self.assertIn(answer, body_of(server, port))
                finally:
                    server.kill()
                    server.wait(TIMEOUT)


if __name__ == "__main__":
    unittest.main()

"""Debian roots by debootstrap, in which programs run by chroot with namespaces of their own."""

import pathlib
import shutil
import subprocess
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = REPOSITORY / ".build/packages"
SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"


class Root:
    """A copy of a root with these packages."""

    def __init__(self, *packages: str):
        self.packages = packages

    def __enter__(self):
        base = PACKAGES / "roots" / "-".join([SUITE, *self.packages])
        if not (base / "complete").exists():
            shutil.rmtree(base, ignore_errors=True)
            base.mkdir(parents=True)
            subprocess.run(["debootstrap", "--variant=minbase", f"--include={','.join(('ca-certificates', *self.packages))}",
                            SUITE, base, MIRROR], check=True, stdout=subprocess.DEVNULL)
            (base / "complete").touch()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-root-"))
        subprocess.run(["cp", "-a", f"{base}/.", self.folder], check=True)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *words: str) -> list[str]:
        """The words that run a command in the root. Its processes end with it."""
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--root={self.folder}", "--mount-proc",
                "--wd=/", *words]

    ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                   "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}

    def run(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(self.command(*words), capture_output=True, text=True, env=self.ENVIRONMENT)

    def start(self, *words: str, **options) -> subprocess.Popen:
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env=self.ENVIRONMENT, **options)

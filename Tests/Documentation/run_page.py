#!/usr/bin/env python3
"""Runs the code blocks of a documentation page, in order, as a reader would. Usage: run_page.py PAGE

Blocks, by the first line of their fence:
- ```LANGUAGE title="PATH"   the file PATH, written into the current folder of the page's shell.
- ```sh                      commands; each has to succeed.
- ```console                 commands behind "$ " with their output. "..." stands for any text in a line, and on a line of
                             its own for any lines. A command that starts with curl or roost status is repeated until its
                             output matches, for a minute at most, since changes take effect a moment later.
- ```text and others         illustrations, which are not run.

All commands of a page run in one shell (bash), which begins in an empty folder. A command that ends in "&" goes on in the
background; if it starts roost, the next command waits until roost serves. The release build is in $PATH. The ports 8000 to 8009 and 9000 to 9009 of the page are replaced by free ones. The variable ROOST_RUN_DIR keeps pages apart.
"<!-- needs: nginx cargo -->" names programs that have to be installed; "<!-- slow: WHY -->" leaves a page to `make
test-docs`, "<!-- wheel -->" to `make test-packages`, which sets $WHEEL. Exit status: 0 if everything works as shown.
"""
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

REPOSITORY = os.environ.get("REPO") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TIMEOUT = 300  # seconds for a command, which may compile
SETTLING = 60  # seconds until a repeated command shows the expected output
MARK = "--end-of-command--"


class Failure(Exception):
    pass


def blocks(text):
    """The fenced blocks: the line, the language, the title and the text of each. Indented fences are of lists."""
    fence = re.compile(r"^( *)```([\w-]+)?([^\n]*)\n(.*?)^\1```", re.M | re.S)
    for found in fence.finditer(text):
        indent, language, rest, body = found.groups()
        title = re.search(r'title="([^"]+)"', rest)
        body = "\n".join(line.removeprefix(indent) for line in body.split("\n"))
        yield text.count("\n", 0, found.start()) + 1, language or "text", title and title[1], body


def free_ports(count):
    """Ports outside of the range from which the kernel takes those of clients, so that none is taken before its use."""
    ports, candidate = [], 10000 + os.getpid() * 37 % 20000
    while len(ports) < count:
        candidate = 10000 + (candidate - 10000 + 1) % 20000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", candidate))
                ports.append(candidate)
            except OSError:
                pass
    return ports


class Page:
    def __init__(self, path):
        self.path = path
        with open(path) as file:
            self.text = file.read()
        self.folder = tempfile.mkdtemp(prefix="roost-page-")
        names = [str(base + offset) for base in (8000, 9000) for offset in range(10)]
        self.ports = dict(zip(names, map(str, free_ports(len(names)))))
        self.pending = []  # logs of servers that may not serve yet
        self.count = 0
        environment = dict(os.environ)
        environment.update(
            HOME=self.folder, ROOST_RUN_DIR=f"{self.folder}/.run", ROOST_PORT=self.ports["8000"],
            PATH=f"{REPOSITORY}/.build/release:{environment['PATH']}", LC_ALL="C.UTF-8", CARGO_NET_OFFLINE="true",
            CARGO_HOME=environment.get("CARGO_HOME", os.path.expanduser("~/.cargo")),
            RUSTUP_HOME=environment.get("RUSTUP_HOME", os.path.expanduser("~/.rustup")))
        os.mkdir(f"{self.folder}/.run", 0o700)
        os.mkdir(f"{self.folder}/page")
        self.shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile"], cwd=f"{self.folder}/page", env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def with_ports(self, text):
        return re.sub(r"\b[89]00\d\b", lambda found: self.ports[found[0]], text)

    def run(self, command, timeout=TIMEOUT):
        """Runs a command in the page's shell, and returns its output and its exit status."""
        line = self.with_ports(command)
        if re.search(r"&\s*$", line):
            self.count += 1
            log = f"{self.folder}/log{self.count}"
            line = re.sub(r"&\s*$", f"> {log} 2>&1 &", line)
            if re.search(r"\broost\b|\bmake\b", command):
                self.pending.append((command, log))
        else:
            self.wait_for_servers()
        self.shell.stdin.write(f"{line}\necho {MARK}$?\n".encode())
        self.shell.stdin.flush()
        output = b""
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self.shell.stdout, selectors.EVENT_READ)
            while not (found := re.search(rf"{MARK}(\d+)\n".encode(), output)):
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise Failure(f"no end within {timeout} s: {command}\n{output.decode(errors='replace')}")
                part = os.read(self.shell.stdout.fileno(), 65536)
                if not part:
                    raise Failure(f"the shell has exited: {command}\n{output.decode(errors='replace')}")
                output += part
        # curl shows the line ends of HTTP.
        return output[:found.start()].decode(errors="replace").replace("\r\n", "\n"), int(found[1])

    def wait_for_servers(self):
        for command, log in self.pending:
            deadline = time.monotonic() + TIMEOUT
            while not re.search(r" serving |\"serving\"", text := self.read(log)):
                if time.monotonic() > deadline:
                    raise Failure(f"not serving: {command}\n{text}")
                time.sleep(0.05)
        self.pending = []

    @staticmethod
    def read(path):
        try:
            with open(path, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    @classmethod
    def last_lines(cls, path):
        return "".join(cls.read(path).splitlines(keepends=True)[-30:])

    def write(self, title, body):
        folder, _ = self.run("pwd")
        path = os.path.join(folder.strip(), title)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(self.with_ports(body))

    def expect(self, command, expected):
        repeats = re.match(r"curl |roost status", command)
        pattern = self.pattern(self.with_ports(expected))
        deadline = time.monotonic() + SETTLING
        if command.startswith("curl "):
            command = command.replace("curl ", "curl --silent --show-error ", 1)
        while True:
            output, _ = self.run(command)
            if re.fullmatch(pattern, output.rstrip("\n"), re.S):
                return
            if not repeats or time.monotonic() > deadline:
                raise Failure(f"output differs: {command}\n--- expected\n{expected}\n--- found\n{output}")
            time.sleep(0.25)

    @staticmethod
    def pattern(expected):
        lines = []
        for line in expected.rstrip("\n").split("\n"):
            if line.strip() == "...":
                lines.append(r"(?:[^\n]*\n)*?")
            else:
                lines.append("[^\n]*".join(map(re.escape, line.rstrip().split("..."))) + "[ \t]*\n")
        # The last line has no newline.
        whole = "".join(lines)
        return whole.removesuffix("\n") if not whole.endswith("*?") else whole + r"[^\n]*"

    def perform(self):
        for line, language, title, body in blocks(self.text):
            try:
                if title:
                    self.write(title, body)
                elif language == "sh":
                    for command in re.sub(r"\\\n\s*", "", body).split("\n"):
                        if not command.strip() or command.lstrip().startswith("#"):
                            continue
                        output, status = self.run(command)
                        if status != 0:
                            raise Failure(f"status {status}: {command}\n{output}")
                elif language == "console":
                    steps = re.split(r"^\$ ", re.sub(r"\\\n\s*", "", body), flags=re.M)
                    for step in steps[1:]:
                        command, _, expected = step.partition("\n")
                        self.expect(command, expected)
            except Failure as failure:
                logs = "".join(
                    f"--- log of the {number}. background command\n{self.last_lines(f'{self.folder}/log{number}')}"
                    for number in range(1, self.count + 1))
                raise Failure(f"{self.path}:{line}: {failure}\n{logs}")

    def stop(self):
        """Ends what still runs: everything in the shell's session."""
        self.shell.stdin.close()
        session = self.shell.pid
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + 20
            while running := self.processes(session):
                if time.monotonic() > deadline:
                    break
                for process in running:
                    try:
                        os.kill(process, number)
                    except ProcessLookupError:
                        pass
                time.sleep(0.2)
        self.shell.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def processes(session):
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            # State, parent, process group, session (proc_pid_stat(5)).
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(name))
        return found


def main():
    path = sys.argv[1]
    page = Page(path)
    try:
        for needs in re.findall(r"<!-- needs: (.*?) -->", page.text):
            for program in needs.split():
                if not shutil.which(program):
                    raise Failure(f"{path}: needs {program}, which is not installed")
        page.perform()
    except Failure as failure:
        sys.exit(str(failure))
    finally:
        page.stop()


main()

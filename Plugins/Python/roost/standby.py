"""An interpreter that waits for its order, and imports packages meanwhile (`--imports PATH`).

Under --reload the supervisor starts the next worker before it needs one. Such a standby imports the installed packages
that the previous worker had imported; a new version then imports the project only. Nothing of the project is imported
before the order, and nothing is imported twice: where that would happen, the process executes itself again and starts
as any other worker does.

PATH has a JSON object: `names` of modules, in the order of their import; `refused`, the names whose import fails
without the project, or imports a part of it; `folders`, the folders of the applications.
"""

import importlib
import json
import os
import select
import site
import sys
import sysconfig

_CHANNEL = 3  # the descriptor by which the order arrives (Worker.swift)
_BARE = frozenset(sys.modules)  # what every worker has
_ENVIRONMENT = dict(os.environ)
_INSTALLED = tuple({
    os.path.join(folder, "") for folder in [
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(), site.getusersitepackages()]})


def _is_installed(module) -> bool:
    """Whether a module belongs to the interpreter or to an installed package, and not to the project."""
    path = getattr(module, "__file__", None)
    return path.startswith(_INSTALLED) if isinstance(path, str) else True


def _read(path: str) -> dict:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:  # of the first worker
        return {"names": [], "refused": [], "folders": []}


def _write(path: str, content: dict) -> None:
    new = f"{path}.{os.getpid()}"
    with open(new, "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(new, path)


def record(path: str, application: str, folder: str) -> None:
    """Writes the names of the modules that a standby can import: called when an application has started."""
    content = _read(path)
    project = application.partition(":")[0].partition(".")[0]
    content["folders"] = sorted({*content["folders"], os.path.abspath(folder)})
    refused = set(content["refused"])
    content["names"] = [
        name for name, module in sys.modules.items()
        if name not in _BARE and name not in refused and name.partition(".")[0] != project
        # Others are made by code, and cannot be imported by their names.
        and getattr(getattr(module, "__spec__", None), "name", None) == name and _is_installed(module)]
    _write(path, content)


def _has_order(milliseconds: int | None) -> bool:
    poll = select.poll()
    poll.register(_CHANNEL, select.POLLIN)
    return bool(poll.poll(milliseconds))


def _import(names: list[str]) -> list[str]:
    """Imports modules. Returns the names whose import fails, or imports a part of the project."""
    refused = []
    # The first worker has logged what the packages print.
    kept = os.dup(1), os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    for name in names:
        count = len(sys.modules)
        try:
            importlib.import_module(name)
        except BaseException:  # such as SystemExit; the worker that imports the project reports it
            refused.append(name)
        if not all(map(_is_installed, list(sys.modules.values())[count:])):
            refused.append(name)
    sys.stdout.flush()
    sys.stderr.flush()
    for number, descriptor in zip((1, 2), kept):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.close(nothing)
    return refused


def _marks() -> dict:
    """The states of the files of the imported modules."""
    marks = {}
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str):
            marks[path] = _mark(path)
    return marks


def _mark(path: str):
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _is_shadowed(folders: list[str]) -> bool:
    """Whether the project has got a module of its own in place of one that was imported."""
    tops = {name for name in sys.modules if "." not in name and name not in _BARE}
    return any(os.path.exists(os.path.join(folder, name + end))
               for folder in folders for name in tops for end in (".py", "/__init__.py"))


def _execute_again() -> None:
    os.execve(sys.executable, sys.orig_argv, _ENVIRONMENT)


def wait(path: str) -> None:
    """Returns when an order has arrived; until then, imports the modules that `record` has named."""
    if _has_order(0):
        return
    content = _read(path)
    refused = _import(content["names"])
    if refused:
        # A module whose import has failed half-way must not be imported again in this process.
        content["refused"] = sorted({*content["refused"], *refused})
        content["names"] = [name for name in content["names"] if name not in content["refused"]]
        _write(path, content)
        _execute_again()
    marks = _marks()
    _has_order(None)
    if any(_mark(path) != mark for path, mark in marks.items()) or _is_shadowed(content["folders"]):
        _execute_again()

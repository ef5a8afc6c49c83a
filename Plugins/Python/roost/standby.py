"""An interpreter that waits for its order, and imports packages meanwhile (`--imports PATH`).

Under --reload the supervisor starts the next worker before it needs one. Such a standby imports the installed packages
that the previous worker had imported; a new version then imports the project only. A module whose import fails without
the project, or imports a part of the project, is refused from then on: the process executes itself again without it.
If installed packages have changed when the order arrives, the process executes itself again, and then starts as any
other worker does: with an order, nothing is imported in advance.

PATH has a JSON object: `names` of modules, in the order in which their imports ended; `refused` names; `projects`, the
top-level names of the applications; `folders`, where else than among the installed packages modules are looked for.

Imported only under --reload, before any application.
"""

import asyncio
import importlib
import importlib.machinery
import json
import os
import select
import site
import sys

_CHANNEL = 3  # the descriptor by which the order arrives (Worker.swift)
_BARE = frozenset(sys.modules)  # what this process has imported before any application
_ENVIRONMENT = dict(os.environ)
# The standard library and the installed packages. Without sysconfig, which loads more than all of this module.
_INSTALLED = tuple({
    os.path.join(folder, "") for folder in [
        os.path.dirname(os.__file__),
        os.path.join(sys.base_exec_prefix, sys.platlibdir, "python%d.%d" % sys.version_info[:2]),
        *site.getsitepackages(), site.getusersitepackages()]})
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # the folder of the package roost


def _is_installed_path(path: str) -> bool:
    return os.path.join(path, "").startswith(_INSTALLED)


def _is_installed(module) -> bool:
    """Whether a module belongs to the interpreter or to an installed package, and not to the project."""
    path = getattr(module, "__file__", None)
    return not isinstance(path, str) or _is_installed_path(path)


def _mark(path: str):
    """The state of a file or folder, which differs after a change."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _marks_of_paths() -> dict:
    """The states of what decides which packages are installed: their folders, *.pth files, the virtual environment."""
    paths = set(filter(_is_installed_path, sys.path))
    paths.add(os.path.join(sys.prefix, "pyvenv.cfg"))
    for folder in _INSTALLED:
        try:
            paths.update(entry.path for entry in os.scandir(folder) if entry.name.endswith(".pth"))
        except OSError:  # a folder that does not exist
            pass
    return {path: _mark(path) for path in paths}


def _read(path: str) -> dict:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:  # of the first worker
        return {"names": [], "refused": [], "projects": [], "folders": []}


def _write(path: str, content: dict) -> None:
    new = f"{path}.{os.getpid()}"
    with open(new, "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(new, path)


def record(path: str, application: str) -> None:
    """Writes the names of the modules that a standby can import: called when an application has started."""
    content = _read(path)
    refused = set(content["refused"])
    projects = {*content["projects"], application.partition(":")[0].partition(".")[0]}
    content["projects"] = sorted(projects)
    content["folders"] = sorted(
        {folder for folder in map(os.path.abspath, sys.path)
         if folder != _PACKAGE and not _is_installed_path(folder) and os.path.isdir(folder)})
    content["names"] = [
        name for name, module in list(sys.modules.items())
        if name not in _BARE and name not in refused and name.partition(".")[0] not in {"roost", *projects}
        # Others are made by code, and cannot be imported by their names.
        and getattr(getattr(module, "__spec__", None), "name", None) == name and _is_installed(module)]
    _write(path, content)


def _has_order(milliseconds: int | None) -> bool:
    poll = select.poll()
    poll.register(_CHANNEL, select.POLLIN)
    return bool(poll.poll(milliseconds))


def _inherited() -> list[int]:
    """The descriptors that the supervisor has passed, other than the standard streams."""
    found = []
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if number >= _CHANNEL and os.get_inheritable(number):
                found.append(number)
        except OSError:  # the descriptor of the listing itself
            pass
    return found


def _import(names: list[str], marks: dict) -> list[str]:
    """Imports modules until there is an order, and adds the states of their files to `marks`.

    Returns the names whose import fails, or imports a part of the project.
    """
    refused = []
    for name in names:
        if _has_order(0):
            break
        count = len(sys.modules)
        try:
            importlib.import_module(name)
            new = list(sys.modules.values())[count:]
            marks.update((module.__file__, _mark(module.__file__)) for module in new
                         if isinstance(getattr(module, "__file__", None), str))
            is_refused = not all(map(_is_installed, new))
        except BaseException:  # such as SystemExit; the worker that imports the project reports it
            is_refused = True
        if is_refused:
            refused.append(name)
    return refused


def _is_shadowed(folders: list[str]) -> bool:
    """Whether the project has got a module of its own in place of one that was imported."""
    ends = [*importlib.machinery.all_suffixes(), "/__init__.py"]
    tops = {name for name in sys.modules if "." not in name and name not in _BARE}
    return any(os.path.exists(os.path.join(folder, name + end)) for folder in folders for name in tops for end in ends)


def wait(path: str) -> None:
    """Returns when an order has arrived; until then, imports the modules that `record` has named."""
    if _has_order(0):
        return
    marks = _marks_of_paths()
    descriptors = _inherited()
    errors = os.dup(2)

    def execute_again():
        for number in descriptors:
            os.set_inheritable(number, True)
        os.dup2(errors, 2)
        os.execve(sys.executable, sys.orig_argv, _ENVIRONMENT)

    # Processes that a package starts must not keep the sockets of the server open.
    for number in descriptors:
        os.set_inheritable(number, False)
    # The first worker has logged what the packages write to standard error, and nobody reads it before the order.
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)
    # A package that asks for the event loop is refused: it would get another one than that of the worker.
    asyncio.set_event_loop(None)
    content = _read(path)
    refused = _import(content["names"], marks)
    if refused:
        content["refused"] = sorted({*content["refused"], *refused})
        content["names"] = [name for name in content["names"] if name not in content["refused"]]
        try:
            _write(path, content)
        except OSError:
            # Without the list, the next start would import the same: it must be one with an order.
            _has_order(None)
        execute_again()
    _has_order(None)
    if any(_mark(file) != mark for file, mark in marks.items()) or _is_shadowed(_read(path)["folders"]):
        execute_again()
    os.dup2(errors, 2)
    os.close(errors)
    importlib.invalidate_caches()

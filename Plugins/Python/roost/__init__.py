"""Roost, an application server for Python applications and for shared libraries.

`run` serves an application as `uvicorn.run` does; `Server` serves one for a program or a test. In an application,
`ClientDisconnected` is what `send` raises when the client has disconnected.
"""

__all__ = ["ClientDisconnected", "Server", "load_bridge", "run"]


def __getattr__(name: str):
    # Imported only when it is used: the command `roost` of a wheel needs none of it, and a worker only a part.
    if name in ("Server", "run"):
        from roost import server

        return getattr(server, name)
    if name == "ClientDisconnected":
        from roost.errors import ClientDisconnected

        return ClientDisconnected
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_bridge(path: str) -> None:
    """Loads the extension module roost._bridge from a file that has another name.

    The supervisor names the file of its own build. Must be called before a module that imports roost._bridge.
    """
    import importlib.machinery
    import importlib.util
    import sys

    name = "roost._bridge"
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_file_location(name, path, loader=loader))
    sys.modules[name] = module
    loader.exec_module(module)
    sys.modules["roost"]._bridge = module

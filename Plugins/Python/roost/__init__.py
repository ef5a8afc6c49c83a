"""Python applications on Roost, an application server for shared libraries."""

import importlib.machinery
import importlib.util
import sys

from roost.errors import ClientDisconnected

__all__ = ["ClientDisconnected", "load_bridge"]


def load_bridge(path: str) -> None:
    """Loads the extension module roost._bridge from a file that has another name.

    The supervisor names the file of its own build. Must be called before a module that imports roost._bridge.
    """
    name = "roost._bridge"
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_file_location(name, path, loader=loader))
    sys.modules[name] = module
    loader.exec_module(module)
    sys.modules["roost"]._bridge = module

"""The native files of Roost that belong to this package: the command, the library and the bridge.

In a wheel they are below `_native`. Otherwise $ROOST_COMMAND, $ROOST_LIBRARY and $ROOST_BRIDGE name them; a worker gets them
from its supervisor.
"""

import os
import sys

_PREFIX = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_native")


def _find(variable: str, *parts: str) -> str:
    path = os.environ.get(variable) or os.path.join(_PREFIX, *parts)
    if not os.path.exists(path):
        raise RuntimeError(f"{path}: not found; install the wheel of roost, or set ${variable}")
    return path


def command() -> str:
    """The path of the command `roost`."""
    try:
        return _find("ROOST_COMMAND", "bin", "roost")
    except RuntimeError:
        import shutil

        found = shutil.which("roost")
        if found is None:
            raise
        return found


def library() -> str:
    """The path of libRoost.so."""
    return _find("ROOST_LIBRARY", "lib", "roost", "libRoost.so")


def load_bridge() -> None:
    """Loads the bridge into this process, unless it is loaded."""
    if "roost._bridge" not in sys.modules:
        import roost

        roost.load_bridge(_find("ROOST_BRIDGE", "lib", "roost", "libRoostPython.so"))

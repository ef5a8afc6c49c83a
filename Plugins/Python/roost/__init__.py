"""Python applications on Roost, an application server for shared libraries."""

from roost.errors import ClientDisconnected

__all__ = ["ClientDisconnected"]

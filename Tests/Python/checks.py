"""The checks of loop_checks.py, by name."""

checks = {}


def check(function):
    """Adds a check."""
    checks[function.__name__] = function
    return function

"""The command `roost` of the wheel: executes the native program, for the interpreter that it is installed for."""

import os
import sys

from roost import files


def main() -> None:
    os.environ["ROOST_DEFAULT_PYTHON"] = sys.executable
    command = files.command()
    try:
        os.execv(command, ["roost", *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"roost: {command}: {error.strerror}; install the wheel again")


if __name__ == "__main__":
    main()

"""The applications of this folder, each wrapped by asgion, which validates the events of both sides.

Findings are appended to the file $ASGION_FINDINGS, one JSON object a line.
"""

import importlib
import json
import os

import asgion


def _found(violation):
    with open(os.environ["ASGION_FINDINGS"], "a") as file:
        file.write(json.dumps({"rule": violation.rule_id, "severity": str(violation.severity.value),
                               "message": violation.message, "path": violation.path}) + "\n")


app = asgion.inspect(
    getattr(importlib.import_module(os.environ["ASGION_MODULE"]), os.environ.get("ASGION_ATTRIBUTE", "app")),
    on_violation=_found)

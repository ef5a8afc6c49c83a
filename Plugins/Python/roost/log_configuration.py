"""Python's logging by a file (`--log-config`), as Uvicorn configures it."""

from roost.importing import ImportFailure


def apply(path: str) -> None:
    """Configures logging by a file: .json, .yaml or .yml, or else in the format of logging.config.fileConfig."""
    import logging.config

    try:
        if path.endswith(".json"):
            import json

            with open(path, encoding="utf-8") as file:
                logging.config.dictConfig(json.load(file))
        elif path.endswith((".yaml", ".yml")):
            import yaml

            with open(path, encoding="utf-8") as file:
                logging.config.dictConfig(yaml.safe_load(file))
        else:
            logging.config.fileConfig(path, disable_existing_loggers=False)
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise ImportFailure(f"--log-config {path}: {error}") from error
        raise ImportFailure(f"--log-config {path}: a file of YAML needs the package PyYAML; install it") from error
    except Exception as error:  # the file names classes of any package
        raise ImportFailure(f"--log-config {path}: {type(error).__name__}: {error}") from error

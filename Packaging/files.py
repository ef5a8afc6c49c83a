"""The files of an installation of Roost: a prefix with bin/roost, lib/roost and include/roost.

Programs and libraries have no symbols; these are kept aside, by build id. Run paths are relative, so that the prefix can be
anywhere.
"""

import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
PRODUCTS = ROOT / ".build/release"
OUTPUT = ROOT / ".build/packages"
DEBUG = OUTPUT / "debug"
# Modules that are examples for everybody. The wiki needs libcmark, and files beside it.
MODULES = ["libHello.so"]


class PackagingError(Exception):
    """Raised with a message that names the remedy."""


def run(*command) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def version() -> str:
    """The version of Roost, as in `roost version`."""
    source = (ROOT / "Sources/ModuleRuntime/RoostVersion.swift").read_text()
    return re.search(r'literal: StaticString = "([^"]+)"', source)[1]


def libraries(file: pathlib.Path) -> dict[str, pathlib.Path]:
    """The libraries that the loader finds for a file, and for these libraries."""
    found = {}
    for line in run("ldd", file).splitlines():
        name, arrow, path = line.strip().partition(" => ")
        if arrow and path.startswith("not found"):
            raise PackagingError(f"{file}: {name} is not found; run make build")
        if arrow:
            found[name] = pathlib.Path(path.split(" (")[0])
    return found


def glibc_version(files) -> tuple[int, int]:
    """The version of glibc that ELF files need."""
    versions = {(2, 17)}
    for file in files:
        for major, minor in re.findall(r"GLIBC_(\d+)\.(\d+)", run("objdump", "-T", file)):
            versions.add((int(major), int(minor)))
    return max(versions)


def copy_stripped(source: pathlib.Path, target: pathlib.Path, run_path: str) -> None:
    """Copies an ELF file without symbols, which are kept aside, and sets its run path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755)
    build = re.search(r"Build ID: ([0-9a-f]+)", run("readelf", "-n", target))
    if build and ".debug_info" in run("readelf", "-SW", target):
        kept = DEBUG / ".build-id" / build[1][:2] / f"{build[1][2:]}.debug"
        kept.parent.mkdir(parents=True, exist_ok=True)
        run("objcopy", "--only-keep-debug", target, kept)
    # patchelf first: it cannot move the headers of a file that strip has shortened.
    run("patchelf", "--set-rpath", run_path, target)
    run("strip", "--strip-unneeded", target)


def copy_prefix(prefix: pathlib.Path, bundled, run_path: str | None = None) -> list[pathlib.Path]:
    """Copies the files of an installation. Returns the ELF files.

    `bundled(name, path)`: whether a library is copied, too; otherwise it is the system's. `run_path`: where the libraries
    are; None for a prefix that can be anywhere.
    """
    for program in ("patchelf", "strip", "objcopy", "readelf", "objdump"):
        if shutil.which(program) is None:
            raise PackagingError(f"{program} is missing; run make package-setup")
    if not (PRODUCTS / "roost").exists():
        raise PackagingError(f"{PRODUCTS / 'roost'} is missing; run make build")
    shutil.rmtree(prefix, ignore_errors=True)
    files = [prefix / "bin/roost"]
    copy_stripped(PRODUCTS / "roost", files[0], run_path or "$ORIGIN/../lib/roost")
    folder = prefix / "lib/roost"
    for name in ["libRoost.so", "libRoostPython.so", *MODULES]:
        copy_stripped(PRODUCTS / name, folder / name, run_path or "$ORIGIN")
        files.append(folder / name)
    for name, path in {**libraries(PRODUCTS / "roost"), **libraries(PRODUCTS / "libRoost.so")}.items():
        if bundled(name, path):
            copy_stripped(path, folder / name, run_path or "$ORIGIN")
            files.append(folder / name)
    headers = prefix / "include/roost"
    headers.mkdir(parents=True)
    for header in [*(ROOT / "Sources/CASGI/include").glob("*.h*"), ROOT / "Sources/CRoost/include/roost.h"]:
        shutil.copyfile(header, headers / header.name)
    return files


def python_sources() -> list[pathlib.Path]:
    """The files of the Python package."""
    return sorted((ROOT / "Plugins/Python/roost").rglob("*.py"))


def is_swift(name: str, path: pathlib.Path) -> bool:
    """Whether a library belongs to the Swift toolchain."""
    return "/swift/linux/" in str(path)


def licenses() -> dict[str, str]:
    """The licenses and notices of Roost and of the bundled libraries, by file names."""
    found = {"LICENSE": (ROOT / "LICENSE").read_text()}
    paths = {f"LICENSE-{library}": pathlib.Path("/usr/share/doc", package, "copyright") for library, package in (
        ("libyaml", "libyaml-0-2"), ("libffi", "libffi8"), ("libmd", "libmd0"), ("libnghttp2", "libnghttp2-14"),
        ("nlohmann-json", "nlohmann-json3-dev"))}
    paths["LICENSE-swift"] = swift_license()
    for checkout in sorted((ROOT / ".build/checkouts").glob("swift-*")):
        for path in [*checkout.glob("LICENSE*"), *checkout.glob("NOTICE*")]:
            paths[f"{path.stem}-{checkout.name}"] = path
    for name, path in paths.items():
        if not path.exists():
            raise PackagingError(f"{path} is missing: the packages must contain it")
        found[name] = path.read_text()
    return found


def swift_license() -> pathlib.Path:
    """The license of the Swift runtime, in the toolchain."""
    toolchain = pathlib.Path(shutil.which("swift")).resolve().parents[1]
    return toolchain / "share/swift/LICENSE.txt"

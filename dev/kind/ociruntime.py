"""An OCI runtime before runc, for hosts that withhold capabilities even from root.

`docker run --privileged` asks for every capability of the kernel, and runc fails where one is withheld.
Called as ``ociruntime.py RUNC CAP_X,CAP_Y ARGUMENTS...``, it removes these capabilities from the bundle's
config.json and from exec's process file, then becomes runc. It runs for every container start, so it imports
nothing but the standard library.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any


def main(runc: str, lacking: set[str], arguments: list[str]) -> None:
    """Rewrite the files that the arguments name, then exec runc with the same arguments."""
    for flag, name in (("--bundle", "config.json"), ("-b", "config.json"), ("--process", ""), ("-p", "")):
        for index, argument in enumerate(arguments):
            value = None
            if argument == flag and index + 1 < len(arguments):
                value = arguments[index + 1]
            elif argument.startswith(f"{flag}="):
                value = argument.split("=", 1)[1]
            if value:
                _strip(Path(value) / name if name else Path(value), lacking)
    os.execv(runc, [runc, *arguments])  # noqa: S606 - becoming runc is the point


def _strip(path: Path, lacking: set[str]) -> None:
    try:
        document: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return
    process = document.get("process", document)
    capabilities = process.get("capabilities")
    if not isinstance(capabilities, dict):
        return
    for kind, names in capabilities.items():
        capabilities[kind] = [name for name in names or [] if name not in lacking]
    path.write_text(json.dumps(document))


if __name__ == "__main__":
    main(sys.argv[1], set(sys.argv[2].split(",")), sys.argv[3:])

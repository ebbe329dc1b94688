"""`python -m mcapp_api`: serve until told to stop."""

from __future__ import annotations

import os
import sys

from . import logs
from .app import create_app
from .lifecycle import Lifecycle
from .server import bind, build_server
from .settings import Settings, SettingsError


def main() -> int:
    """Run the api; the exit code is 0 after a stop, 1 if the port is taken, 2 for a wrong setting."""
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.set_up(settings.log_level, settings.pod)
    lifecycle = Lifecycle()
    server = build_server(create_app(settings, lifecycle), lifecycle, settings)
    try:
        sockets = bind(settings.port)
    except OSError as error:
        print(f"MCAPP_PORT: the api cannot listen on {settings.port}: {error.strerror}.", file=sys.stderr)
        return 1
    server.run(sockets)
    return 0


if __name__ == "__main__":
    sys.exit(main())

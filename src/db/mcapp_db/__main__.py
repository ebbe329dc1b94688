"""The commands of the image: the container runs `serve`; Patroni, the kubelet and Helm call the others."""

from __future__ import annotations

import sys

from mcapp_db import created, leave, primary, serve, shrink

COMMANDS = {
    "serve": serve.main,
    "created": created.main,
    "primary": primary.main,
    "leave": leave.main,
    "shrink": shrink.main,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](sys.argv[2:])

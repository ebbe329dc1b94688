#!/usr/bin/env python3
"""Bring the images of an archive to this machine's k3s and, by ssh, to that of other machines."""

from mcapp.__main__ import start

if __name__ == "__main__":
    start("images")

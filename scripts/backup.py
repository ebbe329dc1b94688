#!/usr/bin/env python3
"""Make backups of the database, list them, verify them, and restore one."""

from mcapp.__main__ import start

if __name__ == "__main__":
    start("backup")

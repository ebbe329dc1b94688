#!/usr/bin/env python3
"""Make backups of the database, list them, verify them, and restore one."""

from mcapp.backup.cli import TOOL
from mcapp.cli import run

if __name__ == "__main__":
    run(TOOL.main)

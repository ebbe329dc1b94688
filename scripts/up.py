#!/usr/bin/env python3
"""Install or upgrade the release on the cluster: values, Helm, a test, and where the page is."""

from mcapp.__main__ import start

if __name__ == "__main__":
    start("up")

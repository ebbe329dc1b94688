"""Copy the archive of images to the machines, and import it there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mcapp import cli
from mcapp.cli import told
from mcapp.errors import Exit, UnreachableError, UserError
from mcapp.images import archive, copy, words
from mcapp.images.containerd import Containerd
from mcapp.images.machine import Here, There, reached
from mcapp.messages import announce, language, translate
from mcapp.options import command, whole
from mcapp.progress import step
from mcapp.words import ERROR


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the tool's options."""
    add = options.add_argument
    add("archive", metavar="FILE", nargs="?", type=Path, help=told(words.ARCHIVE))
    add("--to", metavar="USER@MACHINE", type=machine, action="append", default=[], help=told(words.TO))
    add("--no-local", action="store_true", help=told(words.NO_LOCAL))
    add("--keep", action="store_true", help=told(words.KEEP))
    ctr, ssh, seconds = command("--ctr"), command("--ssh"), whole("--timeout", 1, 3600)
    add("--ctr", metavar="COMMAND", type=ctr, default="k3s ctr", help=told(words.CTR))
    add("--ssh", metavar="COMMAND", type=ssh, default="ssh", help=told(words.SSH))
    add("--timeout", metavar="SECONDS", type=seconds, default=20, help=told(words.TIMEOUT))
    cli.output_options(options)
    options.set_defaults(refuse=options.error)


def machine(given: str) -> str:
    """Return the name of a machine as ssh takes it. UserError for what ssh would take for an option."""
    if not given or given.startswith("-") or not given.isprintable() or " " in given:
        raise UserError(words.NO_MACHINE(given=repr(given)))
    return given


def work(asked: argparse.Namespace) -> Exit:
    """Bring the images to each machine. One that fails holds up no other, and its error is the result."""
    if asked.no_local and not asked.to:
        asked.refuse(translate(words.NOWHERE()))
    path = archive.choose(asked.archive)
    images = archive.read(path)
    done: list[dict[str, Any]] = []
    errors: list[UserError] = []
    if not asked.no_local:
        try:
            done.append(here(asked, images))
        except UnreachableError as error:
            if not asked.to:
                raise
            # It may be a machine that only makes the images.
            announce(words.NOT_HERE(why=error.problem))
        except UserError as error:
            errors.append(error)
    for name in dict.fromkeys(asked.to):
        try:
            with reached(name, asked.ssh, asked.timeout) as other:
                done.append(there(asked, images, other))
        except UserError as error:
            errors.append(error)
    _report(asked, images, done)
    for earlier in errors[:-1]:
        announce(f"{translate(ERROR())}{earlier}")
    if errors:
        raise errors[-1]
    return Exit.OK


def here(asked: argparse.Namespace, images: archive.Archive) -> dict[str, Any]:
    """Import the images on this machine; return what was done as plain data."""
    own = Here()
    containerd = Containerd(own, asked.ctr)
    seen = containerd.look(images)
    file = str(images.path.resolve())
    if seen.asks:
        raise containerd.by_hand(file)
    containerd.fits(seen, images)
    missing = seen.missing(images)
    if missing:
        with step(words.IMPORTING(machine=own.name)):
            containerd.load(images, file)
    return {"machine": None, "sent": 0, "imported": [image.name for image in missing]}


def there(asked: argparse.Namespace, images: archive.Archive, other: There) -> dict[str, Any]:
    """Copy the images to another machine and import them; return what was done as plain data."""
    containerd = Containerd(other, asked.ctr)
    seen = containerd.look(images)
    containerd.fits(seen, images)
    missing = seen.missing(images)
    sent = 0
    if missing:
        copied = copy.copy(images, other)
        sent = copied.sent
        if seen.asks:
            raise containerd.by_hand(copied.file)
        with step(words.IMPORTING(machine=other.name)):
            containerd.load(images, copied.file)
        if not asked.keep:
            copy.remove(other, copied.digest)
    return {"machine": other.name, "sent": sent, "imported": [image.name for image in missing]}


def _report(asked: argparse.Namespace, images: archive.Archive, done: list[dict[str, Any]]) -> None:
    """Say what each machine has now."""
    if asked.output == "json":
        listed = archive.document(images.images)
        cli.emit_json({"archive": str(images.path), "images": listed, "machines": done})
        return
    lang = language()
    for one in done:
        name = one["machine"] or words.HERE()
        if one["imported"]:
            said = words.IMPORTED(machine=name, images=one["imported"])
        else:
            said = words.ALL_THERE(machine=name, count=len(images.images))
        print(translate(said, lang))


TOOL = cli.Tool("images", words.PURPOSE, "mcapp-images.tar --to user@lab", add_options, work)

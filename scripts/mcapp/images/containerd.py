"""Asks a machine's containerd for its images, and has it import an archive."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from mcapp.errors import FailedError, UnreachableError, UserError
from mcapp.images import words
from mcapp.images.archive import Archive, Image
from mcapp.images.machine import Here, Machine, failed

# Go's word for what `uname -m` prints.
_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "armv6l": "arm",
    "i686": "386",
}
_NO_PROGRAM, _REFUSED = 41, 42
# How sudo says that it would ask for a password, which nobody could type.
_ASKS = re.compile("password is required|terminal is required|interactive authentication")
# A session without a login lacks the folders where k3s is, or what only root may run. {sudo} and {program}
# are quoted already. The function's standard input is not the script's.
_CTR = """
LC_ALL=C; export LC_ALL
PATH="$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin"; export PATH
program=$(command -v -- {first}) || exit 41
run_ctr() {
  if [ "$(id -u)" = 0 ]; then "$program" {rest} "$@" </dev/null
  else {sudo} "$program" {rest} "$@" </dev/null; fi
}
"""
# $1 has the names that are asked for, with blanks between.
_LIST = """
listed=$(run_ctr images ls) || exit 42
printf '%s\\n' "$listed" | while read -r name _ digest _; do
  case " $1 " in *" $name "*)
    echo "mcapp:image $name $digest"; run_ctr content get "$digest"; echo; echo mcapp:end
  esac
done
"""
_IMPORT = """
run_ctr images import "$1" >&2
"""
_IMAGE = re.compile(r"^mcapp:image (\S+) (\S+)\n(.*?)\nmcapp:end$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a machine has of an archive's images.

    `arch` as Go names it; `images` by name with the digests of manifest and configuration; `asks` where sudo
    wants a password before it lets anybody look.
    """

    arch: str
    images: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    asks: bool = False

    def missing(self, archive: Archive) -> list[Image]:
        """Return the images of the archive that are not there, or are others under the same name."""
        return [one for one in archive.images if not one.is_same(*self.images.get(one.name, ("", "")))]


@dataclass(frozen=True)
class Containerd:
    """The containerd of a machine; `ctr` is the command that asks it, such as `k3s ctr`."""

    machine: Machine
    ctr: str

    def look(self, archive: Archive) -> Seen:
        """Return what is there of the images of an archive.

        Raises UnreachableError where the machine or its containerd does not answer, or there is none.
        """
        names = " ".join(image.name for image in archive.images)
        done = self.machine.run(f'echo "mcapp:arch $(uname -m)"\n{self._script}{_LIST}', names)
        kind = re.search(r"^mcapp:arch (\S+)$", done.out, re.MULTILINE)
        arch = _ARCHITECTURES.get(kind[1], kind[1]) if kind else ""
        if done.code == _NO_PROGRAM:
            raise self._nothing()
        if done.code == _REFUSED and _ASKS.search(done.err):
            return Seen(arch, asks=True)
        if done.code == _REFUSED:
            raise UnreachableError(
                words.CTR_SILENT(machine=self.machine.name, program=self.ctr, why=done.why),
                words.CTR_SILENT_REMEDY(),
            )
        if done.code:
            raise failed(self.machine, done)
        found = {name: (target, _config(text)) for name, target, text in _IMAGE.findall(done.out)}
        return Seen(arch, found)

    def fits(self, seen: Seen, archive: Archive) -> None:
        """Refuse a machine of an architecture that images of the archive are not for, by a UserError."""
        if lacking := archive.lacking(seen.arch):
            parts = {"machine": self.machine.name, "arch": seen.arch, "images": lacking}
            problem = words.OTHER_ARCHITECTURE(**parts, kinds=archive.architectures)
            raise UserError(problem, words.OTHER_ARCHITECTURE_REMEDY())

    def load(self, archive: Archive, file: str) -> Seen:
        """Import the archive, which is in `file` of the machine; return what is there then.

        Raises FailedError where containerd does not take it, or lists other images afterwards.
        """
        done = self.machine.run(self._script + _IMPORT, file)
        if done.code and _ASKS.search(done.err):
            raise self.by_hand(file)
        if done.code:
            raise failed(self.machine, done)
        seen = self.look(archive)
        if missing := seen.missing(archive):
            names = [image.name for image in missing]
            raise FailedError(words.NOT_LISTED(machine=self.machine.name, images=names), words.AGAIN())
        return seen

    def by_hand(self, file: str) -> FailedError:
        """Return the error of a machine where sudo asks for a password, with the line to type."""
        line = self.machine.typed(*shlex.split(self.ctr), "images", "import", file)
        return FailedError(words.SUDO_ASKS(machine=self.machine.name), words.SUDO_ASKS_REMEDY(command=line))

    def _nothing(self) -> UnreachableError:
        program = shlex.split(self.ctr)[0]
        remedy = words.NO_CTR_HERE() if isinstance(self.machine, Here) else words.NO_CTR_THERE()
        return UnreachableError(words.NO_CTR(machine=self.machine.name, program=program), remedy)

    @property
    def _script(self) -> str:
        first, *rest = shlex.split(self.ctr)
        filled = _CTR.replace("{first}", shlex.quote(first)).replace("{rest}", shlex.join(rest))
        return filled.replace("{sudo}", self.machine.sudo)


def _config(manifest: str) -> str:
    """Return the digest of the configuration that a manifest names, "" where it is an index."""
    try:
        return str(json.loads(manifest)["config"]["digest"])
    except (ValueError, KeyError, TypeError):
        return ""

"""A renewed certificate is told to the process that uses it, once for each change."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mcapp import wait
from mcapp.config import CHART

SCRIPT = (CHART / "files" / "db" / "watch-certificate.sh").read_text()
# It becomes a process that says when it is told.
BECOMES = """
exec python3 -c '
import signal
signal.signal(signal.SIGHUP, lambda *_: print("again", flush=True))
print("ready", flush=True)
while True:
    signal.pause()
'
"""


def test_each_change_is_told_once(tmp_path: Path) -> None:
    certificate, said = tmp_path / "tls.crt", tmp_path / "said"
    certificate.write_text("first")
    script = SCRIPT.replace("/etc/mcapp/db-tls/tls.crt", str(certificate))
    # In a container this shell is the first process.
    script = script.replace("kill -HUP 1", "kill -HUP $$").replace("sleep 10", "sleep 0.05")
    with (
        said.open("wb") as file,
        subprocess.Popen(["sh", "-c", script + BECOMES], stdout=file, start_new_session=True) as process,
    ):
        try:
            assert wait.until(lambda: said.read_text() == "ready\n", 20, pause=0.02)
            for number, text in enumerate(("second", "third"), start=1):
                certificate.write_text(text)
                expected = "ready\n" + "again\n" * number
                assert wait.until(lambda expected=expected: said.read_text() == expected, 20, pause=0.02)  # type: ignore[misc]
        finally:
            subprocess.run(["pkill", "-KILL", "--session", str(process.pid)], check=False)

"""A real PostgreSQL from its wheel, initialised like the official image."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from dev.local.installation import UNPRIVILEGED, libraries, programs, shared_folder
from dev.local.ports import free_port
from mcapp import wait
from mcapp.config import CHART
from mcapp.errors import FailedError

INIT_SQL = CHART / "files" / "db" / "init.sql"
_START_SECONDS = 30.0
# The passwords of every server of this process: they all start from copies of one database.
_APP_PASSWORD, _SUPERUSER_PASSWORD = secrets.token_urlsafe(12), secrets.token_urlsafe(12)


def _has_memory(pid: int) -> bool:
    """Tell whether a process is there, and more than a zombie."""
    try:
        return "VmRSS" in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False


class PostgresServer:
    """One server on a free port of 127.0.0.1, with the database `appdb` and the role `app`.

    `settings` are server settings such as `{"mcapp.pod": "db-0"}`. Use it as a context manager, or
    call `start` and `close`.
    """

    database = "appdb"

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.app_password = _APP_PASSWORD
        self._superuser_password = _SUPERUSER_PASSWORD
        self._settings = dict(settings or {})
        self._folder = Path(tempfile.mkdtemp(prefix="mcapp-pg-"))
        self._data = self._folder / "data"
        self._log = self._folder / "log"
        self._bin = programs()
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            os.chown(self._folder, UNPRIVILEGED, UNPRIVILEGED)

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The value for DATABASE_URL, without user and password."""
        return f"postgresql://127.0.0.1:{self.port}/{self.database}"

    @property
    def socket(self) -> str:
        """The path of the server's Unix socket, where it asks for no password."""
        return str(self._folder / f".s.PGSQL.{self.port}")

    @property
    def folder(self) -> Path:
        """The folder of its files; what is in `data` before the first start is taken for its data."""
        return self._folder

    @property
    def environment(self) -> dict[str, str]:
        """The api's variables for this server and the role `app`."""
        return {"DATABASE_URL": self.url, "PGUSER": "app", "PGPASSWORD": self.app_password}

    @property
    def admin_conninfo(self) -> str:
        """Psycopg's connection string for this server and the superuser."""
        return psycopg.conninfo.make_conninfo(self.url, user="postgres", password=self._superuser_password)

    @property
    def pid(self) -> int:
        """The server's parent process."""
        return self._running().pid

    def sql(self, query: str, parameters: Sequence[Any] = (), *, user: str = "postgres") -> list[Any]:
        """Run one statement, as the superuser or as `app`, and return its rows."""
        password = self._superuser_password if user == "postgres" else self.app_password
        with psycopg.connect(self.url, user=user, password=password, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), parameters or None)
            return [] if cursor.description is None else cursor.fetchall()

    def client(
        self, program: str, *arguments: str, database: str = "", stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one of PostgreSQL's programs (psql, pg_dump ...) as the superuser; its exit code may be any."""
        env = {
            **{"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres"},
            **{"PGPASSWORD": self._superuser_password, "PGDATABASE": database or self.database},
        }
        return self._run(program, *arguments, stdin=stdin, env=env, check=False)

    def empty(self) -> None:
        """Reset the database to its state after init.sql."""
        self.sql("DROP SCHEMA app CASCADE")
        self.sql("CREATE SCHEMA app AUTHORIZATION app")

    def start(self) -> None:
        """Start the server and return when it accepts connections; the first start creates the database.

        Raises:
            UserError: it does not within half a minute, or a program fails; the message holds its output.

        """
        if not self._data.exists():
            self._create_data()
        self._launch(listen="127.0.0.1")

    def admit(self, *lines: str) -> None:
        """Restart the server with these lines as its pg_hba.conf."""
        self.stop()
        (self._data / "pg_hba.conf").write_text("".join(f"{line}\n" for line in lines))
        self.start()

    def stop(self) -> None:
        """Stop the server as Kubernetes stops the official image: by SIGINT, the fast shutdown."""
        self._signal_and_wait(signal.SIGINT)

    def kill(self) -> None:
        """Kill the server and all its children by SIGKILL, as when a container is lost."""
        self._signal_and_wait(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze every process of the server: the kernel accepts connections, but nothing answers."""
        self._send(signal.SIGSTOP, self._processes())

    def resume(self) -> None:
        """Undo pause."""
        self._send(signal.SIGCONT, reversed(self._processes()))

    def accepts(self, host: str = "127.0.0.1") -> bool:
        """Tell whether the server accepts connections now."""
        return not self._run("pg_isready", "-q", "-h", host, "-p", str(self.port), check=False).returncode

    def script(self, text: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        """Run a shell script as in a container of PostgreSQL's image; its psql uses this server."""
        return self._run("/bin/sh", "-c", text, env={**self._inside(), **environment}, check=False)

    @property
    def superuser_password(self) -> str:
        """The password of the role postgres."""
        return self._superuser_password

    def program(self, words: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a command as `script` does, with a pipe to each of its streams."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*self._as_unprivileged(), *words], env=self._inside(), stdin=pipe, stdout=pipe, stderr=pipe
        )

    def close(self) -> None:
        """Stop the server and delete its files."""
        if self._process:
            self.resume()
            self.stop()
        shutil.rmtree(self._folder)

    def _inside(self) -> dict[str, str]:
        return {
            **{"PATH": f"{self._bin}:/usr/bin:/bin", "LC_ALL": "C", "PGDATA": str(self._data)},
            **{"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGDATABASE": self.database},
            **libraries(),
        }

    def _create_data(self) -> None:
        """Initialise the first database of this process; the others are copies, for a tenth of the time."""
        copy = ("cp", "--archive", "--reflink=auto")
        template = shared_folder() / "data"
        if template.exists():
            subprocess.run([*copy, template, self._data], check=True)
        else:
            self._initialise()
            subprocess.run([*copy, self._data, template], check=True)

    def _initialise(self) -> None:
        password_file = self._folder / "password"
        password_file.write_text(self._superuser_password)
        if os.geteuid() == 0:
            os.chown(password_file, UNPRIVILEGED, UNPRIVILEGED)
        self._run(
            *("initdb", "--pgdata", str(self._data), "--username=postgres", "--pwfile", str(password_file)),
            *("--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
            "--no-sync",
        )
        # The official image's entrypoint, too, runs its init files on a server without TCP.
        self._launch(listen="")
        psql = ("psql", "-v", "ON_ERROR_STOP=1", "--no-password", "--no-psqlrc", "--quiet")
        socket_ = ("--host", str(self._folder), "--port", str(self.port), "--username", "postgres")
        self._run(*psql, *socket_, "--dbname", "postgres", "-c", f'CREATE DATABASE "{self.database}"')
        self._run(
            *(*psql, *socket_, "--dbname", self.database, "-f", "-"),
            stdin=INIT_SQL.read_bytes(),
            env={"APP_PASSWORD": self.app_password},
        )
        self.stop()

    def _launch(self, listen: str) -> None:
        settings = {
            "listen_addresses": listen,
            "port": str(self.port),
            "unix_socket_directories": str(self._folder),
            # The kernel keeps the pages of a killed server; only a crash of the machine would need fsync.
            "fsync": "off",
            **self._settings,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [*self._as_unprivileged(), str(self._bin / "postgres"), "-D", str(self._data), *options]
        with self._log.open("ab") as log:
            environment = {**os.environ, **libraries()}
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        process, host = self._process, listen or str(self._folder)
        wait.until(lambda: self.accepts(host) or process.poll() is not None, _START_SECONDS, pause=0.02)
        if process.poll() is not None or not self.accepts(host):
            raise FailedError(f"PostgreSQL did not start:\n{self._log.read_text()}")

    def _running(self) -> subprocess.Popen[bytes]:
        if not self._process:
            raise FailedError("PostgreSQL does not run.", "Call start() first.")
        return self._process

    def _signal_and_wait(self, number: signal.Signals) -> None:
        process = self._running()
        targets = [process.pid]
        if number == signal.SIGKILL:
            # A killed parent cannot stop its children; Kubernetes would kill them all, too. While it is
            # stopped it makes no new ones.
            self._send(signal.SIGSTOP, targets)
            targets = self._processes()
        self._send(number, targets)
        process.wait(_START_SECONDS)
        # As long as one of them holds the shared memory, no other server starts on these data.
        wait.until(lambda: not any(map(_has_memory, targets)), _START_SECONDS, pause=0.01)
        self._process = None

    @staticmethod
    def _send(number: signal.Signals, pids: Iterable[int]) -> None:
        for pid in pids:
            # A child may end after it was listed and before the signal.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _processes(self) -> list[int]:
        """Return the pids of the server, the parent first."""
        parent = self.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
        return [parent, *map(int, children.split())]

    def _run(
        self,
        program: str,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> subprocess.CompletedProcess[bytes]:
        command = [*self._as_unprivileged(), str(self._bin / program), *arguments]
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            check=False,
            env={"LC_ALL": "C", **(env or {})},
            # Without a terminal: psql would read a password from it.
            start_new_session=True,
        )
        if check and done.returncode:
            raise FailedError(f"{program} failed:\n{done.stdout.decode()}{done.stderr.decode()}")
        return done

    @staticmethod
    def _as_unprivileged() -> list[str]:
        if os.geteuid() != 0:
            return []
        user = str(UNPRIVILEGED)
        return [shutil.which("setpriv") or "setpriv", "--reuid", user, "--regid", user, "--clear-groups"]

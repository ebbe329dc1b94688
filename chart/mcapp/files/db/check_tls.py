"""Checks a Secret with the database's certificate before anything is changed; exits 1 if it cannot be used.

Runs as the hook Job of an install or an upgrade, with Python's standard library alone. Arguments: the folder
with tls.crt, tls.key and ca.crt, the Secret's name, and the name by which clients know the server.
"""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

NEEDED = ("tls.crt", "tls.key", "ca.crt")
# OpenSSL's numbers (X509_V_ERR_...).
PROBLEMS = {
    9: "its tls.crt is not valid yet: is the clock of a node wrong?",
    10: "its tls.crt has expired",
    18: "its tls.crt has signed itself, and is not the one in ca.crt",
    19: "its tls.crt was not signed by the CA in ca.crt",
    20: "its tls.crt was not signed by the CA in ca.crt",
    62: "its tls.crt is not for the name {name}",
}


class WrongError(Exception):
    """The Secret cannot be used; the message says why."""


def check(folder: Path, name: str) -> None:
    """Let a client and a server with these files shake hands. Raises WrongError."""
    missing = [key for key in NEEDED if not (folder / key).is_file()]
    if missing:
        raise WrongError(f"it lacks {', '.join(missing)}, or there is no such Secret")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # An encrypted key has no password that PostgreSQL could ask for.
        server.load_cert_chain(folder / "tls.crt", folder / "tls.key", password="")
    except ssl.SSLError as error:
        if "KEY_VALUES_MISMATCH" in str(error):
            raise WrongError("its tls.key does not fit its tls.crt") from error
        raise WrongError(
            f"its tls.crt or its tls.key is no PEM that OpenSSL reads ({error.reason})"
        ) from error
    try:
        client = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    except ssl.SSLError as error:
        raise WrongError(f"its ca.crt is no PEM that OpenSSL reads ({error.reason})") from error
    try:
        shake_hands(client, server, name)
    except ssl.SSLCertVerificationError as error:
        problem = PROBLEMS.get(error.verify_code, error.verify_message).format(name=name)
        raise WrongError(problem) from error


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """Pass what one side says to the other, until both are done. Raises ssl.SSLError."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    waiting = [
        client.wrap_bio(back, there, server_hostname=name),
        server.wrap_bio(there, back, server_side=True),
    ]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)


if __name__ == "__main__":
    try:
        check(Path(sys.argv[1]), sys.argv[3])
    except WrongError as error:
        sys.exit(
            f"The Secret {sys.argv[2]} of db.tls.existingSecret cannot be used: {error}. NOTHING WAS CHANGED."
        )
    print(f"The certificate in Secret {sys.argv[2]} is good.")

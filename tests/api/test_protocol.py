"""What is written in one turn of the event loop is one packet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mcapp_api.protocol import JoinedWrites


class Recorded(asyncio.Transport):
    """A transport that records what it is told to do."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.done.append(bytes(data))

    def close(self) -> None:
        self.done.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.done


def done_by(work: Callable[[JoinedWrites], None]) -> list[list[bytes | str]]:
    """Return what was done to the transport at once, and when the turn had ended."""

    async def scenario() -> list[list[bytes | str]]:
        transport = Recorded()
        work(JoinedWrites(transport))
        at_once = [*transport.done]
        await asyncio.sleep(0)
        return [at_once, transport.done]

    return asyncio.run(scenario())


def answer(joined: JoinedWrites) -> None:
    joined.write(b"head ")
    joined.write(b"body")


def test_head_and_body_are_one_write() -> None:
    assert done_by(answer) == [[], [b"head body"]]


def test_nothing_is_lost_when_the_connection_is_closed() -> None:
    def last(joined: JoinedWrites) -> None:
        answer(joined)
        joined.close()
        assert joined.is_closing()

    assert done_by(last) == [[b"head body", "closed"], [b"head body", "closed"]]


def test_the_next_turn_sends_again() -> None:
    async def scenario() -> list[bytes | str]:
        transport = Recorded()
        joined = JoinedWrites(transport)
        for _ in range(2):
            answer(joined)
            await asyncio.sleep(0)
        return transport.done

    assert asyncio.run(scenario()) == [b"head body"] * 2

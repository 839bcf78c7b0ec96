"""What workers are given to do in tests, in a module of its own that they load at once."""

import os
import time

from archivist.errors import EmptyScan


def double(number: int) -> int:
    return 2 * number


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def process(_nothing: object) -> int:
    return os.getpid()


def refuse(reason: str) -> None:
    raise EmptyScan(reason)


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def take(count: int) -> int:
    return len(bytearray(count))


def know(environment: dict[str, str]) -> None:
    os.environ.update(environment)

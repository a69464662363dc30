"""Listening sockets on loopback, and why one cannot be had."""

from __future__ import annotations

import os
import socket

from byoclient.errors import EmulatorError

LOOPBACK = "127.0.0.1"
LAST_PORT = 65_535
BACKLOG = 128  # connections that wait to be accepted


def listener(option: str, port: int) -> socket.socket:
    """Return a listening socket on loopback; `option` names the port in the error."""
    if not 0 <= port <= LAST_PORT:
        raise cannot_listen(option, port, f"a port is from 0 to {LAST_PORT}")
    try:
        return _bound(port)
    except OSError as error:
        raise cannot_listen(option, port, os.strerror(error.errno or 0)) from error


def _bound(port: int) -> socket.socket:
    # Unlike socket.create_server, it names the protocol: asyncio looks for it before it switches off Nagle's
    # algorithm, which holds the body of an answer back for 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
        bound.listen(BACKLOG)
    except BaseException:
        bound.close()
        raise
    return bound


def cannot_listen(option: str, port: int, reason: str) -> EmulatorError:
    """Return the error for a port that cannot be had."""
    return EmulatorError(
        f"The emulator cannot listen on {LOOPBACK}:{port}: {reason}. Pass another {option}, or {option}=0 for a "
        "free one."
    )

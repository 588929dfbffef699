"""How long from `python app.py` to the first edited face without a network.

`unshare -rn python -m tests.trust.first_face` prints wall-clock seconds, and the processor's for the server: the same
on a machine that has nothing else to do.
"""

import contextlib
import fcntl
import json
import os
import socket
import struct
import time
from pathlib import Path

import httpx

from tests.paths import PHOTO
from tests.server import Server
from tests.trust.fuzz import over_http

_FLAGS, _UP = 0x8914, 1  # SIOCSIFFLAGS, IFF_UP


def raise_loopback() -> None:
    """A new network namespace has nothing but a loopback device, which is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _FLAGS, struct.pack("16sh14x", b"lo", _UP))


def cut_off() -> bool:
    """Whether nothing but this machine can be reached."""
    try:
        with socket.create_connection(("1.1.1.1", 53), timeout=2):
            return False
    except OSError:
        return True


def main() -> None:
    with contextlib.suppress(PermissionError):  # not in a namespace of its own: there is still the dead proxy
        raise_loopback()
    dead = "http://127.0.0.1:9"
    with Server(HTTP_PROXY=dead, HTTPS_PROXY=dead, ALL_PROXY=dead, NO_PROXY="127.0.0.1,localhost") as server:
        up = time.monotonic() - server.began
        with httpx.Client(base_url=server.url, timeout=120, trust_env=False) as client:
            end = over_http(client, PHOTO.read_bytes())
        seconds = time.monotonic() - server.began
        times = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        busy = sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
        report = {"end": end, "up": round(up, 1), "seconds": round(seconds, 1), "processor": round(busy, 1)}
        print(json.dumps({**report, "cut off": cut_off()}))


if __name__ == "__main__":
    main()

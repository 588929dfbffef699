"""`python app.py` in a process of its own, as people start it."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

import httpx

from tests.paths import ROOT


def resident(pid: int, field: str = "VmRSS") -> int:
    """Memory of a process in MB: VmRSS now, VmHWM at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(field))


def _as_a_terminal_starts_it() -> None:
    """A test that is killed leaves no server behind (Linux: PR_SET_PDEATHSIG), and Ctrl-C works even where the tests
    themselves run in the background of a shell, which makes them and their children ignore it."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    """Started on entering and ended on leaving the context. Has a folder of its own for everything it writes."""

    def __init__(self, command: tuple[str, ...] = (sys.executable, "app.py"), **variables: str) -> None:
        port = int(variables.get("GRADIO_SERVER_PORT") or free_port())
        self.url = f"http://127.0.0.1:{port}"
        self._folder = tempfile.TemporaryDirectory(prefix="reggan-test-")
        self.folder = Path(self._folder.name)
        own = {
            "GRADIO_SERVER_PORT": str(port),
            "GRADIO_TEMP_DIR": str(self.folder / "temporary"),
            "REGGAN_VOTES_DB": str(self.folder / "votes.db"),
            "OMP_NUM_THREADS": "1",
        }
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("GRADIO_", "REGGAN_"))}
        self.began = time.monotonic()
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**environment, **own, **variables},
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_as_a_terminal_starts_it,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def peak(self) -> int:
        return resident(self.pid, "VmHWM")

    def uploads(self) -> list[Path]:
        """Every file of visitors that lies around now."""
        return [p for p in (self.folder / "temporary").rglob("*") if p.is_file() and not p.name.startswith("failure_")]

    def wait(self, seconds: float = 400) -> None:
        """Until it answers."""
        while True:
            assert self.process.poll() is None, self.log()[-2000:]
            assert time.monotonic() - self.began < seconds, self.log()[-2000:]
            try:
                if httpx.get(f"{self.url}/config", timeout=5).status_code in (200, 401):
                    return
            except httpx.HTTPError:
                time.sleep(0.1)

    def stop(self, number: int = signal.SIGINT) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self) -> "Server":
        try:
            self.wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        self._folder.cleanup()

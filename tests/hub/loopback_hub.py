"""A Hugging Face Hub on this machine, as far as the real client needs one: models and Spaces, with commits and LFS."""

import base64
import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.paths import ROOT

TOKEN, EXPIRED = "hf_stand_in", "hf_expired"

_EXPIRED = "Invalid credentials in Authorization header"


class LoopbackHub(ThreadingHTTPServer):
    """Repositories in memory. `behaviour` is "well", "mute" (never answers), "trickle" (a file's bytes one by one),
    "trickle headers", or an HTTP status to answer everything with."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.commits: dict[str, dict[str, dict[str, bytes]]] = {}  # repository -> commit -> file -> content
        self.main: dict[str, str] = {}  # repository -> its newest commit
        self.named: dict[str, str] = {}  # branch, tag or pull request -> commit
        self.private: dict[str, bool] = {}
        self.created: list[dict[str, Any]] = []
        self.stored: dict[str, bytes] = {}  # LFS objects
        self.requests: list[str] = []
        self.behaviour: str | int = "well"
        self.stop = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, repo: str, files: dict[str, bytes]) -> str:
        """A commit that holds these files and those of the one before; returns its hash."""
        before = self.commits.get(repo, {}).get(self.main.get(repo, ""), {})
        commit = hashlib.sha1(f"{repo}{len(self.commits.get(repo, {}))}".encode()).hexdigest()
        self.commits.setdefault(repo, {})[commit] = before | files
        self.main[repo] = commit
        return commit

    def files(self, repo: str) -> dict[str, bytes]:
        return self.commits[repo][self.main[repo]]

    def close(self) -> None:
        self.stop.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: LoopbackHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def reply(self, status: int, content: Any = b"", trickle: bool = False, **headers: str) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if not trickle:
            self.wfile.write(data)
        for k in range(len(data) if trickle else 0):
            self.wfile.write(data[k : k + 1])
            if self.server.stop.wait(0.05):
                return

    def misbehaves(self) -> bool:
        hub = self.server
        hub.requests.append(f"{self.command} {self.path}")
        if hub.behaviour == "mute":
            hub.stop.wait(60)
        elif hub.behaviour == "trickle headers":
            for k in range(600):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: "[k : k + 1] or b"z")
                if hub.stop.wait(0.2):
                    break
        elif isinstance(hub.behaviour, int):
            self.reply(hub.behaviour)
        else:
            return False
        self.close_connection = True
        return True

    def do_GET(self) -> None:
        try:
            if not self.misbehaves():
                self._file()
        except OSError:  # the client has gone
            self.close_connection = True

    do_HEAD = do_GET

    def _file(self) -> None:
        repo, _, rest = unquote(urlsplit(self.path).path).strip("/").partition("/resolve/")
        hub = self.server
        login = self.headers.get("Authorization")
        if login == f"Bearer {EXPIRED}":  # even for a public repository
            self.reply(401, {"error": _EXPIRED}, X_Error_Message=_EXPIRED)
            return
        opened = not hub.private.get(repo) or login == f"Bearer {TOKEN}"
        if repo not in hub.commits or not opened:
            self.reply(401, X_Error_Code="RepoNotFound")
            return
        revision, _, name = rest.rpartition("/")
        commit = hub.main[repo] if revision == "main" else hub.named.get(revision, revision)
        if commit not in hub.commits[repo]:
            self.reply(404, X_Error_Code="RevisionNotFound")
        elif name not in hub.commits[repo][commit]:
            self.reply(404, X_Error_Code="EntryNotFound", X_Repo_Commit=commit)
        else:
            data = hub.commits[repo][commit][name]
            tag = f'"{hashlib.sha256(data).hexdigest()}"'
            self.reply(200, data, hub.behaviour == "trickle", ETag=tag, X_Repo_Commit=commit)

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.misbehaves():
            self.server.stored[hashlib.sha256(data).hexdigest()] = data
            self.reply(200)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.misbehaves():
            return
        hub, path = self.server, urlsplit(self.path).path
        if path == "/api/validate-yaml":
            self.reply(200, {"errors": [], "warnings": []})
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.reply(401)
        elif path == "/api/repos/create":
            wanted = json.loads(body)
            repo = "/".join(filter(None, (wanted.get("organization"), wanted["name"])))
            prefix = "spaces/" if wanted.get("type") == "space" else ""
            hub.created.append(wanted)
            hub.private[prefix + repo] = wanted.get("visibility") == "private"
            self.reply(200, {"url": f"{hub.endpoint}/{prefix}{repo}"})
        elif "/preupload/" in path:
            modes = [
                {"path": f["path"], "shouldIgnore": False, "uploadMode": _mode(f["path"])}
                for f in json.loads(body)["files"]
            ]
            self.reply(200, {"files": modes})
        elif path.endswith(".git/info/lfs/objects/batch"):
            objects = [
                {**o, "actions": {"upload": {"href": f"{hub.endpoint}/lfs/{o['oid']}"}}}
                for o in json.loads(body)["objects"]
            ]
            self.reply(200, {"transfer": "basic", "objects": objects})
        elif path.startswith("/api/") and "/commit/main" in path:
            repo = path.removeprefix("/api/").partition("/commit/")[0].removeprefix("models/")
            lines = [json.loads(line) for line in body.decode().splitlines()]
            files = {
                line["value"]["path"]: base64.b64decode(line["value"]["content"])
                if line["key"] == "file"
                else hub.stored[line["value"]["oid"]]
                for line in lines
                if line["key"] in ("file", "lfsFile")
            }
            commit = hub.add(repo, files)
            self.reply(
                200,
                {"success": True, "commitUrl": f"{hub.endpoint}/{repo}/commit/{commit}", "commitOid": commit},
            )
        else:
            self.reply(404)


def _mode(path: str) -> str:
    return "lfs" if path.endswith((".safetensors", ".jpg", ".png", ".npy")) else "regular"


#: Forks of a process that has imported what takes seconds. Nothing here reads a variable of the Hub's when imported.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["torch", "mediapipe"])


def run(endpoint: str, home: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own: the client reads the Hub's address once, when it is imported."""
    return start(endpoint, home, code, **variables)()


def start(endpoint: str, home: Path, code: str, **variables: str) -> Callable[[], subprocess.CompletedProcess[str]]:
    """The same, but returns at once; what is returned waits for the end. Not for several threads."""
    ours = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",  # a transfer protocol of its own that the stand-in does not speak
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONPATH": str(ROOT),
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "REGGAN_"))}
    folder = tempfile.TemporaryDirectory()
    outputs = [Path(folder.name) / name for name in ("stdout", "stderr")]
    process = _FORKS.Process(target=_execute, args=(code, {**kept, **ours, **variables}, *outputs))
    process.start()

    def finish() -> subprocess.CompletedProcess[str]:
        process.join(300)
        if process.is_alive():
            process.kill()
            process.join()
        with folder:
            stdout, stderr = (path.read_text() for path in outputs)
        assert process.exitcode is not None
        return subprocess.CompletedProcess(code, process.exitcode, stdout, stderr)

    return finish


def _execute(code: str, environment: dict[str, str], stdout: Path, stderr: Path) -> None:
    """What `python -c code` does."""
    for descriptor, path in ((1, stdout), (2, stderr)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), descriptor)
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = environment["PYTHONPATH"].split(":")
    exec(code, {"__name__": "__main__"})


def closed_port() -> str:
    """An address where nobody listens."""
    import socket

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{s.getsockname()[1]}"


def wait_for(condition: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)

"""A client for servers of workflow runs: a picture becomes a 3D mesh. One file, standard library only, Python 3.9+.

    from modly_runs import Client
    run = Client().run("duck.png", "builtin/auto", to="duck.glb", on_progress=print)

Every expected failure is a Failure, with a sentence for people and a code for programs.
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any, Callable, Iterator, Optional, Union

ENDED = ("done", "error", "cancelled")


class Failure(Exception):
    """Why a call did not give what was asked for. `code` is the server's word for it, or one of
    unreachable, run_error, run_cancelled, not_done, broken_mesh, local_file, timeout."""

    def __init__(self, code: str, message: str, status: int = 0, run_id: Optional[str] = None):
        super().__init__(message)
        self.code, self.status, self.run_id = code, status, run_id


class Client:
    """The three endpoints, the mesh, and what most servers have beside them."""

    def __init__(self, base_url: str = "http://127.0.0.1:8765", token: Optional[str] = None):
        self.base_url = base_url.rstrip("/")
        self.token = token if token is not None else os.environ.get("MODLY_RUNS_TOKEN")

    def create(
        self,
        image: Union[str, "os.PathLike[str]", bytes],
        model: str,
        params: Optional[dict] = None,
        collection: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> str:
        """Starts a run and gives its id. `image` is a path or the picture's bytes."""
        if not isinstance(image, bytes):
            try:
                with open(image, "rb") as file:
                    image = file.read()
            except OSError as error:
                raise Failure("local_file", f"The picture {image} can't be read: {error.strerror}.") from error
        fields = {"model_id": model, "params": json.dumps(params or {})}
        if collection is not None:
            fields["collection"] = collection
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = 'Content-Disposition: form-data; name="image"; filename="image"\r\nContent-Type: image/png\r\n\r\n'
        parts += [f"--{boundary}\r\n{head}".encode(), image, f"\r\n--{boundary}--\r\n".encode()]
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Idempotency-Key": idempotency_key or str(uuid.uuid4()),
        }
        answer = self._json("/workflow-runs/from-image", b"".join(parts), headers, timeout=300)
        return answer["run_id"]

    def get(self, run_id: str) -> dict:
        """Reads a run."""
        return self._json(self._run_path(run_id))

    def cancel(self, run_id: str) -> dict:
        """Asks for a run to stop. Of one that has ended it only tells how."""
        return self._json(self._run_path(run_id) + "/cancel", b"")

    def watch(self, run_id: str, timeout: Optional[float] = None, patience: float = 60) -> Iterator[dict]:
        """The run as it is, then each change, to its end. `patience`: seconds the server may be away."""
        begun, away, etag, pause = time.monotonic(), None, None, 0.15
        while True:
            if timeout is not None and time.monotonic() - begun > timeout:
                raise Failure("timeout", f"Run {run_id} has not ended within {timeout} s and goes on.", run_id=run_id)
            # A server that can wait answers when something changes; any other answers at once.
            headers = {"If-None-Match": etag, "Prefer": "wait=20"} if etag else {}
            try:
                with self._open(self._run_path(run_id), None, headers, timeout=40) as answer:
                    away, new, held = None, answer.headers.get("ETag"), answer.headers.get("Preference-Applied")
                    run = json.load(answer)
            except Failure as failure:
                if failure.status == 304:
                    away = None
                    time.sleep(pause)
                    continue
                away = away or time.monotonic()
                passing = failure.code == "unreachable" or failure.status in (408, 429) or failure.status >= 500
                if not passing or time.monotonic() - away > patience:
                    failure.run_id = run_id
                    raise
                time.sleep(pause)
                pause = min(pause * 1.5, 2)
                continue
            if new is None or new != etag:
                yield run
            if run["status"] in ENDED:
                return
            etag = new
            if not held:
                time.sleep(pause)
                pause = min(pause * 1.5, 2)

    def download(self, run: dict, to: Optional[str] = None) -> Optional[bytes]:
        """The mesh of a run that is done: into the file `to`, whole or not at all, or as bytes."""
        if run["status"] != "done":
            raise Failure("not_done", f"Run {run['run_id']} has no mesh, it is {run['status']}.")
        path = urllib.parse.quote(run["output_url"])
        mesh = self._bytes(path)
        if path.lower().endswith(".glb"):
            if mesh[:4] != b"glTF" or int.from_bytes(mesh[8:12], "little") != len(mesh):
                raise Failure("broken_mesh", "The mesh did not arrive whole.")
        return _keep(mesh, to)

    def export(
        self, run: dict, format: str, to: Optional[str] = None, size_mm: Optional[float] = None
    ) -> Optional[bytes]:
        """The mesh as glb, obj, stl, ply or 3mf. `size_mm`: longest side of an stl or 3mf; 100 if left out."""
        if run["status"] != "done":
            raise Failure("not_done", f"Run {run['run_id']} has no mesh, it is {run['status']}.")
        query = {"path": run["scene_candidate"]["workspace_path"]}
        if size_mm is not None:
            query["size_mm"] = f"{size_mm:g}"
        return _keep(self._bytes(f"/export/{format}?{urllib.parse.urlencode(query)}"), to)

    def run(
        self,
        image: Union[str, "os.PathLike[str]", bytes],
        model: str,
        params: Optional[dict] = None,
        to: Optional[str] = None,
        on_progress: Optional[Callable[[dict], Any]] = None,
        timeout: Optional[float] = None,
        **create: Any,
    ) -> dict:
        """The whole way: creates a run, follows it, fetches the mesh into `to`, and gives the run."""
        run_id = self.create(image, model, params, **create)
        run: dict = {}
        for run in self.watch(run_id, timeout):
            if on_progress:
                on_progress(run)
        if run["status"] == "error":
            raise Failure("run_error", run["error"], run_id=run_id)
        if run["status"] == "cancelled":
            raise Failure("run_cancelled", f"Run {run_id} was cancelled.", run_id=run_id)
        if to is not None:
            self.download(run, to)
        return run

    def models(self) -> list:
        """The server's models."""
        return self._json("/model/all")

    def params(self, model: str) -> list:
        """The parameters of a model, with their types, ranges and defaults."""
        return self._json("/model/params?" + urllib.parse.urlencode({"model_id": model}))

    @staticmethod
    def _run_path(run_id: str) -> str:
        return "/workflow-runs/" + urllib.parse.quote(run_id, safe="")

    def _open(self, path: str, body: Optional[bytes], headers: dict, timeout: float) -> Any:
        request = urllib.request.Request(self.base_url + path, data=body, headers=headers)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            return urllib.request.urlopen(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, error.read()) from None
        except OSError as error:
            raise Failure("unreachable", f"The server at {self.base_url} does not answer: {error}") from error

    def _bytes(self, path: str) -> bytes:
        try:
            with self._open(path, None, {}, timeout=120) as answer:
                return answer.read()
        except OSError as error:
            raise Failure("unreachable", f"The download broke off: {error}") from error

    def _json(
        self, path: str, body: Optional[bytes] = None, headers: Optional[dict] = None, timeout: float = 30
    ) -> Any:
        with self._open(path, body, headers or {}, timeout) as answer:
            return json.load(answer)


def _refusal(status: int, body: bytes) -> Failure:
    try:
        problem = json.loads(body)
        return Failure(problem.get("code", "refused"), str(problem["detail"]), status)
    except (ValueError, KeyError, AttributeError):
        return Failure("refused", f"The server answered {status}.", status)


def _keep(mesh: bytes, to: Optional[str]) -> Optional[bytes]:
    if to is None:
        return mesh
    # Not by tempfile, whose files are their owner's alone.
    part = os.path.join(os.path.dirname(os.path.abspath(to)), f".{uuid.uuid4().hex}.part")
    try:
        with open(part, "xb") as file:
            file.write(mesh)
        os.replace(part, to)
    except OSError as error:
        raise Failure("local_file", f"{to} can't be written: {error.strerror}.") from error
    finally:
        if os.path.exists(part):
            os.unlink(part)
    return None

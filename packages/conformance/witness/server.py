#!/usr/bin/env python3
"""A server of workflow runs in Python's standard library, in one file.

It keeps the contract and nothing more: three endpoints and the workspace. Read it beside
the specification when you write a server of your own; the conformance suite is run against it.

    python3 server.py [--port 8765] [--step-ms 20]

The model `witness/flat` makes one square as large as the picture. Its params: `steps` and
`step_ms` (how long it takes), `fail` (true: it fails).
"""

import argparse
import hashlib
import json
import queue
import re
import struct
import threading
import uuid
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

MODEL = "witness/flat"
WORKERS = 4
MAX_BODY = 64 * 1024 * 1024
MAX_PARAMS = 256 * 1024
BODY_TIMEOUT = 5.0  # seconds a client may be silent in the middle of a body
ENDED = ("done", "error", "cancelled")
LOCAL = ("127.0.0.1", "localhost", "::1")


class Refused(Exception):
    """A request that gets an answer of its own instead of a run."""

    def __init__(self, status, detail, **headers):
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


# --- pictures and meshes ------------------------------------------------------------------


def size_of_picture(data):
    """(width, height) of a whole PNG, JPEG or WebP; ValueError says what is wrong."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return size_of_png(data)
    if data[:3] == b"\xff\xd8\xff":
        return size_of_jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        if len(data) < 30 or struct.unpack("<I", data[4:8])[0] + 8 > len(data):
            raise ValueError("the WebP is cut off")
        return 1, 1  # its three kinds keep the size in three places; a square will do
    raise ValueError("the bytes are no PNG, JPEG or WebP")


def size_of_png(data):
    at, size, pixels = 8, None, []
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        tail = data[at + 8 + length : at + 12 + length]
        if len(tail) < 4 or zlib.crc32(kind + body) != struct.unpack(">I", tail)[0]:
            raise ValueError("the PNG is cut off or damaged")
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            pixels.append(body)
        elif kind == b"IEND" and size:
            try:
                zlib.decompressobj().decompress(b"".join(pixels), MAX_BODY)
            except zlib.error:
                raise ValueError("the pixels of the PNG can't be read") from None
            return size
        at += 12 + length
    raise ValueError("the PNG is cut off")


def size_of_jpeg(data):
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if b"\xff\xd9" not in data[at:]:
                raise ValueError("the JPEG is cut off")
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    raise ValueError("the JPEG can't be read")


def square(width, height, mark):
    """A GLB of two triangles with the picture's proportions; `mark` makes it one of a kind."""
    w, h = width / max(width, height), height / max(width, height)
    points = struct.pack("<12f", 0, 0, 0, w, 0, 0, w, h, 0, 0, h, 0)
    corners = struct.pack("<6H", 0, 1, 2, 0, 2, 3)
    # The bounds must be the numbers as they are stored, in 32 bits.
    w, h = struct.unpack("<2f", struct.pack("<2f", w, h))
    document = {
        "asset": {"version": "2.0", "generator": "witness", "extras": {"mark": mark}},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"byteLength": 60}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 48, "target": 34962},
            {"buffer": 0, "byteOffset": 48, "byteLength": 12, "target": 34963},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3",
             "min": [0, 0, 0], "max": [w, h, 0]},
            {"bufferView": 1, "componentType": 5123, "count": 6, "type": "SCALAR"},
        ],
    }  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text
    body += struct.pack("<I4s", 60, b"BIN\0") + points + corners
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


# --- the life of a run ----------------------------------------------------------------------


class Run:
    """One run. Whoever changes or shows it holds `lock`; an ended run never changes again."""

    def __init__(self, image, params, collection):
        self.id = str(uuid.uuid4())
        self.image, self.params, self.collection = image, params, collection
        self.status, self.progress, self.step = "pending", 0, None
        self.error = self.path = None
        self.lock = threading.Lock()
        self.stop = threading.Event()

    def change(self, **values):
        """Sets values unless the run has ended; tells whether it did."""
        with self.lock:
            if self.status in ENDED:
                return False
            vars(self).update(values)
            return True

    def shown(self):
        with self.lock:
            return {
                "run_id": self.id,
                "status": self.status,
                "progress": self.progress,
                "step": self.step,
                "output_url": f"/workspace/{self.path}" if self.path else None,
                "error": self.error,
                "scene_candidate": {"workspace_path": self.path} if self.path else None,
            }


class Runs:
    """All runs, a queue of those that wait, and the meshes by their path."""

    def __init__(self, step_ms):
        self.step_ms = step_ms
        self.by_id, self.files = {}, {}
        self.waiting = queue.Queue()
        for _ in range(WORKERS):
            threading.Thread(target=self.work_on_all, daemon=True).start()

    def add(self, run):
        self.by_id[run.id] = run  # readable before anybody knows its id
        self.waiting.put(run)

    def work_on_all(self):
        while True:
            run = self.waiting.get()
            try:
                self.work(run)
            except Exception:  # a run always ends
                run.change(status="error", error="The generator failed.")

    def work(self, run):
        if not run.change(status="running", step="Loading"):
            return  # cancelled while it waited
        steps = run.params.get("steps", 4)
        for done in range(1, steps + 1):
            if run.stop.wait(run.params.get("step_ms", self.step_ms) / 1000):
                return
            run.change(progress=done * 99 // steps, step=f"Step {done} of {steps}")
        if run.params.get("fail"):
            run.change(status="error", error="The picture shows nothing to make a mesh of.")
            return
        path = f"{run.collection}/{run.id}.glb"
        mark = hashlib.sha256(run.image).hexdigest()
        self.files[path] = square(*size_of_picture(run.image), mark)  # first the file, then done
        if not run.change(status="done", progress=100, step="Completed", path=path):
            del self.files[path]

    def cancel(self, run):
        run.change(status="cancelled")
        run.stop.set()


# --- HTTP -------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or headers and body are 40 ms apart
    timeout = 60
    runs: Runs

    ROUTES = (
        (r"/workflow-runs/from-image", {"POST": "create"}),
        (r"/workflow-runs/([^/]+)", {"GET": "read", "HEAD": "read"}),
        (r"/workflow-runs/([^/]+)/cancel", {"POST": "cancel"}),
        (r"/workspace/(.+)", {"GET": "download", "HEAD": "download"}),
    )

    def route(self):
        self.body_read = False
        try:
            self.guard()
            path = self.path.partition("?")[0]
            for pattern, methods in self.ROUTES:
                found = re.fullmatch(pattern, path)
                if found and self.command in methods:
                    return getattr(self, methods[self.command])(*found.groups())
                if found:
                    allowed = ", ".join(methods)
                    raise Refused(405, f"This route knows {allowed}.", Allow=allowed)
            raise Refused(404, "There is no such route.")
        except Refused as refusal:
            self.answer(refusal.status, {"detail": refusal.detail}, **refusal.headers)
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = route

    def guard(self):
        """Refuses two lengths of one body, and pages of other machines that reach this one."""
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) + ("Transfer-Encoding" in self.headers) > 1:
            self.body_read = self.close_connection = True
            raise Refused(400, "The request has two lengths.")
        origin = urlsplit(self.headers.get("Origin", "http://localhost")).hostname
        host = urlsplit("//" + self.headers.get("Host", "")).hostname
        if host not in LOCAL or origin not in LOCAL:
            raise Refused(403, "This server is for its own machine.")

    def create(self):
        content_type = self.headers.get("Content-Type", "")
        if not re.match(r"multipart/form-data\s*(;|$)", content_type, re.I):
            raise Refused(415, "Send the picture as multipart/form-data.")
        fields, files = self.form(content_type)
        if set(files) - {"image"}:
            raise Refused(400, "Only the part image may be a file.")
        if len(files.get("image", [])) != 1:
            raise Refused(400, "Send exactly one file as the part image.")
        kind, data = files["image"][0]
        # The bytes decide, but for what is labelled as something else on purpose.
        if not re.match(r"(image/|application/octet-stream|$)", kind, re.I):
            raise Refused(400, "File must be an image.")
        if fields.get("model_id", "").strip() != MODEL:
            raise Refused(400, f"Unknown model ID; there is: {MODEL}")
        run = Run(data, self.params(fields), fields.get("collection", "Default"))
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_-]?", run.collection):
            raise Refused(400, "collection is not a plain name.")
        try:
            size_of_picture(data)
        except (ValueError, struct.error) as fault:
            raise Refused(400, f"The picture can't be read: {fault}.") from None
        self.runs.add(run)
        location = f"/workflow-runs/{run.id}"
        self.answer(200, {"run_id": run.id, "status": "pending"}, Location=location)

    def params(self, fields):
        text = fields.get("params", "{}")
        if len(text) > MAX_PARAMS:
            raise Refused(413, "params is too long.")
        try:
            params = json.loads(text)
        except (ValueError, RecursionError):
            raise Refused(400, "params is not JSON.") from None
        if not isinstance(params, dict):
            raise Refused(400, "params must be a JSON object.")
        for key in ("steps", "step_ms"):
            value = params.get(key, 1)
            if type(value) is not int or not 0 <= value <= 10_000:
                raise Refused(400, f"params.{key} must be a whole number up to 10000.")
        return params

    def read(self, run_id):
        run = self.find(run_id)
        body = run.shown()
        tag = '"%s"' % hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16]
        if self.headers.get("If-None-Match") == tag:
            return self.answer(304, None, ETag=tag)
        return self.answer(200, body, ETag=tag, **{"Cache-Control": "no-cache"})

    def cancel(self, run_id):
        run = self.find(run_id)
        self.runs.cancel(run)
        status = run.shown()["status"]
        body = {"run_id": run.id, "status": status, "cancelled": status == "cancelled"}
        self.answer(200, body)

    def download(self, path):
        data = self.runs.files.get(path)
        if data is None:
            raise Refused(404, "There is no such file.")
        self.answer(200, data)

    def find(self, run_id):
        if not re.fullmatch(r"[A-Za-z0-9._~-]{1,128}", run_id):
            raise Refused(400, "That is not a run id.")
        run = self.runs.by_id.get(run_id)
        if run is None:
            raise Refused(404, "There is no such run.")
        return run

    def form(self, content_type):
        """Text fields by name, and files by name as lists of (type, bytes)."""
        boundary = re.search(r';\s*boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))', content_type, re.I)
        if not boundary:
            raise Refused(400, "The content type names no boundary.")
        boundary = (boundary[1] or boundary[2]).encode("latin-1")
        # The first boundary has no line before it; with one put there, all are alike.
        pieces = (b"\r\n" + self.body()).split(b"\r\n--" + boundary)
        if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
            raise Refused(400, "The form does not end with its boundary.")
        fields, files = {}, {}
        for piece in pieces[1:-1]:
            head, _, data = piece.partition(b"\r\n\r\n")
            head = head.decode("utf-8", "replace")
            name = re.search(r'[;\s]name="?((?:[^"\\]|\\.)*?)["\r;]', head + "\r")
            if not name:
                raise Refused(400, "A part has no name.")
            if re.search(r";\s*filename\*?=", head):
                kind = re.search(r"^content-type:\s*(\S+)", head, re.I | re.M)
                files.setdefault(name[1], []).append((kind[1] if kind else "", data))
            else:
                fields.setdefault(name[1], data.decode("utf-8", "replace"))
        return fields, files

    def body(self):
        """The whole body, with a length or in chunks."""
        self.body_read = True
        self.connection.settimeout(BODY_TIMEOUT)
        try:
            if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
                data = b"".join(self.chunks())
            else:
                length = self.headers.get("Content-Length", "0")
                if not length.isdigit() or int(length) > MAX_BODY:
                    self.close_connection = True
                    raise Refused(413, "The body is too long.")
                data = self.exactly(int(length))
        finally:
            self.connection.settimeout(self.timeout)
        return data

    def exactly(self, length):
        data = self.rfile.read(length)
        if len(data) < length:
            self.close_connection = True
            raise Refused(400, "The body was cut off.")
        return data

    def chunks(self):
        total = 0
        while True:
            head = re.match(rb"([0-9A-Fa-f]{1,8})\s*(;.*)?\r?\n", self.rfile.readline(1024))
            total += int(head[1], 16) if head else MAX_BODY + 1
            if total > MAX_BODY:
                self.close_connection = True
                raise Refused(400, "The chunks are malformed or too long.")
            data = self.exactly(int(head[1], 16))
            self.rfile.readline(1024)
            if not data:
                return
            yield data

    def answer(self, status, body, **headers):
        if not self.body_read:  # what nobody read would be taken for the next request
            try:
                self.body()
            except Refused:
                self.close_connection = True
        kind = "model/gltf-binary" if isinstance(body, bytes) else "application/json"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if body is not None:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-Content-Type-Options", "nosniff")
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body is not None and self.command != "HEAD":
            self.wfile.write(data)

    def send_error(self, code, message=None, explain=None):
        """What the standard library refuses by itself is told in the same shape."""
        self.close_connection = self.body_read = True
        self.command = self.command or "GET"
        code = 405 if code == 501 else code  # a method nobody has heard of
        self.answer(code, {"detail": message or "The request is not HTTP."})

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a client that went away is nobody's problem


def main():
    options = argparse.ArgumentParser(description="A small server of workflow runs.")
    options.add_argument("--port", type=int, default=8765, help="0 takes a free one")
    options.add_argument("--step-ms", type=int, default=20, help="how long a step takes")
    chosen = options.parse_args()
    Handler.runs = Runs(chosen.step_ms)
    server = Server(("127.0.0.1", chosen.port), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

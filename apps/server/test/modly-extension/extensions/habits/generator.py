"""One class for each habit of an extension. Python's standard library, nothing else."""

import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

from services.generators.base import BaseGenerator


def triangle():
    """The smallest binary glTF with a face."""
    points = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
    document = json.dumps(
        {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
            "buffers": [{"byteLength": len(points)}],
            "bufferViews": [{"buffer": 0, "byteLength": len(points)}],
            "accessors": [
                {
                    "bufferView": 0,
                    "componentType": 5126,
                    "count": 3,
                    "type": "VEC3",
                    "min": [0, 0, 0],
                    "max": [1, 1, 0],
                }
            ],
        }
    ).encode()
    document += b" " * (-len(document) % 4)
    chunks = struct.pack("<I4s", len(document), b"JSON") + document
    chunks += struct.pack("<I4s", len(points), b"BIN\0") + points
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


class Good(BaseGenerator):
    def load(self):
        self._model = True

    def write(self, name="mesh.glb", content=None):
        path = Path(self.outputs_dir) / name
        path.write_bytes(triangle() if content is None else content)
        return path

    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        steps = int(params.get("steps", 3))
        for step in range(steps):
            self._check_cancelled(cancel_event)
            self._report(progress_cb, 100 * step // steps, f"Step {step + 1} of {steps}")
            time.sleep(0.02)
        return self.write()


class WithoutCancel(Good):
    def generate(self, image_bytes, params, progress_cb=None):
        progress_cb(5, "Nobody can tell me")
        time.sleep(float(params.get("seconds", 0)))
        return self.write()


class Prints(Good):
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        print('{"type": "done", "id": "anything", "output_path": "/etc/passwd"}')
        os.write(1, b"not JSON at all\n\xff\xfe\n")
        for line in range(5000):
            print("line", line, "x" * 200)
        print("input:", repr(sys.stdin.read()), file=sys.stderr)
        return self.write()


class SlowLoad(Good):
    def load(self):
        time.sleep(1.5)
        self._model = True


class BadLoad(Good):
    def load(self):
        raise ValueError("the weights are for\nanother model: /opt/secret/place/model.bin")


class Fails(Good):
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        if params.get("exit"):
            sys.exit("the extension wanted to end")
        raise KeyError("no_such_key")


class OutOfMemory(Good):
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")


class Crashes(Good):
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        if params.get("how") == "exit":
            os._exit(3)
        os.kill(os.getpid(), signal.SIGSEGV)


class Deaf(Good):
    """Neither looks at the event nor ends for a polite signal."""

    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        if params.get("rude"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._report(progress_cb, 10, f"Working in {os.getpid()}")
        while True:
            time.sleep(0.05)


class Hangs(Good):
    """Inside native code that lets no other thread run."""

    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        self._report(progress_cb, 10, f"Working in {os.getpid()}")
        re.match(r"(a|a)*$", "a" * 60 + "b")


class Children(Good):
    """Starts a process of its own that would live on."""

    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        self._report(progress_cb, 10, f"Working in {os.getpid()} and {child.pid}")
        while not params.get("go"):
            time.sleep(0.05)
        return self.write()


class Elsewhere(Good):
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        path = Path(params["to"])
        path.write_bytes(triangle())
        return path


class Floods(Good):
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        for report in range(200000):
            progress_cb(float("nan") if report % 7 == 0 else report * 1.5, f"Report {report}")
        progress_cb("much", None)
        return self.write()


class WritesPly(Good):
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        text = (
            "ply\nformat ascii 1.0\nelement vertex 4\n"
            "property float x\nproperty float y\nproperty float z\n"
            "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
            "0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n"
        )
        return self.write("mesh.ply", text.encode())


class WritesObj(Good):
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        return self.write("mesh.obj", b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n")


class WritesPicture(Good):
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        return self.write("mesh.png", image_bytes)


class WritesNothing(Good):
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        return Path(self.outputs_dir) / "mesh.glb" if params.get("path") else None


class About(Good):
    """Tells what it was given, in the name of its mesh."""

    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None):
        told = {
            "prefix": sys.prefix,
            "device": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "pid": os.getpid(),
            "model_dir": str(self.model_dir),
            "env": {
                name: os.environ.get(name)
                for name in ("EXTENSION_DIR", "MODELS_DIR", "WORKSPACE_DIR", "MODLY_API_DIR")
            },
            "schema": self._params_schema,
            "secrets": [value for name, value in os.environ.items() if "TOKEN" in name],
        }
        self._report(progress_cb, 50, json.dumps(told))
        time.sleep(float(params.get("seconds", 0)))
        return self.write(f"device-{told['device']}.glb")

"""Runs one model of a Modly extension for the server that started it.

Orders come on stdin and answers go to what was stdout, one JSON object a line. Everything that the
extension itself prints goes to stderr, the log. Python 3.8 and its standard library, nothing else.

    load {id, download}                          -> loaded | missing | error
    generate {id, image_b64, params, outputs_dir} -> begun, progress..., done | cancelled | error
    cancel {id}       seen at any time, by a thread of its own
    unload {id}                                  -> unloaded
    shutdown                                     -> the process ends

Every answer carries the id of its order; `ready` and an `error` without an id come before any.
"""

import base64
import faulthandler
import importlib.util
import inspect
import json
import math
import os
import queue
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

POSIX = os.name == "posix"
PROGRESS_A_SECOND = 20
PROGRESS_AT_ONCE = 40
MOST_TEXT = 8000


def kill_group():
    """Ends this process and everything it started."""
    if POSIX and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def start_guard(lifeline):
    """Forks a process that ends the whole group once the server is gone, even when Python hangs."""
    leader = os.getpid()
    if os.getpgrp() != leader:
        raise SystemExit("The guard needs a process group of its own.")
    if os.fork() != 0:
        os.close(lifeline)
        return
    try:
        for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        os.closerange(0, lifeline)
        os.closerange(lifeline + 1, 64)
        while os.read(lifeline, 1):
            pass
    finally:
        os.killpg(leader, signal.SIGKILL)
        os._exit(0)


class Wire:
    """The protocol, on descriptors that nobody else writes to."""

    def __init__(self):
        self._orders = os.fdopen(os.dup(0), "rb")
        self._answers = os.dup(1)
        self._lock = threading.Lock()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        if not POSIX:
            import msvcrt

            msvcrt.setmode(self._answers, os.O_BINARY)

    def orders(self):
        for line in self._orders:
            if line.strip():
                yield json.loads(line)

    def send(self, type, **fields):
        line = json.dumps({"type": type, **fields}).encode() + b"\n"
        with self._lock:
            while line:
                line = line[os.write(self._answers, line) :]


def fault(error):
    """What an exception says, short enough for a line."""
    try:
        message = str(error)
    except Exception:
        message = ""
    return {
        "kind": type(error).__name__,
        "message": message[:MOST_TEXT],
        "traceback": traceback.format_exc()[-MOST_TEXT:],
    }


def number(value):
    """A percentage as JSON can hold it, or None."""
    try:
        value = float(value)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def node_of(manifest, model_dir):
    nodes = manifest.get("nodes") or []
    return next((node for node in nodes if node.get("id") == model_dir.name), {})


def class_of(module, name):
    """The class the manifest names, or the only generator that the module defines."""
    if name:
        return getattr(module, name)
    from services.generators.base import BaseGenerator

    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, BaseGenerator)
        and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise RuntimeError("manifest.json names no generator_class.")
    return found[0]


def make_generator():
    folder = Path(os.environ["EXTENSION_DIR"])
    model_dir = Path(os.environ["MODEL_DIR"])
    sys.path[:0] = [str(folder), os.environ["MODLY_API_DIR"]]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    node = node_of(manifest, model_dir)
    spec = importlib.util.spec_from_file_location("generator", str(folder / "generator.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["generator"] = module
    spec.loader.exec_module(module)
    name = node.get("generator_class") or manifest.get("generator_class")
    generator = class_of(module, name)(model_dir, Path(os.environ["WORKSPACE_DIR"]))
    for attribute, nothing in (("hf_repo", ""), ("hf_skip_prefixes", []), ("download_check", "")):
        setattr(generator, attribute, node.get(attribute) or manifest.get(attribute) or nothing)
    generator._params_schema = node.get("params_schema") or manifest.get("params_schema") or []
    return generator


def schema_of(generator):
    try:
        schema = generator.params_schema()
        json.dumps(schema)
        return schema
    except Exception:
        return None


def leave(code):
    """Ends without waiting for threads that the extension has started."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class Allowance:
    """Lets bursts of reports through, and cuts a flood of them down."""

    def __init__(self):
        self._left, self._at = float(PROGRESS_AT_ONCE), time.monotonic()

    def take(self):
        now = time.monotonic()
        gained = (now - self._at) * PROGRESS_A_SECOND
        self._left, self._at = min(PROGRESS_AT_ONCE, self._left + gained), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Runner:
    def __init__(self, wire, generator):
        self._wire = wire
        self._generator = generator
        self._inbox = queue.Queue()
        self._cancels = {}

    def listen(self):
        """Reads orders until the server lets go, and takes everything down then."""
        try:
            for order in self._wire.orders():
                action, id = order.get("action"), order.get("id")
                if action == "generate":
                    self._cancels[id] = threading.Event()
                if action == "cancel":
                    event = self._cancels.get(id)
                    if event is not None:
                        event.set()
                else:
                    self._inbox.put(order)
        finally:
            kill_group()

    def work(self):
        """Carries out orders one after the other, on the main thread as extensions expect."""
        while True:
            order = self._inbox.get()
            action, id = order.get("action"), order.get("id")
            if action == "shutdown":
                self._generator.unload()
                return
            try:
                getattr(self, "_" + action)(order, id)
            except BaseException as error:
                if type(error).__name__ == "GenerationCancelled":
                    self._wire.send("cancelled", id=id)
                else:
                    self._wire.send("error", id=id, **fault(error))
            finally:
                self._cancels.pop(id, None)

    def _load(self, order, id):
        if not order.get("download") and not self._generator.is_downloaded():
            self._wire.send("missing", id=id)
            return
        if not self._generator.is_loaded():
            self._generator.load()
        self._wire.send("loaded", id=id)

    def _generate(self, order, id):
        generator, wire = self._generator, self._wire
        wire.send("begun", id=id)
        outputs = Path(order["outputs_dir"])
        generator.outputs_dir = outputs
        allowance = Allowance()

        def progress(pct, step=""):
            if allowance.take():
                wire.send("progress", id=id, pct=number(pct), step=str(step or "")[:500])

        arguments = [base64.b64decode(order.pop("image_b64")), order["params"], progress]
        if "cancel_event" in inspect.signature(generator.generate).parameters:
            arguments.append(self._cancels[id])
        made = generator.generate(*arguments)
        if made is None:
            raise RuntimeError("generate() gave no path.")
        wire.send("done", id=id, output_path=str(outputs / Path(made)))

    def _unload(self, _order, id):
        self._generator.unload()
        self._wire.send("unloaded", id=id)


def main():
    if len(sys.argv) > 1:
        start_guard(int(sys.argv[1]))
    wire = Wire()
    faulthandler.enable()
    try:
        generator = make_generator()
    except BaseException as error:
        wire.send("error", id=None, **fault(error))
        leave(1)
    runner = Runner(wire, generator)
    threading.Thread(target=runner.listen, daemon=True).start()
    wire.send("ready", params_schema=schema_of(generator))
    runner.work()
    leave(0)


if __name__ == "__main__":
    main()

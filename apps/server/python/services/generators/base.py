"""What a Modly extension imports from its host: the class that it extends, and its two companions."""

import gc
from abc import ABC, abstractmethod
from pathlib import Path


class GenerationCancelled(Exception):
    """Raised inside a generator that was asked to stop."""


def smooth_progress(progress_cb, start, end, label, stop, interval=3.0):
    """Moves the progress on by itself, from `start` to just below `end`, until the event `stop` is set.

    For work that can't report: run it in a thread beside the work. `interval` is in seconds.
    """
    last = end - 2
    step = max(1, (end - start) // 10)
    at = start
    while at < last and not stop.wait(interval):
        at = min(at + step, last)
        progress_cb(at, label)


class BaseGenerator(ABC):
    """One model. The host makes one, loads it, has it generate again and again, and unloads it."""

    MODEL_ID = ""
    DISPLAY_NAME = ""
    VRAM_GB = 0

    def __init__(self, model_dir: Path, outputs_dir: Path) -> None:
        self.model_dir = model_dir
        self.outputs_dir = outputs_dir
        self._model = None
        # The host sets these from the manifest, once the generator is made.
        self.hf_repo = ""
        self.hf_skip_prefixes = []
        self.download_check = ""
        self._params_schema = []

    def is_downloaded(self) -> bool:
        """True when the weights are there, or when the manifest names none."""
        if self.download_check:
            return (Path(self.model_dir) / self.download_check).exists()
        if not self.hf_repo:
            return True
        folder = Path(self.model_dir)
        return folder.is_dir() and any(folder.iterdir())

    @abstractmethod
    def load(self) -> None:
        """Brings the model into memory."""

    def unload(self) -> None:
        """Lets go of the model's memory."""
        self._model = None
        gc.collect()
        try:
            import torch
        except ImportError:
            return
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def is_loaded(self) -> bool:
        """True between `load` and `unload`."""
        return self._model is not None

    @abstractmethod
    def generate(self, image_bytes, params, progress_cb=None, cancel_event=None) -> Path:
        """Makes a mesh below `self.outputs_dir` and gives its path.

        `progress_cb(percent, step)` may be called from any thread. `cancel_event` is set when the
        work is to stop; a generator without this argument is stopped with its process.
        """

    def params_schema(self) -> list:
        """The parameters, as the manifest has them."""
        return self._params_schema

    def _report(self, progress_cb, pct, step) -> None:
        if progress_cb is not None:
            progress_cb(pct, step)

    def _check_cancelled(self, cancel_event) -> None:
        if cancel_event is not None and cancel_event.is_set():
            raise GenerationCancelled()

    def _auto_download(self) -> None:
        """Fetches the weights that the manifest names into the model's folder."""
        if not self.hf_repo:
            raise RuntimeError("The manifest names no hf_repo, so there is nothing to download.")
        from huggingface_hub import snapshot_download

        Path(self.model_dir).mkdir(parents=True, exist_ok=True)
        skipped = [*self.hf_skip_prefixes, "*.md", "LICENSE", "NOTICE", "Notice.txt", ".gitattributes"]
        snapshot_download(
            repo_id=self.hf_repo, local_dir=str(self.model_dir), ignore_patterns=skipped
        )

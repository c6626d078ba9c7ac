"""`EventLog`: scalars and figures in an event file of TensorBoard, written by the thread that calls.

TensorBoard's own writer hands records to a thread. If the disk is full, that thread ends with a traceback, and if the
folder is removed, it makes it again. Here each record is on disk when the call returns, and the caller gets the error.
"""

from __future__ import annotations

import io
import os
import platform
import secrets
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from edgevision.storage.disk_files import make_folder, naming

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RGBA = 4


class EventLog:
    """A new event file; as a context manager it is closed in the end.

    Attributes:
        path: the file.
    """

    def __init__(self, folder: Path) -> None:
        """Create the file in ``folder``.

        Raises:
            FolderRemovedError: the folder of the run was removed.
            OSError: the file cannot be written.
        """
        make_folder(folder)
        name = f"events.out.tfevents.{time.time():010.0f}.{platform.node()}.{os.getpid()}.{secrets.token_hex(4)}"
        self.path = folder / name
        self._stream = self.path.open("xb")
        self._records = RecordWriter(self._stream)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def add_scalar(self, name: str, value: float, step: int) -> None:
        """Record a number.

        Raises:
            OSError: names the file.
        """
        self._add(step, Summary.Value(tag=name, simple_value=float(value)))

    def add_figure(self, name: str, figure: Figure, step: int) -> None:
        """Record a picture of a figure of matplotlib.

        Raises:
            OSError: names the file.
        """
        png = io.BytesIO()
        figure.savefig(png, format="png")
        width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
        image = Summary.Image(height=height, width=width, colorspace=_RGBA, encoded_image_string=png.getvalue())
        self._add(step, Summary.Value(tag=name, image=image))

    def _add(self, step: int, value: Any) -> None:
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))

    def _write(self, event: Any) -> None:
        try:
            with naming(self.path):
                self._records.write(event.SerializeToString())
                self._stream.flush()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # of a record that could not be written, which its writer knows already
            self._stream.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

"""The command ``edgevision``: its entry point, and how it reports errors.

Wrong input prints one line on stderr and exits with code 2; a bug of the package prints one line and exits with 70.
An interrupt (exit code 130) or SIGTERM (143) prints how to continue. ``--debug``, anywhere in the line, shows the
traceback.
"""

from __future__ import annotations

import errno
import io
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import gymnasium

from edgevision.errors import EdgeVisionError, EdgeVisionWarning, MissingExtraError
from edgevision.imports import require

_WRONG_INPUT, _DEFECT, _INTERRUPTED, _TERMINATED = 2, 70, 130, 143
_GO_ON = "the same command goes on with what is finished ('edgevision train' with --resume)"
_DISK_TROUBLE = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EIO: "check the disk",
}


class _Terminated(BaseException):
    """The process was asked to end by SIGTERM."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may hold what the terminal cannot show
    with _signals() as received:
        try:
            code = _run(given)
        except (KeyboardInterrupt, _Terminated):
            code = _INTERRUPTED
        except Exception as error:
            if not received and "--debug" in given:
                raise
            code = _INTERRUPTED if received else _print_bug(error)
    if received or code == _INTERRUPTED:  # errors after a signal are its consequences, such as a worker that died too
        code = _TERMINATED if signal.SIGTERM in received else _INTERRUPTED
        print(f"edgevision: stopped; {_GO_ON}", file=sys.stderr)
    sys.exit(code)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Turn SIGINT and SIGTERM into exceptions, and note which came; a signal that is ignored stays so."""
    received: list[int] = []

    def stop(number: int, _: object) -> None:
        received.append(number)
        raise _Terminated if number == signal.SIGTERM else KeyboardInterrupt

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        before = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}
    for number in before:
        signal.signal(number, stop)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_bug(error: Exception) -> int:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    print(
        f"edgevision: a defect of the package, please report it: {text}; add --debug for the traceback", file=sys.stderr
    )
    return _DEFECT


def _run(arguments: list[str]) -> int:
    try:
        for module in ("typer", "rich"):
            require(module, "cli")
    except MissingExtraError as error:
        return _print_error(error)
    import typer

    from edgevision.cli.app import app

    words = [word for word in arguments if word != "--debug"]
    try:
        with _short_warnings():
            code = typer.main.get_command(app).main(words, "edgevision", standalone_mode=False)
    except typer.Abort:
        return _INTERRUPTED
    except Exception as error:
        if not _is_wrong_input(error) or "--debug" in arguments:
            raise
        return _print_error(error)
    return code if isinstance(code, int) else 0


@contextmanager
def _short_warnings() -> Iterator[None]:
    """Print warnings of the package in one line, as errors are, without the place in the code."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", EdgeVisionWarning)
        show = warnings.showwarning

        def show_shortly(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, EdgeVisionWarning):
                _print_error(message)
            else:
                show(message, category, *place, **more)

        warnings.showwarning = show_shortly
        yield


def _is_wrong_input(error: Exception) -> bool:
    """Whether the user can correct it: errors of usage (typer), of this package, of files and of memory."""
    known = (EdgeVisionError, OSError, MemoryError, gymnasium.error.Error)
    return isinstance(error, known) or hasattr(error, "format_message")


def _print_error(error: Any) -> int:
    """Print the error in one line on stderr; returns the exit code."""
    if hasattr(error, "format_message"):
        message, context = error.format_message(), getattr(error, "ctx", None)
        if context is not None:
            message = f"{message.rstrip('.')}; see '{context.command_path} --help'"
    elif isinstance(error, OSError) and error.strerror:
        message = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
        if error.errno in _DISK_TROUBLE:
            message += f"; {_DISK_TROUBLE[error.errno]}, then {_GO_ON}"
    elif isinstance(error, MemoryError):
        message = f"not enough memory for these settings ({error})"
    else:
        message = str(error)
    print(f"edgevision: {' '.join(message.split())}", file=sys.stderr)
    return _WRONG_INPUT

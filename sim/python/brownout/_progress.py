# SPDX-License-Identifier: Apache-2.0
"""Progress of a run: a bar in a terminal, a bar in a notebook, a function of the caller, or none."""

from __future__ import annotations

import sys
import time
from typing import Any, Callable, Optional, TextIO, Union

from brownout._errors import InputError

#: None: a bar where somebody sees it. True, False: a bar, no bar. A function: it is called with
#: the work that is done and all of it.
Progress = Union[None, bool, Callable[[int, int], Any]]

_PATIENCE_S = 0.5  # a run that is done by then shows no bar
_WIDTH = 30


def watcher(
    progress: Progress, title: str
) -> "Union[_Terminal, _Notebook, _Function, _Lines, _Silent]":
    """What ``run_watched`` calls: ``update(done, total)`` from time to time, ``close()`` at last."""
    if progress is False:
        return _Silent()
    if callable(progress):
        return _Function(progress)
    if progress is not None and progress is not True:
        raise InputError(
            f"progress: expected None, True, False or a function, got {progress!r}"
        )
    if _in_notebook():
        return _Notebook(title)
    if sys.stderr is not None and sys.stderr.isatty():
        return _Terminal(title, sys.stderr)
    return _Lines(title) if progress else _Silent()


def _in_notebook() -> bool:
    """Whether the code runs in a cell of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def _clock(seconds: float) -> str:
    whole = int(seconds + 0.5)
    hours, minutes = divmod(whole // 60, 60)
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{whole % 60:02}"


class _Silent:
    def update(self, done: int, total: int) -> None:
        pass

    def close(self, finished: bool) -> None:
        pass


class _Function:
    """Calls the caller's function whenever something changed."""

    def __init__(self, function: Callable[[int, int], Any]) -> None:
        self._function = function
        self._last = (-1, -1)

    def update(self, done: int, total: int) -> None:
        if total > 0 and (done, total) != self._last:
            self._last = (done, total)
            self._function(done, total)

    def close(self, finished: bool) -> None:
        if finished:  # what turned out not to be needed counts as done
            self.update(self._last[1], self._last[1])


class _Bar:
    """Counts time; subclasses show a text or a bar."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._start = time.monotonic()
        self._shown: Optional[str] = None
        self._done = self._total = 0

    def update(self, done: int, total: int) -> None:
        self._done, self._total = done, total
        if total <= 0 or time.monotonic() - self._start < _PATIENCE_S:
            return
        text = self._text()
        if text != self._shown:
            self._shown = text
            self._show(text, done / total)

    def close(self, finished: bool) -> None:
        if finished:  # what turned out not to be needed counts as done
            self._done = self._total
        if self._shown is not None:
            self._end(self._text(finished))

    def _text(self, finished: bool = False) -> str:
        seconds = time.monotonic() - self._start
        text = f"{self._title} {self._done}/{self._total}, {_clock(seconds)}"
        if not finished and 0 < self._done < self._total:
            text += f", {_clock(seconds * (self._total - self._done) / self._done)} left"
        return text

    def _show(self, text: str, share: float) -> None:
        raise NotImplementedError

    def _end(self, text: str) -> None:
        raise NotImplementedError


class _Terminal(_Bar):
    def __init__(self, title: str, stream: TextIO) -> None:
        super().__init__(title)
        self._stream = stream

    def _show(self, text: str, share: float) -> None:
        full = int(_WIDTH * min(share, 1.0))
        self._write(f"\r[{'#' * full}{'-' * (_WIDTH - full)}] {text}\x1b[K")

    def _end(self, text: str) -> None:
        self._write(f"\r{text}\x1b[K\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class _Lines(_Bar):
    """A line every few seconds, where lines cannot be overwritten."""

    _EVERY_S = 5.0

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._next = self._start + self._EVERY_S

    def _show(self, text: str, share: float) -> None:
        now = time.monotonic()
        if now >= self._next and sys.stderr is not None:
            self._next = now + self._EVERY_S
            print(text, file=sys.stderr, flush=True)

    def _end(self, text: str) -> None:
        if sys.stderr is not None:
            print(text, file=sys.stderr, flush=True)


class _Notebook(_Bar):
    """A bar in the output of a cell, which vanishes when all is done."""

    _EVERY_S = 0.25

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._handle: Any = None
        self._next = 0.0

    def _show(self, text: str, share: float) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._EVERY_S
        self._display(
            f'<progress value="{self._done}" max="{self._total}" style="width: 20em"></progress> '
            f"{text}"
        )

    def _end(self, text: str) -> None:
        self._display("" if self._done == self._total else text)

    def _display(self, html: str) -> None:
        from IPython.display import HTML, display  # noqa: PLC0415

        if self._handle is None:
            self._handle = display(HTML(html), display_id=True)
        else:
            self._handle.update(HTML(html))

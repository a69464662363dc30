"""What an error shows to whoever prints, pickles or tracks it."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path

import byoclient

PACKAGE = str(Path(byoclient.__file__).parent)


def shown_by(error: BaseException) -> Iterator[str]:
    """Yield all that an error shows: its texts, its traceback, the locals of our frames, and of ours their pickle."""
    yield str(error) + repr(error)
    yield "".join(traceback.format_exception(error))
    if isinstance(error, byoclient.ByoclientError):
        yield repr(vars(error)) + pickle.dumps(error).decode("latin-1")
    link: BaseException | None = error
    while link is not None:
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if frame.f_code.co_filename.startswith(PACKAGE):
                yield f"{frame.f_code.co_qualname} {frame.f_locals!r}"
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def all_of(error: BaseException) -> str:
    """Return an error as a tracker shows it that captures all locals, those of other libraries too."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())

"""The tokenizer file that Langroid downloads at import, from the wheel of litellm, so that tests need no internet.

`python -m tests.support.tokenizer` prints the folder, for `TIKTOKEN_CACHE_DIR`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

NAME = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"  # as tiktoken names cl100k_base.tiktoken in its cache
SHA256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"  # as in tiktoken_ext/openai_public.py
WHEEL = "litellm==1.60.0"
MEMBER = f"litellm/litellm_core_utils/tokenizers/{NAME}"
FOLDER = Path(__file__).parents[2] / ".pytest_cache" / "d" / "tiktoken"  # beside what pytest itself caches


def tokenizer_folder(folder: Path = FOLDER) -> Path:
    """Return a folder that holds the file; it is got once."""
    given = os.environ.get("TIKTOKEN_CACHE_DIR")
    if given and _is_whole(Path(given, NAME)):
        return Path(given)
    if not _is_whole(folder / NAME):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as work:
            _download(Path(work)).replace(folder / NAME)  # several processes may do this at once
    return folder


def _download(work: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(work), WHEEL]
    subprocess.run(pip, check=True, timeout=180)
    (wheel,) = work.glob("*.whl")
    file = work / NAME
    with zipfile.ZipFile(wheel) as archive:
        file.write_bytes(archive.read(MEMBER))
    if not _is_whole(file):
        raise RuntimeError(f"{MEMBER} of {WHEEL} is not the file that tiktoken wants")
    return file


def _is_whole(file: Path) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == SHA256


if __name__ == "__main__":
    print(tokenizer_folder())

"""Photograph an item in the reading room: the second picture of the READMEs.

    python docs/photograph.py ARCHIVE QUERY LANGUAGE OUT.jpg      LANGUAGE is zh or en

The item is the first that `archivist search QUERY` finds. Playwright (pip install 'archivist[dev]'), Chromium and a
Chinese font must be installed.
"""

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import sync_playwright

from archivist.archive import Archive
from archivist.settings import load

CHROMIUM = "/usr/bin/chromium"
SIZE = {"width": 1180, "height": 720}


def photograph(archive: Path, query: str, language: str, out: Path) -> None:
    """Write the picture of the first item that `query` finds, as a browser shows it."""
    with Archive(load(archive)) as rooms:
        item = rooms.search(query).found[0].item.id
    call = [sys.executable, "-m", "archivist", "serve", "--port", "0", "--archive", str(archive)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as room:
        assert room.stdout is not None
        try:
            home = room.stdout.readline().split()[-1]
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                tab = browser.new_page(locale=language, viewport=SIZE, device_scale_factor=1.4)
                tab.goto(f"{home}items/{item}?q={quote(query)}")
                tab.wait_for_load_state("networkidle")
                # The tiles fade in.
                tab.wait_for_timeout(1500)
                shot = Image.open(BytesIO(tab.screenshot())).convert("RGB")
                browser.close()
        finally:
            room.terminate()
    shot.save(out, quality=62, optimize=True, progressive=True)


if __name__ == "__main__":
    photograph(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]))

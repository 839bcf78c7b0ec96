"""A box that someone means harm with, and a program that keeps to itself."""

import os
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest

from tests.boxes import pdf, png_bomb, put, scan, tiff_bomb
from tests.intake import Intake

#: Loaded by each interpreter before anything else: whatever reaches out is refused and written down.
_WATCH = """
import os, sys
def watch(event, args):
    address = args[1] if event == "socket.connect" else args[0] if event == "socket.getaddrinfo" else None
    host = address[0] if isinstance(address, tuple) else address
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname") and not (
        isinstance(host, str) and (host.startswith(("127.", "/")) or host in ("localhost", "::1"))
    ):
        with open(os.environ["REACHED_OUT"], "a") as told:
            told.write(f"{event} {args!r}\\n")
        raise OSError("no network here")
    if event == "import" and args[0] == "cv2":
        with open(os.environ["REACHED_OUT"] + ".watched", "a") as told:
            told.write(f"{os.getpid()}\\n")
sys.addaudithook(watch)
"""


def test_nothing_reaches_out_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_WATCH)
    told = tmp_path / "told"
    box = put(tmp_path / "box", p1=scan(5))
    own = {
        "ARCHIVIST_WORKERS": "1",
        "PYTHONPATH": f"{tmp_path}:{Path(__file__).parent.parent}",
        "REACHED_OUT": str(told),
    }

    calls = [["ingest", str(box)], ["search", "科学"]]
    calls += [["export", format, "-o", str(tmp_path / f"catalogue.{format}")] for format in ("xlsx", "csv", "jsonl")]
    script = (
        "import sys\nfrom archivist.cli import main\n"
        f"if __name__ == '__main__':\n    for words in {calls!r}:\n"
        f"        sys.argv = ['archivist', *words, '--archive', {str(tmp_path / 'archive')!r}]\n"
        "        try:\n            main()\n        except SystemExit as end:\n            assert not end.code, words\n"
    )
    (tmp_path / "script.py").write_text(script)
    call = [sys.executable, str(tmp_path / "script.py")]
    done = subprocess.run(call, env=os.environ | own, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "1 pages read" in done.stdout
    assert not told.exists(), told.read_text()
    # The workers were watched as well.
    assert len(set(Path(f"{told}.watched").read_text().split())) > 1


def test_a_box_full_of_traps_costs_nothing_but_the_traps(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5), p2=scan(6), bomb=png_bomb(), sheet=tiff_bomb())
    acting = pikepdf.new()
    acting.add_blank_page(page_size=(400, 600))
    acting.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("x"))
    (box / "form.pdf").write_bytes(pdf(acting))
    acting.Root.OpenAction = pikepdf.Array([acting.pages[0].obj, pikepdf.Name.Fit])
    acting.attachments["budget.exe"] = b"MZ"
    (box / "letter.pdf").write_bytes(pdf(acting))
    (tmp_path / "secret.jpg").write_bytes(scan(7))
    (box / "p3.jpg").symlink_to(tmp_path / "secret.jpg")
    (box / "home").symlink_to(tmp_path)
    os.mkfifo(box / "p4.jpg")
    (box / "sub").mkdir()
    (box / "sub" / "manifest.csv").write_text("path,title\n../../secret.jpg,=cmd|' /C calc'!A0\n/dev/zero,x\n")
    report = intake.take(box)
    assert report.read == 2
    assert {cause: report.failed[cause] for cause in report.failed} == {
        "oversized": 2,
        "unsafe": 2,
        "link": 2,
        "manifest": 2,
        "not a scan": 1,
    }
    assert intake.failures["form.pdf"] == intake.failures["letter.pdf"] == "unsafe"


@pytest.mark.parametrize(
    "name", ["\u202egpj.1p.jpg", "a\nb.jpg", "%s{0}$(id).jpg", "=1+1.jpg", "长" * 83 + ".jpg", "-o.jpg"]
)
def test_a_scan_of_any_name_is_read_and_kept_under_it(intake: Intake, tmp_path: Path, name: str) -> None:
    box = tmp_path / "box"
    box.mkdir()
    (box / name).write_bytes(scan(5))
    assert intake.take(box).read == 1
    (item,) = intake.items
    assert item.source.isprintable() and item.pages[0].scan.name.isprintable()
    assert all(at.scan.isprintable() for at in intake.told)
    assert intake.take(box).skipped == 1

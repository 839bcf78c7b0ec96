import pytest

from archivist.ocr import Reader
from archivist.ocr.rapid import RapidReader
from archivist.ocr.tesseract import TesseractReader


@pytest.fixture(scope="session")
def rapid() -> RapidReader:
    return RapidReader(threads=1)


@pytest.fixture(scope="session", params=["rapid", "tesseract"])
def reader(request: pytest.FixtureRequest) -> Reader:
    return RapidReader(threads=1) if request.param == "rapid" else TesseractReader()

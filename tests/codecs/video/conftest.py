"""A data set that is too large to be made for tests, in small."""

from __future__ import annotations

import pytest


@pytest.fixture
def two_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """HMDB51 has two classes."""
    from edgevision.codecs.video import hmdb51  # needs the extra 'codecs', as not all tests here do

    monkeypatch.setattr(hmdb51, "CLASSES", 2)

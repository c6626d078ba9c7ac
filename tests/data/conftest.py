"""A data set that is too large to be made for tests, in small."""

from __future__ import annotations

import pytest


@pytest.fixture
def two_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """HMDB51 has two classes."""
    from edgevision.data import hmdb51

    monkeypatch.setattr(hmdb51, "CLASSES", 2)

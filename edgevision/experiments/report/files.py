"""Write a whole report. Needs the extra ``report``."""

from __future__ import annotations

from pathlib import Path

from edgevision.experiments.evaluation.evaluate import Evaluation
from edgevision.experiments.evaluation.summary import summarise
from edgevision.experiments.report.data import write_data
from edgevision.experiments.report.pictures import LearningCurve, make_pictures
from edgevision.experiments.report.report_page import render_page
from edgevision.locking import only_writer
from edgevision.storage.disk_files import write_atomically


def write_report(evaluation: Evaluation, out: Path, curve: LearningCurve | None = None) -> Path:
    """Write ``evaluation.json``, ``summary.csv``, ``episodes.csv``, ``plots/*.png`` and ``report.html``.

    Returns:
        The path of the page.

    Raises:
        FolderInUseError: another process writes a report into ``out``.
    """
    rows = summarise(evaluation)
    pictures = make_pictures(evaluation, rows, curve)
    page = out / "report.html"
    with only_writer(out):
        for picture in pictures:
            write_atomically(out / "plots" / f"{picture.name}.png", picture.png)
        write_data(evaluation, rows, out)
        write_atomically(page, render_page(evaluation, rows, pictures).encode())
    return page

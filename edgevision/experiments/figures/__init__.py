"""Figures and tables of the papers, made again from our own measurements, beside the published numbers.

To add a figure, write a function from a ``Request`` to a ``Section``, and add a line to ``FIGURES``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edgevision.errors import ReproductionError, unknown_name
from edgevision.experiments.figures.request import DEFAULT_MAPS, Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.imports import require

__all__ = ["DEFAULT_MAPS", "FIGURES", "Figure", "Plot", "ReproductionError", "Request", "Section", "Table", "reproduce"]

_CODECS = (
    ("scipy", "convex"),
    *((module, "codecs") for module in ("timm", "torch", "PIL", "jpeglib", "captum", "safetensors")),
)
_SOLVERS = (("cvxpy", "convex"), ("clarabel", "convex"), ("scipy", "convex"))


@dataclass(frozen=True)
class Figure:
    """An entry of the registry.

    Attributes:
        shows: what it shows, for the help text.
        maker: its function as MODULE:FUNCTION, relative to this package; MODULE alone means MODULE:make.
        needs: optional modules that it imports besides matplotlib, each with the extra that installs it.
    """

    shows: str
    maker: str
    needs: tuple[tuple[str, str], ...] = ()

    def load(self) -> Callable[[Request], Section]:
        """Import the function."""
        module, _, function = self.maker.partition(":")
        found: Callable[[Request], Section] = getattr(
            importlib.import_module(f"{__name__}.{module}"), function or "make"
        )
        return found


#: Figures by name, in the order of the page.
FIGURES = {
    "fig4": Figure("success probability of every solver against the maximum bandwidth", "co_crra.fig4", _SOLVERS),
    "fig5": Figure("success probability of every solver against the maximum transmit power", "co_crra.fig5", _SOLVERS),
    "gap": Figure("parts of the distance from Co-CRRA to the upper bound; not in the paper", "co_crra.gap", _SOLVERS),
    "fig6": Figure("importance maps and level maps of photographs", "spat_imco.fig6", _CODECS),
    "fig7": Figure(
        "accuracy of convolutional networks at equal mu and at equal bytes", "spat_imco.fig7_fig8:make_fig7", _CODECS
    ),
    "fig8": Figure(
        "accuracy of vision transformers at equal mu and at equal bytes", "spat_imco.fig7_fig8:make_fig8", _CODECS
    ),
    "fig9": Figure("compression ratio and size against mu", "spat_imco.fig9", _CODECS),
    "fig10": Figure(
        "utility of codec and solver together against both budgets, and energy",
        "end_to_end.fig10",
        (*_CODECS, *_SOLVERS),
    ),
    "fig11": Figure("delay on the device, of sending and at the edge", "end_to_end.fig11", _CODECS),
    "stae-table1": Figure("accuracy, sizes and computation times of STAE and DeepISC", "stae.stae_table1"),
    "stae-table2": Figure("entropy coding of video, and the compression of 104 x", "stae.stae_table2"),
    "stae-fig4": Figure("accuracy at every frame and pixel budget", "stae.stae_fig4"),
    "stae-fig5a": Figure("completion time against the data rate", "stae.stae_fig5a"),
    "stae-fig5b": Figure("accuracy against completion time", "stae.stae_fig5b"),
}


def reproduce(names: Sequence[str], request: Request) -> Iterator[Section]:
    """Make figures one after the other; each is written to disk and to the page before it is yielded.

    Writes NAME.json and PNG files for each figure, and ``index.html`` with all figures in the folder, also those of
    earlier calls.

    Raises:
        UnknownNameError: there is no such figure.
        ReproductionError: the images, profiles or maps of the request do not suit a figure.
        ProfileError: a profile is damaged, or two are not of the same images.
        MissingExtraError: a library is not installed.
    """
    for name in names:
        if name not in FIGURES:
            raise unknown_name("figure", name, FIGURES)
        for module, extra in (("matplotlib", "report"), *FIGURES[name].needs):
            require(module, extra)
    from edgevision.experiments.figures.figures_page import write_page
    from edgevision.experiments.figures.section import write_section

    for name in dict.fromkeys(names):
        section = FIGURES[name].load()(request)
        write_section(name, section, request)
        write_page(request.out, tuple(FIGURES))
        yield section

"""Look at what a model has learned. Displays need matplotlib: `pip install 'prosemble[plot]'`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sklearn.metrics

    from prosemble.inspection.confidence import ConfidenceDisplay, RejectionCurveDisplay
    from prosemble.inspection.images import PrototypeImageDisplay
    from prosemble.inspection.profiles import PrototypeProfileDisplay
    from prosemble.inspection.projection import ProjectionDisplay
    from prosemble.inspection.relevance import RelevanceDisplay, RelevanceMatrixDisplay
    from prosemble.inspection.reporting import report
    from prosemble.inspection.training import TrainingCurveDisplay
    from prosemble.inspection.trajectory import TrajectoryDisplay

    #: Which classes are taken for which: scikit-learn's own, which is `described there
    #: <https://scikit-learn.org/stable/modules/generated/sklearn.metrics.ConfusionMatrixDisplay.html>`__.
    ConfusionMatrixDisplay = sklearn.metrics.ConfusionMatrixDisplay

__all__ = [
    "ConfidenceDisplay",
    "ConfusionMatrixDisplay",
    "ProjectionDisplay",
    "PrototypeImageDisplay",
    "PrototypeProfileDisplay",
    "RejectionCurveDisplay",
    "RelevanceDisplay",
    "RelevanceMatrixDisplay",
    "TrainingCurveDisplay",
    "TrajectoryDisplay",
    "report",
]

_HOMES = {
    "ConfidenceDisplay": ".confidence",
    "ConfusionMatrixDisplay": "sklearn.metrics",
    "ProjectionDisplay": ".projection",
    "PrototypeImageDisplay": ".images",
    "PrototypeProfileDisplay": ".profiles",
    "RejectionCurveDisplay": ".confidence",
    "RelevanceDisplay": ".relevance",
    "RelevanceMatrixDisplay": ".relevance",
    "TrainingCurveDisplay": ".training",
    "TrajectoryDisplay": ".trajectory",
    "report": ".reporting",
}


def __getattr__(name: str) -> Any:
    # Only what is asked for is imported.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

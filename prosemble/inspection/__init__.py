"""Look at what a model has learned. Displays need matplotlib: `pip install 'prosemble[plot]'`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prosemble.inspection.confidence import ConfidenceDisplay, RejectionCurveDisplay
    from prosemble.inspection.images import PrototypeImageDisplay
    from prosemble.inspection.profiles import PrototypeProfileDisplay
    from prosemble.inspection.projection import ProjectionDisplay
    from prosemble.inspection.relevance import RelevanceDisplay, RelevanceMatrixDisplay
    from prosemble.inspection.reporting import report
    from prosemble.inspection.training import TrainingCurveDisplay
    from prosemble.inspection.trajectory import TrajectoryDisplay

__all__ = [
    "ConfidenceDisplay",
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
    "ConfidenceDisplay": "confidence",
    "ProjectionDisplay": "projection",
    "PrototypeImageDisplay": "images",
    "PrototypeProfileDisplay": "profiles",
    "RejectionCurveDisplay": "confidence",
    "RelevanceDisplay": "relevance",
    "RelevanceMatrixDisplay": "relevance",
    "TrainingCurveDisplay": "training",
    "TrajectoryDisplay": "trajectory",
    "report": "reporting",
}


def __getattr__(name: str) -> Any:
    # Only what is asked for is imported.
    if name in _HOMES:
        return getattr(import_module(f"prosemble.inspection.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

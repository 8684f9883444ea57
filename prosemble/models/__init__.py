"""Estimators: declarations over the parts."""

from sklearn.base import BaseEstimator

from prosemble import _registry
from prosemble.models.cbc import CBC
from prosemble.models.compose import PrototypeClassifier
from prosemble.models.encoded import (
    LVQMLN,
    PLVQ,
    ImageCBC,
    ImageGLVQ,
    ImageGMLVQ,
    ImageGTLVQ,
    SiameseGLVQ,
    SiameseGMLVQ,
    SiameseGTLVQ,
)
from prosemble.models.glvq import GLVQ, GLVQ1, GLVQ21
from prosemble.models.heuristic import LVQ1, LVQ2, LVQ3, LVQ21, OLVQ1
from prosemble.models.kernel import DKGLVQ, DKGMLVQ, DKGRLVQ
from prosemble.models.matrix import GMLVQ, LGMLVQ
from prosemble.models.median import MedianLVQ
from prosemble.models.nearest import KNN, NPC
from prosemble.models.neural_gas import (
    CELVQ_NG,
    DKGLVQ_NG,
    DKGMLVQ_NG,
    DKGRLVQ_NG,
    LCELVQ_NG,
    LMRSLVQ_NG,
    MCELVQ_NG,
    MRSLVQ_NG,
    RSLVQ_NG,
    SCMNG,
    SLNG,
    SMNG,
    SNG,
    SRNG,
    STNG,
    TCELVQ_NG,
)
from prosemble.models.probabilistic import CELVQ, LMRSLVQ, MRSLVQ, RSLVQ, SLVQ
from prosemble.models.prototype_base import SupervisedPrototypeModel
from prosemble.models.relevance import GRLVQ
from prosemble.models.tangent import GTLVQ
from prosemble.models.wasserstein import WGLVQ, WGMLVQ, WGRLVQ

__all__ = [
    "CBC",
    "CELVQ",
    "CELVQ_NG",
    "DKGLVQ",
    "DKGLVQ_NG",
    "DKGMLVQ",
    "DKGMLVQ_NG",
    "DKGRLVQ",
    "DKGRLVQ_NG",
    "GLVQ",
    "GLVQ1",
    "GLVQ21",
    "GMLVQ",
    "GRLVQ",
    "GTLVQ",
    "KNN",
    "LCELVQ_NG",
    "LGMLVQ",
    "LMRSLVQ",
    "LMRSLVQ_NG",
    "LVQ1",
    "LVQ2",
    "LVQ3",
    "LVQ21",
    "LVQMLN",
    "MCELVQ_NG",
    "MRSLVQ",
    "MRSLVQ_NG",
    "NPC",
    "OLVQ1",
    "PLVQ",
    "RSLVQ",
    "RSLVQ_NG",
    "SCMNG",
    "SLNG",
    "SLVQ",
    "SMNG",
    "SNG",
    "SRNG",
    "STNG",
    "TCELVQ_NG",
    "WGLVQ",
    "WGMLVQ",
    "WGRLVQ",
    "ImageCBC",
    "ImageGLVQ",
    "ImageGMLVQ",
    "ImageGTLVQ",
    "MedianLVQ",
    "PrototypeClassifier",
    "SiameseGLVQ",
    "SiameseGMLVQ",
    "SiameseGTLVQ",
    "SupervisedPrototypeModel",
    "all_estimators",
]


def all_estimators() -> list[tuple[str, type[BaseEstimator]]]:
    """Return the (name, class) pairs of every public estimator, in the order of their names."""
    return list(_registry.estimators().items())


_classes = (globals()[name] for name in __all__ if name not in ("SupervisedPrototypeModel", "all_estimators"))
_registry.register(_classes)

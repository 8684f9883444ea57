"""Which classes are taken for which, as scikit-learn draws it."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from prosemble.inspection import ConfusionMatrixDisplay
from prosemble.models import NPC
from tests.inspection.conftest import draw


@pytest.mark.parametrize(
    ("classes", "size", "style"),
    [(2, (6.4, 4.8), {}), (20, (8, 7), {"text_kw": {"fontsize": 8}, "xticks_rotation": "vertical"})],
)
def test_few_and_many_classes_can_be_read(classes, size, style, clusters):
    X, y = clusters(classes, 3)
    model = NPC().fit(X, y)
    ax, many = Figure(size, layout="constrained").subplots(), np.full(len(y), 100)
    display = ConfusionMatrixDisplay.from_estimator(model, X, y, sample_weight=many, ax=ax, **style)
    draw(display)
    expected = confusion_matrix(y, model.predict(X), sample_weight=many)
    assert [[int(text.get_text()) for text in row] for row in display.text_] == expected.tolist()
    for names in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [text.get_text() for text in names] == model.classes_.tolist()
    for row in (*display.text_, *display.text_.T, ax.get_xticklabels(), ax.get_yticklabels()):
        boxes = [text.get_window_extent() for text in row]
        assert not any(one.overlaps(other) for one, other in pairwise(boxes))
        assert all(display.figure_.bbox.count_contains(box.corners()) == 4 for box in boxes)

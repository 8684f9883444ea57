"""Rows whose distances are beyond all numbers are refused by name, and nothing infinite leaves a model."""

import warnings

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from prosemble.cli import app
from prosemble.inspection import report
from prosemble.models import GLVQ
from prosemble.table import TableClassifier
from tests.registry import ESTIMATORS, MODELS, breadth, settings

# Left to the breadth: the README's tests are to take minutes.
pytestmark = pytest.mark.breadth

ASKED = ("predict", "predict_proba", "decision_function", "distances", "explain", "counterfactual")


@pytest.mark.parametrize("name", [pytest.param(name, marks=breadth(name)) for name in ESTIMATORS])
def test_what_is_too_large_is_refused_or_finite(name, iris):
    X, y = iris
    options = {"max_iter": 3, **settings(name, 4)} if name in MODELS else {}
    model = ESTIMATORS[name](**options).fit(X, y)
    for size in (1e19, 1e38):
        far = X[:4].copy()
        far[2] = size
        for method in ASKED:
            try:
                with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
                    result = getattr(model, method)(far)
            except ValueError as error:
                assert method == "counterfactual" or "in the rows 2 (the first is 0)" in str(error), (size, method)
                continue
            if method == "explain":
                result = result["confidence"]
            if method != "predict":
                assert np.isfinite(np.asarray(result, np.float64)).all(), (size, method)


def test_tables_and_reports_refuse_it_too(tmp_path, iris):
    X, y = iris
    frame = pd.DataFrame(X.astype(np.float64), columns=list("abcd"))
    model = GLVQ(max_iter=3).fit(frame, y)
    model.save(tmp_path / "m")
    frame.loc[4, "b"] = 1e25
    frame.to_csv(tmp_path / "t.csv", index=False)
    for command in ("predict", "explain"):
        result = CliRunner().invoke(app, [command, str(tmp_path / "m"), str(tmp_path / "t.csv")])
        assert result.exit_code == 2 and "too large for distances in float32" in result.stderr
    with pytest.raises(ValueError, match=r"in the rows 4 \(the first is 0\)"):
        report(model, frame, y, tmp_path / "r.html")
    table = TableClassifier(GLVQ(max_iter=3)).fit(frame.drop(index=4), np.delete(y, 4))
    with warnings.catch_warnings(action="ignore"), pytest.raises(ValueError, match="too large"):
        table.predict(frame)

"""Powers of features, from which there is a way back."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import PowerTransformer


class BoundedPowerTransformer(PowerTransformer):
    """scikit-learn's `PowerTransformer`, with powers from 0 to 2: there, each number is the result of one.

    With a power below 0 no number has a large result, with one above 2 none a small one (Yeo & Johnson 2000), and a
    prototype or a counterfactual that lies there has no counterpart in the units of the data. The powers of
    `method='box-cox'` are not bounded.

    Examples
    --------
    >>> import numpy as np
    >>> from prosemble.model_selection import BoundedPowerTransformer
    >>> powers = BoundedPowerTransformer().fit(np.array([[0.0], [0.1], [0.2], [9.0]]))
    >>> powers.lambdas_.tolist()
    [0.0]
    """

    # Not after the fit, since what standardises the results is fitted to them.
    def _yeo_johnson_optimize(self, x: np.ndarray) -> Any:
        return np.clip(super()._yeo_johnson_optimize(x), 0.0, 2.0)

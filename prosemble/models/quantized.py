"""Models whose numbers are stored in 8 or 16 bits."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Self

from sklearn.utils.validation import check_is_fitted

from prosemble.prediction import quantization


class Quantizable:
    """What can be told to store its parameters in fewer bits.

    They take the place of the fitted attributes (`prototypes_`, `omega_`, ...), which are numbers of 32 bits as ever,
    made anew of what is stored whenever they are read.
    """

    if TYPE_CHECKING:
        _groups: tuple[str, ...]
        quantization_: dict[str, Any]

        def _parameters(self) -> dict[str, Any]: ...
        def score(self, X: Any, y: Any) -> float: ...

    else:

        def __getattr__(self, name: str) -> Any:
            for group, stored in self.__dict__.get("_quantized", {}).items():
                if attribute_of(group) == name:
                    return quantization.dequantized(stored)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def quantize(self, dtype: str = "int8", X: Any = None, y: Any = None) -> Self:
        """Return this fitted model with its parameters stored in 8 or 16 bits; the model itself stays as it is.

        It measures in 32 bits, with what is left of the parameters. It can be saved, loaded and exported, but not
        trained further: `fit` starts anew, in full precision.

        Parameters
        ----------
        dtype : {'int8', 'float16'}, default='int8'
            Of 'int8', 255 equal steps span the numbers of each feature (each column of the prototypes, each row of a
            metric's matrix), so that features may differ in their units.
        X : array-like of shape (n_samples, n_features), optional
        y : array-like of shape (n_samples,), optional
            Samples to compare the accuracies on.

        Returns
        -------
        estimator of the same class
            Its `quantization_` is a dict of `dtype`, `bytes_before` and `bytes_after`, the memory of the parameters,
            and `accuracy_before` and `accuracy_after`, None without samples.

        Raises
        ------
        ValueError
            If the dtype is not known, the model is quantised already, only one of X and y is given, or a parameter is
            too large for float16.
        """
        check_is_fitted(self)
        if dtype not in quantization.DTYPES:
            raise ValueError(f"dtype must be one of {', '.join(map(repr, quantization.DTYPES))}; got {dtype!r}.")
        if (X is None) != (y is None):
            raise ValueError(f"X and y must be given together; got X={type(X).__name__} and y={type(y).__name__}.")
        if "_quantized" in self.__dict__:
            raise ValueError(
                f"This {type(self).__name__} is quantised already: quantize the model that it was made of."
            )
        if getattr(self, "_origin", None) is not None:
            raise ValueError(
                f"This {type(self).__name__} cannot be quantised: its prototypes lie far from the origin beside what "
                "they differ by. Subtract a constant before training, as a StandardScaler does."
            )
        params = self._parameters()
        stored = quantization.quantized(params, dtype)
        model = copy.copy(self)
        report: dict[str, Any] = {
            "dtype": dtype,
            "bytes_before": quantization.n_bytes(params),
            "bytes_after": quantization.n_bytes(stored),
        }
        model._hold_quantized(stored, report)
        report["accuracy_before"], report["accuracy_after"] = (
            None if X is None else float(each.score(X, y)) for each in (self, model)
        )
        return model

    def _hold_quantized(self, stored: dict[str, Any], report: dict[str, Any]) -> None:
        for group in stored:
            self.__dict__.pop(attribute_of(group), None)
        self.__dict__.pop("_state", None)  # what an optimiser kept of parameters that are no more
        self._quantized, self.quantization_ = stored, report

    def _forget_quantized(self) -> None:
        for name in ("_quantized", "quantization_"):
            self.__dict__.pop(name, None)

    def _stored(self) -> dict[str, Any]:
        """Return the parameters as they are stored."""
        return self.__dict__.get("_quantized") or self._parameters()

    def _require_full_precision(self, method: str) -> None:
        if "_quantized" in self.__dict__:
            raise ValueError(
                f"{method} cannot go on from a {type(self).__name__} that is quantised to "
                f"{self.quantization_['dtype']}: train the model that it was made of, or call fit to start anew."
            )


def attribute_of(group: str) -> str:
    """Return the fitted attribute that holds a group of parameters."""
    return "backbone_params_" if group == "backbone" else f"{group}_"

"""A model seen in two dimensions: where samples and prototypes lie, and which class is predicted where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from prosemble.encoders import encode
from prosemble.inspection._fitted import Fitted, latent_names
from prosemble.inspection._metric import curvature, global_omega

_PLACES = 2**14


class _Space:
    """The input of the model."""

    component = "principal component"

    def __init__(self, fitted: Fitted) -> None:
        self.fitted, self.model = fitted, fitted.model
        self.predictor = fitted.predictor
        self.names = [str(name) for name in fitted.input_names]

    def points(self, X: np.ndarray) -> np.ndarray:
        """Return where inputs of the model lie."""
        return X

    def prototypes(self, prototypes: np.ndarray) -> np.ndarray:
        """Return where prototypes lie."""
        return self.points(prototypes)

    def predict(self, points: np.ndarray) -> np.ndarray:
        """Return the class index that is predicted at points of the space."""
        return self.predictor.nearest_class(np.ascontiguousarray(points, self.model.prototypes_.dtype))


class _Projected(_Space):
    """The space of omega^T x, in which distances are Euclidean."""

    component = "learned component"

    def __init__(self, fitted: Fitted, omega: np.ndarray) -> None:
        super().__init__(fitted)
        self.omega = omega
        found = curvature(fitted)
        if found is not None and found.factors.ndim == 2:
            self.names = [f"{name}, scaled" for name in self.names]
        else:
            self.names = [f"learned {i + 1}" for i in range(omega.shape[1])]

    def points(self, X: np.ndarray) -> np.ndarray:
        return X @ self.omega

    def predict(self, points: np.ndarray) -> np.ndarray:
        # The shortest of the inputs that lie there: the metric does not tell them apart.
        return super().predict(points @ np.linalg.pinv(self.omega.astype(np.float64), rcond=1e-5))


class _Latent(_Space):
    """What an encoder makes of the input."""

    component = "learned component"

    def __init__(self, fitted: Fitted) -> None:
        super().__init__(fitted)
        encoded: Any = self.predictor.distance
        self.encoder = encoded.encoder
        params = {**self.predictor.params, "prototypes": self.prototypes(self.predictor.prototypes)}
        self.predictor = replace(self.predictor, distance=encoded.distance, params=params)
        self.names = list(latent_names(self.predictor.prototypes.shape[1]))

    def points(self, X: np.ndarray) -> np.ndarray:
        return encode(self.encoder, self.predictor.params["backbone"], X)

    def prototypes(self, prototypes: np.ndarray) -> np.ndarray:
        return self.points(prototypes) if self.fitted.in_data_space else prototypes


def _space(fitted: Fitted, projection: Any) -> _Space:
    if projection not in (None, "pca", "learned") and not hasattr(projection, "transform"):
        raise ValueError(f"projection must be 'pca', 'learned', a fitted transformer or None; got {projection!r}.")
    name, omega = type(fitted.model).__name__, global_omega(fitted)
    if projection in (None, "learned"):
        if fitted.encoded:
            return _Latent(fitted)
        if omega is not None:
            return _Projected(fitted, omega)
        if projection == "learned":
            raise ValueError(
                f"projection='learned' needs one representation for all prototypes, which {name} does not learn; "
                "'pca' shows it."
            )
    if not fitted.in_data_space:
        raise ValueError(
            f"The prototypes of {name} live in the space of its encoder, which only projection='learned' shows; got "
            f"{projection!r}."
        )
    return _Space(fitted)


class Plane:
    """Two coordinates of the space that a model measures in, or of its input.

    Of a space of two dimensions these are its coordinates, of one with more the two principal components of the
    samples. A place in the plane stands for the point of the space that lies in it, which can be predicted.

    Parameters
    ----------
    fitted : Fitted
    X : ndarray of shape (n_samples, n_features)
        Rows as the model reads them.
    projection : 'pca', 'learned', transformer or None
        The input of the model, the space in which it measures, or a fitted transformer of the input to two columns;
        None for 'learned' where there is one representation for all prototypes, and 'pca' elsewhere.
    """

    def __init__(self, fitted: Fitted, X: np.ndarray, projection: Any = None) -> None:
        self._space = _space(fitted, projection)
        if np.isnan(X).any():
            raise ValueError("X holds missing values, which have no place in a plane: fill them in first.")
        points = self._space.points(X)
        self._dimension = points.shape[1]
        given = projection is not None and not isinstance(projection, str)
        self._map = projection if given else PCA(2).fit(points) if self._dimension > 2 else None
        self.samples = self._place(points)
        if self.samples.shape[1:] != (2,):
            raise ValueError(f"projection must transform to two columns; got the shape {self.samples.shape}.")
        #: Whether a length means the same in all directions: features may have units of their own.
        self.isometric = isinstance(self._map, PCA) or type(self._space) is not _Space
        #: Whether places can be predicted.
        self.invertible = self._map is None or hasattr(self._map, "inverse_transform")

    def _place(self, points: np.ndarray) -> np.ndarray:
        if self._map is not None:
            return np.asarray(self._map.transform(points))
        return np.pad(points, [(0, 0), (0, 2 - self._dimension)])

    @property
    def labels(self) -> list[str]:
        """The names of the two coordinates."""
        if self._map is None:
            return self._space.names + [""] * (2 - self._dimension)
        shares = getattr(self._map, "explained_variance_ratio_", (None, None))
        named = self._space.component if isinstance(self._map, PCA) else "component"
        told = ["" if share is None else f" ({share:.0%} of the variance)" for share in shares]
        return [f"{named} {i + 1}{what}" for i, what in enumerate(told)]

    def prototypes(self, prototypes: np.ndarray) -> np.ndarray:
        """Return where prototypes lie, (p, 2)."""
        return self._place(self._space.prototypes(prototypes))

    def predict(self, places: np.ndarray) -> np.ndarray:
        """Return the class index that the model predicts at places of the plane, (n,)."""
        if self._map is None:
            return self._space.predict(places[:, : self._dimension])
        # By parts: a fine grid of points with many features is large.
        parts = [places[start : start + _PLACES] for start in range(0, len(places), _PLACES)]
        return np.concatenate([self._space.predict(self._map.inverse_transform(part)) for part in parts])

    def limits(self, places: np.ndarray) -> tuple[float, float, float, float]:
        """Return left, right, bottom and top of a picture that holds those places."""
        low, high = places.min(axis=0), places.max(axis=0)
        spread = high - low
        # With one scale for both axes, a narrow direction gets some room.
        least = 0.4 * spread.max() if self.isometric else 0.0
        margin = 0.05 * spread + np.maximum(least - spread, 0) / 2
        margin[margin == 0] = 1.0
        (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
        return left, right, bottom, top

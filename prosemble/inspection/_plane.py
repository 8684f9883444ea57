"""A model seen in two dimensions: where samples and prototypes lie, and which class is predicted where."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from prosemble.encoders import encode
from prosemble.inspection._fitted import Fitted, latent_names
from prosemble.inspection._metric import global_omega
from prosemble.models import prediction


class Plane:
    """Two coordinates of the space that a model measures in, or of its input.

    Points are first represented: by the learned metric where it is one for all prototypes (relevances, matrix,
    encoder), and as they are elsewhere. Two coordinates are then drawn as they are, of more the two principal
    components of the samples. A place in the plane stands for the point of the space that lies in it, which can be predicted.

    Parameters
    ----------
    fitted : Fitted
    X : ndarray of shape (n_samples, n_features)
        Rows as the model reads them.
    projection : 'pca', 'learned', transformer or None
        Whether principal components are those of the input or of the learned representation; a fitted transformer of
        the input to two columns in their place; None for 'learned' where there is one.
    """

    def __init__(self, fitted: Fitted, X: np.ndarray, projection: Any = None) -> None:
        self.fitted, self._metric = fitted, fitted.model._metric()
        self._omega = None
        given = projection is not None and not isinstance(projection, str)
        learned = fitted.encoded or global_omega(fitted) is not None
        if not given and projection not in (None, "pca", "learned"):
            raise ValueError(f"projection must be 'pca', 'learned', a fitted transformer or None; got {projection!r}.")
        if projection == "learned" and not learned:
            raise ValueError(
                "projection='learned' needs one representation for all prototypes, which "
                f"{type(fitted.model).__name__} does not learn; 'pca' shows it."
            )
        self._learned = learned and projection in (None, "learned")
        if not self._learned and not fitted.in_data_space:
            raise ValueError(
                f"The prototypes of {type(fitted.model).__name__} live in the space of its encoder; only "
                f"projection='learned' can show them; got {projection!r}."
            )
        if np.isnan(X).any():
            raise ValueError("X holds missing values, which have no place in a plane: fill them in first.")
        if self._learned and not fitted.encoded:
            self._omega = global_omega(fitted)
        points = self._represent(X)
        self._map = projection if given else PCA(2).fit(points) if points.shape[1] > 2 else None
        self.labels = self._labels(points.shape[1])
        self.samples = self._place(points)
        if self.samples.shape[1:] != (2,):
            raise ValueError(f"projection must transform to two columns; got the shape {self.samples.shape}.")
        #: Whether a length means the same in all directions: features may have units of their own.
        self.isometric = isinstance(self._map, PCA) or self._learned
        #: Whether places can be predicted.
        self.invertible = self._map is None or hasattr(self._map, "inverse_transform")

    def _represent(self, X: np.ndarray, prototypes: bool = False) -> np.ndarray:
        if self._learned and self.fitted.encoded and not (prototypes and not self.fitted.in_data_space):
            return encode(self._metric.encoder, self.fitted.model._parameters()["backbone"], X)  # type: ignore[attr-defined]
        return X if self._omega is None else X @ self._omega

    def _place(self, points: np.ndarray) -> np.ndarray:
        if self._map is not None:
            return np.asarray(self._map.transform(points))
        return np.pad(points, [(0, 0), (0, 2 - points.shape[1])])

    def _labels(self, dimension: int) -> list[str]:
        if isinstance(self._map, PCA):
            kind = "learned component" if self._learned else "principal component"
            return [
                f"{kind} {i + 1} ({share:.0%} of the variance)"
                for i, share in enumerate(self._map.explained_variance_ratio_)
            ]
        if self._map is not None:
            return ["component 1", "component 2"]
        names = self.fitted.input_names
        if self.fitted.encoded and self._learned:
            names = latent_names(dimension)
        elif self._omega is not None:
            scaled = len(names) == dimension and np.count_nonzero(self._omega) == dimension
            names = [f"{name}, scaled" for name in names] if scaled else [f"learned {i + 1}" for i in range(dimension)]
        return [str(name) for name in names][:2] + [""] * (2 - dimension)

    def prototypes(self, prototypes: np.ndarray) -> np.ndarray:
        """Return where prototypes lie, (p, 2)."""
        return self._place(self._represent(prototypes, prototypes=True))

    def predict(self, places: np.ndarray) -> np.ndarray:
        """Return the class index that the model predicts at places of the plane, (n,)."""
        model, params = self.fitted.model, self.fitted.model._parameters()
        points, metric = (
            places[:, : self._dimension()] if self._map is None else self._map.inverse_transform(places),
            self._metric,
        )
        if self._learned and self.fitted.encoded:
            metric = metric.distance  # type: ignore[attr-defined]
            params = {**params, "prototypes": self._represent(params["prototypes"], prototypes=True)}
        elif self._omega is not None:
            # The shortest of the points that the metric tells apart from no other of this place.
            points = points @ np.linalg.pinv(self._omega.astype(np.float64), rcond=1e-5)
        points = np.ascontiguousarray(points, model.prototypes_.dtype)
        indices = self.fitted.class_indices
        return prediction.nearest_class(metric, model._decision(), params, points, indices, len(model.classes_))

    def _dimension(self) -> int:
        return self._represent(self.fitted.model.prototypes_, prototypes=True).shape[1]

"""From the columns of a table to the features of a model, by scikit-learn's transformers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from prosemble.io.steps import category_name
from prosemble.table.kinds import Column

NUMBERS = "numbers"
# Of the features of a category together.
_LEAST_VARIANCE = 0.1


class Features(NamedTuple):
    """The features of a model: their names, and the place among the columns of the one that each is made of."""

    names: list[str]
    owners: list[int]


def column_transformer(columns: Sequence[Column], rows: pd.DataFrame, impute: bool) -> ColumnTransformer:
    """Return a transformer, unfitted, for rows that were read by these columns.

    Numbers are standardised; where `impute`, gaps are filled with the median first, and a feature says where. A
    category has a feature of its own, rare ones of a column have one together. Two rows differ in a column of
    categories by as much, on average, as in a column of numbers, however many categories it has: the features of each
    column are weighted so.
    """
    used = [column for column in columns if column.used]
    numbers = [part for column in used if not column.is_category for part in column.parts]
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
    steps = [SimpleImputer(strategy="median", add_indicator=True), scaler] if impute else [scaler]
    parts: list[Any] = [(NUMBERS, make_pipeline(*steps), numbers)] if numbers else []
    weights = {}
    for place, column in enumerate(columns):
        if column.used and column.is_category:
            encoder = OneHotEncoder(
                sparse_output=False,
                handle_unknown="infrequent_if_exist",
                min_frequency=column.least,
                feature_name_combiner=category_name,
            )
            parts.append((f"column {place}", encoder, [column.name]))
            weights[f"column {place}"] = _weight(rows[column.name], column.least)
    return ColumnTransformer(parts, transformer_weights=weights or None, verbose_feature_names_out=False)


def _weight(values: pd.Series, least: int) -> float:
    """Return the weight of a column of categories, whose features then vary as much together as a number does.

    One that hardly varies is not blown up: a rare category, or one that training has not seen, would decide all.
    """
    counts = np.array(list(Counter(values).values()))
    rare = counts < least
    shares = np.append(counts[~rare], counts[rare].sum()) / len(values)
    return float(1.0 / np.sqrt(max(1.0 - (shares**2).sum(), _LEAST_VARIANCE)))


def features_of(transformer: ColumnTransformer, columns: Sequence[Column]) -> Features:
    """Return the features that a fitted transformer makes of the columns."""
    names: list[str] = []
    owners: list[int] = []
    by_part = {part: place for place, column in enumerate(columns) for part in column.parts if column.used}
    for name, part, inputs in transformer.transformers_:
        if name == NUMBERS:
            marked = part[0].indicator_.features_ if isinstance(part[0], SimpleImputer) and part[0].indicator_ else []
            names += [*inputs, *(f"{inputs[j]} is missing" for j in marked)]
            owners += [by_part[each] for each in (*inputs, *(inputs[j] for j in marked))]
        elif not isinstance(part, str):
            made = part.get_feature_names_out().tolist()
            names += [each.replace("=infrequent_sklearn", "=rare") for each in made]
            owners += [by_part[inputs[0]]] * len(made)
    counts = Counter(names)
    # A column may be called like the category of another one.
    unique = [
        name if counts[name] == 1 else f"{name} ({columns[owner].kind})"
        for name, owner in zip(names, owners, strict=True)
    ]
    return Features(unique, owners)

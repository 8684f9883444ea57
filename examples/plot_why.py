"""
Why: what each feature says, and what would change the prediction
=================================================================

A tumour is predicted benign or malignant because it is nearer to one prototype than to another. The difference of the
two distances is a sum over the measurements, and the nearest point that is predicted otherwise says how far the case is
from the border.
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prosemble.inspection import RejectionCurveDisplay
from prosemble.models import GMLVQ

data = load_breast_cancer(as_frame=True)
y = data.target.map(dict(enumerate(data.target_names)))
X_train, X_test, y_train, y_test = train_test_split(data.data, y, stratify=y, random_state=0)

pipe = make_pipeline(StandardScaler(), GMLVQ(lr=0.02)).set_output(transform="pandas").fit(X_train, y_train)
scaler, model = pipe
print(f"{pipe.score(X_test, y_test):.3f} of the cases that were not trained on are right")

# %%
# A line a case: the two prototypes that are compared, the distances, and a confidence between 0 and 1.

why = model.explain(scaler.transform(X_test))
print(why[["prediction", "d_plus", "runner_up", "d_minus", "confidence"]].head())

# %%
# The case that the model doubts most, and what speaks for and against its prediction. The bars add up to the
# difference of the two distances.

doubtful = why["confidence"].idxmin()
case = why.loc[doubtful]
shares = case[data.data.columns].astype(float)
strongest = shares.reindex(shares.abs().sort_values().index)[-12:]

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.barh(strongest.index, strongest, color=["#0072B2" if share > 0 else "#D55E00" for share in strongest])
ax.axvline(0, color="0.3", lw=0.8)
ax.set_xlabel(f"for (right) or against (left) the prediction: {case.prediction}")
ax.set_title(f"Case {doubtful}, in truth {y_test[doubtful]}: confidence {case.confidence:.3f}")

# %%
# The smallest change, as the learned metric measures it, that makes the prediction another one, in the units of the
# table. Its largest parts, in standard deviations:

row = scaler.transform(X_test.loc[[doubtful]])
other = pd.DataFrame(model.counterfactual(row), index=row.index, columns=row.columns)
print("predicted then:", model.predict(other)[0])
change = (other - row).iloc[0]
print(change.reindex(change.abs().sort_values(ascending=False).index)[:5].round(3))

# %%
# Confidence orders the cases: if the least sure ones are left to a person, the others are right more often.

RejectionCurveDisplay.from_estimator(pipe, X_test, y_test)
plt.show()

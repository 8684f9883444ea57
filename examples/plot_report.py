"""
A report for people who know the data
=====================================

One file that a physician can open: how good the model is on held-out samples, its prototypes in original units, what
matters, where it is unsure, and typical and doubtful cases with the reasons.
"""

from html import escape
from pathlib import Path
from tempfile import mkdtemp

from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prosemble.inspection import report
from prosemble.models import GMLVQ

data = load_breast_cancer(as_frame=True)
y = data.target.map(dict(enumerate(data.target_names)))
model = make_pipeline(StandardScaler(), GMLVQ(lr=0.02)).fit(data.data, y)

path = Path(mkdtemp()) / "tumours.html"
report(model, data.data, y, path, title="Benign or malignant", n_repeats=2)
print(f"{path.stat().st_size / 1000:.0f} kB")


# %%
# The file, in a frame of this page:


class Frame:
    def _repr_html_(self):
        page = escape(path.read_text(encoding="utf-8"))
        style = "width:100%; height:45rem; border:1px solid #888"
        return f'<iframe srcdoc="{page}" title="The report" style="{style}"></iframe>'


Frame()

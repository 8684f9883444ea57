"""
Export: the same answers without Python
=======================================

A pipeline becomes an ONNX file that other programs run, or a C header for a microcontroller; in eight bits it is a
quarter of the size.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import onnxruntime
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from prosemble.io import to_c_header, to_onnx
from prosemble.models import GLVQ

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
settings = {"transfer_fn": "sigmoid_beta", "lr": 0.1, "lr_scheduler": "cosine_decay"}
pipe = make_pipeline(MinMaxScaler(), GLVQ(n_prototypes_per_class=5, **settings)).fit(X_train, y_train)

# %%
# The file holds the scaler too, and answers with labels, probabilities and a confidence.

folder = Path(tempfile.mkdtemp())
to_onnx(pipe, folder / "digits.onnx")
session = onnxruntime.InferenceSession(folder / "digits.onnx")
label, probabilities, confidence = session.run(None, {"X": X_test.astype("float32")})
print("equal to predict:", (label == pipe.predict(X_test)).mean(), " right:", (label == y_test).mean())

# %%
# In eight bits: what it costs, and what it saves.

scaled = pipe[0].transform(X_test)
small = pipe[1].quantize("int8", scaled, y_test)
print(small.quantization_)

sizes = {}
for name, model in {"float32": pipe[1], "int8": small}.items():
    whole = make_pipeline(pipe[0], model)
    to_onnx(whole, folder / f"{name}.onnx")
    to_c_header(whole, folder / f"{name}.h")
    sizes[name] = (folder / f"{name}.onnx").stat().st_size / 1000
print(*(folder / "int8.h").read_text().splitlines()[:12], sep="\n")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
left.bar(list(sizes), list(sizes.values()), color="#0072B2", width=0.5)
left.set(ylabel="kB", title="ONNX file")
right.hist([confidence[label == y_test], confidence[label != y_test]], 20, stacked=True, color=["#0072B2", "#D55E00"])
right.set(xlabel="confidence that the file tells", ylabel="digits", title="right (blue) and wrong (orange)")
plt.show()

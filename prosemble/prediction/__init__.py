"""What a fitted model is, as a value, and what is computed of it: predictions, explanations, counterfactuals.

What `prosemble.io.plain` reads of it needs no JAX, and so nothing is imported here.
"""

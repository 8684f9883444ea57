"""How a model is learned: one compiled loop."""

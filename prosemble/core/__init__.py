"""Pure functions of arrays; nothing in here knows of estimators."""

"""The page of phones, and the control API that stands behind it."""

"""Who is the same: values as they were written made comparable, and cards grouped without one false merge."""

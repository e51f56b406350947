"""Figures of b24kit against the sandbox; each module prints one JSON object (`python -m benchmarks.read_leads`)."""

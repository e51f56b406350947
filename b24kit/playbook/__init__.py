"""Playbooks: one file a consultant writes, read with every mistake in its place, composed into one plan."""

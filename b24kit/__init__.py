"""b24kit puts a living Bitrix24 or amoCRM portal in order: plan, review, apply, undo."""

__version__ = "0.1.0"

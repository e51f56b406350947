"""Plan, apply, undo: operations with their before-image, the journal, the executor and the way back."""

"""Stage design: a ladder as a playbook wants it against a ladder as it is, and the way between them."""

"""The fake amoCRM account: REST API v4 as the vendor's pages describe it, with the quirks that live accounts have."""

"""Bitrix24 behind the Portal protocol: REST client, translation, settling."""

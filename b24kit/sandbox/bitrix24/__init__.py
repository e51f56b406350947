"""The fake Bitrix24: its REST methods, one file a subject, written from the vendor's pages."""

"""The wire: transport, pacing, batches, requests in flight, paging; a package a vendor."""

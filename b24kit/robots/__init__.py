"""Work that the portal does by itself: which robots may stand on stages, and what a person has to look at."""

"""The HTTP front: what a scraper, a probe and a browser get, and what a hostile client does not."""

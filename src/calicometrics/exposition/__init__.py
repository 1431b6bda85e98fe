"""Reading and writing the Prometheus text format."""

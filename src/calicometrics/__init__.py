"""Observability for Project Calico's network plane: BIRD and Felix as typed objects and metrics."""

__version__ = "0.1.0"

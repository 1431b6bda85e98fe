"""The status page: what a browser gets at ``/``, in one file that needs nothing but itself."""

from __future__ import annotations

from calicometrics.web.status_page.document import CONTENT_SECURITY_POLICY, StatusPage

__all__ = ["CONTENT_SECURITY_POLICY", "StatusPage"]

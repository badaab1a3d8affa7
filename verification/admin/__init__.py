"""The reviewers' pages. Importing the parts registers them with the admin site."""

from verification.admin import integration, relying_parties, sessions, staff

__all__ = ["integration", "relying_parties", "sessions", "staff"]

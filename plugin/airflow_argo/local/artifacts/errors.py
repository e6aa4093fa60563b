"""What can go wrong with an artifact, in Argo's words."""

from __future__ import annotations


class ArtifactError(Exception):
    """An artifact cannot be stored, fetched or unpacked; the text says why."""


class ArtifactNotFoundError(ArtifactError):
    """There is none; for an optional artifact this is no error."""

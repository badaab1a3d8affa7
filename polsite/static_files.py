"""Static files under names that carry a hash of their content, so that browsers may keep them for good."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Modules import each other by name, so those names carry the hash too: no page mixes old and new ones.

    The plain names stay beside the hashed ones: other sites load `proof_of_life_element.js` by it.
    """

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        """The name with its hash. Before `collectstatic` the plain one: error pages must not fail in turn."""
        return str(super().stored_name(name)) if self.hashed_files else name

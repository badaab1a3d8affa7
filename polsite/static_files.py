"""Static files under names that carry a hash of their content, so that browsers may keep them for good."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Modules import each other by name, so those names carry the hash too: no page mixes old and new ones.

    The plain names stay beside the hashed ones: other sites load `proof_of_life_element.js` by it.
    """

    support_js_module_import_aggregation = True

from django.contrib.admin.apps import AdminConfig


class ProofOfLifeAdminConfig(AdminConfig):
    """Django's admin with this project's site in the place of the default one."""

    default_site = "verification.admin_site.ProofOfLifeAdminSite"

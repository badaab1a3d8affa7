from django.apps import AppConfig


class VerificationConfig(AppConfig):
    name = "verification"
    verbose_name = "Proof of life"

    def ready(self) -> None:
        from verification import checks  # noqa: F401, PLC0415  (registers them)

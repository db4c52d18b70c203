from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "webapp.accounts"

    def ready(self) -> None:
        # Registers itself on import.
        from webapp.accounts import schema  # noqa: F401

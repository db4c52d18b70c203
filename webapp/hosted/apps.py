from django.apps import AppConfig


class HostedConfig(AppConfig):
    name = "webapp.hosted"

    def ready(self) -> None:
        # The engine asks the settings for its key, wherever Django runs: web and worker.
        from predictor.engines.hosted_connection import add_key_source
        from webapp.hosted.selectors import stored_key

        add_key_source(stored_key)

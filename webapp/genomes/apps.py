from django.apps import AppConfig


class GenomesConfig(AppConfig):
    name = "webapp.genomes"

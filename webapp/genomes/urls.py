from django.urls import path

from webapp.genomes import api

urlpatterns = [
    path("genomes/", api.GenomesView.as_view()),
    path("genomes/<str:assembly>/sequence.fa", api.SequenceView.as_view()),
    path("genomes/<str:assembly>/sequence.fa.fai", api.SequenceIndexView.as_view()),
    path("genomes/<str:assembly>/genes/", api.GenesView.as_view()),
    path("genomes/<str:assembly>/search/", api.SearchView.as_view()),
]

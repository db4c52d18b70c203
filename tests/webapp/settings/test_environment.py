import pytest
from django.core.exceptions import ImproperlyConfigured

from webapp.settings import environment


@pytest.fixture
def variables(monkeypatch):
    for name in ("DATABASE_URL", "PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch.setenv


def test_a_secret_may_lie_in_a_file(variables, tmp_path):
    (tmp_path / "key").write_text("hidden\n")
    variables("THE_KEY_FILE", str(tmp_path / "key"))
    assert environment.text("THE_KEY") == "hidden"


def test_a_value_comes_before_a_file(variables, tmp_path):
    variables("THE_KEY", "open")
    variables("THE_KEY_FILE", str(tmp_path / "absent"))
    assert environment.text("THE_KEY") == "open"


def test_what_is_missing_is_named():
    with pytest.raises(ImproperlyConfigured, match="THE_KEY_FILE"):
        environment.text("THE_KEY")


def test_a_file_that_cannot_be_read_is_named(variables, tmp_path):
    variables("THE_KEY_FILE", str(tmp_path / "absent"))
    with pytest.raises(ImproperlyConfigured, match="absent"):
        environment.text("THE_KEY", "default")


@pytest.mark.parametrize(("given", "expected"), [("1", True), ("Yes", True), ("off", False)])
def test_flags_are_read_in_the_usual_spellings(variables, given, expected):
    variables("THE_FLAG", given)
    assert environment.flag("THE_FLAG", default=not expected) is expected


def test_a_flag_that_is_neither_is_refused(variables):
    variables("THE_FLAG", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="perhaps"):
        environment.flag("THE_FLAG", default=True)


def test_a_database_url_is_taken_apart(variables):
    variables("DATABASE_URL", "postgresql://ada:p%40ss@db.example:5433/allele?sslmode=require")
    entry = environment.postgresql()
    assert entry == {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.example",
        "PORT": "5433",
        "NAME": "allele",
        "USER": "ada",
        "PASSWORD": "p@ss",
        "OPTIONS": {"sslmode": "require"},
    }


def test_another_kind_of_database_is_refused(variables):
    variables("DATABASE_URL", "mysql://ada@db/allele")
    with pytest.raises(ImproperlyConfigured, match="mysql"):
        environment.postgresql()


def test_single_variables_serve_as_well(variables, tmp_path):
    (tmp_path / "password").write_text("secret")
    variables("PGDATABASE", "allele")
    variables("PGUSER", "ada")
    variables("PGPASSWORD_FILE", str(tmp_path / "password"))
    entry = environment.postgresql()
    assert (entry["NAME"], entry["USER"], entry["PASSWORD"]) == ("allele", "ada", "secret")

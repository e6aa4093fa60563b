from __future__ import annotations

import os

import pytest

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.objects import Objects


@pytest.fixture
def objects(tmp_path):
    return Objects(tmp_path / "objects")


@pytest.fixture
def write(objects):
    def write(file, text):
        path = objects.directory / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


def config_map(value, name="cm", namespace=None):
    where = f", namespace: {namespace}" if namespace else ""
    return f"kind: ConfigMap\nmetadata: {{name: {name}{where}}}\ndata: {{k: {value}}}\n"


def value_of(objects, namespace="argo", name="cm"):
    found = objects.config_map(namespace, name)
    return found and found["data"]["k"]


def test_without_a_directory_there_is_nothing(objects):
    assert objects.config_map("argo", "cm") is None
    assert objects.secret("argo", "s") is None


def test_a_changed_file_counts_at_once(objects, write):
    for value in ("a", "b", "c"):
        write("x.yaml", config_map(value))
        assert value_of(objects) == value
    (objects.directory / "x.yaml").unlink()
    assert value_of(objects) is None


def test_so_does_one_whose_times_say_that_it_is_old(objects, write):
    path = write("x.yaml", config_map("a"))
    os.utime(path, (1, 1))
    assert value_of(objects) == "a"
    assert value_of(objects) == "a"
    write("x.yaml", config_map("b"))
    assert value_of(objects) == "b"


def test_its_own_namespace_wins_over_none(objects, write):
    write("x.yaml", config_map("any"))
    write("y.yml", config_map("mine", namespace="argo"))
    assert (value_of(objects), value_of(objects, "other")) == ("mine", "any")


def test_the_same_name_in_two_files_is_refused(objects, write):
    write("x.yaml", config_map("a"))
    write("y.json", '{"kind": "ConfigMap", "metadata": {"name": "cm"}}')
    with pytest.raises(ManifestError, match=r"'cm' is in .*x\.yaml and in .*y\.json"):
        value_of(objects)


def test_a_bad_file_is_named_where_something_is_missing_and_harms_nobody_else(objects, write):
    write("good.yaml", config_map("a"))
    write("bad.yaml", "kind: ConfigMap\ndata: {\n")
    assert value_of(objects) == "a"
    with pytest.raises(ManifestError, match=r"bad\.yaml, line \d"):
        objects.secret("argo", "s")


def test_what_is_hidden_or_no_file_or_of_another_kind_is_left_alone(objects, write):
    write(".x.yaml", config_map("a"))
    write("x.txt", config_map("a"))
    os.mkfifo(objects.directory / "pipe.yaml")
    assert value_of(objects) is None


@pytest.mark.parametrize(("content", "reason"), [(b"\xff\xfe", "no UTF-8"), (b"#" * (4 * 1024 * 1024 + 1), "4 MiB")])
def test_a_file_that_is_no_text_or_too_large_is_refused(objects, write, content, reason):
    write("x.yaml", "").write_bytes(content)
    with pytest.raises(ManifestError, match=rf"x\.yaml .*{reason}"):
        value_of(objects)


class TestWriting:
    def written(self, value="v", name="cm", **metadata):
        return {"kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"k": value}}

    @pytest.mark.parametrize("value", ["v", 'a"b\n', "{{x}}", "y", "\x7f\u2028😀"])
    def test_what_is_written_is_read(self, objects, value):
        objects.write_config_map(self.written(value))
        assert value_of(objects) == value
        assert [path.name for path in objects.directory.iterdir()] == ["cm.yaml"]

    def test_it_goes_back_into_the_file_it_came_from(self, objects, write):
        path = write("mine.yaml", config_map("a"))
        objects.write_config_map({**objects.config_map("argo", "cm"), "data": {"k": "b"}})
        assert value_of(objects) == "b"
        assert list(objects.directory.iterdir()) == [path]

    def test_a_file_with_others_in_it_is_not_touched(self, objects, write):
        path = write("x.yaml", config_map("a") + "---\n" + config_map("a", "other"))
        with pytest.raises(ManifestError, match="its own file"):
            objects.write_config_map(self.written())
        assert "other" in path.read_text()

    def test_a_file_in_the_way_is_not_overwritten(self, objects, write):
        write("cm.yaml", config_map("a", "other"))
        with pytest.raises(ManifestError, match="is there already"):
            objects.write_config_map(self.written())

    @pytest.mark.parametrize("name", ["../x", "a/b", "", "A"])
    def test_a_name_cannot_lead_elsewhere(self, objects, name):
        with pytest.raises(ManifestError, match="no name of a ConfigMap"):
            objects.write_config_map(self.written(name=name))

    def test_more_than_kubernetes_stores_is_refused(self, objects):
        with pytest.raises(ManifestError, match="Too long"):
            objects.write_config_map(self.written("x" * 1024 * 1024))
        assert not objects.directory.exists()

    def test_a_directory_that_cannot_be_written_is_named(self, objects):
        objects.directory.write_text("a file")
        with pytest.raises(ManifestError, match="cannot be written to"):
            objects.write_config_map(self.written())

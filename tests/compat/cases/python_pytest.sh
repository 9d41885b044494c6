# needs: pytest-3
# Debian's pytest, with its temporary directories, captured descriptors and cache.
cat > test_it.py <<'END'
import os, subprocess, sys

def test_tmp(tmp_path):
    (tmp_path / "file").write_text("x")
    assert os.listdir(tmp_path) == ["file"]

def test_capture(capfd):
    subprocess.run(["echo", "hello"], check=True)
    assert capfd.readouterr().out == "hello\n"

def test_fails_on_purpose():
    assert 1 == 2
END
pytest-3 -q -p no:randomly test_it.py | sed 's/ in [0-9.]*s//'
echo "exit ${PIPESTATUS[0]}"
ls -d .pytest_cache test_it.py

cat > test_it.py <<'END'
import pathlib, tempfile, unittest

class It(unittest.TestCase):
    def test_temporary(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "x").write_text("x")

    def test_named(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x")
END
/usr/bin/python3 -m unittest -v 2>&1 | sed 's/in [0-9.]*s//'
/usr/bin/python3 -m compileall -q . && ls

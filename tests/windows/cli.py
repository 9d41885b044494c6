"""carrel.exe under Wine as a user has it: a workspace and a home of the test's own, with blanks and
letters beyond ASCII in their names."""

import os
import shutil
import signal
import stat
import subprocess

import wine as wine_of_tests

WORKSPACE = "wörk späce"
HOME = "home of ünï"


class Run:
    """One run of carrel. `code` is as Unix has it, `full_code` all 32 bits; what Wine says of itself
    is not carrel's."""

    def __init__(self, code, full_code, out, err):
        self.code, self.full_code, self.out = code, full_code, out
        lines = err.splitlines(keepends=True)
        self.err = "".join(line for line in lines if not line.startswith("wine: "))
        self.of_wine = "".join(line for line in lines if line.startswith("wine: "))
        self.both = out + self.err

    def __repr__(self):
        return f"exit code {self.code} ({self.full_code})\n{self.both}{self.of_wine}"


class Cli:
    def __init__(self, wine, carrel, with_env):
        self.wine = wine
        self.carrel_exe = wine.copy(carrel)
        self.with_env = wine.copy(with_env)
        self.fresh()

    def fresh(self):
        """An empty workspace, home and place outside."""
        for name in (WORKSPACE, HOME, "outside"):
            path = os.path.join(self.wine.dir, name)
            shutil.rmtree(path, ignore_errors=True)
            os.mkdir(path)
        self.workspace = self.wine.windows(WORKSPACE)
        self.home = self.wine.windows(HOME)
        self.outside = self.wine.windows("outside")
        self.own()

    def own(self):
        wine_of_tests.own(self.wine.dir)

    def path(self, *parts):
        """Where a file is for the test."""
        return os.path.join(self.wine.dir, *parts)

    def write(self, text, *parts, mode=0o644):
        """A file of the user's; makes directories."""
        path = self.path(*parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        self.own()

    def user_policy(self, text, mode=0o644):
        self.write(text, HOME, ".config", "carrel", "policy", mode=mode)

    def project_policy(self, text):
        self.write(text, WORKSPACE, ".carrel", "policy")

    def exists(self, *parts):
        return os.path.lexists(self.path(*parts))

    def mode(self, *parts):
        return stat.S_IMODE(os.stat(self.path(*parts)).st_mode)

    def start(self, *words, cwd=None, variables=None, **options):
        """carrel WORDS in the workspace (or `cwd`, a Windows path), as subprocess.Popen."""
        env = {"USERPROFILE": self.home, "LOCALAPPDATA": self.home + r"\AppData\Local",
               "APPDATA": self.home + r"\AppData\Roaming"}
        env.update(variables or {})
        return self.wine.start(self.with_env, cwd or self.workspace,
                               *[f"{name}={value}" for name, value in env.items()], "--",
                               self.carrel_exe, *words, cwd=self.wine.dir,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def full_code(self):
        try:
            with open(self.path("code.txt"), encoding="ascii") as file:
                return int(file.read())
        except (OSError, ValueError):
            return None

    def run(self, *words, cwd=None, given=None, **variables):
        """Runs it to its end; `given`: bytes of its standard input."""
        if os.path.exists(self.path("code.txt")):
            os.remove(self.path("code.txt"))
        child = self.start(*words, cwd=cwd, variables=variables,
                           stdin=subprocess.DEVNULL if given is None else subprocess.PIPE)
        try:
            out, err = child.communicate(input=given, timeout=60)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
        code, full = child.returncode, self.full_code()
        # Wine's server kills what takes more than half a second to end
        if code == -signal.SIGKILL and full is not None:
            code = full & 0xff
        return Run(code, full, out.decode(errors="replace"), err.decode(errors="replace"))

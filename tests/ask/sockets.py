#!/usr/bin/env python3
"""The approvals interface: answers by it, and all who must not get any."""

import json
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time

from scene import ADDRESS, AskPlace, battery, enter, until

FOREIGN_ID = 61235
CONNECT = {"x86_64": "42", "aarch64": "203"} # the number of connect(2)


class Box:
    """A box without a terminal; context."""

    def __init__(self, place, steps, options=(), rules=(), command=None):
        self.place = place
        words = place.words(steps, options, rules)
        if command:
            words[words.index("--") + 1:] = command
        self.child = subprocess.Popen(
            words, cwd=place.workspace, env=place.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()
        self.child.stderr.close()

    def question(self):
        return until("a question", self.place.questions)[0]

    def end(self):
        """(exit code, standard output, standard error)."""
        out, errors = self.child.communicate(timeout=30)
        return self.child.returncode, out, errors


def processes():
    """(pid, parent, name) of all."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                name, rest = file.read().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        yield int(pid), int(rest.split()[1]), name


def child_of(parent, name):
    return next(pid for pid, above, called in processes() if above == parent and called == name)


def client_of(place):
    """The process that plays the steps."""
    for pid, _, name in processes():
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            if name == "python3" and file.read().split("\0")[1] == place.client:
                return pid
    return None


def is_held(pid):
    """Is it in connect(2)?"""
    with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
        return file.read().split()[0] == CONNECT[os.uname().machine]


def only_socket(place):
    return os.path.join(place.runtime, "carrel", until("a socket", place.sockets)[0])


class Client:
    """Speaks the protocol as written down, as the account of the boxes; context."""

    def __init__(self, place):
        # the peer is who connects: a child that has changed its account
        self.ours, theirs = socket.socketpair()
        self.child = subprocess.Popen([*place.account(), sys.executable, "-c", FORWARD,
                                       only_socket(place)], stdin=theirs, stdout=theirs)
        theirs.close()
        self.file = self.ours.makefile("rwb", buffering=0)
        self.lines = self.ours.makefile("r", encoding="utf-8")
        self.ours.settimeout(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.lines.close()
        self.ours.close()
        self.child.kill()
        self.child.wait()

    def send(self, data):
        try:
            self.ours.sendall(data if isinstance(data, bytes) else json.dumps(data).encode() + b"\n")
        except BrokenPipeError:
            pass # it was sent away meanwhile

    def line(self):
        """The next line; None at the end."""
        text = self.lines.readline()
        return json.loads(text) if text else None

    def rest(self):
        return [json.loads(text) for text in self.lines]


# Copies both ways until the other side ends.
FORWARD = r"""
import os, socket, sys, threading
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
def up():
    while data := os.read(0, 65536):
        peer.sendall(data)
    peer.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
try:
    while data := peer.recv(65536):
        os.write(1, data)
except OSError:
    pass
os._exit(0)
"""


def approve(place):
    """A question is listed, approved, and over; the socket is ours alone and goes with the box."""
    with Box(place, ["connect", "connect"]) as box:
        question = box.question()
        modes = [stat.S_IMODE(os.stat(path).st_mode)
                 for path in (os.path.dirname(only_socket(place)), only_socket(place))]
        code, listed = place.carrel_says("approvals")
        done, _ = place.carrel_says("approve", question["id"])
        again, said = place.carrel_says("approve", question["id"])
        ended, out, errors = box.end()
        wanted = [question["id"], place.object, "python3", place.client, place.workspace,
                  f"ask connect {place.object}"]
        return [f"'{word}' is not listed: {listed}" for word in wanted if word not in listed] + \
            [] if (code, done, again, ended, modes, place.sockets()) == \
            (0, 0, 1, 0, [0o700, 0o600], []) and "any more" in said and out.count("GOT") == 2 else \
            [f"{code} {done} {again} {said} {ended} {modes} {place.sockets()} {out} {errors}"]


def deny(place):
    """A question is denied."""
    with Box(place, ["connect"]) as box:
        code, _ = place.carrel_says("deny", box.question()["id"])
        _, out, _ = box.end()
        return [] if code == 0 and "FAILED" in out and "GOT" not in out else [f"{code} {out}"]


def granted_for(place):
    """approve --for: for that long, then it is asked again; the events name rule and bytes."""
    log = os.path.join(place.workspace, "granted")
    with Box(place, ["loop"], ["--events", log]) as box:
        first = box.question()["id"]
        place.carrel_says("approve", first, "--for", "1s")
        second = until("a second question",
                       lambda: [q for q in place.questions() if q["id"] != first])[0]["id"]
        place.carrel_says("deny", second)
        _, out, errors = box.end()
        with open(log, encoding="utf-8") as file:
            events = [json.loads(line) for line in file]
        ends = [event["end"] for event in events if event.get("event") == "connection"]
        problems = [] if ends and ends[0] == "done" and ends[-1] == "denied" else [str(ends)]
        wanted = {"address": "203.0.113.1", "port": place.server.port, "dialled": "203.0.113.1",
                  "program": "python3", "refused": False, "decision": "ask", "down": 5, "up": 0,
                  "rule": f"ask connect {place.object}"}
        problems += [f"{key}: {events[0].get(key)}" for key, value in wanted.items()
                     if events[0].get(key) != value]
        return problems + ([] if "ENDED" in out else [out, errors])


def watched(place):
    """approvals --watch --json tells of questions and answers, of boxes started later too."""
    watcher = subprocess.Popen([*place.account(), place.carrel, "approvals", "--watch", "--json"],
                               cwd=place.workspace, env=place.env, stdout=subprocess.PIPE, text=True)
    try:
        with Box(place, ["connect"]) as box:
            asked = json.loads(watcher.stdout.readline())
            place.carrel_says("deny", asked["id"])
            told = json.loads(watcher.stdout.readline())
            box.end()
        return [] if (asked["event"], told["event"], told["id"], told["allowed"], told["by"]) == \
            ("question", "answered", asked["id"], False, "client") else [str(asked), str(told)]
    finally:
        watcher.kill()
        watcher.wait()
        watcher.stdout.close()


def wrong_words(place):
    """What is no question, no duration, too much: said, with exit code 125, and nothing is answered."""
    with Box(place, ["connect"]) as box:
        question = box.question()["id"]
        problems = []
        for words in (["approve"], ["approve", "x"], ["approve", question, question],
                      ["approve", "--for", "0s", question], ["approve", "--for", "never", question],
                      ["deny", question.upper() + "0"], ["deny", "../../" + question[:6]],
                      ["approvals", "extra"]):
            code, said = place.carrel_says(*words)
            problems += [] if code == 125 and "hint" in said else [f"{words}: {code} {said}"]
        code, _ = place.carrel_says("approve", "0" * 12)
        problems += [] if code == 1 else [f"an id of nobody: {code}"]
        if not place.questions():
            problems.append("it was answered")
        place.carrel_says("deny", question)
        box.end()
        return problems


def protocol(place):
    """The protocol as docs/approvals.md has it, spoken by somebody else."""
    with Box(place, ["connect"]) as box, Client(place) as client:
        question = box.question()
        hello = client.line()
        client.send({"op": "watch"})
        listed = [client.line(), client.line()]
        client.send({"op": "answer", "id": question["id"], "allow": True, "seconds": 60})
        answers = [client.line(), client.line()]
        _, out, _ = box.end()
        events = [line and line["event"] for line in (hello, *listed, *answers, client.line())]
        wanted = ["hello", "question", "listed", "answered", "done", None]
        return [] if events == wanted and hello["version"] == 1 and "GOT" in out and \
            answers[0]["seconds"] == 60 and hello["box"] + ".sock" in only_name(hello) else \
            [str(events), str(hello), out]


def only_name(hello):
    return [hello["box"] + ".sock"]


def bad_requests(place):
    """Odd, oversized and random input ends that client, and answers nothing."""
    rng = random.Random(7)
    rows = [b"\n", b"{}\n", b"[]\n", b"null\n", b'{"op":"list","op":"list"}\n', b'{"op":"nothing"}\n',
            b'{"op":1}\n', b"x" * 5000, b'{"op":"' + b"a" * 4090 + b'"}\n', b"[" * 4000 + b"\n",
            b'{"op":"answer"}\n', b"\0" * 100 + b"\n", b"\xff\xfe\n", b'{"op":"list"} trailing\n']
    rows += [rng.randbytes(rng.randrange(1, 4000)) + b"\n" for _ in range(20)]
    with Box(place, ["connect"]) as box:
        question = box.question()["id"]
        odd = [{"op": "answer", "id": question, "allow": "yes"},
               {"op": "answer", "id": question, "allow": True, "seconds": 0},
               {"op": "answer", "id": question, "allow": True, "seconds": -5},
               {"op": "answer", "id": question, "allow": True, "seconds": 1 << 40},
               {"op": "answer", "id": question, "allow": True, "more": 1},
               {"op": "answer", "id": [question], "allow": True}]
        problems = []
        for row in rows + odd:
            with Client(place) as client:
                client.line()
                client.send(row)
                rest = [line["event"] for line in client.rest()]
                problems += [] if rest in (["error"], []) else [f"{row[:60]!r}: {rest}"]
        with Client(place) as client:
            client.line()
            client.send({"op": "answer", "id": "", "allow": True})
            problems += [] if client.line()["event"] == "unknown" else ["an empty id is known"]
        if not place.questions():
            problems.append("one of them was an answer")
        place.carrel_says("deny", question)
        _, out, _ = box.end()
        return problems + ([] if "FAILED" in out else [out])


def many_clients(place):
    """More clients than there is room for are sent away; who is in can answer."""
    with Box(place, ["connect"]) as box:
        question = box.question()["id"]
        clients = [Client(place) for _ in range(20)]
        try:
            said = [client.line() for client in clients]
            served = [client for client, line in zip(clients, said) if line]
            served[-1].send({"op": "answer", "id": question, "allow": False})
            answer = served[-1].line()
            _, out, _ = box.end()
        finally:
            for client in clients:
                client.__exit__()
        return [] if len(served) == 16 and answer["event"] == "done" and "FAILED" in out else \
            [f"{len(served)} were served; {answer}; {out}"]


def foreigners(place):
    """Another account is told nothing, though it can reach the socket."""
    if not place.drop:
        return []
    with Box(place, ["connect"]) as box:
        question = box.question()["id"]
        path = only_socket(place)
        problems = []
        for uid in (FOREIGN_ID, 0):
            program = ("import os, socket, sys; peer = socket.socket(socket.AF_UNIX);"
                       "peer.connect(sys.argv[1]); os.setresuid(*3 * [int(sys.argv[2])]);"
                       "peer.sendall(sys.argv[3].encode()); print(peer.recv(100))"
                       if uid == 0 else
                       "import os, socket, sys; os.chdir(os.path.dirname(sys.argv[1]));"
                       "os.setresuid(*3 * [int(sys.argv[2])]); peer = socket.socket(socket.AF_UNIX);"
                       "peer.connect(os.path.basename(sys.argv[1]));"
                       "peer.sendall(sys.argv[3].encode()); print(peer.recv(100))")
            os.chmod(path, 0o666)
            os.chmod(os.path.dirname(path), 0o711)
            said = subprocess.run(
                [sys.executable, "-c", program, path, str(uid),
                 json.dumps({"op": "answer", "id": question, "allow": True}) + "\n"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            os.chmod(os.path.dirname(path), 0o700)
            reached = "b''" in said.stdout or "ConnectionReset" in said.stdout or \
                "BrokenPipe" in said.stdout
            problems += [] if reached and "hello" not in said.stdout else [f"{uid}: {said.stdout}"]
        if not place.questions():
            problems.append("it was answered")
        place.carrel_says("deny", question)
        box.end()
        return problems


# Looks for sockets where they might be, and at every one the kernel tells of. Says what it finds.
SEARCH = r"""
import os, socket, sys
for place in sys.argv[1:]:
    try:
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(place)
        peer.sendall(b'{"op":"list"}\n')
        peer.settimeout(5)
        print("ANSWER", peer.recv(4000))
    except OSError as error:
        print("NOT", type(error).__name__, place)
    try:
        print("LIST", os.listdir(os.path.dirname(place)))
    except OSError as error:
        print("NO LIST", type(error).__name__)
"""


def boxed_search(place, path, options):
    # at its path, in a box of its own, by way of another process of the same user, if it sees one
    places = [path, "/proc/1/root" + path, "/proc/self/root" + path, f"/proc/{os.getpid()}/root" + path]
    done = subprocess.run([*place.account(), place.carrel, "run", "--quiet", *options, "--",
                           "python3", "-c", SEARCH, *places], cwd=place.workspace, env=place.env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout


def out_of_reach(place):
    """No box reaches a socket, also where a policy shows what it lies in; outside it is reached."""
    folder = os.path.join(place.runtime, "carrel")
    problems = []
    with Box(place, ["connect"]) as box:
        question = box.question()["id"]
        path = only_socket(place)
        control = subprocess.run([*place.account(), "python3", "-c", SEARCH, path],
                                 stdout=subprocess.PIPE, text=True, check=False).stdout
        problems += [] if "hello" in control else ["control: " + control]
        lesser = ["--tier", "landlock"]
        for gap in ("metadata", "protected-paths", "processes", "connect-names"):
            lesser += ["--accept-gap", gap]
        for options in ([], lesser, [*lesser, "--read", place.runtime, "--write", place.runtime],
                        ["--read", place.runtime], ["--write", place.runtime],
                        ["--read", folder], ["--read", path], ["--unix", path],
                        ["--write", place.top]):
            said = boxed_search(place, path, ["--accept-gap", "unix-sockets", *options]
                                if "--unix" in options else options)
            if "NOT" not in said and "no such" not in said:
                problems.append(f"{options}: it did not look: {said}")
            # what lies in something writable is seen in the lesser tier: gap protected-paths
            listed = [line for line in said.splitlines()
                      if line.startswith("LIST") and "landlock" not in options]
            if "hello" in said or os.path.basename(path) in "".join(listed):
                problems.append(f"{options}: {said}")
        if not place.questions():
            problems.append("it was answered")
        place.carrel_says("deny", question)
        box.end()
    return problems


def in_namespaces(place):
    """A process of the same account in namespaces of its own is told nothing: a box is one."""
    with Box(place, ["connect"]) as box:
        question = box.question()["id"]
        path = only_socket(place)
        said = subprocess.run([*place.account(), "unshare", "--user", "--map-root-user", "--pid",
                               "--fork", "python3", "-c", SEARCH, path], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False).stdout
        place.carrel_says("deny", question)
        box.end()
        reached = "ANSWER b''" in said or "ConnectionReset" in said or "BrokenPipe" in said
        return [] if reached and "hello" not in said else [said]


def killed(place):
    """What a killed launcher leaves is removed by the next one, and by a look."""
    for words in (["approvals"], None):
        with Box(place, ["connect"]) as box:
            box.question()
            os.kill(launcher_of(box), signal.SIGKILL)
            box.child.wait()
        if not place.sockets():
            return ["nothing was left to be removed"]
        if words:
            place.carrel_says(*words)
        else:
            with Box(place, ["wait"]) as box:
                until("the next socket", lambda: len(place.sockets()) == 1)
                continue
        if place.sockets():
            return [str(place.sockets())]
    shutil.rmtree(os.path.join(place.runtime, "carrel"))
    return []


def launcher_of(box):
    return box.child.pid


def odd_directory(place):
    """A directory that others may write to is not used, and the look says why."""
    folder = os.path.join(place.runtime, "carrel")
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    place.give(folder)
    os.chmod(folder, 0o777)
    try:
        code, said = place.carrel_says("approvals")
        problems = [] if code == 125 and "not yours alone" in said else [f"{code} {said}"]
        with Box(place, ["wait"]) as box:
            other = os.path.join(place.state, "carrel", "approvals")
            until("a socket in the state directory",
                  lambda: os.path.isdir(other) and any(name.endswith(".sock")
                                                       for name in os.listdir(other)))
            problems += [f"{name} in the open" for name in place.sockets()]
            box.child.terminate()
            box.end()
        return problems
    finally:
        shutil.rmtree(folder)


LESSER = ["--tier", "landlock", *(f"--accept-gap={gap}" for gap in (
    "metadata", "protected-paths", "processes"))]


def interrupted(place):
    """Ctrl-C while a question waits: the command has it at once, in both tiers, and the question goes."""
    curl = ["curl", "-sS", "--http0.9", f"http://{place.object}/"]
    problems = []
    for options, command in ([], None), (LESSER, curl):
        with Box(place, ["mortal", "connect"], options, command=command) as box:
            box.question()
            started = time.monotonic()
            os.kill(box.child.pid, signal.SIGINT)
            code, out, errors = box.end()
            if code != 130 or time.monotonic() - started > 10 or place.questions():
                problems += [f"{options}: {code} {out} {errors}"]
    with Box(place, ["interruptible", "connect"]) as box:
        question = box.question()
        os.kill(box.child.pid, signal.SIGINT)
        first = box.child.stdout.readline()
        place.carrel_says("approve", question["id"])
        code, out, errors = box.end()
        problems += [] if "INTERRUPTED" in first and "GOT" in out and code == 0 else [
            f"{first} {code} {out} {errors}"]
    return problems


def held(place):
    """Ctrl-C ends a command whose connect is held and nobody answers."""
    with Box(place, ["mortal", "wait", "connect"]) as box:
        box.child.stdout.readline()
        client, broker = client_of(place), child_of(box.child.pid, "carrel-broker")
        os.kill(broker, signal.SIGSTOP)
        with open(os.path.join(place.workspace, "go"), "w", encoding="ascii"):
            pass
        until("a call that is held", lambda: is_held(client))
        os.kill(box.child.pid, signal.SIGINT)
        code, out, errors = box.end()
        return [] if code == 130 and not out else [f"{code} {out} {errors}"]


def withdrawn(place):
    """A client that leaves takes its question with it: who watches hears it, who answers is told."""
    problems = []
    for step in "leave", "reset":
        with Box(place, [step, "wait", "connect"]) as box, Client(place) as client:
            question = box.question()["id"]
            client.send({"op": "watch"})
            client.line()
            until("an end", lambda: not place.questions())
            events = [client.line() for _ in range(3)]
            code, said = place.carrel_says("approve", question)
            client.send({"op": "answer", "id": question, "allow": True})
            events += [client.line()]
            go(place)
            again = box.question()["id"] # nothing was granted, nothing refused
            place.carrel_says("deny", again)
            _, out, _ = box.end()
        wanted = [("question", None), ("listed", None), ("answered", "left"), ("unknown", "left")]
        problems += [] if [(event["event"], event.get("by")) for event in events] == wanted and \
            not events[2]["allowed"] and code == 1 and "the program has left" in said and \
            again != question and "FAILED" in out else [f"{step}: {events} {code} {said} {out}"]
    return problems


def still_wanted(place):
    """A client that has only sent everything has not left: it is asked about, answered and served."""
    nobody, rules = "9", [f"ask connect {ADDRESS}:9"]
    with Box(place, ["leave:" + nobody, "half"], rules=rules) as box:
        until("both questions", lambda: len(place.questions()) == 2)
        until("the end of one", lambda: len(place.questions()) == 1)
        question = place.questions()[0]
        problems = [] if question["port"] == place.server.port else [str(question)]
        place.carrel_says("approve", question["id"])
        _, out, errors = box.end()
        return problems + ([] if "GOT hello" in out else [out, errors])


def shared(place):
    """A question that two wait for stays when the first leaves; one event tells that it has left."""
    log = os.path.join(place.workspace, "shared")
    with Box(place, ["leave", "half"], ["--events", log]) as box:
        question = box.question()["id"]
        until("the first has left", lambda: os.path.exists(log) and "left" in read(log))
        problems = [] if [q["id"] for q in place.questions()] == [question] else ["it has gone"]
        place.carrel_says("approve", question)
        _, out, errors = box.end()
        ends = [json.loads(line)["end"] for line in read(log).splitlines() if '"end"' in line]
        return problems + ([] if "GOT hello" in out and ends == ["left", "done"] else
                           [str(ends), out, errors])


def storm(place):
    """Connections that come and go in a loop are one question, and leave nothing."""
    with Box(place, ["storm:300", "wait"]) as box, Client(place) as client:
        client.send({"op": "watch"})
        until("an end", lambda: box.child.stdout.readline() == "LEFT\n")
        until("no question", lambda: not place.questions())
        go(place)
        box.end()
        events = [line["event"] for line in client.rest()]
        return [] if 0 < events.count("question") == events.count("answered") < 10 else [str(events)]


def without_namespaces(place):
    """The same in the landlock tier, by its proxy."""
    curl = f"curl -sS --http0.9 -m 2 http://{place.object}/; echo CURL $?; sleep 20"
    with Box(place, [], LESSER, command=["sh", "-c", curl]) as box:
        question = box.question()["id"]
        started = time.monotonic()
        until("an end", lambda: not place.questions())
        took = time.monotonic() - started
        code, said = place.carrel_says("approve", question)
        os.kill(box.child.pid, signal.SIGTERM)
        _, out, errors = box.end()
        return [] if code == 1 and "the program has left" in said and took < 15 and \
            "CURL 28" in out else [f"{took} {code} {said} {out} {errors}"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def go(place):
    with open(os.path.join(place.workspace, "go"), "w", encoding="ascii"):
        pass


def state_directory(place):
    """Without a runtime directory the sockets lie in the state directory, hidden from its own box."""
    state = os.path.join(place.state, "carrel")
    shutil.rmtree(state, ignore_errors=True) # made by this run: the box must not see it all the same
    runtime = place.env.pop("XDG_RUNTIME_DIR")
    try:
        with Box(place, ["seen:" + state, "connect"]) as box:
            code, _ = place.carrel_says("approve", box.question()["id"])
            _, out, errors = box.end()
            return [] if code == 0 and "GOT" in out and "SEEN []" in out else [out, errors]
    finally:
        place.env["XDG_RUNTIME_DIR"] = runtime


def ids(place):
    """Questions of two boxes have ids of their own; an answer reaches the right box."""
    with Box(place, ["connect"]) as one, Box(place, ["connect"]) as two:
        questions = until("two questions",
                          lambda: (found := place.questions()) and len(found) == 2 and found)
        mine = [q for q in questions if q["box"] == box_of(place, one)]
        if len(mine) != 1 or questions[0]["id"] == questions[1]["id"]:
            return [str(questions)]
        place.carrel_says("approve", mine[0]["id"])
        _, first, _ = one.end()
        still = place.questions()
        place.carrel_says("deny", still[0]["id"])
        _, second, _ = two.end()
        return [] if "GOT" in first and "FAILED" in second else [first, second]


def box_of(place, box):
    """The socket of the launcher, by the words it says first."""
    for name in place.sockets():
        done = subprocess.run([*place.account(), "python3", "-c", SEARCH,
                               os.path.join(place.runtime, "carrel", name)],
                              stdout=subprocess.PIPE, text=True, check=False)
        if f'"pid":{box.child.pid},' in done.stdout:
            return name.removesuffix(".sock")
    return None


TESTS = [approve, deny, granted_for, watched, wrong_words, protocol, bad_requests, many_clients,
         foreigners, out_of_reach, in_namespaces, killed, interrupted, held, withdrawn, still_wanted,
         shared, storm, without_namespaces, odd_directory, state_directory, ids]

if __name__ == "__main__":
    enter()
    wanted = sys.argv[2:]
    sys.exit(battery(sys.argv[1], [test for test in TESTS if not wanted or test.__name__ in wanted]))

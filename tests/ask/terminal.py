#!/usr/bin/env python3
"""Questions on the terminal: what is said, which answer counts, and what the box may not do."""

import re
import signal
import sys

from scene import PROMPT, Terminal, battery, enter, os


def lacks(said, *words):
    return [f"'{word}' in {said[-1500:]!r}" for word in words if word in said]


def has(said, *words):
    return [f"no '{word}' in {said[-1500:]!r}" for word in words if word not in said]


def go(place):
    with open(os.path.join(place.workspace, "go"), "w", encoding="ascii"):
        pass


def yes(place):
    """The question names program, words, directory, place and rule; its word lets it through, once."""
    with Terminal(place, place.words(["connect", "connect"])) as box:
        box.expect(PROMPT)
        box.allow()
        code = box.end()
        return has(box.said, f"asks to connect to {place.object}", "by 'python3'",
                   f"{place.client} 203.0.113.1", f"in {place.workspace}",
                   f"ask connect {place.object}", "policy", ":2)", "yes, now") + \
            ([] if box.said.count("GOT hello") == 2 and code == 0 else [f"{code} {box.said!r}"]) + \
            ([] if box.said.count("asks to connect") == 1 else ["asked twice within a moment"])


def no(place):
    """n refuses it, and the report says that somebody said no."""
    before = place.server.count
    with Terminal(place, place.words(["connect", "modes", "connect"], ["--events", "events"])) as box:
        box.expect(PROMPT)
        box.type("n")
        box.end()
        with open(os.path.join(place.workspace, "events"), encoding="utf-8") as file:
            events = file.read()
        return has(box.said, "FAILED") + lacks(box.said, "GOT") + \
            has(events, "somebody was asked and said no", '"end":"denied"',
                f'"rule":"ask connect {place.object}"', "would have to go first") + \
            ([] if box.said.count("asks to connect") == 1 else ["a no was asked again at once"]) + \
            ([] if place.server.count == before else ["it reached the server"])


def timeout(place):
    """Nobody answers: after --ask-timeout the answer is no."""
    with Terminal(place, place.words(["connect"], ["--ask-timeout", "2s", "--events", "events2"])) \
            as box:
        box.expect("no in 2 s")
        box.expect("no in 1 s")
        box.expect("no answer|not asked any more") # whoever counts faster, of broker and terminal
        box.expect("FAILED")
        box.end()
        with open(os.path.join(place.workspace, "events2"), encoding="utf-8") as file:
            return has(file.read(), "nobody answered in time", '"end":"unanswered"')


def typeahead(place):
    """What was typed before the question is no answer to it."""
    with Terminal(place, place.words(["wait", "connect"])) as box:
        box.expect("WAITING")
        box.type("yyya\ry!\r")
        go(place)
        box.expect("asks to connect")
        box.type("y\r") # too early to have been read
        box.expect(PROMPT)
        box.expect(PROMPT) # a second later
        box.type("n")
        box.expect("FAILED")
        box.end()
        return lacks(box.said, "GOT", "yes")


def pasted(place):
    """An arrow key, a mouse and half a word are no answer; a word that was corrected is one."""
    with Terminal(place, place.words(["connect"])) as box:
        box.expect(PROMPT)
        word = box.word()
        for keys in (word, "\x1b[A", "\x1b[M yy", " ", "\x7f", word[0] + "?", "\x7f", word[1:].upper()):
            box.type(keys)
            box.expect(PROMPT)
            box.expect(PROMPT)
        box.type("!\r")
        box.expect("yes, for this box")
        box.expect("GOT hello")
        return [] if box.end() == 0 else [box.said]


def other_words(place):
    """Nothing but the word of this question is a yes, and each question has its own."""
    problems, words = [], set()
    for wrong in "", "y", "yes", "a", "{0}x", "{0}!!", "{0}{0}", "!", "x{0}", "{0} ":
        with Terminal(place, place.words(["connect"])) as box:
            box.expect(PROMPT)
            words.add(box.word())
            box.type(wrong.format(box.word()) + "\r")
            box.expect("FAILED")
            box.end()
            problems += [f"{wrong!r}: {problem}" for problem in lacks(box.said, "GOT", "yes")]
    return problems + ([] if len(words) > 5 else [f"words: {words}"])


def raw(place):
    """A command in raw mode has it again afterwards, and the foreground too."""
    with Terminal(place, place.words(["raw", "modes", "connect", "modes", "foreground"])) as box:
        first = box.expect(r"MODES -?\d+ END")
        box.expect(PROMPT)
        box.allow()
        box.expect("GOT hello")
        second = box.expect(r"MODES -?\d+ END")
        box.expect("FOREGROUND True")
        box.end()
        return [] if first == second else [first, second]


def interrupt(place):
    """Ctrl-C is no, and reaches nobody else; neither do Ctrl-Z and Ctrl-backslash."""
    problems = []
    for key in "\x03", "\x1a", "\x1c", "\x04":
        with Terminal(place, place.words(["interruptible", "connect", "foreground"])) as box:
            box.expect(PROMPT)
            box.type(key)
            box.expect("FAILED")
            box.expect("FOREGROUND True")
            code = box.end()
            problems += lacks(box.said, "INTERRUPTED", "GOT")
            problems += [] if code == 0 else [f"{key!r}: {code}: {box.said!r}"]
    return problems


def reading(place):
    """A process that sits in read(2) does not get the answer, and is continued afterwards."""
    problems = []
    for steps in ["reader", "connect", "join"], ["ignoring", "reader", "connect", "join"]:
        with Terminal(place, place.words(steps)) as box:
            box.expect(PROMPT)
            box.allow()
            box.expect("GOT hello")
            box.expect("JOINING")
            box.type("for the command\r")
            box.expect(r"READ b'for the command\\n'")
            code = box.end()
            problems += [] if code == 0 else [f"exit code {code}"]
    return problems


def injected(place):
    """The command cannot type the answer."""
    with Terminal(place, place.words(["inject", "connect"])) as box:
        box.expect("REFUSED")
        box.expect(PROMPT)
        box.type("n")
        box.expect("FAILED")
        box.end()
        return lacks(box.said, "INJECTED", "GOT")


def queries(place):
    """A process in a session of its own cannot have the terminal type the answer."""
    problems = []
    for depth in "1", "90":
        with Terminal(place, place.words(["raw", f"query:{depth}", "connect"])) as box:
            box.answers = {"\x1b[?25$p": "\x1b[?25;1$y"} # DECRQM, as terminals answer it
            box.expect("QUERYING")
            box.expect("asks to connect")
            for _ in range(4):
                box.expect(PROMPT)
            asked = box.said[box.said.index("asks to connect"):]
            if "\x1b[?25$p" in asked:
                problems += ["it is not stopped"] + ["the answer was yes"] * ("yes, now" in asked)
                continue
            box.type("n")
            box.expect("FAILED")
            box.end()
            problems += lacks(box.said, "GOT", "yes")
    return problems


def woken(place):
    """One that has the kernel continue it when something is typed cannot do so either."""
    with Terminal(place, place.words(["raw", "query:1:woken", "connect"],
                                     ["--ask-timeout", "4s"])) as box:
        box.answers = {"\x1b[?25$p": "\x1b[?25;1$y"}
        box.expect("QUERYING")
        box.expect("asks to connect")
        box.expect(PROMPT)
        box.type("x")
        box.expect(r"\x1b\[\?25\$p") # it runs again
        box.expect("FAILED")
        box.end()
        return lacks(box.said, "GOT", "yes")


def held(place):
    """A command that stops the terminal's output stops neither the question nor the launcher."""
    with Terminal(place, place.words(["hold", "connect"])) as box:
        box.expect(PROMPT)
        box.allow()
        box.expect("GOT hello")
        return [] if box.end() == 0 else [box.said]


def resized(place):
    """A terminal that is resized meanwhile is told so to the command afterwards."""
    with Terminal(place, place.words(["resized", "connect"])) as box:
        box.expect(PROMPT)
        box.resize(33, 99)
        box.allow()
        box.expect("RESIZED")
        box.expect("GOT hello")
        box.end()
        return []


def jobs(place):
    """A job of a shell in the box asks, and the shell sees no stop."""
    with Terminal(place, place.words(["job"])) as box:
        box.expect(PROMPT)
        box.allow()
        box.expect("GOT hello")
        box.expect("JOB 0")
        box.expect("SHELL 0")
        box.end()
        return lacks(box.said, "Stopped")


def background(place):
    """carrel in the background does not touch the terminal; brought to the foreground it asks."""
    words = place.words(["connect"])
    script = "set -m; \"$@\" & sleep 0; while ! ls $XDG_RUNTIME_DIR/carrel/*.sock >/dev/null 2>&1; " \
        "do :; done; echo SHELL; read -r line; echo \"LINE $line\"; fg"
    with Terminal(place, ["bash", "--norc", "-c", script, "-", *words]) as box:
        box.expect("SHELL")
        while not place.questions():
            pass
        box.type("mine\r")
        box.expect("LINE mine")
        early = lacks(box.said, "asks to connect")
        box.expect(PROMPT)
        box.allow()
        box.expect("GOT hello")
        box.end()
        return early


def elsewhere(place):
    """Answered elsewhere, the question goes from the terminal, which is as it was."""
    with Terminal(place, place.words(["modes", "connect", "modes", "foreground"])) as box:
        first = box.expect(r"MODES -?\d+ END")
        said = box.expect(r"carrel approve [0-9a-f]{12}")
        box.expect(PROMPT)
        code, text = place.carrel_says("approve", said.split()[-1])
        box.expect("not asked any more")
        box.expect("GOT hello")
        second = box.expect(r"MODES -?\d+ END")
        box.expect("FOREGROUND True")
        box.end()
        return [] if (code, first) == (0, second) else [text, first, second]


def ended(place):
    """A box that ends while it asks leaves the terminal as it was."""
    words = place.words(["connect"], ["--timeout", "2s", "--quiet"])
    script = "before=$(stty -g); \"$@\"; test \"$before\" = \"$(stty -g)\" && echo SAME; " \
        "read -r line; echo \"LINE $line\""
    with Terminal(place, ["bash", "--norc", "-c", script, "-", *words]) as box:
        box.expect(PROMPT)
        box.expect("SAME")
        box.type("mine\r")
        box.expect("LINE mine")
        box.end()
        return []


def expires(place):
    """For this box means no longer than the policy's grants last: then it is asked again."""
    with Terminal(place, place.words(["loop"], rules=["expire 2s"])) as box:
        box.expect(PROMPT)
        box.allow("!")
        box.expect("yes, for this box")
        box.expect("asks to connect")
        box.expect(PROMPT)
        box.type("n")
        box.expect("ENDED")
        box.end()
        return []


def no_ask(place):
    """--no-ask: nobody is asked, and the report says so."""
    with Terminal(place, place.words(["connect"], ["--no-ask", "--events", "events3"])) as box:
        box.expect("FAILED")
        box.end()
        with open(os.path.join(place.workspace, "events3"), encoding="utf-8") as file:
            return lacks(box.said, "asks to connect") + \
                has(file.read(), "nobody can be asked", '"end":"nobody"')


def deceptive(place):
    """Words of the command line cannot move the cursor or turn the writing around."""
    # behind the steps: the client is ended before it reaches that one
    words = place.words(["connect", "x\x1b[2J\u202eevil\nallow"])
    with Terminal(place, words) as box:
        box.expect(PROMPT)
        asked = re.search(r"by 'python3'.*", box.said).group(0)
        box.type("n")
        box.expect("FAILED")
        return lacks(asked, "\x1b[2J", "\u202e") + has(asked, "\\x1b[2J", "\\u{202e}", "\\x0aallow")


def lesser(place):
    """In the landlock tier, where connections go by a proxy, it is asked just so."""
    words = place.words(["connect"], ["--tier", "landlock", "--accept-gap", "metadata",
                                      "--accept-gap", "protected-paths", "--accept-gap", "processes"])
    words[words.index("--") + 1:] = ["curl", "-sS", "--http0.9", f"http://{place.object}/"]
    problems = []
    for wanted in 0, 1:
        before = place.server.count
        with Terminal(place, words) as box:
            box.expect("by 'curl'")
            box.expect(PROMPT)
            if wanted:
                box.allow()
            else:
                box.type("n")
            box.end()
            got = place.server.count - before, box.said.count("hello")
            problems += [] if got == (wanted, wanted) else [f"{wanted}: {got}: {box.said!r}"]
    return problems


def left(place):
    """When the program that waits is killed, its question leaves the terminal, and the box goes on."""
    with Terminal(place, place.words(["child:connect", "modes", "foreground"])) as box:
        box.expect(PROMPT)
        os.kill(place.questions()[0]["pid"], signal.SIGKILL)
        box.expect("not asked any more: the program has left")
        box.expect("WIDOWED")
        box.expect("FOREGROUND True")
        code = box.end()
        return lacks(box.said, "GOT", "FAILED") + ([] if code == 0 else [f"{code} {box.said!r}"])


TESTS = [yes, no, timeout, typeahead, pasted, other_words, raw, interrupt, reading, injected,
         queries, woken, held, resized, jobs,
         background, elsewhere, ended, left, expires, no_ask, deceptive, lesser]

if __name__ == "__main__":
    enter()
    wanted = sys.argv[2:]
    sys.exit(battery(sys.argv[1], [test for test in TESTS if not wanted or test.__name__ in wanted]))

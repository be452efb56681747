"""What a user of Python would pick instead, on the posts and terms that `assess` measured itself with.

Usage: peers.py POSTS.jsonl TERMS.txt ROUNDS, in a Python that has the packages. Prints one JSON object a line:
{"name", "us_per_post"} with the median CPU time of the thread, or {"name", "missing"} with the reason.
"""

import json
import sys
import time
import unicodedata


def fold(text):
    marked = unicodedata.normalize("NFD", text.lower()).replace("đ", "d")
    return "".join(c for c in marked if not unicodedata.combining(c))


def measure(name, posts, rounds, one):
    """Prints the median over the rounds; the first pass warms up."""
    times = []
    for number in range(rounds + 1):
        before = time.thread_time()
        for post in posts:
            one(post)
        if number:
            times.append((time.thread_time() - before) / len(posts) * 1e6)
    print(json.dumps({"name": name, "us_per_post": sorted(times)[len(times) // 2]}), flush=True)


def main():
    posts = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    terms = open(sys.argv[2], encoding="utf-8").read().splitlines()
    rounds = int(sys.argv[3])
    measure("Python: fold alone", posts, rounds, fold)
    try:
        import ahocorasick

        automaton = ahocorasick.Automaton()
        for number, term in enumerate(terms):
            automaton.add_word(term, number)
        automaton.make_automaton()
        measure("Python: fold + pyahocorasick", posts, rounds, lambda post: sum(1 for _ in automaton.iter(fold(post))))
    except ImportError as error:
        print(json.dumps({"name": "Python: fold + pyahocorasick", "missing": str(error)}), flush=True)
    try:
        import yara_x

        strings = "\n".join(f"    $s{number} = {json.dumps(term)}" for number, term in enumerate(terms))
        rules = yara_x.compile("rule terms {\n  strings:\n" + strings + "\n  condition:\n    any of them\n}")
        scanner = yara_x.Scanner(rules)
        few = posts[: max(1, len(posts) // 10)]
        measure("Python: fold + YARA-X, all terms in one rule", few, rounds, lambda post: scanner.scan(fold(post).encode()))
    except ImportError as error:
        print(json.dumps({"name": "Python: fold + YARA-X, all terms in one rule", "missing": str(error)}), flush=True)


main()

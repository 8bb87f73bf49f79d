#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""examples.py DOCUMENT DIR BASE: takes the examples out of docs/how-do-i.md.

Each question is a heading of the third level and has one block of YAML. It becomes DIR/NAME.yaml, NAME
being made of the question's words; below `extends: BASE` and `name: NAME`, unless it is a whole recipe,
which begins with an `extends` of its own. A block that names a file (```sh finish.sh) becomes that file
below DIR, executable if it begins with #!. Prints the names, one a line.
"""
import os
import re
import sys


def name_of(question):
    words = re.sub("[^a-z0-9]+", "-", question.lower()).strip("-")
    return words[:63].rstrip("-")


def write(path, text):
    if os.path.exists(path):
        sys.exit(f"{path} is there already: two examples write it")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    if text.startswith("#!"):
        os.chmod(path, 0o755)


def main():
    document, directory, base = sys.argv[1:]
    with open(document, encoding="utf-8") as file:
        _, *answers = re.split("^### (.*)\n", file.read(), flags=re.MULTILINE)
    for question, answer in zip(answers[::2], answers[1::2]):
        name = name_of(question)
        blocks = re.findall("^```([a-z]+) ?(.*)\n((?:.*\n)*?)```$", answer, re.MULTILINE)
        recipes = [text for kind, _, text in blocks if kind == "yaml"]
        if len(recipes) != 1:
            sys.exit(f"'{question}' has {len(recipes)} examples, not one")
        if not recipes[0].startswith("extends: "):
            recipes[0] = f"extends: {base}\nname: {name}\n" + recipes[0]
        write(f"{directory}/{name}.yaml", recipes[0])
        for kind, path, text in blocks:
            if kind != "yaml":
                write(f"{directory}/{path}", text)
        print(name)


main()

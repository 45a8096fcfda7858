"""A program as its workers import it: as __mp_main__."""

import os
import sys

print("imported as", __name__)


class Tree:
    """Of the main module, and there and back again."""

    def __init__(self, *children):
        self.children = children


def grown(tree):
    return Tree(tree, tree)


class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def raises(kind):
    try:
        raise KeyError("behind")
    except KeyError as cause:
        if kind == "odd":
            raise Odd(1, 2) from cause
        raise ValueError(kind) from cause


def unwritable():
    return lambda: None


def leaves():
    sys.exit(3)


def says(words):
    print(words, end="")


state = []


def initialized():
    return state, os.getcwd(), sys.argv


if __name__ == "__main__":
    print("never in a worker")

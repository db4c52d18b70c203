"""Shuffled sequences: what a stretch would be if only its composition were left.

Source: Altschul and Erikson 1985 (uniform among the sequences with the same pairs of bases).
"""

import itertools

import numpy as np


def dinucleotide_shuffle(sequence: str, random: np.random.Generator) -> str:
    """A random sequence with the same number of each pair of neighbouring letters.

    The first and the last letter stay. Every such sequence is equally likely.

    Example: `AATGA` may become `ATGAA` or stay as it is.

    Args:
      sequence: any letters.
      random: source of the choices.
    """
    if not sequence:
        return ""
    followers: dict[str, list[str]] = {}
    for letter, follower in itertools.pairwise(sequence):
        followers.setdefault(letter, []).append(follower)
    last = _last_steps(followers, sequence[-1], random)
    for letter, found in followers.items():
        if letter in last:
            found.remove(last[letter])
        random.shuffle(found)
        if letter in last:
            found.append(last[letter])
    shuffled, used = [sequence[0]], dict.fromkeys(followers, 0)
    for _ in sequence[1:]:
        letter = shuffled[-1]
        shuffled.append(followers[letter][used[letter]])
        used[letter] += 1
    return "".join(shuffled)


def _last_steps(
    followers: dict[str, list[str]], end: str, random: np.random.Generator
) -> dict[str, str]:
    """The last letter to go to from each letter, so that every letter leads to the end.

    Drawn anew until it does: the accepted ones are uniform, and letters are few.
    """
    letters = [letter for letter in followers if letter != end]
    while True:
        last = {
            letter: followers[letter][int(random.integers(len(followers[letter])))]
            for letter in letters
        }
        if all(_reaches(letter, end, last) for letter in letters):
            return last


def _reaches(letter: str, end: str, last: dict[str, str]) -> bool:
    for _ in range(len(last)):
        letter = last.get(letter, end)
        if letter == end:
            return True
    return letter == end

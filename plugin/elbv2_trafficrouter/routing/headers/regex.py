"""Whether a regular expression is well-formed, as far as all common engines agree. Pure.

AWS does not document its engine. So this finds only what no engine accepts; AWS decides about the rest.
"""

import re

_GROUP = re.compile(r"\((?:\?(?:P?<\w*>|[A-Za-z-]*:?))?")
_REPETITIONS = "*+?"


def fault_in(regex: str) -> str | None:
    """What is wrong with the expression, as in "it has a '(' without a ')'"; None if nothing is."""
    position, depth, may_repeat = 0, 0, False
    while position < len(regex):
        character, start = regex[position], position
        position = _end_of_item(regex, position)
        if position > len(regex):
            return (
                f"it has a '{character}' that is not closed" if character == "[" else "it ends in a backslash"
            )
        if character == "(":
            depth, may_repeat = depth + 1, False
        elif character == ")" and depth == 0:
            return "it has a ')' without a '('"
        elif character in _REPETITIONS and not may_repeat:
            return f"there is nothing that the '{regex[start]}' could repeat"
        else:
            depth -= character == ")"
            may_repeat = character != "|"
    return "it has a '(' without a ')'" if depth else None


def _end_of_item(regex: str, start: int) -> int:
    """Where the item that begins at `start` ends; beyond the end of the text if it is not complete."""
    if regex.startswith(r"\Q", start):
        end = regex.find(r"\E", start)
        return len(regex) if end < 0 else end + 2
    if regex[start] == "\\":
        return start + 2
    if regex[start] == "[":
        return _end_of_class(regex, start)
    group = _GROUP.match(regex, start)
    return group.end() if group else start + 1


def _end_of_class(regex: str, start: int) -> int:
    position = start + 1
    position += regex.startswith("^", position)
    position += regex.startswith("]", position)  # as the first member it means itself
    while position < len(regex) and regex[position] != "]":
        if regex.startswith("[:", position) and (end := regex.find(":]", position + 2)) > 0:
            position = end + 2
        else:
            position += 2 if regex[position] == "\\" else 1
    return position + 1

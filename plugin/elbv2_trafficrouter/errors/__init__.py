"""Everything that can go wrong. Each module holds the problems of one subject, each with its sentence.

A sentence is written for someone at 3 a.m. who reads it as the Rollout's event: what is wrong, where, and
what to do about it. Full ARNs and AWS's own words go to `metadata`.
"""

from elbv2_trafficrouter.errors.problem import (
    MAX_QUOTED_CHARACTERS,
    MAX_SENTENCE_BYTES,
    Kind,
    Problem,
    escaped,
    location_text,
    quoted,
    resource_of,
)

__all__ = [
    "MAX_QUOTED_CHARACTERS",
    "MAX_SENTENCE_BYTES",
    "Kind",
    "Problem",
    "escaped",
    "location_text",
    "quoted",
    "resource_of",
]

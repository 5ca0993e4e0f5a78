"""Every problem that can end a call. Each module holds the problems of one subject, with their sentences.

A sentence is written for someone at 3 a.m. who reads it in the Rollout's event: it says what is wrong, where,
and what to do about it. Full ARNs and AWS's own messages go to `metadata`.
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

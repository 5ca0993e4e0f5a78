"""Every problem that can make a call fail, with its error message: one module for each subject.

A message is for an on-call engineer who reads it in the Rollout's event at 3 a.m.: it says what is wrong,
where, and what to do about it. Full ARNs and AWS's own messages go into `metadata`.
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

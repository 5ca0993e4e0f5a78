"""The credentials that all clients share, and when they are looked up again.

    none --a call needs them--> looking up --found--> valid
    valid --they expire in a few minutes, or AWS refused them--> valid, looking up --found--> valid
    valid --expired--> none         a look-up that fails changes nothing

A call waits for a look-up only if there are no valid credentials, and until its own deadline. Otherwise it
uses those that are there: what AWS refuses in one region, it may accept in another. At most one look-up runs,
and one that no call waits for begins at most every few seconds. Any thread may call every method; a guard
protects the state. A restart looks them up again.
"""

import math
import threading
import time

from elbv2_trafficrouter.aws.credentials.look_up import Found, LookUp
from elbv2_trafficrouter.aws.shared_work import SharedWork
from elbv2_trafficrouter.errors.aws import CredentialsUnavailable
from elbv2_trafficrouter.errors.call import DeadlineExceeded

_RENEW_SECONDS = 15 * 60  # before they expire, as botocore does
_SECONDS_BETWEEN_RENEWALS = 60.0
_SECONDS_AFTER_REFUSAL = 5.0
_EXPIRY_MARGIN_SECONDS = 5  # a request must reach AWS before its credentials expire


class SharedCredentials:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._look_up = LookUp()
        self._work = SharedWork(self._find, "credentials")
        self._region = ""
        self._found: Found | None = None
        self._last_begin = -math.inf

    def current(self, region: str, seconds: float) -> Found:
        """Valid credentials. Waits so long for a look-up, and raises the Problem with which it failed."""
        self._region = region
        found = self._found
        if found is None or found.expire_within(_EXPIRY_MARGIN_SECONDS):
            return self._waited_for(seconds)
        if found.expire_within(_RENEW_SECONDS):
            self._look_up_again(_SECONDS_BETWEEN_RENEWALS)
        return found

    def refuse(self) -> None:
        """AWS refused the credentials: others may be there by now."""
        self._look_up_again(_SECONDS_AFTER_REFUSAL)

    def _waited_for(self, seconds: float) -> Found:
        if seconds <= 0:
            raise DeadlineExceeded("AWS")
        result = self._work.begin()
        try:
            return result.result(seconds)
        except TimeoutError:
            raise CredentialsUnavailable(self._look_up.source.name, "did not answer in time") from None

    def _look_up_again(self, seconds: float) -> None:
        """Begins a look-up that no call waits for, unless one began less than so many seconds ago."""
        with self._guard:
            now = time.monotonic()
            if now - self._last_begin < seconds:
                return
            self._last_begin = now
        self._work.begin()

    def _find(self) -> Found:
        found = self._look_up.find(self._region)
        self._found = found
        return found

"""All objects of a kind as they are now, whatever happens to the watch that tells of changes."""

import asyncio
import time
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any, NoReturn

import httpx2
import lightkube
from lightkube.core.exceptions import ApiError

# A CRD is served a moment after it was applied, with two refusals before.
_NOT_YET = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS)
_SERVED_WITHIN_SECONDS = 10


async def watch_all(
    client: lightkube.AsyncClient, kind: type[Any], changed: Callable[[Collection[Any]], None]
) -> NoReturn:
    """Calls `changed` with the objects of all namespaces, at once and after each change.

    Raises httpx2.HTTPError, lightkube's ApiError among them, where they cannot be listed.
    """
    while True:
        version, objects = await _listed(client, kind)
        changed(objects.values())
        try:
            # An API server closes each watch after a while, which lightkube opens again from where it was.
            async for event, one in client.watch(kind, namespace="*", resource_version=version):
                if event == "DELETED":
                    objects.pop(one.metadata.uid, None)
                else:
                    objects[one.metadata.uid] = one
                changed(objects.values())
        except httpx2.TransportError:
            continue
        except httpx2.HTTPStatusError as error:
            # What was missed meanwhile, deletions above all, only a list tells.
            if _status(error) != HTTPStatus.GONE:
                raise


async def _listed(client: lightkube.AsyncClient, kind: type[Any]) -> tuple[str, dict[str, Any]]:
    until = time.monotonic() + _SERVED_WITHIN_SECONDS
    while True:
        try:
            listed = client.list(kind, namespace="*")
            objects = {one.metadata.uid: one async for one in listed}
        except httpx2.HTTPStatusError as error:
            if _status(error) not in _NOT_YET or time.monotonic() > until:
                raise
            await asyncio.sleep(0.05)
        else:
            return listed.resourceVersion, objects


def _status(error: httpx2.HTTPStatusError) -> int | None:
    # A watch that has begun tells its end in an object instead of an answer.
    return error.status.code if isinstance(error, ApiError) else error.response.status_code

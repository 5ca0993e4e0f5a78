"""All objects of a kind as they are now, whatever happens to the watch that reports changes."""

import asyncio
import time
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any, NoReturn

import httpx2
import lightkube
from lightkube.core.exceptions import ApiError

# A CRD is served a moment after it was applied; until then there are two kinds of refusal.
_NOT_YET = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS)
_SERVED_WITHIN_SECONDS = 10


async def watch_all(
    client: lightkube.AsyncClient, kind: type[Any], changed: Callable[[Collection[Any]], None]
) -> NoReturn:
    """Calls `changed` with the objects of all namespaces, at once and after each change.

    Raises httpx2.HTTPError, or its subclass ApiError of lightkube, if they cannot be listed.
    """
    while True:
        version, objects = await _listed(client, kind)
        changed(objects.values())
        try:
            # An API server closes each watch after a while; lightkube then continues from the last version.
            async for event, one in client.watch(kind, namespace="*", resource_version=version):
                if event == "DELETED":
                    objects.pop(one.metadata.uid, None)
                else:
                    objects[one.metadata.uid] = one
                changed(objects.values())
        except httpx2.TransportError:
            continue
        except httpx2.HTTPStatusError as error:
            # Only a new list shows what was missed, above all deletions.
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
    # A watch that has begun reports its end in an object instead of a response.
    return error.status.code if isinstance(error, ApiError) else error.response.status_code

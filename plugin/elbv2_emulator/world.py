"""All that an emulator remembers and goes by, and how it forgets it or begins with something else."""

import copy
from collections import defaultdict
from dataclasses import dataclass, fields

from elbv2_emulator import throttle
from elbv2_emulator.addresses import Addresses
from elbv2_emulator.counts import Counts
from elbv2_emulator.data_plane import DataPlane
from elbv2_emulator.faults import Faults
from elbv2_emulator.journal import Journal
from elbv2_emulator.late_writes import LateWrites
from elbv2_emulator.saved import Start
from elbv2_emulator.state import State
from elbv2_emulator.store import Store
from elbv2_emulator.timing import Clock, Timing
from elbv2_emulator.tls import Authority
from elbv2_emulator.traffic_settings import TrafficSettings


@dataclass(frozen=True, slots=True)
class Memory:
    clock: Clock
    timing: Timing
    timing_at_first: Timing
    traffic: TrafficSettings
    authority: Authority
    stores: defaultdict[str, Store]
    addresses: Addresses
    faults: Faults
    late_writes: LateWrites
    journal: Journal
    counts: Counts
    throttled: defaultdict[str, throttle.Levels]

    @classmethod
    def fresh(cls, clock: Clock, timing: Timing | None) -> "Memory":
        timing = timing or Timing()
        return cls(
            clock=clock,
            timing=timing,
            timing_at_first=copy.copy(timing),
            traffic=TrafficSettings(),
            authority=Authority(),
            stores=defaultdict(lambda: Store(clock, timing)),
            addresses=Addresses(),
            faults=Faults(clock),
            late_writes=LateWrites(clock),
            journal=Journal(),
            counts=Counts(),
            throttled=defaultdict(dict),
        )


def kept(memory: Memory) -> Start:
    """What can be begun with again."""
    states = {region: store.current for region, store in memory.stores.items() if store.current != State()}
    return Start(states, memory.addresses.map)


async def begin(memory: Memory, data_plane: DataPlane, start: Start) -> None:
    """Put this in place of all resources, and of the address map if there is one. Late writes are lost."""
    memory.late_writes.clear()
    for store in list(memory.stores.values()):
        await data_plane.follow(store.current, State(), store)
    memory.stores.clear()
    for region, state in start.states.items():
        store = memory.stores[region]
        store.begin(state)
        await data_plane.follow(State(), state, store)
    if start.addresses is not None:
        memory.addresses.replace(start.addresses)


async def reset(memory: Memory, data_plane: DataPlane) -> None:
    """As at the very start, but for the certificate authority."""
    await begin(memory, data_plane, Start(addresses={}))
    memory.faults.clear()
    memory.journal.clear()
    memory.counts.clear()
    memory.throttled.clear()
    for now, at_first in ((memory.timing, memory.timing_at_first), (memory.traffic, TrafficSettings())):
        for one in fields(now):
            setattr(now, one.name, getattr(at_first, one.name))

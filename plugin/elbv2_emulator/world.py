"""Everything that an emulator remembers: a record of the parts that api, traffic and control share."""

import copy
from collections import defaultdict
from dataclasses import dataclass

from elbv2_emulator.api import throttle
from elbv2_emulator.api.faults import Faults
from elbv2_emulator.api.late_writes import LateWrites
from elbv2_emulator.state.journal import Journal
from elbv2_emulator.state.store import Store
from elbv2_emulator.state.timing import Clock, Timing
from elbv2_emulator.traffic.addresses import Addresses
from elbv2_emulator.traffic.counts import Counts
from elbv2_emulator.traffic.settings import TrafficSettings
from elbv2_emulator.traffic.tls import Authority


@dataclass(frozen=True, slots=True)
class World:
    """`stores` and `throttle_levels` have one entry for each region.

    Only the emulator's event loop uses these parts, except that any thread can use `addresses` and `faults`,
    which have their own locks, change the settings in `timing` and `traffic`, and read `journal` and `counts`
    while no call is in progress.
    """

    clock: Clock
    timing: Timing
    initial_timing: Timing
    traffic: TrafficSettings
    authority: Authority
    stores: defaultdict[str, Store]
    addresses: Addresses
    faults: Faults
    late_writes: LateWrites
    journal: Journal
    counts: Counts
    throttle_levels: defaultdict[str, throttle.Levels]

    @classmethod
    def fresh(cls, clock: Clock, timing: Timing | None) -> "World":
        timing = timing or Timing()
        return cls(
            clock=clock,
            timing=timing,
            initial_timing=copy.copy(timing),
            traffic=TrafficSettings(),
            authority=Authority(),
            stores=defaultdict(lambda: Store(clock, timing)),
            addresses=Addresses(),
            faults=Faults(clock),
            late_writes=LateWrites(clock),
            journal=Journal(),
            counts=Counts(),
            throttle_levels=defaultdict(dict),
        )

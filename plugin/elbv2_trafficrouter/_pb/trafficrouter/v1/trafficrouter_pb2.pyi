from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verification(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERIFICATION_UNSPECIFIED: _ClassVar[Verification]
    VERIFICATION_NOT_VERIFIED: _ClassVar[Verification]
    VERIFICATION_VERIFIED: _ClassVar[Verification]
    VERIFICATION_NOT_IMPLEMENTED: _ClassVar[Verification]
VERIFICATION_UNSPECIFIED: Verification
VERIFICATION_NOT_VERIFIED: Verification
VERIFICATION_VERIFIED: Verification
VERIFICATION_NOT_IMPLEMENTED: Verification

class InitPluginRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class InitPluginResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UpdateHashRequest(_message.Message):
    __slots__ = ("rollout", "canary_hash", "stable_hash", "additional_destinations")
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    CANARY_HASH_FIELD_NUMBER: _ClassVar[int]
    STABLE_HASH_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    canary_hash: str
    stable_hash: str
    additional_destinations: _containers.RepeatedCompositeFieldContainer[WeightDestination]
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ..., canary_hash: _Optional[str] = ..., stable_hash: _Optional[str] = ..., additional_destinations: _Optional[_Iterable[_Union[WeightDestination, _Mapping]]] = ...) -> None: ...

class UpdateHashResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetWeightRequest(_message.Message):
    __slots__ = ("rollout", "desired_weight", "additional_destinations")
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    DESIRED_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    desired_weight: int
    additional_destinations: _containers.RepeatedCompositeFieldContainer[WeightDestination]
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ..., desired_weight: _Optional[int] = ..., additional_destinations: _Optional[_Iterable[_Union[WeightDestination, _Mapping]]] = ...) -> None: ...

class SetWeightResponse(_message.Message):
    __slots__ = ("rules", "header_rules")
    RULES_FIELD_NUMBER: _ClassVar[int]
    HEADER_RULES_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[RuleWeights]
    header_rules: _containers.RepeatedCompositeFieldContainer[HeaderRule]
    def __init__(self, rules: _Optional[_Iterable[_Union[RuleWeights, _Mapping]]] = ..., header_rules: _Optional[_Iterable[_Union[HeaderRule, _Mapping]]] = ...) -> None: ...

class SetHeaderRouteRequest(_message.Message):
    __slots__ = ("rollout", "set_header_route")
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    SET_HEADER_ROUTE_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    set_header_route: SetHeaderRoute
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ..., set_header_route: _Optional[_Union[SetHeaderRoute, _Mapping]] = ...) -> None: ...

class SetHeaderRouteResponse(_message.Message):
    __slots__ = ("rules",)
    RULES_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[HeaderRule]
    def __init__(self, rules: _Optional[_Iterable[_Union[HeaderRule, _Mapping]]] = ...) -> None: ...

class SetMirrorRouteRequest(_message.Message):
    __slots__ = ("rollout", "set_mirror_route")
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    SET_MIRROR_ROUTE_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    set_mirror_route: SetMirrorRoute
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ..., set_mirror_route: _Optional[_Union[SetMirrorRoute, _Mapping]] = ...) -> None: ...

class SetMirrorRouteResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class VerifyWeightRequest(_message.Message):
    __slots__ = ("rollout", "desired_weight", "additional_destinations")
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    DESIRED_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    desired_weight: int
    additional_destinations: _containers.RepeatedCompositeFieldContainer[WeightDestination]
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ..., desired_weight: _Optional[int] = ..., additional_destinations: _Optional[_Iterable[_Union[WeightDestination, _Mapping]]] = ...) -> None: ...

class VerifyWeightResponse(_message.Message):
    __slots__ = ("verification", "reason", "rules")
    VERIFICATION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    verification: Verification
    reason: str
    rules: _containers.RepeatedCompositeFieldContainer[RuleWeights]
    def __init__(self, verification: _Optional[_Union[Verification, str]] = ..., reason: _Optional[str] = ..., rules: _Optional[_Iterable[_Union[RuleWeights, _Mapping]]] = ...) -> None: ...

class RemoveManagedRoutesRequest(_message.Message):
    __slots__ = ("rollout",)
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    rollout: Rollout
    def __init__(self, rollout: _Optional[_Union[Rollout, _Mapping]] = ...) -> None: ...

class RemoveManagedRoutesResponse(_message.Message):
    __slots__ = ("removed_rule_arns",)
    REMOVED_RULE_ARNS_FIELD_NUMBER: _ClassVar[int]
    removed_rule_arns: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, removed_rule_arns: _Optional[_Iterable[str]] = ...) -> None: ...

class TypeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TypeResponse(_message.Message):
    __slots__ = ("type",)
    TYPE_FIELD_NUMBER: _ClassVar[int]
    type: str
    def __init__(self, type: _Optional[str] = ...) -> None: ...

class HeaderRule(_message.Message):
    __slots__ = ("rule_arn", "changed", "priority", "route")
    RULE_ARN_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    rule_arn: str
    changed: bool
    priority: int
    route: str
    def __init__(self, rule_arn: _Optional[str] = ..., changed: _Optional[bool] = ..., priority: _Optional[int] = ..., route: _Optional[str] = ...) -> None: ...

class RuleWeights(_message.Message):
    __slots__ = ("rule_arn", "changed", "target_groups")
    RULE_ARN_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    TARGET_GROUPS_FIELD_NUMBER: _ClassVar[int]
    rule_arn: str
    changed: bool
    target_groups: _containers.RepeatedCompositeFieldContainer[TargetGroupWeight]
    def __init__(self, rule_arn: _Optional[str] = ..., changed: _Optional[bool] = ..., target_groups: _Optional[_Iterable[_Union[TargetGroupWeight, _Mapping]]] = ...) -> None: ...

class TargetGroupWeight(_message.Message):
    __slots__ = ("arn", "service", "weight")
    ARN_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    arn: str
    service: str
    weight: int
    def __init__(self, arn: _Optional[str] = ..., service: _Optional[str] = ..., weight: _Optional[int] = ...) -> None: ...

class WeightDestination(_message.Message):
    __slots__ = ("weight", "service_name", "pod_template_hash")
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_NAME_FIELD_NUMBER: _ClassVar[int]
    POD_TEMPLATE_HASH_FIELD_NUMBER: _ClassVar[int]
    weight: int
    service_name: str
    pod_template_hash: str
    def __init__(self, weight: _Optional[int] = ..., service_name: _Optional[str] = ..., pod_template_hash: _Optional[str] = ...) -> None: ...

class Rollout(_message.Message):
    __slots__ = ("metadata", "spec", "status")
    METADATA_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    metadata: ObjectMeta
    spec: RolloutSpec
    status: RolloutStatus
    def __init__(self, metadata: _Optional[_Union[ObjectMeta, _Mapping]] = ..., spec: _Optional[_Union[RolloutSpec, _Mapping]] = ..., status: _Optional[_Union[RolloutStatus, _Mapping]] = ...) -> None: ...

class ObjectMeta(_message.Message):
    __slots__ = ("name", "namespace", "uid", "generation", "labels", "annotations")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    name: str
    namespace: str
    uid: str
    generation: int
    labels: _containers.ScalarMap[str, str]
    annotations: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., namespace: _Optional[str] = ..., uid: _Optional[str] = ..., generation: _Optional[int] = ..., labels: _Optional[_Mapping[str, str]] = ..., annotations: _Optional[_Mapping[str, str]] = ...) -> None: ...

class RolloutSpec(_message.Message):
    __slots__ = ("replicas", "paused", "selector", "progress_deadline_seconds", "strategy")
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_DEADLINE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    replicas: int
    paused: bool
    selector: LabelSelector
    progress_deadline_seconds: int
    strategy: RolloutStrategy
    def __init__(self, replicas: _Optional[int] = ..., paused: _Optional[bool] = ..., selector: _Optional[_Union[LabelSelector, _Mapping]] = ..., progress_deadline_seconds: _Optional[int] = ..., strategy: _Optional[_Union[RolloutStrategy, _Mapping]] = ...) -> None: ...

class LabelSelector(_message.Message):
    __slots__ = ("match_labels", "match_expressions")
    class MatchLabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MATCH_LABELS_FIELD_NUMBER: _ClassVar[int]
    MATCH_EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    match_labels: _containers.ScalarMap[str, str]
    match_expressions: _containers.RepeatedCompositeFieldContainer[LabelSelectorRequirement]
    def __init__(self, match_labels: _Optional[_Mapping[str, str]] = ..., match_expressions: _Optional[_Iterable[_Union[LabelSelectorRequirement, _Mapping]]] = ...) -> None: ...

class LabelSelectorRequirement(_message.Message):
    __slots__ = ("key", "operator", "values")
    KEY_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    key: str
    operator: str
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[str] = ..., operator: _Optional[str] = ..., values: _Optional[_Iterable[str]] = ...) -> None: ...

class RolloutStrategy(_message.Message):
    __slots__ = ("canary",)
    CANARY_FIELD_NUMBER: _ClassVar[int]
    canary: CanaryStrategy
    def __init__(self, canary: _Optional[_Union[CanaryStrategy, _Mapping]] = ...) -> None: ...

class CanaryStrategy(_message.Message):
    __slots__ = ("stable_service", "canary_service", "ping_pong", "dynamic_stable_scale", "replica_progress_threshold", "steps", "traffic_routing")
    STABLE_SERVICE_FIELD_NUMBER: _ClassVar[int]
    CANARY_SERVICE_FIELD_NUMBER: _ClassVar[int]
    PING_PONG_FIELD_NUMBER: _ClassVar[int]
    DYNAMIC_STABLE_SCALE_FIELD_NUMBER: _ClassVar[int]
    REPLICA_PROGRESS_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    TRAFFIC_ROUTING_FIELD_NUMBER: _ClassVar[int]
    stable_service: str
    canary_service: str
    ping_pong: PingPongSpec
    dynamic_stable_scale: bool
    replica_progress_threshold: ReplicaProgressThreshold
    steps: _containers.RepeatedCompositeFieldContainer[CanaryStep]
    traffic_routing: RolloutTrafficRouting
    def __init__(self, stable_service: _Optional[str] = ..., canary_service: _Optional[str] = ..., ping_pong: _Optional[_Union[PingPongSpec, _Mapping]] = ..., dynamic_stable_scale: _Optional[bool] = ..., replica_progress_threshold: _Optional[_Union[ReplicaProgressThreshold, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[CanaryStep, _Mapping]]] = ..., traffic_routing: _Optional[_Union[RolloutTrafficRouting, _Mapping]] = ...) -> None: ...

class PingPongSpec(_message.Message):
    __slots__ = ("ping_service", "pong_service")
    PING_SERVICE_FIELD_NUMBER: _ClassVar[int]
    PONG_SERVICE_FIELD_NUMBER: _ClassVar[int]
    ping_service: str
    pong_service: str
    def __init__(self, ping_service: _Optional[str] = ..., pong_service: _Optional[str] = ...) -> None: ...

class ReplicaProgressThreshold(_message.Message):
    __slots__ = ("type", "value")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    type: str
    value: int
    def __init__(self, type: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...

class CanaryStep(_message.Message):
    __slots__ = ("set_weight", "pause", "experiment", "analysis", "set_canary_scale", "set_header_route", "set_mirror_route", "plugin")
    SET_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    SET_CANARY_SCALE_FIELD_NUMBER: _ClassVar[int]
    SET_HEADER_ROUTE_FIELD_NUMBER: _ClassVar[int]
    SET_MIRROR_ROUTE_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_FIELD_NUMBER: _ClassVar[int]
    set_weight: int
    pause: _struct_pb2.Value
    experiment: _struct_pb2.Value
    analysis: _struct_pb2.Value
    set_canary_scale: SetCanaryScale
    set_header_route: SetHeaderRoute
    set_mirror_route: SetMirrorRoute
    plugin: _struct_pb2.Value
    def __init__(self, set_weight: _Optional[int] = ..., pause: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., experiment: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., analysis: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., set_canary_scale: _Optional[_Union[SetCanaryScale, _Mapping]] = ..., set_header_route: _Optional[_Union[SetHeaderRoute, _Mapping]] = ..., set_mirror_route: _Optional[_Union[SetMirrorRoute, _Mapping]] = ..., plugin: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class SetCanaryScale(_message.Message):
    __slots__ = ("weight", "replicas", "match_traffic_weight")
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    MATCH_TRAFFIC_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    weight: int
    replicas: int
    match_traffic_weight: bool
    def __init__(self, weight: _Optional[int] = ..., replicas: _Optional[int] = ..., match_traffic_weight: _Optional[bool] = ...) -> None: ...

class SetHeaderRoute(_message.Message):
    __slots__ = ("name", "match")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    name: str
    match: _containers.RepeatedCompositeFieldContainer[HeaderRoutingMatch]
    def __init__(self, name: _Optional[str] = ..., match: _Optional[_Iterable[_Union[HeaderRoutingMatch, _Mapping]]] = ...) -> None: ...

class HeaderRoutingMatch(_message.Message):
    __slots__ = ("header_name", "header_value")
    HEADER_NAME_FIELD_NUMBER: _ClassVar[int]
    HEADER_VALUE_FIELD_NUMBER: _ClassVar[int]
    header_name: str
    header_value: StringMatch
    def __init__(self, header_name: _Optional[str] = ..., header_value: _Optional[_Union[StringMatch, _Mapping]] = ...) -> None: ...

class StringMatch(_message.Message):
    __slots__ = ("exact", "prefix", "regex")
    EXACT_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    REGEX_FIELD_NUMBER: _ClassVar[int]
    exact: str
    prefix: str
    regex: str
    def __init__(self, exact: _Optional[str] = ..., prefix: _Optional[str] = ..., regex: _Optional[str] = ...) -> None: ...

class SetMirrorRoute(_message.Message):
    __slots__ = ("name", "match", "percentage")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    match: _containers.RepeatedCompositeFieldContainer[RouteMatch]
    percentage: int
    def __init__(self, name: _Optional[str] = ..., match: _Optional[_Iterable[_Union[RouteMatch, _Mapping]]] = ..., percentage: _Optional[int] = ...) -> None: ...

class RouteMatch(_message.Message):
    __slots__ = ("method", "path", "headers")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: StringMatch
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[StringMatch, _Mapping]] = ...) -> None: ...
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    method: StringMatch
    path: StringMatch
    headers: _containers.MessageMap[str, StringMatch]
    def __init__(self, method: _Optional[_Union[StringMatch, _Mapping]] = ..., path: _Optional[_Union[StringMatch, _Mapping]] = ..., headers: _Optional[_Mapping[str, StringMatch]] = ...) -> None: ...

class RolloutTrafficRouting(_message.Message):
    __slots__ = ("managed_routes", "max_traffic_weight", "plugins")
    class PluginsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    MANAGED_ROUTES_FIELD_NUMBER: _ClassVar[int]
    MAX_TRAFFIC_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    PLUGINS_FIELD_NUMBER: _ClassVar[int]
    managed_routes: _containers.RepeatedCompositeFieldContainer[ManagedRoute]
    max_traffic_weight: int
    plugins: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, managed_routes: _Optional[_Iterable[_Union[ManagedRoute, _Mapping]]] = ..., max_traffic_weight: _Optional[int] = ..., plugins: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class ManagedRoute(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class RolloutStatus(_message.Message):
    __slots__ = ("abort", "promote_full", "current_step_index", "stable_rs", "current_pod_hash", "canary")
    ABORT_FIELD_NUMBER: _ClassVar[int]
    PROMOTE_FULL_FIELD_NUMBER: _ClassVar[int]
    CURRENT_STEP_INDEX_FIELD_NUMBER: _ClassVar[int]
    STABLE_RS_FIELD_NUMBER: _ClassVar[int]
    CURRENT_POD_HASH_FIELD_NUMBER: _ClassVar[int]
    CANARY_FIELD_NUMBER: _ClassVar[int]
    abort: bool
    promote_full: bool
    current_step_index: int
    stable_rs: str
    current_pod_hash: str
    canary: CanaryStatus
    def __init__(self, abort: _Optional[bool] = ..., promote_full: _Optional[bool] = ..., current_step_index: _Optional[int] = ..., stable_rs: _Optional[str] = ..., current_pod_hash: _Optional[str] = ..., canary: _Optional[_Union[CanaryStatus, _Mapping]] = ...) -> None: ...

class CanaryStatus(_message.Message):
    __slots__ = ("stable_ping_pong", "weights")
    STABLE_PING_PONG_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    stable_ping_pong: str
    weights: TrafficWeights
    def __init__(self, stable_ping_pong: _Optional[str] = ..., weights: _Optional[_Union[TrafficWeights, _Mapping]] = ...) -> None: ...

class TrafficWeights(_message.Message):
    __slots__ = ("canary", "stable", "additional", "verified")
    CANARY_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    canary: WeightDestination
    stable: WeightDestination
    additional: _containers.RepeatedCompositeFieldContainer[WeightDestination]
    verified: bool
    def __init__(self, canary: _Optional[_Union[WeightDestination, _Mapping]] = ..., stable: _Optional[_Union[WeightDestination, _Mapping]] = ..., additional: _Optional[_Iterable[_Union[WeightDestination, _Mapping]]] = ..., verified: _Optional[bool] = ...) -> None: ...

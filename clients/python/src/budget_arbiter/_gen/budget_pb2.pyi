from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Preset(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRESET_UNSPECIFIED: _ClassVar[Preset]
    PRESET_WORK_SESSIONS: _ClassVar[Preset]
    PRESET_CALLS: _ClassVar[Preset]

class Pacing(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PACING_UNSPECIFIED: _ClassVar[Pacing]
    PACING_NONE: _ClassVar[Pacing]
    PACING_FLOOR: _ClassVar[Pacing]
    PACING_EVEN: _ClassVar[Pacing]

class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODE_UNSPECIFIED: _ClassVar[Mode]
    MODE_ENFORCE: _ClassVar[Mode]
    MODE_OBSERVE: _ClassVar[Mode]

class OnExpiry(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_EXPIRY_UNSPECIFIED: _ClassVar[OnExpiry]
    ON_EXPIRY_CHARGE: _ClassVar[OnExpiry]
    ON_EXPIRY_REFUND: _ClassVar[OnExpiry]

class Lending(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LENDING_UNSPECIFIED: _ClassVar[Lending]
    LENDING_GRADUAL: _ClassVar[Lending]
    LENDING_NEVER: _ClassVar[Lending]

class TopUpKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TOP_UP_KIND_UNSPECIFIED: _ClassVar[TopUpKind]
    TOP_UP_KIND_OVER_CAPS: _ClassVar[TopUpKind]
    TOP_UP_KIND_LARGER_MONTH: _ClassVar[TopUpKind]

class LeaseState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LEASE_STATE_UNSPECIFIED: _ClassVar[LeaseState]
    LEASE_STATE_LIVE: _ClassVar[LeaseState]
    LEASE_STATE_RELEASED: _ClassVar[LeaseState]
    LEASE_STATE_EXPIRED: _ClassVar[LeaseState]
    LEASE_STATE_REVOKED: _ClassVar[LeaseState]

class Rule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RULE_UNSPECIFIED: _ClassVar[Rule]
    RULE_PAUSED: _ClassVar[Rule]
    RULE_EMERGENCY: _ClassVar[Rule]
    RULE_REQUEST_TOO_LARGE: _ClassVar[Rule]
    RULE_COOLDOWN: _ClassVar[Rule]
    RULE_CONCURRENCY: _ClassVar[Rule]
    RULE_AI_CONCURRENCY: _ClassVar[Rule]
    RULE_HOURLY_CAP: _ClassVar[Rule]
    RULE_DAILY_CAP: _ClassVar[Rule]
    RULE_AI_DAILY_CAP: _ClassVar[Rule]
    RULE_MONTHLY_CAP: _ClassVar[Rule]
    RULE_TEAM_CONCURRENCY: _ClassVar[Rule]
    RULE_MODEL_CONCURRENCY: _ClassVar[Rule]
    RULE_TEAM_CAP: _ClassVar[Rule]
    RULE_MODEL_CAP: _ClassVar[Rule]
    RULE_KEPT_FOR_OTHERS: _ClassVar[Rule]

class HeadlineStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HEADLINE_STATUS_UNSPECIFIED: _ClassVar[HeadlineStatus]
    HEADLINE_STATUS_OK: _ClassVar[HeadlineStatus]
    HEADLINE_STATUS_UNEVEN: _ClassVar[HeadlineStatus]
    HEADLINE_STATUS_ENDING: _ClassVar[HeadlineStatus]
    HEADLINE_STATUS_FULL: _ClassVar[HeadlineStatus]
    HEADLINE_STATUS_REFUSING: _ClassVar[HeadlineStatus]
    HEADLINE_STATUS_PAUSED: _ClassVar[HeadlineStatus]

class Window(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WINDOW_UNSPECIFIED: _ClassVar[Window]
    WINDOW_HOUR: _ClassVar[Window]
    WINDOW_DAY: _ClassVar[Window]
    WINDOW_MONTH: _ClassVar[Window]

class AlertRule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_RULE_UNSPECIFIED: _ClassVar[AlertRule]
    ALERT_RULE_POOR_SPREAD: _ClassVar[AlertRule]
    ALERT_RULE_DAILY_SPIKE: _ClassVar[AlertRule]
    ALERT_RULE_HOURLY_BURST: _ClassVar[AlertRule]
    ALERT_RULE_DAY_BELOW_MINIMUM: _ClassVar[AlertRule]
    ALERT_RULE_WARNING: _ClassVar[AlertRule]
    ALERT_RULE_CRITICAL: _ClassVar[AlertRule]
    ALERT_RULE_EMERGENCY: _ClassVar[AlertRule]
    ALERT_RULE_LEASE_EXPIRED: _ClassVar[AlertRule]
    ALERT_RULE_OVERRUN: _ClassVar[AlertRule]
    ALERT_RULE_EXHAUSTION_FORECAST: _ClassVar[AlertRule]
    ALERT_RULE_UNPRICED_MODEL: _ClassVar[AlertRule]
    ALERT_RULE_MONTH_SHARE: _ClassVar[AlertRule]
    ALERT_RULE_AI_SHARE: _ClassVar[AlertRule]
    ALERT_RULE_TEAM_SHARE: _ClassVar[AlertRule]
    ALERT_RULE_DENIAL_RATE: _ClassVar[AlertRule]

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_FIELD: _ClassVar[ErrorReason]
    ERROR_REASON_MALFORMED_MESSAGE: _ClassVar[ErrorReason]
    ERROR_REASON_REPORT_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_UNWORKABLE_POLICY: _ClassVar[ErrorReason]
    ERROR_REASON_AMOUNT_OVERFLOW: _ClassVar[ErrorReason]
    ERROR_REASON_BUDGET_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_LEASE_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_LEASE_CLOSED: _ClassVar[ErrorReason]
    ERROR_REASON_ID_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_LEASES_LIVE: _ClassVar[ErrorReason]
    ERROR_REASON_BELOW_ZERO: _ClassVar[ErrorReason]
    ERROR_REASON_ETAG_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_STATE_FULL: _ClassVar[ErrorReason]
    ERROR_REASON_QUEUE_FULL: _ClassVar[ErrorReason]
    ERROR_REASON_STORE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_CLOCK_NOT_TRUSTED: _ClassVar[ErrorReason]
    ERROR_REASON_SHUTTING_DOWN: _ClassVar[ErrorReason]
    ERROR_REASON_UNAUTHENTICATED: _ClassVar[ErrorReason]
    ERROR_REASON_PERMISSION_DENIED: _ClassVar[ErrorReason]
    ERROR_REASON_ISSUER_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_SESSION_TAKEN_UP: _ClassVar[ErrorReason]
    ERROR_REASON_METADATA_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_BUDGET_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_USAGE_REPORTED: _ClassVar[ErrorReason]
    ERROR_REASON_TOP_UP_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_TOP_UPS: _ClassVar[ErrorReason]
    ERROR_REASON_UNIT_IN_USE: _ClassVar[ErrorReason]
    ERROR_REASON_ALERT_NOT_FOUND: _ClassVar[ErrorReason]
PRESET_UNSPECIFIED: Preset
PRESET_WORK_SESSIONS: Preset
PRESET_CALLS: Preset
PACING_UNSPECIFIED: Pacing
PACING_NONE: Pacing
PACING_FLOOR: Pacing
PACING_EVEN: Pacing
MODE_UNSPECIFIED: Mode
MODE_ENFORCE: Mode
MODE_OBSERVE: Mode
ON_EXPIRY_UNSPECIFIED: OnExpiry
ON_EXPIRY_CHARGE: OnExpiry
ON_EXPIRY_REFUND: OnExpiry
LENDING_UNSPECIFIED: Lending
LENDING_GRADUAL: Lending
LENDING_NEVER: Lending
TOP_UP_KIND_UNSPECIFIED: TopUpKind
TOP_UP_KIND_OVER_CAPS: TopUpKind
TOP_UP_KIND_LARGER_MONTH: TopUpKind
LEASE_STATE_UNSPECIFIED: LeaseState
LEASE_STATE_LIVE: LeaseState
LEASE_STATE_RELEASED: LeaseState
LEASE_STATE_EXPIRED: LeaseState
LEASE_STATE_REVOKED: LeaseState
RULE_UNSPECIFIED: Rule
RULE_PAUSED: Rule
RULE_EMERGENCY: Rule
RULE_REQUEST_TOO_LARGE: Rule
RULE_COOLDOWN: Rule
RULE_CONCURRENCY: Rule
RULE_AI_CONCURRENCY: Rule
RULE_HOURLY_CAP: Rule
RULE_DAILY_CAP: Rule
RULE_AI_DAILY_CAP: Rule
RULE_MONTHLY_CAP: Rule
RULE_TEAM_CONCURRENCY: Rule
RULE_MODEL_CONCURRENCY: Rule
RULE_TEAM_CAP: Rule
RULE_MODEL_CAP: Rule
RULE_KEPT_FOR_OTHERS: Rule
HEADLINE_STATUS_UNSPECIFIED: HeadlineStatus
HEADLINE_STATUS_OK: HeadlineStatus
HEADLINE_STATUS_UNEVEN: HeadlineStatus
HEADLINE_STATUS_ENDING: HeadlineStatus
HEADLINE_STATUS_FULL: HeadlineStatus
HEADLINE_STATUS_REFUSING: HeadlineStatus
HEADLINE_STATUS_PAUSED: HeadlineStatus
WINDOW_UNSPECIFIED: Window
WINDOW_HOUR: Window
WINDOW_DAY: Window
WINDOW_MONTH: Window
ALERT_RULE_UNSPECIFIED: AlertRule
ALERT_RULE_POOR_SPREAD: AlertRule
ALERT_RULE_DAILY_SPIKE: AlertRule
ALERT_RULE_HOURLY_BURST: AlertRule
ALERT_RULE_DAY_BELOW_MINIMUM: AlertRule
ALERT_RULE_WARNING: AlertRule
ALERT_RULE_CRITICAL: AlertRule
ALERT_RULE_EMERGENCY: AlertRule
ALERT_RULE_LEASE_EXPIRED: AlertRule
ALERT_RULE_OVERRUN: AlertRule
ALERT_RULE_EXHAUSTION_FORECAST: AlertRule
ALERT_RULE_UNPRICED_MODEL: AlertRule
ALERT_RULE_MONTH_SHARE: AlertRule
ALERT_RULE_AI_SHARE: AlertRule
ALERT_RULE_TEAM_SHARE: AlertRule
ALERT_RULE_DENIAL_RATE: AlertRule
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_INVALID_FIELD: ErrorReason
ERROR_REASON_MALFORMED_MESSAGE: ErrorReason
ERROR_REASON_REPORT_TOO_LARGE: ErrorReason
ERROR_REASON_UNWORKABLE_POLICY: ErrorReason
ERROR_REASON_AMOUNT_OVERFLOW: ErrorReason
ERROR_REASON_BUDGET_NOT_FOUND: ErrorReason
ERROR_REASON_LEASE_NOT_FOUND: ErrorReason
ERROR_REASON_LEASE_CLOSED: ErrorReason
ERROR_REASON_ID_REUSED: ErrorReason
ERROR_REASON_LEASES_LIVE: ErrorReason
ERROR_REASON_BELOW_ZERO: ErrorReason
ERROR_REASON_ETAG_MISMATCH: ErrorReason
ERROR_REASON_STATE_FULL: ErrorReason
ERROR_REASON_QUEUE_FULL: ErrorReason
ERROR_REASON_STORE_UNAVAILABLE: ErrorReason
ERROR_REASON_CLOCK_NOT_TRUSTED: ErrorReason
ERROR_REASON_SHUTTING_DOWN: ErrorReason
ERROR_REASON_UNAUTHENTICATED: ErrorReason
ERROR_REASON_PERMISSION_DENIED: ErrorReason
ERROR_REASON_ISSUER_UNAVAILABLE: ErrorReason
ERROR_REASON_SESSION_TAKEN_UP: ErrorReason
ERROR_REASON_METADATA_TOO_LARGE: ErrorReason
ERROR_REASON_BUDGET_EXISTS: ErrorReason
ERROR_REASON_USAGE_REPORTED: ErrorReason
ERROR_REASON_TOP_UP_NOT_FOUND: ErrorReason
ERROR_REASON_TOO_MANY_TOP_UPS: ErrorReason
ERROR_REASON_UNIT_IN_USE: ErrorReason
ERROR_REASON_ALERT_NOT_FOUND: ErrorReason

class Budget(_message.Message):
    __slots__ = ("budget_id", "policy", "effective_policy", "etag", "pause", "created_at", "time_zone_in_force", "preset", "preset_policy")
    BUDGET_ID_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_POLICY_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
    PRESET_POLICY_FIELD_NUMBER: _ClassVar[int]
    budget_id: str
    policy: Policy
    effective_policy: Policy
    etag: str
    pause: PauseState
    created_at: _timestamp_pb2.Timestamp
    time_zone_in_force: str
    preset: Preset
    preset_policy: Policy
    def __init__(self, budget_id: _Optional[str] = ..., policy: _Optional[_Union[Policy, _Mapping]] = ..., effective_policy: _Optional[_Union[Policy, _Mapping]] = ..., etag: _Optional[str] = ..., pause: _Optional[_Union[PauseState, _Mapping]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., time_zone_in_force: _Optional[str] = ..., preset: _Optional[_Union[Preset, str]] = ..., preset_policy: _Optional[_Union[Policy, _Mapping]] = ...) -> None: ...

class PauseState(_message.Message):
    __slots__ = ("reason", "paused_at", "principal")
    REASON_FIELD_NUMBER: _ClassVar[int]
    PAUSED_AT_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    reason: str
    paused_at: _timestamp_pb2.Timestamp
    principal: str
    def __init__(self, reason: _Optional[str] = ..., paused_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., principal: _Optional[str] = ...) -> None: ...

class Policy(_message.Message):
    __slots__ = ("monthly_limit", "enforced_percent", "max_daily_percent", "max_hourly_percent", "min_daily_percent", "pacing", "mode", "max_daily_percent_per_ai", "max_daily_percent_by_ai", "max_request_tokens", "max_report_tokens", "cooldown", "max_concurrent", "max_concurrent_per_ai", "session_grace", "lease_ttl", "max_lease_duration", "default_reservation", "min_reservation", "on_expiry", "late_report_grace", "token_weights", "token_weights_by_model", "time_zone", "warning_percent", "critical_percent", "emergency_percent", "fallback_budget_ids", "min_estimate", "rollover_max_percent", "teams", "models", "unit", "evenness_percent", "alert_percents", "alert_percents_per_ai", "alert_percents_per_team", "denial_alert_per_minute", "lending")
    class MaxDailyPercentByAiEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class TokenWeightsByModelEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: TokenWeights
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[TokenWeights, _Mapping]] = ...) -> None: ...
    class TeamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Team
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Team, _Mapping]] = ...) -> None: ...
    class ModelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ModelLimit
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ModelLimit, _Mapping]] = ...) -> None: ...
    MONTHLY_LIMIT_FIELD_NUMBER: _ClassVar[int]
    ENFORCED_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MAX_DAILY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MAX_HOURLY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MIN_DAILY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    PACING_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    MAX_DAILY_PERCENT_PER_AI_FIELD_NUMBER: _ClassVar[int]
    MAX_DAILY_PERCENT_BY_AI_FIELD_NUMBER: _ClassVar[int]
    MAX_REQUEST_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_REPORT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COOLDOWN_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCURRENT_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCURRENT_PER_AI_FIELD_NUMBER: _ClassVar[int]
    SESSION_GRACE_FIELD_NUMBER: _ClassVar[int]
    LEASE_TTL_FIELD_NUMBER: _ClassVar[int]
    MAX_LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_RESERVATION_FIELD_NUMBER: _ClassVar[int]
    MIN_RESERVATION_FIELD_NUMBER: _ClassVar[int]
    ON_EXPIRY_FIELD_NUMBER: _ClassVar[int]
    LATE_REPORT_GRACE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_WEIGHTS_BY_MODEL_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    WARNING_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CRITICAL_PERCENT_FIELD_NUMBER: _ClassVar[int]
    EMERGENCY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_BUDGET_IDS_FIELD_NUMBER: _ClassVar[int]
    MIN_ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    ROLLOVER_MAX_PERCENT_FIELD_NUMBER: _ClassVar[int]
    TEAMS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    EVENNESS_PERCENT_FIELD_NUMBER: _ClassVar[int]
    ALERT_PERCENTS_FIELD_NUMBER: _ClassVar[int]
    ALERT_PERCENTS_PER_AI_FIELD_NUMBER: _ClassVar[int]
    ALERT_PERCENTS_PER_TEAM_FIELD_NUMBER: _ClassVar[int]
    DENIAL_ALERT_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    LENDING_FIELD_NUMBER: _ClassVar[int]
    monthly_limit: int
    enforced_percent: float
    max_daily_percent: float
    max_hourly_percent: float
    min_daily_percent: float
    pacing: Pacing
    mode: Mode
    max_daily_percent_per_ai: float
    max_daily_percent_by_ai: _containers.ScalarMap[str, float]
    max_request_tokens: int
    max_report_tokens: int
    cooldown: _duration_pb2.Duration
    max_concurrent: int
    max_concurrent_per_ai: int
    session_grace: _duration_pb2.Duration
    lease_ttl: _duration_pb2.Duration
    max_lease_duration: _duration_pb2.Duration
    default_reservation: int
    min_reservation: int
    on_expiry: OnExpiry
    late_report_grace: _duration_pb2.Duration
    token_weights: TokenWeights
    token_weights_by_model: _containers.MessageMap[str, TokenWeights]
    time_zone: str
    warning_percent: float
    critical_percent: float
    emergency_percent: float
    fallback_budget_ids: _containers.RepeatedScalarFieldContainer[str]
    min_estimate: int
    rollover_max_percent: float
    teams: _containers.MessageMap[str, Team]
    models: _containers.MessageMap[str, ModelLimit]
    unit: str
    evenness_percent: float
    alert_percents: _containers.RepeatedScalarFieldContainer[float]
    alert_percents_per_ai: _containers.RepeatedScalarFieldContainer[float]
    alert_percents_per_team: _containers.RepeatedScalarFieldContainer[float]
    denial_alert_per_minute: int
    lending: Lending
    def __init__(self, monthly_limit: _Optional[int] = ..., enforced_percent: _Optional[float] = ..., max_daily_percent: _Optional[float] = ..., max_hourly_percent: _Optional[float] = ..., min_daily_percent: _Optional[float] = ..., pacing: _Optional[_Union[Pacing, str]] = ..., mode: _Optional[_Union[Mode, str]] = ..., max_daily_percent_per_ai: _Optional[float] = ..., max_daily_percent_by_ai: _Optional[_Mapping[str, float]] = ..., max_request_tokens: _Optional[int] = ..., max_report_tokens: _Optional[int] = ..., cooldown: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., max_concurrent: _Optional[int] = ..., max_concurrent_per_ai: _Optional[int] = ..., session_grace: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., lease_ttl: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., max_lease_duration: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., default_reservation: _Optional[int] = ..., min_reservation: _Optional[int] = ..., on_expiry: _Optional[_Union[OnExpiry, str]] = ..., late_report_grace: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., token_weights: _Optional[_Union[TokenWeights, _Mapping]] = ..., token_weights_by_model: _Optional[_Mapping[str, TokenWeights]] = ..., time_zone: _Optional[str] = ..., warning_percent: _Optional[float] = ..., critical_percent: _Optional[float] = ..., emergency_percent: _Optional[float] = ..., fallback_budget_ids: _Optional[_Iterable[str]] = ..., min_estimate: _Optional[int] = ..., rollover_max_percent: _Optional[float] = ..., teams: _Optional[_Mapping[str, Team]] = ..., models: _Optional[_Mapping[str, ModelLimit]] = ..., unit: _Optional[str] = ..., evenness_percent: _Optional[float] = ..., alert_percents: _Optional[_Iterable[float]] = ..., alert_percents_per_ai: _Optional[_Iterable[float]] = ..., alert_percents_per_team: _Optional[_Iterable[float]] = ..., denial_alert_per_minute: _Optional[int] = ..., lending: _Optional[_Union[Lending, str]] = ...) -> None: ...

class Team(_message.Message):
    __slots__ = ("ai_ids", "max_hourly_percent", "max_daily_percent", "max_monthly_percent", "max_concurrent", "guaranteed_percent", "guaranteed_slots", "weight")
    AI_IDS_FIELD_NUMBER: _ClassVar[int]
    MAX_HOURLY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MAX_DAILY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MAX_MONTHLY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCURRENT_FIELD_NUMBER: _ClassVar[int]
    GUARANTEED_PERCENT_FIELD_NUMBER: _ClassVar[int]
    GUARANTEED_SLOTS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    ai_ids: _containers.RepeatedScalarFieldContainer[str]
    max_hourly_percent: float
    max_daily_percent: float
    max_monthly_percent: float
    max_concurrent: int
    guaranteed_percent: float
    guaranteed_slots: int
    weight: float
    def __init__(self, ai_ids: _Optional[_Iterable[str]] = ..., max_hourly_percent: _Optional[float] = ..., max_daily_percent: _Optional[float] = ..., max_monthly_percent: _Optional[float] = ..., max_concurrent: _Optional[int] = ..., guaranteed_percent: _Optional[float] = ..., guaranteed_slots: _Optional[int] = ..., weight: _Optional[float] = ...) -> None: ...

class ModelLimit(_message.Message):
    __slots__ = ("max_hourly_percent", "max_daily_percent", "max_monthly_percent", "max_concurrent")
    MAX_HOURLY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MAX_DAILY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MAX_MONTHLY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCURRENT_FIELD_NUMBER: _ClassVar[int]
    max_hourly_percent: float
    max_daily_percent: float
    max_monthly_percent: float
    max_concurrent: int
    def __init__(self, max_hourly_percent: _Optional[float] = ..., max_daily_percent: _Optional[float] = ..., max_monthly_percent: _Optional[float] = ..., max_concurrent: _Optional[int] = ...) -> None: ...

class TokenWeights(_message.Message):
    __slots__ = ("input_percent", "output_percent", "cache_read_percent", "cache_write_percent", "reasoning_percent", "total_percent")
    INPUT_PERCENT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CACHE_READ_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    REASONING_PERCENT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_PERCENT_FIELD_NUMBER: _ClassVar[int]
    input_percent: float
    output_percent: float
    cache_read_percent: float
    cache_write_percent: float
    reasoning_percent: float
    total_percent: float
    def __init__(self, input_percent: _Optional[float] = ..., output_percent: _Optional[float] = ..., cache_read_percent: _Optional[float] = ..., cache_write_percent: _Optional[float] = ..., reasoning_percent: _Optional[float] = ..., total_percent: _Optional[float] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("lease_id", "fence", "request_id", "budget_id", "ai_id", "state", "reserved_tokens", "used_tokens", "presumed_tokens", "granted_at", "expires_at", "expires_in", "renewable_until", "labels", "closed_at", "session_id", "team_id", "model", "top_up_id", "reported_at")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BUDGET_ID_FIELD_NUMBER: _ClassVar[int]
    AI_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RESERVED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    USED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PRESUMED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    GRANTED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_IN_FIELD_NUMBER: _ClassVar[int]
    RENEWABLE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    CLOSED_AT_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TOP_UP_ID_FIELD_NUMBER: _ClassVar[int]
    REPORTED_AT_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    fence: int
    request_id: str
    budget_id: str
    ai_id: str
    state: LeaseState
    reserved_tokens: int
    used_tokens: int
    presumed_tokens: int
    granted_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    expires_in: _duration_pb2.Duration
    renewable_until: _timestamp_pb2.Timestamp
    labels: _containers.ScalarMap[str, str]
    closed_at: _timestamp_pb2.Timestamp
    session_id: str
    team_id: str
    model: str
    top_up_id: str
    reported_at: _timestamp_pb2.Timestamp
    def __init__(self, lease_id: _Optional[str] = ..., fence: _Optional[int] = ..., request_id: _Optional[str] = ..., budget_id: _Optional[str] = ..., ai_id: _Optional[str] = ..., state: _Optional[_Union[LeaseState, str]] = ..., reserved_tokens: _Optional[int] = ..., used_tokens: _Optional[int] = ..., presumed_tokens: _Optional[int] = ..., granted_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., expires_in: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., renewable_until: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., closed_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., session_id: _Optional[str] = ..., team_id: _Optional[str] = ..., model: _Optional[str] = ..., top_up_id: _Optional[str] = ..., reported_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TopUp(_message.Message):
    __slots__ = ("top_up_id", "tokens", "kind", "ai_id", "team_id", "month", "expires_at", "reason", "added_at", "ended_at", "spent_tokens", "reserved_tokens", "available_tokens", "taken_back_tokens")
    TOP_UP_ID_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AI_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_ID_FIELD_NUMBER: _ClassVar[int]
    MONTH_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ADDED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    SPENT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    RESERVED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TAKEN_BACK_TOKENS_FIELD_NUMBER: _ClassVar[int]
    top_up_id: str
    tokens: int
    kind: TopUpKind
    ai_id: str
    team_id: str
    month: str
    expires_at: _timestamp_pb2.Timestamp
    reason: str
    added_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    spent_tokens: int
    reserved_tokens: int
    available_tokens: int
    taken_back_tokens: int
    def __init__(self, top_up_id: _Optional[str] = ..., tokens: _Optional[int] = ..., kind: _Optional[_Union[TopUpKind, str]] = ..., ai_id: _Optional[str] = ..., team_id: _Optional[str] = ..., month: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., added_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., spent_tokens: _Optional[int] = ..., reserved_tokens: _Optional[int] = ..., available_tokens: _Optional[int] = ..., taken_back_tokens: _Optional[int] = ...) -> None: ...

class Denial(_message.Message):
    __slots__ = ("blockers", "retry_after", "available_at", "permanent", "fallback_budget_ids")
    BLOCKERS_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_AT_FIELD_NUMBER: _ClassVar[int]
    PERMANENT_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_BUDGET_IDS_FIELD_NUMBER: _ClassVar[int]
    blockers: _containers.RepeatedCompositeFieldContainer[Blocker]
    retry_after: _duration_pb2.Duration
    available_at: _timestamp_pb2.Timestamp
    permanent: bool
    fallback_budget_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, blockers: _Optional[_Iterable[_Union[Blocker, _Mapping]]] = ..., retry_after: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., available_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., permanent: bool = ..., fallback_budget_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Blocker(_message.Message):
    __slots__ = ("rule", "limit", "spent", "reserved", "requested", "available_at", "message", "window", "scope")
    RULE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SPENT_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_AT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    rule: Rule
    limit: int
    spent: int
    reserved: int
    requested: int
    available_at: _timestamp_pb2.Timestamp
    message: str
    window: Window
    scope: str
    def __init__(self, rule: _Optional[_Union[Rule, str]] = ..., limit: _Optional[int] = ..., spent: _Optional[int] = ..., reserved: _Optional[int] = ..., requested: _Optional[int] = ..., available_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., message: _Optional[str] = ..., window: _Optional[_Union[Window, str]] = ..., scope: _Optional[str] = ...) -> None: ...

class Headline(_message.Message):
    __slots__ = ("status", "text", "observed_text", "until", "rule", "ais", "denials_per_minute")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_TEXT_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    AIS_FIELD_NUMBER: _ClassVar[int]
    DENIALS_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    status: HeadlineStatus
    text: str
    observed_text: str
    until: _timestamp_pb2.Timestamp
    rule: Rule
    ais: int
    denials_per_minute: int
    def __init__(self, status: _Optional[_Union[HeadlineStatus, str]] = ..., text: _Optional[str] = ..., observed_text: _Optional[str] = ..., until: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., rule: _Optional[_Union[Rule, str]] = ..., ais: _Optional[int] = ..., denials_per_minute: _Optional[int] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("usage_id", "tokens", "model", "request_type", "failed", "error_message", "calls")
    USAGE_ID_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_TYPE_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    usage_id: str
    tokens: TokenCounts
    model: str
    request_type: str
    failed: bool
    error_message: str
    calls: int
    def __init__(self, usage_id: _Optional[str] = ..., tokens: _Optional[_Union[TokenCounts, _Mapping]] = ..., model: _Optional[str] = ..., request_type: _Optional[str] = ..., failed: bool = ..., error_message: _Optional[str] = ..., calls: _Optional[int] = ...) -> None: ...

class TokenCounts(_message.Message):
    __slots__ = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "total_tokens")
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_READ_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    total_tokens: int
    def __init__(self, input_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., cache_read_tokens: _Optional[int] = ..., cache_write_tokens: _Optional[int] = ..., reasoning_tokens: _Optional[int] = ..., total_tokens: _Optional[int] = ...) -> None: ...

class WindowStatus(_message.Message):
    __slots__ = ("window", "start", "end", "cap_tokens", "spent_tokens", "reserved_tokens", "available_tokens", "topped_tokens", "kept_tokens")
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    CAP_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SPENT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    RESERVED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOPPED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    KEPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    window: Window
    start: _timestamp_pb2.Timestamp
    end: _timestamp_pb2.Timestamp
    cap_tokens: int
    spent_tokens: int
    reserved_tokens: int
    available_tokens: int
    topped_tokens: int
    kept_tokens: int
    def __init__(self, window: _Optional[_Union[Window, str]] = ..., start: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., end: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., cap_tokens: _Optional[int] = ..., spent_tokens: _Optional[int] = ..., reserved_tokens: _Optional[int] = ..., available_tokens: _Optional[int] = ..., topped_tokens: _Optional[int] = ..., kept_tokens: _Optional[int] = ...) -> None: ...

class Alert(_message.Message):
    __slots__ = ("rule", "window", "window_start", "raised_at", "ended_at", "value", "threshold", "message", "notice", "alert_id", "acknowledged_at", "acknowledged_by", "acknowledged_reason", "silenced_until", "ai_id", "team_id", "model")
    RULE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    RAISED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_AT_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_BY_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_REASON_FIELD_NUMBER: _ClassVar[int]
    SILENCED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    AI_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    rule: AlertRule
    window: Window
    window_start: _timestamp_pb2.Timestamp
    raised_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    value: float
    threshold: float
    message: str
    notice: AlertNotice
    alert_id: str
    acknowledged_at: _timestamp_pb2.Timestamp
    acknowledged_by: str
    acknowledged_reason: str
    silenced_until: _timestamp_pb2.Timestamp
    ai_id: str
    team_id: str
    model: str
    def __init__(self, rule: _Optional[_Union[AlertRule, str]] = ..., window: _Optional[_Union[Window, str]] = ..., window_start: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., raised_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., value: _Optional[float] = ..., threshold: _Optional[float] = ..., message: _Optional[str] = ..., notice: _Optional[_Union[AlertNotice, _Mapping]] = ..., alert_id: _Optional[str] = ..., acknowledged_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., acknowledged_by: _Optional[str] = ..., acknowledged_reason: _Optional[str] = ..., silenced_until: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., ai_id: _Optional[str] = ..., team_id: _Optional[str] = ..., model: _Optional[str] = ...) -> None: ...

class AlertSilence(_message.Message):
    __slots__ = ("rule", "until", "reason", "silenced_at", "silenced_by")
    RULE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SILENCED_AT_FIELD_NUMBER: _ClassVar[int]
    SILENCED_BY_FIELD_NUMBER: _ClassVar[int]
    rule: AlertRule
    until: _timestamp_pb2.Timestamp
    reason: str
    silenced_at: _timestamp_pb2.Timestamp
    silenced_by: str
    def __init__(self, rule: _Optional[_Union[AlertRule, str]] = ..., until: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., silenced_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., silenced_by: _Optional[str] = ...) -> None: ...

class AlertNotice(_message.Message):
    __slots__ = ("number", "raised_at", "ended_at")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    RAISED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    number: int
    raised_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    def __init__(self, number: _Optional[int] = ..., raised_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

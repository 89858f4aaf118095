from budget_arbiter._gen import budget_pb2 as _budget_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from budget_arbiter._gen import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Unreported(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNREPORTED_UNSPECIFIED: _ClassVar[Unreported]
    UNREPORTED_FREE: _ClassVar[Unreported]
    UNREPORTED_PRESUME: _ClassVar[Unreported]
    UNREPORTED_UNUSED: _ClassVar[Unreported]

class SpreadGrade(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SPREAD_GRADE_UNSPECIFIED: _ClassVar[SpreadGrade]
    SPREAD_GRADE_GOOD: _ClassVar[SpreadGrade]
    SPREAD_GRADE_FAIR: _ClassVar[SpreadGrade]
    SPREAD_GRADE_POOR: _ClassVar[SpreadGrade]
UNREPORTED_UNSPECIFIED: Unreported
UNREPORTED_FREE: Unreported
UNREPORTED_PRESUME: Unreported
UNREPORTED_UNUSED: Unreported
SPREAD_GRADE_UNSPECIFIED: SpreadGrade
SPREAD_GRADE_GOOD: SpreadGrade
SPREAD_GRADE_FAIR: SpreadGrade
SPREAD_GRADE_POOR: SpreadGrade

class SessionRequest(_message.Message):
    __slots__ = ("tag", "open", "acquire", "renew", "record", "release")
    TAG_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    ACQUIRE_FIELD_NUMBER: _ClassVar[int]
    RENEW_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    tag: int
    open: OpenSession
    acquire: AcquireSlotRequest
    renew: RenewSlotRequest
    record: RecordUsageRequest
    release: ReleaseRequest
    def __init__(self, tag: _Optional[int] = ..., open: _Optional[_Union[OpenSession, _Mapping]] = ..., acquire: _Optional[_Union[AcquireSlotRequest, _Mapping]] = ..., renew: _Optional[_Union[RenewSlotRequest, _Mapping]] = ..., record: _Optional[_Union[RecordUsageRequest, _Mapping]] = ..., release: _Optional[_Union[ReleaseRequest, _Mapping]] = ...) -> None: ...

class OpenSession(_message.Message):
    __slots__ = ("budget_id", "ai_id", "session_id", "other_budget_ids")
    BUDGET_ID_FIELD_NUMBER: _ClassVar[int]
    AI_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    OTHER_BUDGET_IDS_FIELD_NUMBER: _ClassVar[int]
    budget_id: str
    ai_id: str
    session_id: str
    other_budget_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, budget_id: _Optional[str] = ..., ai_id: _Optional[str] = ..., session_id: _Optional[str] = ..., other_budget_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class SessionResponse(_message.Message):
    __slots__ = ("tag", "opened", "acquired", "renewed", "recorded", "released", "failed")
    TAG_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    ACQUIRED_FIELD_NUMBER: _ClassVar[int]
    RENEWED_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    tag: int
    opened: SessionOpened
    acquired: AcquireSlotResponse
    renewed: RenewSlotResponse
    recorded: RecordUsageResponse
    released: ReleaseResponse
    failed: _status_pb2.Status
    def __init__(self, tag: _Optional[int] = ..., opened: _Optional[_Union[SessionOpened, _Mapping]] = ..., acquired: _Optional[_Union[AcquireSlotResponse, _Mapping]] = ..., renewed: _Optional[_Union[RenewSlotResponse, _Mapping]] = ..., recorded: _Optional[_Union[RecordUsageResponse, _Mapping]] = ..., released: _Optional[_Union[ReleaseResponse, _Mapping]] = ..., failed: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class SessionOpened(_message.Message):
    __slots__ = ("session_id", "leases")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LEASES_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    leases: _containers.RepeatedCompositeFieldContainer[_budget_pb2.Lease]
    def __init__(self, session_id: _Optional[str] = ..., leases: _Optional[_Iterable[_Union[_budget_pb2.Lease, _Mapping]]] = ...) -> None: ...

class AcquireSlotRequest(_message.Message):
    __slots__ = ("budget_id", "ai_id", "request_id", "estimated_tokens", "lease_ttl", "wait", "labels", "model", "expected", "at_least_tokens")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    BUDGET_ID_FIELD_NUMBER: _ClassVar[int]
    AI_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    LEASE_TTL_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_TOKENS_FIELD_NUMBER: _ClassVar[int]
    budget_id: str
    ai_id: str
    request_id: str
    estimated_tokens: int
    lease_ttl: _duration_pb2.Duration
    wait: _duration_pb2.Duration
    labels: _containers.ScalarMap[str, str]
    model: str
    expected: _budget_pb2.TokenCounts
    at_least_tokens: int
    def __init__(self, budget_id: _Optional[str] = ..., ai_id: _Optional[str] = ..., request_id: _Optional[str] = ..., estimated_tokens: _Optional[int] = ..., lease_ttl: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., wait: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., model: _Optional[str] = ..., expected: _Optional[_Union[_budget_pb2.TokenCounts, _Mapping]] = ..., at_least_tokens: _Optional[int] = ...) -> None: ...

class AcquireSlotResponse(_message.Message):
    __slots__ = ("granted", "denied")
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    DENIED_FIELD_NUMBER: _ClassVar[int]
    granted: Grant
    denied: _budget_pb2.Denial
    def __init__(self, granted: _Optional[_Union[Grant, _Mapping]] = ..., denied: _Optional[_Union[_budget_pb2.Denial, _Mapping]] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("lease", "replayed", "would_deny", "available_tokens")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    WOULD_DENY_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    lease: _budget_pb2.Lease
    replayed: bool
    would_deny: _budget_pb2.Denial
    available_tokens: int
    def __init__(self, lease: _Optional[_Union[_budget_pb2.Lease, _Mapping]] = ..., replayed: bool = ..., would_deny: _Optional[_Union[_budget_pb2.Denial, _Mapping]] = ..., available_tokens: _Optional[int] = ...) -> None: ...

class RenewSlotRequest(_message.Message):
    __slots__ = ("lease_id", "lease_ttl", "reserve_tokens")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TTL_FIELD_NUMBER: _ClassVar[int]
    RESERVE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    lease_ttl: _duration_pb2.Duration
    reserve_tokens: int
    def __init__(self, lease_id: _Optional[str] = ..., lease_ttl: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., reserve_tokens: _Optional[int] = ...) -> None: ...

class RenewSlotResponse(_message.Message):
    __slots__ = ("lease", "raise_denied")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    RAISE_DENIED_FIELD_NUMBER: _ClassVar[int]
    lease: _budget_pb2.Lease
    raise_denied: _budget_pb2.Denial
    def __init__(self, lease: _Optional[_Union[_budget_pb2.Lease, _Mapping]] = ..., raise_denied: _Optional[_Union[_budget_pb2.Denial, _Mapping]] = ...) -> None: ...

class RecordUsageRequest(_message.Message):
    __slots__ = ("lease_id", "unleased", "usage")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    UNLEASED_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    unleased: Unleased
    usage: _budget_pb2.Usage
    def __init__(self, lease_id: _Optional[str] = ..., unleased: _Optional[_Union[Unleased, _Mapping]] = ..., usage: _Optional[_Union[_budget_pb2.Usage, _Mapping]] = ...) -> None: ...

class Unleased(_message.Message):
    __slots__ = ("budget_id", "ai_id")
    BUDGET_ID_FIELD_NUMBER: _ClassVar[int]
    AI_ID_FIELD_NUMBER: _ClassVar[int]
    budget_id: str
    ai_id: str
    def __init__(self, budget_id: _Optional[str] = ..., ai_id: _Optional[str] = ...) -> None: ...

class RecordUsageResponse(_message.Message):
    __slots__ = ("charged_tokens", "overrun_tokens", "late", "replayed", "lease")
    CHARGED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OVERRUN_TOKENS_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    charged_tokens: int
    overrun_tokens: int
    late: bool
    replayed: bool
    lease: _budget_pb2.Lease
    def __init__(self, charged_tokens: _Optional[int] = ..., overrun_tokens: _Optional[int] = ..., late: bool = ..., replayed: bool = ..., lease: _Optional[_Union[_budget_pb2.Lease, _Mapping]] = ...) -> None: ...

class ReleaseRequest(_message.Message):
    __slots__ = ("lease_id", "usage", "unreported")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    UNREPORTED_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    usage: _budget_pb2.Usage
    unreported: Unreported
    def __init__(self, lease_id: _Optional[str] = ..., usage: _Optional[_Union[_budget_pb2.Usage, _Mapping]] = ..., unreported: _Optional[_Union[Unreported, str]] = ...) -> None: ...

class ReleaseResponse(_message.Message):
    __slots__ = ("used_tokens", "freed_tokens", "overrun_tokens", "replayed")
    USED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    FREED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OVERRUN_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    used_tokens: int
    freed_tokens: int
    overrun_tokens: int
    replayed: bool
    def __init__(self, used_tokens: _Optional[int] = ..., freed_tokens: _Optional[int] = ..., overrun_tokens: _Optional[int] = ..., replayed: bool = ...) -> None: ...

class GetLeaseRequest(_message.Message):
    __slots__ = ("lease_id", "request")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    request: LeaseRequest
    def __init__(self, lease_id: _Optional[str] = ..., request: _Optional[_Union[LeaseRequest, _Mapping]] = ...) -> None: ...

class LeaseRequest(_message.Message):
    __slots__ = ("budget_id", "ai_id", "request_id")
    BUDGET_ID_FIELD_NUMBER: _ClassVar[int]
    AI_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    budget_id: str
    ai_id: str
    request_id: str
    def __init__(self, budget_id: _Optional[str] = ..., ai_id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetLeaseResponse(_message.Message):
    __slots__ = ("lease",)
    LEASE_FIELD_NUMBER: _ClassVar[int]
    lease: _budget_pb2.Lease
    def __init__(self, lease: _Optional[_Union[_budget_pb2.Lease, _Mapping]] = ...) -> None: ...

class GetAvailabilityRequest(_message.Message):
    __slots__ = ("budget_id", "ai_id", "estimated_tokens", "model", "expected", "at_least_tokens")
    BUDGET_ID_FIELD_NUMBER: _ClassVar[int]
    AI_ID_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_TOKENS_FIELD_NUMBER: _ClassVar[int]
    budget_id: str
    ai_id: str
    estimated_tokens: int
    model: str
    expected: _budget_pb2.TokenCounts
    at_least_tokens: int
    def __init__(self, budget_id: _Optional[str] = ..., ai_id: _Optional[str] = ..., estimated_tokens: _Optional[int] = ..., model: _Optional[str] = ..., expected: _Optional[_Union[_budget_pb2.TokenCounts, _Mapping]] = ..., at_least_tokens: _Optional[int] = ...) -> None: ...

class GetAvailabilityResponse(_message.Message):
    __slots__ = ("available_tokens", "denial", "team_id", "team_windows")
    AVAILABLE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    DENIAL_FIELD_NUMBER: _ClassVar[int]
    TEAM_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_WINDOWS_FIELD_NUMBER: _ClassVar[int]
    available_tokens: int
    denial: _budget_pb2.Denial
    team_id: str
    team_windows: _containers.RepeatedCompositeFieldContainer[_budget_pb2.WindowStatus]
    def __init__(self, available_tokens: _Optional[int] = ..., denial: _Optional[_Union[_budget_pb2.Denial, _Mapping]] = ..., team_id: _Optional[str] = ..., team_windows: _Optional[_Iterable[_Union[_budget_pb2.WindowStatus, _Mapping]]] = ...) -> None: ...

class GetDistributionRequest(_message.Message):
    __slots__ = ("budget_id", "month", "day")
    BUDGET_ID_FIELD_NUMBER: _ClassVar[int]
    MONTH_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    budget_id: str
    month: str
    day: str
    def __init__(self, budget_id: _Optional[str] = ..., month: _Optional[str] = ..., day: _Optional[str] = ...) -> None: ...

class GetDistributionResponse(_message.Message):
    __slots__ = ("distribution_stats",)
    DISTRIBUTION_STATS_FIELD_NUMBER: _ClassVar[int]
    distribution_stats: DistributionStats
    def __init__(self, distribution_stats: _Optional[_Union[DistributionStats, _Mapping]] = ...) -> None: ...

class DistributionStats(_message.Message):
    __slots__ = ("monthly_distribution", "daily_distribution", "rate_limiting_status", "grade", "days_below_minimum", "by_ai", "by_model", "presumed_tokens", "late_tokens", "forecast", "windows", "budget_id", "month", "time_zone", "spread_by_weekday_percentage", "topped_tokens", "by_team", "unit", "calls", "failed_calls", "headline")
    MONTHLY_DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    DAILY_DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMITING_STATUS_FIELD_NUMBER: _ClassVar[int]
    GRADE_FIELD_NUMBER: _ClassVar[int]
    DAYS_BELOW_MINIMUM_FIELD_NUMBER: _ClassVar[int]
    BY_AI_FIELD_NUMBER: _ClassVar[int]
    BY_MODEL_FIELD_NUMBER: _ClassVar[int]
    PRESUMED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    LATE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    FORECAST_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    BUDGET_ID_FIELD_NUMBER: _ClassVar[int]
    MONTH_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    SPREAD_BY_WEEKDAY_PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    TOPPED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    BY_TEAM_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    FAILED_CALLS_FIELD_NUMBER: _ClassVar[int]
    HEADLINE_FIELD_NUMBER: _ClassVar[int]
    monthly_distribution: MonthlyDistribution
    daily_distribution: DailyDistribution
    rate_limiting_status: RateLimitingStatus
    grade: SpreadGrade
    days_below_minimum: _containers.RepeatedScalarFieldContainer[str]
    by_ai: _containers.RepeatedCompositeFieldContainer[AiTokens]
    by_model: _containers.RepeatedCompositeFieldContainer[ModelTokens]
    presumed_tokens: int
    late_tokens: int
    forecast: Forecast
    windows: _containers.RepeatedCompositeFieldContainer[_budget_pb2.WindowStatus]
    budget_id: str
    month: str
    time_zone: str
    spread_by_weekday_percentage: float
    topped_tokens: int
    by_team: _containers.RepeatedCompositeFieldContainer[TeamTokens]
    unit: str
    calls: int
    failed_calls: int
    headline: _budget_pb2.Headline
    def __init__(self, monthly_distribution: _Optional[_Union[MonthlyDistribution, _Mapping]] = ..., daily_distribution: _Optional[_Union[DailyDistribution, _Mapping]] = ..., rate_limiting_status: _Optional[_Union[RateLimitingStatus, _Mapping]] = ..., grade: _Optional[_Union[SpreadGrade, str]] = ..., days_below_minimum: _Optional[_Iterable[str]] = ..., by_ai: _Optional[_Iterable[_Union[AiTokens, _Mapping]]] = ..., by_model: _Optional[_Iterable[_Union[ModelTokens, _Mapping]]] = ..., presumed_tokens: _Optional[int] = ..., late_tokens: _Optional[int] = ..., forecast: _Optional[_Union[Forecast, _Mapping]] = ..., windows: _Optional[_Iterable[_Union[_budget_pb2.WindowStatus, _Mapping]]] = ..., budget_id: _Optional[str] = ..., month: _Optional[str] = ..., time_zone: _Optional[str] = ..., spread_by_weekday_percentage: _Optional[float] = ..., topped_tokens: _Optional[int] = ..., by_team: _Optional[_Iterable[_Union[TeamTokens, _Mapping]]] = ..., unit: _Optional[str] = ..., calls: _Optional[int] = ..., failed_calls: _Optional[int] = ..., headline: _Optional[_Union[_budget_pb2.Headline, _Mapping]] = ...) -> None: ...

class MonthlyDistribution(_message.Message):
    __slots__ = ("total_tokens", "days_with_usage", "avg_daily_usage", "max_daily_usage", "min_daily_usage", "usage_spread_percentage", "daily_usage_data")
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    DAYS_WITH_USAGE_FIELD_NUMBER: _ClassVar[int]
    AVG_DAILY_USAGE_FIELD_NUMBER: _ClassVar[int]
    MAX_DAILY_USAGE_FIELD_NUMBER: _ClassVar[int]
    MIN_DAILY_USAGE_FIELD_NUMBER: _ClassVar[int]
    USAGE_SPREAD_PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    DAILY_USAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    total_tokens: int
    days_with_usage: int
    avg_daily_usage: float
    max_daily_usage: int
    min_daily_usage: int
    usage_spread_percentage: float
    daily_usage_data: _containers.RepeatedCompositeFieldContainer[DayUsage]
    def __init__(self, total_tokens: _Optional[int] = ..., days_with_usage: _Optional[int] = ..., avg_daily_usage: _Optional[float] = ..., max_daily_usage: _Optional[int] = ..., min_daily_usage: _Optional[int] = ..., usage_spread_percentage: _Optional[float] = ..., daily_usage_data: _Optional[_Iterable[_Union[DayUsage, _Mapping]]] = ...) -> None: ...

class DayUsage(_message.Message):
    __slots__ = ("date", "tokens", "start", "calls", "failed_calls")
    DATE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    FAILED_CALLS_FIELD_NUMBER: _ClassVar[int]
    date: str
    tokens: int
    start: _timestamp_pb2.Timestamp
    calls: int
    failed_calls: int
    def __init__(self, date: _Optional[str] = ..., tokens: _Optional[int] = ..., start: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., calls: _Optional[int] = ..., failed_calls: _Optional[int] = ...) -> None: ...

class DailyDistribution(_message.Message):
    __slots__ = ("total_tokens", "hours_with_usage", "avg_hourly_usage", "hourly_usage_data", "date", "hour_unknown_tokens")
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    HOURS_WITH_USAGE_FIELD_NUMBER: _ClassVar[int]
    AVG_HOURLY_USAGE_FIELD_NUMBER: _ClassVar[int]
    HOURLY_USAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    HOUR_UNKNOWN_TOKENS_FIELD_NUMBER: _ClassVar[int]
    total_tokens: int
    hours_with_usage: int
    avg_hourly_usage: float
    hourly_usage_data: _containers.RepeatedCompositeFieldContainer[HourUsage]
    date: str
    hour_unknown_tokens: int
    def __init__(self, total_tokens: _Optional[int] = ..., hours_with_usage: _Optional[int] = ..., avg_hourly_usage: _Optional[float] = ..., hourly_usage_data: _Optional[_Iterable[_Union[HourUsage, _Mapping]]] = ..., date: _Optional[str] = ..., hour_unknown_tokens: _Optional[int] = ...) -> None: ...

class HourUsage(_message.Message):
    __slots__ = ("hour", "tokens", "start")
    HOUR_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    hour: str
    tokens: int
    start: _timestamp_pb2.Timestamp
    def __init__(self, hour: _Optional[str] = ..., tokens: _Optional[int] = ..., start: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RateLimitingStatus(_message.Message):
    __slots__ = ("max_daily_percentage", "max_hourly_percentage", "min_daily_percentage", "ai_cooldown_period", "max_concurrent_requests", "active_requests", "last_ai_requests")
    class LastAiRequestsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _timestamp_pb2.Timestamp
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    MAX_DAILY_PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    MAX_HOURLY_PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    MIN_DAILY_PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    AI_COOLDOWN_PERIOD_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCURRENT_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    LAST_AI_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    max_daily_percentage: float
    max_hourly_percentage: float
    min_daily_percentage: float
    ai_cooldown_period: int
    max_concurrent_requests: int
    active_requests: int
    last_ai_requests: _containers.MessageMap[str, _timestamp_pb2.Timestamp]
    def __init__(self, max_daily_percentage: _Optional[float] = ..., max_hourly_percentage: _Optional[float] = ..., min_daily_percentage: _Optional[float] = ..., ai_cooldown_period: _Optional[int] = ..., max_concurrent_requests: _Optional[int] = ..., active_requests: _Optional[int] = ..., last_ai_requests: _Optional[_Mapping[str, _timestamp_pb2.Timestamp]] = ...) -> None: ...

class AiTokens(_message.Message):
    __slots__ = ("ai_id", "tokens", "calls", "failed_calls")
    AI_ID_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    FAILED_CALLS_FIELD_NUMBER: _ClassVar[int]
    ai_id: str
    tokens: int
    calls: int
    failed_calls: int
    def __init__(self, ai_id: _Optional[str] = ..., tokens: _Optional[int] = ..., calls: _Optional[int] = ..., failed_calls: _Optional[int] = ...) -> None: ...

class ModelTokens(_message.Message):
    __slots__ = ("model", "tokens", "calls", "failed_calls")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    FAILED_CALLS_FIELD_NUMBER: _ClassVar[int]
    model: str
    tokens: int
    calls: int
    failed_calls: int
    def __init__(self, model: _Optional[str] = ..., tokens: _Optional[int] = ..., calls: _Optional[int] = ..., failed_calls: _Optional[int] = ...) -> None: ...

class TeamTokens(_message.Message):
    __slots__ = ("team_id", "tokens", "calls", "failed_calls")
    TEAM_ID_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    FAILED_CALLS_FIELD_NUMBER: _ClassVar[int]
    team_id: str
    tokens: int
    calls: int
    failed_calls: int
    def __init__(self, team_id: _Optional[str] = ..., tokens: _Optional[int] = ..., calls: _Optional[int] = ..., failed_calls: _Optional[int] = ...) -> None: ...

class Forecast(_message.Message):
    __slots__ = ("pace_tokens_per_hour", "projected_month_tokens", "exhausted_at")
    PACE_TOKENS_PER_HOUR_FIELD_NUMBER: _ClassVar[int]
    PROJECTED_MONTH_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXHAUSTED_AT_FIELD_NUMBER: _ClassVar[int]
    pace_tokens_per_hour: float
    projected_month_tokens: int
    exhausted_at: _timestamp_pb2.Timestamp
    def __init__(self, pace_tokens_per_hour: _Optional[float] = ..., projected_month_tokens: _Optional[int] = ..., exhausted_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

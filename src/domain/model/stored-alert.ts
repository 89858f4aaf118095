/** An alert as the state keeps it, and how far sinks were told of it. */
export interface StoredAlert {
  readonly rule: string;
  readonly window: 'HOUR' | 'DAY' | 'MONTH';
  readonly windowStart: number;
  readonly raisedAt: number;
  readonly endedAt?: number;
  readonly value: number;
  readonly threshold: number;
  readonly message: string;
  /** Of a budget that was deleted, and maybe created again since; absent in alerts of the budget that lives. */
  readonly epoch?: number;
  /** By sink, how far it was told; absent where no sink is to be told, and in states older than sinks. */
  readonly deliveries?: readonly StoredDelivery[];
}

/** What a sink is told of an alert: first that it was raised, then that it ended. The newest of the two stands here. */
export type StoredDelivery = PendingDelivery | SettledDelivery;

interface DeliveryOf {
  /** The sink's name in the configuration. */
  readonly sink: string;
  readonly notice: 'RAISED' | 'ENDED';
  /** Tries that failed. */
  readonly failures: number;
}

export interface PendingDelivery extends DeliveryOf {
  readonly status: 'PENDING';
  /** Since when it is to be delivered. */
  readonly since: number;
  /** The next try is not before. */
  readonly nextAt: number;
  /** The copy of the service that sends it; until `heldUntil` the others leave it alone. */
  readonly copyId: string;
  readonly heldUntil: number;
}

export interface SettledDelivery extends DeliveryOf {
  readonly status: 'DELIVERED' | 'GAVE_UP';
}

import { Courier, type CourierOptions } from '../alerts/courier.js';
import { remoteSinks } from '../alerts/remote-sink.js';
import { Routing } from '../alerts/settings.js';
import type { Config } from '../config/config.js';
import { PROCESS_TIME } from '../platform/clock.js';

/** What carries alerts to the sinks of the configuration. */
export function openAlerts(
  { alertSinks }: Config,
  options: Omit<CourierOptions, 'routing' | 'sinks'>,
): Courier {
  const { scheduler } = options;
  const sinks = remoteSinks(alertSinks, { scheduler, wall: PROCESS_TIME.wall });
  return new Courier({ ...options, routing: new Routing(alertSinks), sinks });
}

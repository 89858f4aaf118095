import { RequestError } from '../api/failures/request-error.js';
import { type AnswerStream, type Method, serverStream, unary } from '../api/service.js';
import { dictionary } from '../api/write/dictionary.js';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthListRequest,
  HealthListResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../gen/grpc/health/v1/health.js';

/**
 * `grpc.health.v1.Health`: all services of this server serve, or none does. Ours, so that its calls are decoded, counted and
 * bounded as all others are: a package would put handlers of its own beside them.
 */
export class Health {
  private serving = false;
  private readonly watchers = new Set<() => void>();

  /** @param services full names; the empty name, which stands for the whole server, is known beside them. */
  constructor(private readonly services: readonly string[]) {}

  setServing(serving: boolean): void {
    if (this.serving === serving) return;
    this.serving = serving;
    for (const tell of this.watchers) tell();
  }

  methods(): Record<string, Method> {
    return {
      check: unary(HealthService.check, HealthCheckRequest, HealthCheckResponse, async ({ service }) => {
        if (!this.knows(service)) throw new RequestError({ reason: 'UNKNOWN_SERVICE', service });
        return { status: this.status() };
      }),
      list: unary(HealthService.list, HealthListRequest, HealthListResponse, async () => {
        const entries = ['', ...this.services].map((name) => [name, this.status()] as const);
        return { statuses: dictionary(entries, (status) => ({ status })) };
      }),
      watch: serverStream(
        HealthService.watch,
        HealthCheckRequest,
        HealthCheckResponse,
        async (request, stream) => this.watch(request, stream),
      ),
    };
  }

  /** A watcher that does not read is told the newest status only, once it does. */
  private watch({ service }: HealthCheckRequest, stream: AnswerStream<HealthCheckResponse>): void {
    let told: ServingStatus | undefined;
    let underWay = false;
    const tell = (): void => {
      const status = this.knows(service) ? this.status() : ServingStatus.SERVICE_UNKNOWN;
      if (underWay || status === told) return;
      told = status;
      underWay = true;
      stream.send({ status }, () => {
        underWay = false;
        tell();
      });
    };
    this.watchers.add(tell);
    stream.onGone(() => this.watchers.delete(tell));
    tell();
  }

  private knows(service: string): boolean {
    return service === '' || this.services.includes(service);
  }

  private status(): ServingStatus {
    return this.serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }
}

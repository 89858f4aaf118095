import type { Metadata } from '@grpc/grpc-js';
import type { CallSpan, Tracing } from '../platform/tracing.js';
import { codeName, isServerFault } from './failures/status.js';
import { type RpcObserver, UNOBSERVED_CALLS } from './observers.js';

export interface Observing {
  /** Told how every call ends. */
  readonly observer?: RpcObserver | undefined;
  /** Absent where nobody collects traces. */
  readonly tracing?: Tracing | undefined;
}

/** Ends what was begun for one call; the first time counts. */
export type EndCall = (code: number) => void;

/** Begins a call of one method, and runs it in the trace that its caller names. */
export type ObserveCall = <T>(metadata: Metadata, work: (end: EndCall) => T) => T;

/** For one method: what it is called, and whom to tell, is found once and not with every call. */
export function observingCalls(
  path: string,
  { observer = UNOBSERVED_CALLS, tracing }: Observing,
): ObserveCall {
  const method = observer.method(path);
  const untraced: ObserveCall = (_metadata, work) => {
    const begunAt = method.begin();
    return work((code) => method.end(begunAt, code));
  };
  if (tracing === undefined) return untraced;
  const name = path.slice(1);
  const [service = '', rpc = ''] = name.split('/');
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': rpc };
  return (metadata, work) => {
    const header = (key: string) => metadata.get(key)[0]?.toString();
    return tracing.incoming({ name, attributes, header }, (span) =>
      untraced(metadata, (end) =>
        work((code) => {
          end(code);
          endSpan(span, code);
        }),
      ),
    );
  };
}

function endSpan(span: CallSpan, code: number): void {
  span.end({ 'rpc.grpc.status_code': code }, isServerFault(code) ? codeName(code) : undefined);
}

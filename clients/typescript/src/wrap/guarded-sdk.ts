import { AsyncLocalStorage } from 'node:async_hooks';
import type { Slot } from '../slot/slot.js';
import type { SlotRequest } from '../slot/slot-request.js';
import type { TokenUsage } from '../usage/token-usage.js';
import { askForUsage, bodyOf, type SdkRequest, spends } from './endpoints.js';
import { type EstimateStreamed, GuardedCall } from './guarded-call.js';

/** The body of a call as the vendor's SDK sends it. */
export type CallBody = Readonly<Record<string, unknown>>;

/** What the calls of a wrapped SDK ask for. */
export interface WrapOptions extends Omit<SlotRequest, 'signal' | 'model' | 'estimate'> {
  /** What a call will probably cost, or how to tell by its body. Unset: the policy's default reservation. */
  readonly estimate?: number | TokenUsage | ((body: CallBody) => number | TokenUsage | undefined) | undefined;
  /**
   * What a stream that broke, or that its reader left, has probably cost, by its events. Unset: what the stream said of it, and the rest
   * of the estimate is presumed spent.
   */
  readonly estimateStreamed?: EstimateStreamed | undefined;
}

type Acquire = (request: SlotRequest) => Promise<Slot>;
type MakeRequest = (request: SdkRequest | Promise<SdkRequest>, ...rest: unknown[]) => Promise<unknown>;
type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** What Anthropic's and OpenAI's SDKs have in common: both are generated, and send all that they send by these. */
interface VendorSdk {
  fetch?: Fetch;
  makeRequest: MakeRequest;
  withOptions(options: { readonly fetch?: Fetch | undefined }): VendorSdk;
}

/** The same SDK client, with each call in a slot of its own. */
export function guardedSdk<Sdk extends object>(sdk: Sdk, acquire: Acquire, options: WrapOptions): Sdk {
  if (!isVendorSdk(sdk)) {
    throw new TypeError('wrap() takes a client of @anthropic-ai/sdk or openai; for another, use withSlot()');
  }
  return guarded(sdk, acquire, options) as unknown as Sdk;
}

function guarded(sdk: VendorSdk, acquire: Acquire, options: WrapOptions): VendorSdk {
  const calls = new AsyncLocalStorage<GuardedCall>();
  const fetch: Fetch = sdk.fetch ?? globalThis.fetch;
  const wrapped = sdk.withOptions({
    fetch: (url, init) => {
      const call = calls.getStore();
      const name = url instanceof Request ? url.url : String(url);
      return call?.takes(name) ? call.send(() => fetch(url, init)) : fetch(url, init);
    },
  });
  const { makeRequest, withOptions } = wrapped;
  wrapped.makeRequest = async (asked, ...rest) => {
    const request = await asked;
    if (!spends(request)) return makeRequest.call(wrapped, request, ...rest);
    const call = await begin(sdk, acquire, request, options);
    // What goes wrong before it is sent, be it the caller's signal, is no call.
    const send = async (): Promise<unknown> => {
      try {
        const sent = await makeRequest.call(wrapped, request, ...rest);
        await call.unlessSent(undefined);
        return sent;
      } catch (error) {
        await call.unlessSent(error);
        throw error;
      }
    };
    return calls.run(call, send);
  };
  wrapped.withOptions = (more) => guarded(withOptions.call(wrapped, { fetch, ...more }), acquire, options);
  return wrapped;
}

async function begin(
  sdk: VendorSdk,
  acquire: Acquire,
  request: SdkRequest,
  options: WrapOptions,
): Promise<GuardedCall> {
  const { estimate, estimateStreamed, ...wanted } = options;
  const body = bodyOf(request);
  const signal = request.signal ?? undefined;
  const model = typeof body['model'] === 'string' ? body['model'] : undefined;
  const expected = typeof estimate === 'function' ? estimate(body) : estimate;
  try {
    const slot = await acquire({ ...wanted, estimate: expected, model, signal });
    return new GuardedCall({ slot, request, hidesUsage: askForUsage(request), estimateStreamed });
  } catch (error) {
    throw signal?.aborted ? abortError(sdk, error) : error;
  }
}

/** As the SDK says it. */
function abortError(sdk: VendorSdk, error: unknown): unknown {
  const { APIUserAbortError } = sdk.constructor as { APIUserAbortError?: new () => Error };
  return APIUserAbortError === undefined ? error : new APIUserAbortError();
}

function isVendorSdk(sdk: object): sdk is VendorSdk {
  const { makeRequest, withOptions } = sdk as Partial<VendorSdk>;
  return typeof makeRequest === 'function' && typeof withOptions === 'function';
}

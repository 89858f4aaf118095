import type { Access, Presented } from '../access/access.js';
import { AuditedPort } from '../access/audited-port.js';
import { type AccessRule, PERMISSIONS } from '../access/permissions.js';
import { type Principal, principalLabel } from '../access/principal.js';
import { type CallerAddresses, NO_PROXIES } from '../platform/caller-addresses.js';
import type { AnyCall, Entrance, Services } from './service.js';

/** The entrance of one method. Without credentials in the configuration it is open. */
export function entrance(services: Services, rule: AccessRule | 'open', path: string): Entrance {
  const { access, addresses } = services;
  if (access === undefined || rule === 'open') return () => services;
  const admit = admission(services, access, rule, path);
  return (call) => {
    const principal = access.authenticate(new CallPresented(call, addresses));
    return principal instanceof Promise ? principal.then(admit) : admit(principal);
  };
}

/** The services as a principal may use them for one method, however the call showed who it is. */
export function admission(
  services: Services,
  access: Access,
  rule: AccessRule,
  path: string,
): (principal: Principal) => Services {
  const admitted = new WeakMap<Principal, Services>();
  return (principal) => {
    const known = admitted.get(principal);
    if (known !== undefined) {
      // Its roles may be others than when it was first let in.
      access.require(principal, rule, path);
      return known;
    }
    const servicePort = access.portFor(principal, rule, path, services.servicePort);
    const who = principalLabel(principal);
    const standing = access.standingOf(principal, rule);
    const own = { ...services, servicePort, who, validForMs: access.validForMs(principal), standing };
    admitted.set(principal, own);
    return own;
  };
}

/** For what principals may do in any role: reflection. Resolves with how long they may. */
export async function requirePrincipal(
  { access, addresses }: Pick<Services, 'access' | 'addresses'>,
  call: AnyCall,
): Promise<Pick<Services, 'validForMs' | 'standing'>> {
  if (access === undefined) return {};
  const principal = await access.authenticate(new CallPresented(call, addresses));
  const standing = access.standingOf(principal, PERMISSIONS.openApi);
  return { validForMs: access.validForMs(principal), standing };
}

/** While nobody is known by name, what operators do is written down all the same. */
export function audited(services: Services): Services {
  if (services.access !== undefined) return services;
  return {
    ...services,
    servicePort: new AuditedPort(services.servicePort, principalLabel(undefined), services.log),
  };
}

class CallPresented implements Presented {
  constructor(
    private readonly call: AnyCall,
    private readonly addresses: CallerAddresses = NO_PROXIES,
  ) {}

  get authorization(): string[] {
    return this.call.metadata.get('authorization').map(String);
  }

  /** Empty unless the certificate was verified, which the peer certificate of the socket is not. */
  certificate() {
    return this.call.getAuthContext().sslPeerCertificate;
  }

  /** grpc-js gives `address:port`, an IPv6 address without brackets. */
  peer(): string {
    const [, remoteAddress = 'unknown', port] = /^(.*?)(?::(\d+))?$/s.exec(this.call.getPeer()) ?? [];
    const forwarded = this.call.metadata.get('x-forwarded-for');
    return this.addresses.addressOf(
      { remoteAddress, remotePort: Number(port) },
      forwarded.join() || undefined,
    );
  }
}

import { type experimental, ServerCredentials } from '@grpc/grpc-js';
import type { TlsFiles, TlsMaterial } from '../platform/tls-files.js';
import { credentialsBy } from './grpc-js-internals.js';

type Provider = experimental.CertificateProvider;

/** How the server shows itself and what it asks of clients: nothing without TLS files. */
export function serverCredentials(tls: TlsFiles | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const provider = new FileProvider(tls);
  // A client may show a certificate, or a token instead: who shows neither is turned away by the entrance.
  return credentialsBy(provider, tls.asksClients);
}

type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

/** Hands the current files to grpc-js, and new ones when they change; connections that are open stay as they are. */
class FileProvider implements Provider {
  private readonly stops = new Map<CaListener | IdentityListener, () => void>();

  constructor(private readonly tls: TlsFiles) {}

  addCaCertificateListener(listener: CaListener): void {
    this.add(listener, ({ clientCa }) =>
      listener(clientCa === undefined ? null : { caCertificate: clientCa }),
    );
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.add(listener, ({ cert, key }) => listener({ certificate: cert, privateKey: key }));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.stops.get(listener)?.();
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.stops.get(listener)?.();
  }

  /** Not at once: grpc-js puts its server on the list only after this returns. */
  private add(listener: CaListener | IdentityListener, tell: (material: TlsMaterial) => void): void {
    this.stops.set(listener, this.tls.onChange(tell));
    queueMicrotask(() => tell(this.tls.current));
  }
}

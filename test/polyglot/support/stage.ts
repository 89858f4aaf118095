import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LoadedClients } from '../../support/loaded-client.js';
import { type Service, startService } from '../../support/service.js';
import type { Prepared } from './languages.js';
import { Program } from './program.js';

const AI = 'fire';
const POLICY = { monthly_limit: 1_000_000_000, session_grace: { seconds: 1 } };

/** Of the service, where it is not as it is by itself. */
interface Setting {
  readonly env?: Readonly<Record<string, string>>;
  /** The token of an operator. */
  readonly operator?: string;
  /** Who signed its certificate, if it has one. */
  readonly authority?: Buffer;
  /** In its folder; `config.yaml` is its CONFIG_FILE. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

export interface Books {
  readonly tokens: number;
  readonly presumed: number;
  readonly calls: number;
  readonly failed: number;
  readonly live: number;
}

/** A service that may be killed and started again at its address, a budget on it, and programs that spend it. */
export class Stage {
  private programs: Program[] = [];

  private constructor(
    readonly prepared: Prepared,
    readonly budget: string,
    readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly authority: Buffer | undefined,
    public service: Service,
    private clients: LoadedClients,
  ) {}

  static async set(
    prepared: Prepared,
    budget: string,
    { env = {}, operator = '', authority, files = {} }: Setting = {},
  ): Promise<Stage> {
    const folder = await mkdtemp(path.join(tmpdir(), 'scenario-'));
    for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
    const own = {
      DATA_DIR: path.join(folder, 'data'),
      ...('config.yaml' in files && { CONFIG_FILE: path.join(folder, 'config.yaml') }),
      ...env,
    };
    const service = await startService({ env: own });
    const kept = { ...own, GRPC_ADDRESS: service.grpcAddress };
    const headers: Record<string, string> = operator === '' ? {} : { authorization: `Bearer ${operator}` };
    const clients = new LoadedClients(service.grpcAddress, {}, authority);
    return new Stage(prepared, budget, folder, kept, headers, authority, service, clients);
  }

  async createBudget(policy: object = {}): Promise<void> {
    const request = { budget_id: this.budget, preset: 'PRESET_CALLS', policy: { ...POLICY, ...policy } };
    await this.admin('CreateBudget', request);
  }

  run(scenario: string, env: Readonly<Record<string, string>> = {}): Program {
    const { command, folder } = this.prepared;
    const program = Program.start([...command, scenario], folder, {
      BUDGET_ARBITER_ADDRESS: this.service.grpcAddress,
      BUDGET_ARBITER_BUDGET: this.budget,
      BUDGET_ARBITER_AI: AI,
      ...env,
    });
    this.programs.push(program);
    return program;
  }

  async killService(): Promise<void> {
    await this.service.kill();
  }

  async startAgain(): Promise<void> {
    this.service = await startService({ env: this.env });
    this.clients.close();
    this.clients = new LoadedClients(this.service.grpcAddress, {}, this.authority);
  }

  admin<Answer>(method: string, request: object): Promise<Answer> {
    return this.clients.admin<Answer>(method, request, { headers: this.headers });
  }

  async books(): Promise<Books> {
    const request = { budget_id: this.budget };
    const { distribution_stats: stats } = await this.clients.call<{
      distribution_stats: {
        monthly_distribution: { total_tokens: string };
        presumed_tokens: string;
        calls: string;
        failed_calls: string;
        rate_limiting_status: { active_requests: number };
      };
    }>('GetDistribution', request, { headers: this.headers });
    return {
      tokens: Number(stats.monthly_distribution.total_tokens),
      presumed: Number(stats.presumed_tokens),
      calls: Number(stats.calls),
      failed: Number(stats.failed_calls),
      live: stats.rate_limiting_status.active_requests,
    };
  }

  async leaseStates(): Promise<readonly string[]> {
    const request = { budget_id: this.budget, include_closed: true };
    const { leases } = await this.admin<{ leases: { state: string }[] }>('ListLeases', request);
    return leases.map(({ state }) => state.replace('LEASE_STATE_', ''));
  }

  async clear(): Promise<void> {
    await Promise.all(this.programs.map((program) => program.kill()));
    this.clients.close();
    await this.service.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

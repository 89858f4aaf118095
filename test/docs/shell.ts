import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** The service believes that it is mid-month and mid-hour, so that no window ends on the way. Its clock runs as ever. */
const MID_HOUR = '2026-11-10T09:20:00Z';

/** For NODE_OPTIONS. By one difference for a whole test: a service that is started again must not find itself back in time. */
export function midHourPreload(): string {
  const by = Date.parse(MID_HOUR) - Date.now();
  const shift = `const real=Date.now;Date.now=()=>real()+${by};`;
  return `--import=data:text/javascript,${encodeURIComponent(shift)}`;
}

export interface Ran {
  /** Both streams, as a terminal shows them. */
  readonly output: string;
  /** Of the last command. */
  readonly code: number;
}

/** One bash for all commands, as a reader has it: functions and variables stay. */
export class Shell {
  private readonly bash: ChildProcessWithoutNullStreams = spawn('bash', ['--noprofile', '--norc']);

  run(commands: string): Promise<Ran> {
    const mark = `-- ${randomUUID()}`;
    const { stdin, stdout } = this.bash;
    return new Promise((resolve, reject) => {
      let output = '';
      const gone = () => reject(new Error(`bash ended:\n${output}`));
      const take = (chunk: Buffer) => {
        output += chunk.toString();
        const end = new RegExp(`\\n${mark} (\\d+)\\n`).exec(output);
        if (end === null) return;
        stdout.off('data', take);
        this.bash.off('exit', gone);
        resolve({ output: output.slice(0, end.index), code: Number(end[1]) });
      };
      stdout.on('data', take);
      this.bash.once('exit', gone);
      stdin.write(`{ ${commands}\n} 2>&1 < /dev/null\nprintf '\\n%s %s\\n' '${mark}' $?\n`);
    });
  }

  end(): void {
    this.bash.kill();
  }
}

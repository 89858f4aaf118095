import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

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

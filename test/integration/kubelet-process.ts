/** A real kubelet without a cluster, which reports the configuration that it has loaded from its files and flags. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import * as z from 'zod';
import { buildGoPrograms } from '../cluster/build/go-programs.ts';
import { freePorts } from '../support/free-port.ts';
import { type LastWill, lastWill } from '../support/last-will.ts';
import { HANG_MS } from '../support/patience.ts';

/** Lets it run beside anything else on this machine. None of these concerns DNS. */
const STANDALONE = [
  '--anonymous-auth=true',
  '--authentication-token-webhook=false',
  '--authorization-mode=AlwaysAllow',
  '--cgroups-per-qos=false',
  '--enforce-node-allocatable=',
  '--cgroup-driver=cgroupfs',
  '--fail-swap-on=false',
  '--fail-cgroupv1=false',
  '--feature-gates=KubeletInUserNamespace=true',
  '--address=127.0.0.1',
  '--healthz-port=0',
];
/** In its own mount namespace, where /etc and /var/lib are those of the scratch node. */
const ON_THE_NODE = 'mount --bind "$0/etc" /etc && mount --bind "$0/var/lib" /var/lib && exec "$@"';

const configz = z.object({ kubeletconfig: z.object({ resolvConf: z.string() }) });

export class KubeletProgram {
  readonly #program: string;
  readonly #endpoint: string;
  /** The first kubelet creates the certificates. */
  readonly #certificates: string;
  readonly #will: LastWill;
  readonly #agent = new Agent({ connect: { rejectUnauthorized: false } });

  private constructor(program: string, folder: string, endpoint: string) {
    this.#program = program;
    this.#endpoint = endpoint;
    this.#certificates = join(folder, 'certificates');
    this.#will = lastWill(folder);
  }

  static async in(folder: string, endpoint: string): Promise<KubeletProgram> {
    const folders = await buildGoPrograms((line) => console.error(line));
    return new KubeletProgram(join(folders.get('kubernetes') ?? '', 'kubelet'), folder, endpoint);
  }

  /** Starts a kubelet with the files below `root` as its node's, and returns the resolvConf of its /configz. */
  async resolvConf(root: string, flags: readonly string[]): Promise<string> {
    mkdirSync(join(root, 'var/lib/kubelet'), { recursive: true });
    // The kubelet looks up its own user.
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    const [port = 0] = await freePorts(1);
    const own = [
      ...STANDALONE,
      `--port=${port}`,
      `--container-runtime-endpoint=${this.#endpoint}`,
      `--cert-dir=${this.#certificates}`,
    ];
    const argv = ['--mount', 'sh', '-c', ON_THE_NODE, root, this.#program, ...own, ...flags];
    const kubelet = spawn('unshare', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#will.names(kubelet.pid === undefined ? [] : [kubelet.pid]);
    let log = '';
    kubelet.stderr.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString('utf8')).slice(-1000);
    });
    const ended = once(kubelet, 'exit');
    try {
      return await this.#ask(kubelet, `https://127.0.0.1:${port}/configz`, () => log);
    } finally {
      kubelet.kill('SIGKILL');
      await ended;
      this.#will.names([]);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
    await this.#will.execute();
  }

  async #ask(kubelet: ChildProcess, url: string, log: () => string): Promise<string> {
    const deadline = performance.now() + HANG_MS;
    while (performance.now() < deadline && kubelet.exitCode === null) {
      try {
        const { body } = await request(url, { dispatcher: this.#agent });
        return configz.parse(await body.json()).kubeletconfig.resolvConf;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
        await sleep(20);
      }
    }
    throw new Error(`the kubelet does not serve (exit code ${kubelet.exitCode}): ${log()}`);
  }
}

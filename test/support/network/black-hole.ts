/** A route to a server through its own network namespace, in which a test can drop packets: no reset, no answer. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensurePrograms } from '../../cluster/preflight.ts';

const run = promisify(execFile);

export interface BlackHole {
  /** The address that leads to the server, on each of `PORTS`. */
  readonly host: string;
  /** Drops the packets of the open connections; new connections pass. */
  swallowOpen(port: number): Promise<void>;
  /** Drops all packets. */
  swallowAll(port: number): Promise<void>;
  release(port: number): Promise<void>;
  close(): Promise<void>;
}

const TOOLS = {
  ip: 'iproute2',
  ss: 'iproute2',
  iptables: 'iptables',
  nsenter: 'util-linux',
  unshare: 'util-linux',
};

/** Connections to these ports are forwarded to the server. */
export const PORTS = [1001, 1002, 1003] as const;

/** Exits with its standard input, and takes the network, its interfaces and its rules with it, even when the test is killed. */
const RELAY = `
  import { connect, createServer } from 'node:net';
  const [path, ...ports] = process.argv.slice(1);
  for (const port of ports)
    createServer((near) => {
      const far = connect(path);
      for (const [a, b] of [[near, far], [far, near]]) a.on('error', () => b.destroy()).pipe(b);
    }).listen(Number(port));
  process.stdin.resume().on('end', () => process.exit());
  console.log('listening');
`;

/** Needs root. */
export async function startBlackHole(targetPort: number): Promise<BlackHole> {
  await ensurePrograms(TOOLS, (line) => console.error(line));
  const folder = await mkdtemp(join(tmpdir(), 'dnshealth-black-hole-'));
  // A socket in the file system is reachable from every network namespace: the relay connects through it.
  const path = join(folder, 'socket');
  const way = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    near.on('error', () => far.destroy()).pipe(far);
    far.on('error', () => near.destroy()).pipe(near);
  });
  way.listen(path);
  const command = [process.execPath, '--input-type=module', '-e', RELAY, path, ...PORTS.map(String)];
  const relay = spawn('unshare', ['--net', ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  const close = async (): Promise<void> => {
    const gone = once(relay, 'exit');
    relay.stdin.end();
    await gone;
    // The kernel would keep the network for minutes until its connections are closed.
    await run('ip', ['link', 'delete', `hole${relay.pid}`]).catch((error: unknown) => {
      if (!String(error).includes('Cannot find device')) throw error;
    });
    way.close();
    await rm(folder, { recursive: true });
  };
  try {
    await once(relay.stdout, 'data');
    const { pid = 0 } = relay;
    // RFC 2544 reserves this network for benchmarks. Each process takes four addresses.
    const net = `198.18.${(pid >> 6) & 255}`;
    const last = (pid & 63) << 2;
    const [ours, host] = [`${net}.${last + 1}`, `${net}.${last + 2}`];
    const link = `hole${pid}`;
    const inside = async (...words: string[]): Promise<string> =>
      (await run('nsenter', ['--target', String(pid), '--net', ...words])).stdout;
    await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)]);
    await run('ip', ['address', 'add', `${ours}/30`, 'dev', link]);
    await run('ip', ['link', 'set', link, 'up']);
    await inside('ip', 'address', 'add', `${host}/30`, 'dev', 'eth0');
    await inside('ip', 'link', 'set', 'eth0', 'up');
    // In both directions: nothing that the server still sends may arrive.
    const drop = async (how: '-A' | '-D', port: number, client?: string): Promise<void> => {
      const rule = (near: string, far: string): string[] => [
        '-p',
        'tcp',
        near,
        String(port),
        '-j',
        'DROP',
        ...(client === undefined ? [] : [far, client]),
      ];
      await inside('iptables', '-w', how, 'INPUT', ...rule('--dport', '--sport'));
      await inside('iptables', '-w', how, 'OUTPUT', ...rule('--sport', '--dport'));
    };
    return {
      host,
      async swallowOpen(port) {
        const table = await inside('ss', '-Htn', 'state', 'established', 'sport', '=', `:${port}`);
        const clients = [...table.matchAll(/:(\d+)\s*$/gm)].map(([, client = '']) => client);
        if (clients.length === 0) throw new Error(`no connection to port ${port} is open: ${table}`);
        for (const client of clients) await drop('-A', port, client);
      },
      swallowAll: async (port) => drop('-A', port),
      release: async (port) => drop('-D', port),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

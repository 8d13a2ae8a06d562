/** A node in a scratch directory, with a systemd and a kubelet of its own; `agent-process.ts` runs the agent on it. */
import {
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Certificate, serveKubelet } from './kubelet-port.ts';
import { type NodeLayout, RESOLVER, UPLINK } from './node-layouts.ts';
import { StandInSystemd } from './stand-in-systemd.ts';

export interface NodeSetup {
  readonly layout: NodeLayout;
  readonly certificate: Certificate;
  /** Whether the kubelet also runs with the new content of the file. @default true */
  readonly comesUp?: boolean;
  /** A copy of the agent's own directory on a node that it has repaired: what follows is a rollback. */
  readonly repaired?: string;
}

export const AGENTS_OWN = '/var/lib/dnshealth';
const DIRECTORIES = [
  '/etc/kubernetes',
  '/etc/default',
  '/var/lib/kubelet',
  AGENTS_OWN,
  '/run/dbus',
  '/usr',
  '/lib',
  '/opt',
];
let made = 0;

export class ScratchNode {
  readonly layout: NodeLayout;
  readonly root: string;
  readonly address: string;
  readonly systemd: StandInSystemd;
  readonly #port: { readonly close: () => void };

  private constructor(
    layout: NodeLayout,
    root: string,
    address: string,
    systemd: StandInSystemd,
    port: { readonly close: () => void },
  ) {
    this.layout = layout;
    this.root = root;
    this.address = address;
    this.systemd = systemd;
    this.#port = port;
  }

  static async make({ layout, certificate, comesUp = true, repaired }: NodeSetup): Promise<ScratchNode> {
    const root = mkdtempSync(join(tmpdir(), 'dnshealth-node-'));
    const address = `127.77.${Math.floor(made / 250)}.${(made++ % 250) + 1}`;
    furnish(root, layout);
    if (repaired !== undefined)
      cpSync(repaired, join(root, AGENTS_OWN), { recursive: true, preserveTimestamps: true });
    const systemd = await StandInSystemd.start(join(root, 'run/dbus/system_bus_socket'), {
      ...layout,
      comesUp: () => comesUp || readFileSync(join(root, layout.path), 'utf8') !== layout.after,
    });
    const port = await serveKubelet(address, certificate, () => systemd.kubeletRuns);
    const node = new ScratchNode(layout, root, address, systemd, port);
    await node.reboot();
    return node;
  }

  /** Starts a kubelet that is newer than all files, whose times come from the kernel's coarse clock. */
  async reboot(): Promise<void> {
    await sleep(10);
    this.systemd.boot();
  }

  content(): string {
    return readFileSync(join(this.root, this.layout.path), 'utf8');
  }

  /** Owner and mode of the file. */
  identity(): string {
    const { uid, gid, mode } = lstatSync(join(this.root, this.layout.path));
    return `${uid}:${gid} ${mode.toString(8)}`;
  }

  /** Every file of the node with its content, except the file to be changed and the agent's own directory. */
  others(): string {
    return readdirSync(this.root, { recursive: true, withFileTypes: true })
      .map((entry) => ({ entry, path: join(entry.parentPath, entry.name).slice(this.root.length) }))
      .filter(({ path }) => path !== this.layout.path && !path.startsWith(`${AGENTS_OWN}/`))
      .map(({ entry, path }) => {
        const { uid, gid, mode } = lstatSync(join(this.root, path));
        const content = entry.isFile() ? readFileSync(join(this.root, path), 'utf8') : '';
        return `${path} ${uid}:${gid} ${mode.toString(8)} ${content}`;
      })
      .toSorted()
      .join('\n');
  }

  remove(): void {
    this.systemd.close();
    this.#port.close();
    rmSync(this.root, { recursive: true });
  }
}

function furnish(root: string, layout: NodeLayout): void {
  const write = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
  };
  for (const directory of DIRECTORIES) mkdirSync(join(root, directory), { recursive: true });
  write(layout.argv[0] ?? '', 'a program', 0o755);
  write('/run/systemd/resolve/stub-resolv.conf', 'nameserver 127.0.0.53\n');
  write(UPLINK, `nameserver ${RESOLVER}\n`);
  symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(root, 'etc/resolv.conf'));
  for (const [path, text] of Object.entries(layout.files ?? {})) write(path, text);
  write(layout.path, layout.before, layout.mode);
  chownSync(dirname(join(root, layout.path)), layout.directoryOwner ?? 0, 0);
}

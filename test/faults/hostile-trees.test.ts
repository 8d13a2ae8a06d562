/** The agent's bundle on nodes prepared to attack it: it writes nothing but the one file and its own directory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { takeLock } from '../../src/agent/change/lock.ts';
import { SafeDirectory } from '../../src/agent/files/safe-directory.ts';
import { runAgent } from './agent-process.ts';
import { HOSTILE_TREES, VICTIM } from './hostile-trees.ts';
import { request } from './judge.ts';
import { LAYOUTS } from './node-layouts.ts';
import { ScratchNode } from './scratch-node.ts';

let node: ScratchNode | undefined;
afterEach(() => node?.remove());

async function nodeOf(name = 'kubeadm'): Promise<ScratchNode> {
  const layout = LAYOUTS.find((candidate) => candidate.name === name);
  if (layout === undefined) throw new Error(`unknown layout ${name}`);
  node = await ScratchNode.make({ layout, certificate: inject('certificate') });
  mkdirSync(join(node.root, '/var/lib/kubelet/victim'));
  // As valid a configuration as the one to be changed: its content must not be what protects it.
  writeFileSync(join(node.root, VICTIM), layout.before, { mode: 0o600 });
  return node;
}

/** Attempts to write while the directory is swapped; enough of them meet it in each state. */
const ATTEMPTS = 3_000;

describe('a hostile node', () => {
  it.each(HOSTILE_TREES)(
    'gets nothing else written where $what: $ends',
    async ({ layout, prepare, ends }) => {
      const hostile = await nodeOf(layout);
      prepare((path) => join(hostile.root, path));
      await hostile.reboot();
      const before = hostile.others();
      const { report } = await runAgent(hostile.root, request(hostile));
      expect(`${report?.outcome} ${report?.reason}: ${report?.message}`).toContain(ends);
      expect(hostile.others().replace(/^.*dnshealth-tmp.*\n/m, '')).toBe(
        before.replace(/^.*dnshealth-tmp.*\n/m, ''),
      );
      expect(hostile.systemd.restarts).toBe(ends === 'repaired' ? 1 : 0);
    },
  );

  it('gets nothing done by a second agent while one is working', async () => {
    const hostile = await nodeOf();
    const directory = SafeDirectory.open(hostile.root, '/var/lib/dnshealth', 0);
    const lock = await takeLock(directory);
    const before = hostile.others();
    const { report } = await runAgent(hostile.root, request(hostile));
    expect(report).toMatchObject({ outcome: 'refused', reason: 'Locked' });
    expect(hostile.others()).toBe(before);
    lock.release();
    directory.close();
  });

  it('cannot redirect a write by swapping the directory for a link thousands of times', async () => {
    const hostile = await nodeOf();
    const [own, link, away] = ['own', 'link', 'away'].map((name) =>
      join(hostile.root, '/var/lib/kubelet', name),
    );
    mkdirSync(own ?? '');
    writeFileSync(join(own ?? '', 'config.yaml'), 'resolvConf: /etc/resolv.conf\n');
    symlinkSync('victim', link ?? '');
    const swapper = spawn(process.execPath, [
      '--eval',
      `const { renameSync } = require('node:fs'); const [own, link, away] = process.argv.slice(1);
       process.stdout.write('swapping');
       for (;;) { renameSync(own, away); renameSync(link, own); renameSync(own, link); renameSync(away, own); }`,
      own ?? '',
      link ?? '',
      away ?? '',
    ]);
    await once(swapper.stdout, 'data');
    const before = readFileSync(join(hostile.root, VICTIM), 'utf8');
    const counts = { written: 0, refused: 0 };
    const isEnough = () =>
      counts.written + counts.refused >= ATTEMPTS && counts.refused > 10 && counts.written > 10;
    while (!isEnough()) {
      try {
        const directory = SafeDirectory.openOfKubelet(hostile.root, '/var/lib/kubelet/own', 0);
        const file = directory.read('config.yaml');
        if (file !== undefined)
          directory.replace('config.yaml', Buffer.from(`n: ${counts.written}\n`), file.stats);
        directory.close();
        counts.written += 1;
      } catch {
        // At that moment the name was missing, a link, or not a directory.
        counts.refused += 1;
      }
    }
    swapper.kill();
    await once(swapper, 'exit');
    expect(readFileSync(join(hostile.root, VICTIM), 'utf8')).toBe(before);
  });
});

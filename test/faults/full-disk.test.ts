/** On a file system without free space the agent refuses, and nothing on the node changes. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { runAgent } from './agent-process.ts';
import { request } from './judge.ts';
import { LAYOUTS } from './node-layouts.ts';
import { ScratchNode } from './scratch-node.ts';

let node: ScratchNode;
let full: string | undefined;
afterEach(() => {
  if (full !== undefined) execFileSync('umount', [full]);
  full = undefined;
  node.remove();
});

/** Moves the directory to a file system of its own and fills that. */
async function fill(directory: string): Promise<void> {
  const path = join(node.root, directory);
  execFileSync('sh', [
    '-c',
    'cp -a "$1" "$1.copy" && mount -t tmpfs -o size=64k,mode=755 none "$1"',
    'sh',
    path,
  ]);
  full = path;
  execFileSync('sh', ['-c', 'cp -a "$1.copy/." "$1" && rm -r "$1.copy"', 'sh', path]);
  expect(() => writeFileSync(join(path, 'ballast'), Buffer.alloc(1 << 20))).toThrow('ENOSPC');
  await node.reboot();
}

describe('a full disk, without space', () => {
  it.each([
    ['for backup and journal', 'kubeadm', '/var/lib/dnshealth'],
    ['for the new file', 'kubeadm', '/var/lib/kubelet'],
    ['for a file that grows in place', 'in place', '/etc/kubernetes'],
  ])(
    '%s: the repair is refused, no byte changes, and the next run with space repairs',
    async (_what, name, directory) => {
      const layout = LAYOUTS.find((candidate) => candidate.name === name);
      if (layout === undefined) throw new Error(`unknown layout ${name}`);
      // Exactly one page, so that the file itself cannot grow without space.
      const padding = `# ${'x'.repeat(4096 - layout.before.length - 4)}\n`;
      const [before, after] = [layout.before + padding, layout.after + padding];
      node = await ScratchNode.make({
        layout: { ...layout, before, after },
        certificate: inject('certificate'),
      });
      await fill(directory);
      const others = node.others();

      const { report } = await runAgent(node.root, request(node));
      expect(report).toMatchObject({ outcome: 'refused', reason: 'NoSpace', nodeUnchanged: true });
      expect(report).toHaveProperty('advice');
      expect(node.content()).toBe(before);
      expect(node.others()).toBe(others);
      expect(node.systemd.restarts).toBe(0);

      execFileSync('rm', [join(node.root, directory, 'ballast')]);
      expect((await runAgent(node.root, request(node))).report).toMatchObject({ outcome: 'repaired' });
      expect(node.content()).toBe(after);
    },
  );
});

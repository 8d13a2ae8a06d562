/** A look at any tree of files ends in a change, or in a refusal with a reason of its own; it never throws. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAD, FakeNode, KUBESPRAY, UPLINK } from './testing/fake-node.ts';

/** Everything that the agent looks at, and the directories on the way there. */
const PATHS = [
  KUBESPRAY,
  UPLINK,
  '/etc/resolv.conf',
  '/etc/kubernetes',
  '/etc/kubernetes/kubelet',
  '/etc/kubernetes/kubelet/config.json',
  '/etc/kubernetes/kubelet.env',
  '/etc/kubernetes/conf.d',
  '/etc/kubernetes/conf.d/10.conf',
  '/etc/rancher',
  '/etc/rancher/k3s',
  '/etc/default/kubelet',
  '/etc/systemd/system/kubelet.service',
  '/etc/systemd/system/kubelet.service.d',
  '/usr/lib/systemd',
  '/usr/local/bin/kubelet',
  '/run/systemd',
  '/run/systemd/resolve',
  '/run/systemd/resolve/stub-resolv.conf',
  '/var/run',
] as const;

type Thing =
  | { readonly kind: 'file'; readonly content: string | Uint8Array; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory'; readonly name: Buffer }
  | { readonly kind: 'fifo' }
  | { readonly kind: 'nothing' };

const LONG = 'x'.repeat(255);
const text = fc.constantFrom(
  '',
  BAD,
  'nameserver 192.0.2.9\n',
  'nameserver 127.0.0.53\n',
  'nameserver fe80::1%eth0\nnameserver\n',
  `KUBELET_ARGS="--config=${KUBESPRAY} --config-dir=/etc/kubernetes/conf.d"\n`,
  `KUBELET_ARGS="--resolv-conf=/var/run/${LONG}/${LONG}"\n`,
  'KUBELET_ARGS=--resolv-conf\n',
  '[Service]\nExecStart=/x\n',
);
const thing: fc.Arbitrary<Thing> = fc.oneof(
  fc.record({
    kind: fc.constant('file' as const),
    content: fc.oneof(text, fc.string(), fc.uint8Array({ maxLength: 40 })),
    mode: fc.constantFrom(0o644, 0o600, 0o000),
  }),
  fc.record({
    kind: fc.constant('link' as const),
    target: fc.oneof(
      fc.constantFrom(
        ...PATHS,
        '.',
        '..',
        '../../../../..',
        '/',
        '/srv/x',
        'kubelet',
        LONG,
        `/${LONG}/${LONG}`,
      ),
      fc.string({ minLength: 1, maxLength: 40 }).map((name) => name.replaceAll('\0', '') || '.'),
    ),
  }),
  fc.record({
    kind: fc.constant('directory' as const),
    name: fc.constantFrom('10.conf', 'x', LONG).map((name) => Buffer.from(name)),
  }),
  fc.constant({ kind: 'directory' as const, name: Buffer.from([0xff, 0xfe, 0x2e, 0x63, 0x6f, 0x6e, 0x66]) }),
  fc.constant({ kind: 'fifo' as const }),
  fc.constant({ kind: 'nothing' as const }),
);

function put(node: FakeNode, path: string, what: Thing): void {
  const place = join(node.root, path);
  try {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(dirname(place), { recursive: true });
    switch (what.kind) {
      case 'file':
        writeFileSync(place, what.content);
        return chmodSync(place, what.mode);
      case 'link':
        return symlinkSync(what.target, place);
      case 'directory':
        mkdirSync(place);
        return writeFileSync(Buffer.concat([Buffer.from(`${place}/`), what.name]), 'x');
      case 'fifo':
        execFileSync('mkfifo', [place]);
        return;
      case 'nothing':
        return;
    }
  } catch (error) {
    // An earlier thing is in the way, such as a file or an endless link: the tree is what was possible.
    if (
      !['EEXIST', 'ENOTDIR', 'ELOOP', 'ENOENT', 'ENAMETOOLONG'].includes(
        (error as NodeJS.ErrnoException).code ?? '',
      )
    )
      throw error;
  }
}

const tree = fc.array(fc.tuple(fc.constantFrom(...PATHS), thing), { minLength: 1, maxLength: 4 });

describe('a look at a node', () => {
  it('ends in a change or in a refusal with its own reason, whatever its files are', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (things) => {
        const node = new FakeNode();
        try {
          for (const [path, what] of things) put(node, path, what);
          const report = await node.inspect();
          expect(report.outcome).toBeOneOf(['would-change', 'already-right', 'refused']);
          expect(report.message).toMatch(/^[A-Z][\s\S]*\.$/);
        } finally {
          rmSync(node.root, { recursive: true, force: true });
        }
      }),
      { numRuns: 150 },
    );
  });
});

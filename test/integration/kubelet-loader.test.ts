/** What the agent predicts from files and flags is what a real kubelet loads from them. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planEdit } from '../../src/agent/config/plan-edit.ts';
import { HostTree } from '../../src/agent/files/host-tree.ts';
import type { KubeletUnit } from '../../src/agent/unit/kubelet-unit.ts';
import { Refused } from '../../src/api/refused.ts';
import { type Effective, effectiveResolvConf } from '../../src/diagnosis/kubelet/effective.ts';
import { type ContainerRuntime, startContainerRuntime } from './container-runtime.ts';
import { KubeletProgram } from './kubelet-process.ts';

const TARGET = '/run/systemd/resolve/resolv.conf';
const CONFIG = '/etc/kubernetes/kubelet-config.yaml';
const ENVIRONMENT = '/etc/kubernetes/kubelet.env';
const DROP_INS = '/etc/kubernetes/kubelet.conf.d';
const HEAD: readonly Line[] = [
  ['apiVersion', 'kubelet.config.k8s.io/v1beta1'],
  ['kind', 'KubeletConfiguration'],
];

type Line = readonly [key: string, value: string | number | null];

interface Layout {
  readonly config: readonly Line[];
  readonly json: boolean;
  readonly crlf: boolean;
  readonly dropIns: Readonly<Record<string, readonly Line[]>>;
  readonly flags: readonly string[];
  /** How the flags are quoted in the environment file, or that they are in the unit. */
  readonly quoting: 'none' | 'double' | 'continued' | 'in the unit';
}

const value = fc.constantFrom('/etc/resolv.conf', '/run/a.conf', 'b.conf', '', null, TARGET);
const lines = (keys: readonly string[], max: number) =>
  fc
    .array(fc.tuple(fc.constantFrom(...keys), value), { maxLength: max })
    .map((own): Line[] => [...HEAD, ['maxPods', 17], ...own]);
const flag = fc
  .tuple(
    fc.constantFrom('--resolv-conf=', '--resolv_conf=', '--resolv-conf '),
    fc.constantFrom('/run/f.conf', '/run/g.conf', 'h.conf', TARGET),
  )
  .map(([name, path]) => `${name}${path}`);

const layouts: fc.Arbitrary<Layout> = fc.record({
  config: lines(['resolvConf', 'resolvConf', 'resolvconf', 'resolverConfig'], 2),
  json: fc.boolean(),
  crlf: fc.boolean(),
  dropIns: fc.dictionary(
    fc.constantFrom('10-a.conf', '20-b.conf', '20/c.conf', '99-ignored.yaml'),
    lines(['resolvConf'], 1),
    { maxKeys: 3 },
  ),
  flags: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(flag, { minLength: 1, maxLength: 2 })),
  quoting: fc.constantFrom('none', 'double', 'continued', 'in the unit'),
});

/** The words of the kubelet's command line, as the author of the files meant them. */
const wordsOf = ({ flags, dropIns }: Layout): readonly string[] => [
  `--config=${CONFIG}`,
  ...(Object.keys(dropIns).length > 0 ? [`--config-dir=${DROP_INS}`] : []),
  ...flags.flatMap((text) => text.split(' ')),
];

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function document(of: readonly Line[], json: boolean): string {
  if (json) return `{\n${of.map(([key, at]) => `  "${key}": ${JSON.stringify(at)}`).join(',\n')}\n}\n`;
  return of.map(([key, at]) => `${key}: ${at === '' ? '""' : at}\n`).join('');
}

/** Writes the node's files and gives its unit. */
function layOut(root: string, layout: Layout): KubeletUnit {
  const text = document(layout.config, layout.json);
  write(root, CONFIG, layout.crlf ? text.replaceAll('\n', '\r\n') : text);
  for (const [name, own] of Object.entries(layout.dropIns))
    write(root, `${DROP_INS}/${name}`, document(own, false));
  const words = wordsOf(layout);
  const inUnit = layout.quoting === 'in the unit';
  const quoted = {
    none: words.join(' '),
    double: `"${words.join(' ')}"`,
    continued: `"${words.join(' \\\n')} \\\n "`,
    'in the unit': '',
  }[layout.quoting];
  write(root, ENVIRONMENT, `# flags\nKUBELET_ARGS=${quoted}\n`);
  return {
    execStart: [['/usr/local/bin/kubelet', ...(inUnit ? words : ['$KUBELET_ARGS'])]],
    environment: [],
    environmentFiles: [ENVIRONMENT],
    fragmentPath: '',
    dropInPaths: [],
    activeState: 'active',
    subState: 'running',
    mainPid: 1,
    startedAtMs: 0,
    steadyStartMs: 0,
    autoRestarts: 0,
    lastExit: { result: 'success', code: 0, status: 0 },
    jobPending: false,
    loadState: 'loaded',
    needDaemonReload: false,
  };
}

/** The kubelet keeps a relative path from a flag or a drop-in unchanged; systemd starts it in the root directory. */
const absolute = (path: string): string => (path === '' ? '' : posix.resolve('/', path));

let folder: string;
let runtime: ContainerRuntime;
let kubelet: KubeletProgram;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dnshealth-kubelet-'));
  runtime = await startContainerRuntime(join(folder, 'cri.sock'));
  kubelet = await KubeletProgram.in(folder, runtime.endpoint);
});
afterAll(async () => {
  await kubelet.close();
  runtime.close();
});

const planned = (effective: Effective, unit: KubeletUnit, host: HostTree) => {
  try {
    return planEdit(effective, TARGET, unit, host);
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
};

describe('the real kubelet', () => {
  // The same ones in every run, so that a failure can be reproduced.
  const generated = fc.sample(layouts, { numRuns: 32, seed: 5 });

  it.each(generated.map((layout, index) => [index, JSON.stringify(layout), layout] as const))(
    'loads the predicted value, and after the edit the target: %i %s',
    async (index, _shown, layout) => {
      const root = join(folder, String(index));
      const unit = layOut(root, layout);
      const host = new HostTree(root);
      const effective = effectiveResolvConf(unit, host);
      expect(absolute(await kubelet.resolvConf(root, wordsOf(layout)))).toBe(effective.value);

      const edit = effective.value === TARGET ? undefined : planned(effective, unit, host);
      if (edit === undefined) return;
      write(root, edit.path, edit.text);
      const edited = effectiveResolvConf(unit, host);
      expect(edited.value).toBe(TARGET);
      expect(await kubelet.resolvConf(root, edited.args)).toBe(TARGET);
    },
  );

  it('ignores the case of keys in a drop-in, but not in the configuration file, which is why the agent refuses such drop-ins', async () => {
    const root = join(folder, 'case');
    const layout: Layout = {
      config: [...HEAD, ['resolvconf', '/run/ignored.conf']],
      json: false,
      crlf: false,
      dropIns: { '10-a.conf': [...HEAD, ['resolvconf', '/run/taken.conf']] },
      flags: [],
      quoting: 'none',
    };
    const unit = layOut(root, layout);
    expect(await kubelet.resolvConf(root, wordsOf(layout))).toBe('/run/taken.conf');
    expect(() => effectiveResolvConf(unit, new HostTree(root))).toThrow(/10-a\.conf sets resolvconf/);
  });

  it.each([
    ['a final separator', '---\n'],
    ['a separator and a comment', '---\n# end\n'],
    ['two separators', '---\n---\n'],
    ['a document end marker', '...\n'],
  ])('reads a configuration with %s, and so does the agent', async (what, end) => {
    const root = join(folder, what);
    const layout: Layout = {
      config: [...HEAD, ['resolvConf', '/run/a.conf']],
      json: false,
      crlf: false,
      dropIns: {},
      flags: [],
      quoting: 'none',
    };
    const unit = layOut(root, layout);
    write(root, CONFIG, document(layout.config, false) + end);
    const host = new HostTree(root);
    const effective = effectiveResolvConf(unit, host);
    expect(effective.value).toBe('/run/a.conf');
    expect(await kubelet.resolvConf(root, wordsOf(layout))).toBe('/run/a.conf');
    const edit = planEdit(effective, TARGET, unit, host);
    write(root, edit.path, edit.text);
    expect(await kubelet.resolvConf(root, wordsOf(layout))).toBe(TARGET);
  });

  it.each([
    ['--fail-swap-on=false --resolv-conf /run/f.conf', '/run/f.conf'],
    ['--serialize-image-pulls --resolv-conf=/run/f.conf', '/run/f.conf'],
    ['--protect_kernel_defaults=false -v 2 --resolv_conf=/run/f.conf', '/run/f.conf'],
  ])('takes from %s what the agent takes', async (flags, value) => {
    const root = join(folder, `flags ${flags.length}`);
    const layout: Layout = {
      config: [...HEAD, ['resolvConf', '/run/a.conf']],
      json: false,
      crlf: false,
      dropIns: {},
      flags: [flags],
      quoting: 'double',
    };
    const unit = layOut(root, layout);
    expect(effectiveResolvConf(unit, new HostTree(root)).value).toBe(value);
    expect(await kubelet.resolvConf(root, wordsOf(layout))).toBe(value);
  });
});

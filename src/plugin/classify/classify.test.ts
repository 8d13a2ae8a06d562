/** The verb `classify` with files as they are, and with files that are not what they should be. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KINDS } from '../../diagnosis/classify/classify.ts';
import { runProgram } from '../program.ts';
import { classifyNode } from './node.ts';
import { VERB } from './verb.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'classify-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const save = (name: string, content: string | Buffer): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

async function run(...args: readonly string[]) {
  const printed = { stdout: '', stderr: '' };
  const into = (name: keyof typeof printed) =>
    new Writable({
      write(chunk, _encoding, done) {
        printed[name] += String(chunk);
        done();
      },
    });
  const io = {
    stdout: into('stdout'),
    stderr: into('stderr'),
    stdin: Readable.from([]),
    env: {},
    signal: new AbortController().signal,
  };
  const code = await runProgram(['classify', ...args], io);
  return { code, ...printed };
}

const LOG =
  '.:53\nCoreDNS-1.11.1\n[FATAL] plugin/loop: Loop (10.233.64.5:5 -> :53) detected for zone ".", see https://coredns.io\n';

describe('classify', () => {
  it('prints the answer as JSON, with what is known beside the file', async () => {
    const { code, stdout } = await run(
      '--kind',
      'coredns-log',
      save('a.log', LOG),
      '--with',
      'podIP=10.233.64.5',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      class: 'loop',
      from: '10.233.64.5',
      to: ':53',
      zone: '.',
      coredns_version: '1.11.1',
      confidence: 'high',
      cause: 'self-ip',
    });
  });

  it('takes the facts from a file as well, and the kind from an entry', async () => {
    const facts = save('facts.yaml', 'podIP: 10.233.64.5\nhostNetwork: false\n');
    const entry = save('entry.yaml', `kind: coredns-log\ntext: |\n${LOG.replace(/^/gm, '  ')}`);
    const { stdout } = await run(entry, '--with-file', facts, '-o', 'yaml');
    expect(parse(stdout)).toMatchObject({ class: 'loop', cause: 'self-ip' });
  });

  it('reads what PowerShell saves, and a file with a byte order mark', async () => {
    const utf16 = save('utf16.log', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(LOG, 'utf16le')]));
    const marked = save('bom.log', `\uFEFF${LOG.slice(LOG.indexOf('[FATAL]'))}`);
    for (const path of [utf16, marked])
      expect((await run('--kind', 'coredns-log', path)).stdout).toContain('"loop"');
  });

  it('offers every kind', () => {
    const choices = VERB.options.find(({ flags }) => flags.startsWith('--kind'))?.choices;
    expect(new Set(choices)).toEqual(new Set([...KINDS, 'node']));
  });
});

describe('a file that is not what it should be', () => {
  it.each<[string, () => string, string, RegExp]>([
    ['empty', () => save('x', ''), 'coredns-log', /^error: \S+x is empty$/],
    ['white', () => save('x', ' \n\n'), 'resolv-conf', /is empty: it has only white space$/],
    [
      'binary',
      () => save('x', readFileSync(process.execPath).subarray(0, 100_000)),
      'coredns-log',
      /is binary, not text$/,
    ],
    [
      'a hundred megabytes',
      () => save('x', Buffer.alloc(100 << 20, 0x61)),
      'coredns-log',
      /is larger than 32 MiB; save its end with `tail -c 1M /,
    ],
    [
      'cut off',
      () => save('x', '{"kubeletconfig":{"res'),
      'configz',
      /cannot be classified: the answer of \/configz is not valid JSON$/,
    ],
    ['a directory', () => directory, 'corefile', /is a directory; `diagnose --dir /],
    ['missing', () => join(directory, 'none'), 'corefile', /none does not exist$/],
    ['of no kind', () => save('x', 'a'), '', /does not say what it is: add --kind$/],
    ['of an unknown kind', () => save('x', 'a'), 'zone-file', /zone-file.* is invalid/],
    ['a node that is no mapping', () => save('x', 'a'), 'node', /a mapping in YAML or JSON$/],
  ])('%s is refused in one sentence, with exit code 2', async (_what, make, kind, says) => {
    const { code, stdout, stderr } = await run(...(kind === '' ? [] : ['--kind', kind]), make());
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr.trim()).toMatch(says);
  });

  it('is not read into memory where it is too large', async () => {
    const path = save('large', Buffer.alloc(100 << 20, 0x61));
    const before = process.memoryUsage().arrayBuffers;
    await run('--kind', 'coredns-log', path);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 << 20);
  });
});

describe('a node', () => {
  const fixtures: { what: string; input: Record<string, unknown>; expected: Record<string, unknown> }[] =
    parse(readFileSync(join(import.meta.dirname, '../../diagnosis/classify/fixtures/nodes.yaml'), 'utf8'));

  it.each(fixtures.map((fixture) => [fixture.what, fixture] as const))(
    '%s',
    async (_what, { input, expected }) => {
      expect(await classifyNode(input)).toMatchObject(expected);
    },
  );

  it('cannot write outside of its tree through a link', async () => {
    const outside = join(directory, 'outside');
    const input = {
      unit: { execStart: ['/usr/bin/kubelet', '--config=/c.yaml'] },
      links: { '/etc/x': directory, '/etc/x/outside': '/etc' },
    };
    await expect(classifyNode(input)).rejects.toThrow(/through a link/);
    expect(() => readFileSync(outside)).toThrow(/ENOENT/);
  });

  it('keeps a path with dots within its tree', async () => {
    const files = { '/../../../../tmp/escaped-from-the-tree': 'x' };
    await classifyNode({ unit: { execStart: [] }, files });
    expect(() => readFileSync('/tmp/escaped-from-the-tree')).toThrow(/ENOENT/);
  });
});

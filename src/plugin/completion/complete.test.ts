import { describe, expect, it } from 'vitest';
import { type FakeKube, fakeKube, kubeError } from '../../../test/support/objects/fake-kube.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { type Completes, EXIT, FORMATS, type Verb } from '../verb.ts';

const inspect: Verb = {
  name: 'inspect',
  summary: 'look at nodes',
  arguments: [{ name: '<node...>', summary: 'nodes', completes: 'node' }],
  options: [
    { flags: '-w, --watch', summary: 'go on' },
    { flags: '--policy <name>', summary: 'a policy', completes: 'policy' },
    { flags: '--log <file>', summary: 'a log', completes: 'file' },
  ],
  formats: FORMATS,
  examples: [
    { does: 'x', command: 'inspect a' },
    { does: 'y', command: 'inspect b' },
  ],
  run: async () => EXIT.well,
};
const install: Verb = {
  ...inspect,
  name: 'install',
  summary: 'install',
  arguments: [],
  options: [],
  formats: [],
};

const named = (...names: readonly string[]) => ({ items: names.map((name) => ({ metadata: { name } })) });
const cluster = (): FakeKube =>
  fakeKube({
    '/api/v1/nodes': named('node-1', 'node-2', 'other'),
    '/apis/dnshealth.io/v1alpha1/dnshealthpolicies': named('coredns'),
  });
/** The words as in a shell; one blank at the end completes a new word. */
const complete = async (line: string, on = cluster()) => {
  const { code, out, err } = await runPlugin('', {
    args: ['__complete', ...line.split(' ')],
    cluster: on,
    verbs: [inspect, install],
  });
  expect([code, err]).toEqual([0, '']);
  return out.trimEnd().split('\n');
};

describe('completion', () => {
  it('offers the verbs with what they do', async () => {
    expect(await complete('')).toEqual([
      'inspect\tlook at nodes',
      'install\tinstall',
      'help\tprint the help of a verb',
      ':4',
    ]);
    expect(await complete('inst')).toEqual(['install\tinstall', ':4']);
    expect(await complete('help insp')).toEqual(['inspect\tlook at nodes', ':4']);
  });

  it('offers the options of the verb and of the program', async () => {
    expect(await complete('inspect --')).toEqual([
      '--watch\tgo on',
      '--policy\ta policy',
      '--log\ta log',
      '--output\thow to print',
      expect.stringMatching(/^--context\t/),
      expect.stringMatching(/^--kubeconfig\t/),
      expect.stringMatching(/^--request-timeout\t/),
      '--help\tprint this help',
      ':4',
    ]);
    expect(await complete('--req')).toHaveLength(2);
  });

  it('offers the choices of an option, in each of its forms', async () => {
    expect(await complete('inspect -o ')).toEqual(['table', 'wide', 'json', 'yaml', ':4']);
    expect(await complete('inspect --output y')).toEqual(['yaml', ':4']);
    expect(await complete('inspect --output=y')).toEqual(['yaml', ':4']);
    expect(await complete('inspect --output = y')).toEqual(['yaml', ':4']);
  });

  it('offers names from the cluster, for each argument of a list', async () => {
    expect(await complete('inspect node')).toEqual(['node-1', 'node-2', ':4']);
    expect(await complete('inspect --watch node-1 o')).toEqual(['other', ':4']);
    expect(await complete('inspect --policy ')).toEqual(['coredns', ':4']);
    expect(await complete('--context c inspect node-2')).toEqual(['node-2', ':4']);
  });

  it('leaves files to the shell', async () => {
    expect(await complete('inspect --log ')).toEqual([':0']);
    expect(await complete('inspect --kubeconfig x')).toEqual([':0']);
  });

  it('asks the cluster that the line names', async () => {
    const asked: unknown[] = [];
    await runPlugin('__complete --context c inspect --kubeconfig=k n', {
      verbs: [inspect],
      connect: async ({ context, path, timeoutMs }) => {
        asked.push({ context, path, timeoutMs });
        throw new Error('enough');
      },
    });
    expect(asked).toEqual([{ context: 'c', path: 'k', timeoutMs: 2_000 }]);
  });

  it('offers the remediations in whose phase the verb has something to do', async () => {
    const table = {
      columnDefinitions: [{ name: 'Name' }, { name: 'Node' }, { name: 'Phase' }],
      rows: [
        { cells: ['failed', 'node-1', 'Failed'] },
        { cells: ['asks', 'node-2', 'AwaitingApproval'] },
        { cells: ['healed', 'node-3', 'Healed'] },
      ],
    };
    const on = fakeKube({ '/apis/dnshealth.io/v1alpha1/dnsremediations': table });
    const offered = async (completes: Completes) => {
      const verb = { ...inspect, arguments: [{ name: '<name>', summary: 'a name', completes }] };
      const { out } = await runPlugin('', {
        args: ['__complete', 'inspect', ''],
        cluster: on,
        verbs: [verb],
      });
      return out.trimEnd().split('\n').slice(0, -1);
    };
    expect(await offered('remediation-to-approve')).toEqual(['asks']);
    expect(await offered('remediation-to-acknowledge')).toEqual(['failed']);
    expect(await offered('remediation-to-roll-back')).toEqual(['failed', 'healed']);
  });

  it('is silent where the cluster does not answer, and where nothing fits', async () => {
    expect(await complete('inspect n', fakeKube({ '/api/v1/nodes': kubeError(403, 'Forbidden') }))).toEqual([
      ':4',
    ]);
    expect(await complete('install n')).toEqual([':4']);
    expect(await complete('nonsense n')).toEqual([':4']);
  });
});

describe('the script of a shell', () => {
  it.each(['bash', 'zsh', 'fish'])('%s says how it is installed, and what kubectl needs', async (shell) => {
    const { code, out } = await runPlugin(`completion ${shell}`);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`kubectl-dnshealth completion ${shell} > `));
    expect(out).toContain('> ~/.local/bin/kubectl_complete-dnshealth\n');
  });

  it('is not there for other shells', async () => {
    expect(await runPlugin('completion tcsh')).toMatchObject({
      code: 2,
      err: expect.stringContaining('bash, zsh, fish'),
    });
  });
});

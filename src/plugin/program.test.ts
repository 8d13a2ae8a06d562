import { describe, expect, it } from 'vitest';
import { fakeKube } from '../../test/support/objects/fake-kube.ts';
import { runPlugin } from '../../test/support/objects/run-plugin.ts';
import { KubeError } from '../kube/errors.ts';
import { PluginError } from './errors.ts';
import { EXIT, FORMATS, type Verb } from './verb.ts';
import { VERBS } from './verbs.ts';

/** A verb that does what a test wants. */
const aVerb = (run: Verb['run'], more: Partial<Verb> = {}): Verb => ({
  name: 'try',
  summary: 'do what the test wants',
  arguments: [{ name: '[word]', summary: 'any word' }],
  options: [{ flags: '--node <name>', summary: 'a node' }],
  formats: FORMATS,
  examples: [
    { does: 'One', command: 'try' },
    { does: 'Two', command: 'try it' },
  ],
  run,
  ...more,
});
const well = aVerb(async () => EXIT.well);

describe('the command line', () => {
  it('prints the help of the program without a verb', async () => {
    const { code, out } = await runPlugin('');
    expect(code).toBe(0);
    for (const { name, summary } of VERBS)
      expect(out).toMatch(new RegExp(`^  ${name} .*${summary.slice(0, 20)}`, 'm'));
    expect(await runPlugin('--help')).toEqual({ code: 0, out, err: '' });
  });

  it('prints the version', async () => {
    expect(await runPlugin('--version')).toEqual({ code: 0, out: '0.1.0\n', err: '' });
  });

  it('reaches the verb as arguments, options and format', async () => {
    const seen: unknown[] = [];
    const verb = aVerb(async ({ format }, args, options) => {
      seen.push(format, args, options);
      return EXIT.fault;
    });
    expect((await runPlugin('try it --node node-1 -o json', { verbs: [verb] })).code).toBe(1);
    expect(seen).toEqual(['json', ['it'], { node: 'node-1' }]);
  });

  it('takes --context, --kubeconfig and --request-timeout before and after the verb', async () => {
    const verb = aVerb(async (context) => {
      await context.connect();
      return EXIT.well;
    });
    const asked: unknown[] = [];
    const connect = async ({ context, path, timeoutMs }: Record<string, unknown>) => {
      asked.push([context, path, timeoutMs]);
      throw new PluginError('enough');
    };
    const options = '--context c --kubeconfig k --request-timeout 1m30s';
    await runPlugin(`${options} try`, { verbs: [verb], connect: connect as never });
    await runPlugin(`try ${options}`, { verbs: [verb], connect: connect as never });
    expect(asked).toEqual([
      ['c', 'k', 90_000],
      ['c', 'k', 90_000],
    ]);
  });

  it.each([
    ['trz', "error: unknown command 'trz': did you mean try?\n"],
    ['try --nod x', "error: unknown option '--nod': did you mean --node?\n"],
    ['try --node', "error: option '--node <name>' argument missing\n"],
    ['try a b', "error: too many arguments for 'try'. Expected 1 argument but got 2: a, b\n"],
    [
      'try -o xml',
      "error: option '-o, --output <format>' argument 'xml' is invalid. Allowed choices are table, wide, json, yaml\n",
    ],
    ['try --request-timeout soon', 'error: --request-timeout "soon" is not a duration such as 5s or 1m\n'],
  ])('that is wrong (%s) is one sentence and exit code 2', async (args, err) => {
    expect(await runPlugin(args, { verbs: [well] })).toEqual({ code: 2, out: '', err });
  });
});

describe('a verb that cannot do its work', () => {
  const failing = (error: Error) => [
    aVerb(async (context) => {
      await context.connect();
      throw error;
    }),
  ];
  const refused = (code: number, reason: string, message: string) =>
    new KubeError({ code, reason, verb: 'list', what: 'nodes', message });
  const forbidden =
    'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope';
  const missing = new KubeError({
    code: 404,
    reason: 'NotFound',
    verb: 'list',
    what: 'dnsremediations',
    message: '404 page not found',
  });

  it.each([
    ['of its own', new PluginError('there is no node "x"'), 'there is no node "x"'],
    [
      'without permission',
      refused(403, 'Forbidden', forbidden),
      'no permission to list nodes: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    [
      'with old credentials',
      refused(401, 'Unauthorized', 'Unauthorized'),
      'the API server at https://10.0.0.1:6443 refused the credentials of the kubeconfig: they are invalid or have expired',
    ],
    [
      'without a server',
      refused(0, 'Unreachable', 'connect ECONNREFUSED'),
      'the API server at https://10.0.0.1:6443 cannot be reached: connect ECONNREFUSED',
    ],
    [
      'without an answer',
      refused(0, 'Timeout', 'no response within 10 ms'),
      'the API server at https://10.0.0.1:6443 did not answer in time (list nodes: no response within 10 ms); --request-timeout sets how long to wait',
    ],
    [
      'without the operator',
      missing,
      'the operator is not installed in this cluster: it has no DNSHealthPolicy and no DNSRemediation (kubectl dnshealth diagnose works without it)',
    ],
    ['by mistake', new TypeError('x is not a function\nat y'), 'x is not a function; at y'],
  ])('says so in one sentence: %s', async (_why, error, sentence) => {
    expect(await runPlugin('try', { verbs: failing(error) })).toEqual({
      code: 2,
      out: '',
      err: `error: ${sentence}\n`,
    });
  });

  it('closes its connection', async () => {
    let closed = 0;
    const connect = async () => ({ server: '', close: async () => void closed++ }) as never;
    await runPlugin('try', { verbs: failing(new Error('x')), connect });
    expect(closed).toBe(1);
  });

  it('is silent about what fails after Ctrl-C', async () => {
    const stop = new AbortController();
    const verb = aVerb(async () => {
      stop.abort();
      throw new Error('aborted');
    });
    expect((await runPlugin('try', { verbs: [verb], signal: stop.signal })).err).toBe('');
  });
});

describe('what is printed', () => {
  const painting = aVerb(async ({ out }) => {
    out.line(out.paint('red', 'a loop'));
    return EXIT.well;
  });

  it('has colour on a terminal, not in a pipe and not with NO_COLOR', async () => {
    const verbs = [painting];
    expect((await runPlugin('try', { verbs, isTTY: true })).out).toBe('\u001B[31ma loop\u001B[39m\n');
    expect((await runPlugin('try', { verbs })).out).toBe('a loop\n');
    expect((await runPlugin('try', { verbs, isTTY: true, env: { NO_COLOR: '1' } })).out).toBe('a loop\n');
  });

  it('has no control characters of others, which could forge lines on a terminal', async () => {
    const verb = aVerb(async ({ out }) => {
      out.line('\u001B[2K\u001B[31m\rfake\u009B1A\tend');
      return EXIT.well;
    });
    expect((await runPlugin('try', { verbs: [verb] })).out).toBe(
      '\\u001b[2K\\u001b[31m\\u000dfake\\u009b1A\tend\n',
    );
  });
});

describe('every verb', () => {
  it.each(VERBS.map((verb) => [verb.name, verb] as const))(
    '%s has a help with its examples',
    async (name, verb) => {
      const { code, out } = await runPlugin(`${name} --help`);
      expect(code).toBe(0);
      for (const { does, command } of verb.examples)
        expect(out).toContain(`  # ${does}\n  kubectl dnshealth ${command}\n`);
    },
  );

  it.each(VERBS.flatMap(({ name, examples }) => examples.map(({ command }) => [command, name])))(
    'has examples that begin with its name: %s',
    (command, name) => {
      expect(command?.split(' ')[0]).toBe(name);
    },
  );
});

it('a cluster is not connected to by help', async () => {
  const cluster = fakeKube();
  await runPlugin('history --help', { cluster });
  expect(cluster.asked).toEqual([]);
});

import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Refused } from '../refused.ts';
import { editConfig } from './edit-config.ts';
import { readKubeletConfig } from './kubelet-config.ts';

const TARGET = '/run/systemd/resolve/resolv.conf';
const HEAD = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';

const reasonOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof Refused) return error.reason;
    throw error;
  }
  return 'none';
};

describe('editConfig', () => {
  const cases: readonly (readonly [name: string, before: string, after: string])[] = [
    [
      'the kubespray form, double quotes and neighbours stay',
      `${HEAD}clusterDNS:\n- 169.254.25.10\nresolvConf: "/etc/resolv.conf"\neventRecordQPS: 50\n`,
      `${HEAD}clusterDNS:\n- 169.254.25.10\nresolvConf: "${TARGET}"\neventRecordQPS: 50\n`,
    ],
    [
      'single quotes and a comment behind',
      `${HEAD}resolvConf: '/etc/resolv.conf'   # the stub\n`,
      `${HEAD}resolvConf: '${TARGET}'   # the stub\n`,
    ],
    [
      'plain, CRLF and no line break at the end',
      'kind: KubeletConfiguration\r\napiVersion: kubelet.config.k8s.io/v1beta1\r\nresolvConf: /etc/resolv.conf',
      `kind: KubeletConfiguration\r\napiVersion: kubelet.config.k8s.io/v1beta1\r\nresolvConf: ${TARGET}`,
    ],
    ['the empty string', `${HEAD}resolvConf: ""\n`, `${HEAD}resolvConf: "${TARGET}"\n`],
    ['null', `${HEAD}resolvConf: null\nx: 1\n`, `${HEAD}resolvConf: ${TARGET}\nx: 1\n`],
    ['nothing behind the colon', `${HEAD}resolvConf:\nx: 1\n`, `${HEAD}resolvConf: ${TARGET}\nx: 1\n`],
    [
      'nothing but a comment behind the colon',
      `${HEAD}resolvConf: # todo\nx: 1\n`,
      `${HEAD}resolvConf: ${TARGET} # todo\nx: 1\n`,
    ],
    ['a quoted key', `${HEAD}"resolvConf" : /etc/resolv.conf\n`, `${HEAD}"resolvConf" : ${TARGET}\n`],
    ['absent', `${HEAD}x: |\n  a\n  b`, `${HEAD}resolvConf: ${TARGET}\nx: |\n  a\n  b`],
    [
      'absent, kind last, no line break at the end',
      'apiVersion: kubelet.config.k8s.io/v1beta1\r\nkind: KubeletConfiguration',
      `apiVersion: kubelet.config.k8s.io/v1beta1\r\nkind: KubeletConfiguration\r\nresolvConf: ${TARGET}`,
    ],
    ['absent below a document mark', `---\n${HEAD}...\n`, `---\n${HEAD}resolvConf: ${TARGET}\n...\n`],
    [
      'JSON on one line',
      '{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1","resolvConf":"\\/etc\\/resolv.conf"}',
      `{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1","resolvConf":"${TARGET}"}`,
    ],
    [
      'JSON with tabs, absent',
      '{\n\t"kind": "KubeletConfiguration",\n\t"apiVersion": "kubelet.config.k8s.io/v1beta1"\n}\n',
      `{\n\t"resolvConf": "${TARGET}",\n\t"kind": "KubeletConfiguration",\n\t"apiVersion": "kubelet.config.k8s.io/v1beta1"\n}\n`,
    ],
    [
      'JSON null',
      '{"resolvConf":null,"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1"}',
      `{"resolvConf":"${TARGET}","kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1"}`,
    ],
    [
      'a wrong-case neighbour is another key',
      `${HEAD}resolvconf: /x\nresolvConf: /etc/resolv.conf\n`,
      `${HEAD}resolvconf: /x\nresolvConf: ${TARGET}\n`,
    ],
    [
      'a nested key of that name is another key',
      `${HEAD}logging:\n  resolvConf: /x\nresolvConf: /etc/resolv.conf\n`,
      `${HEAD}logging:\n  resolvConf: /x\nresolvConf: ${TARGET}\n`,
    ],
    ['a byte order mark', `\uFEFF${HEAD}resolvConf: a\n`, `\uFEFF${HEAD}resolvConf: ${TARGET}\n`],
  ];
  it.each(cases)('%s', (_name, before, after) => {
    expect(editConfig(before, TARGET, 'f')?.text).toBe(after);
    expect(editConfig(after, TARGET, 'f')).toBeUndefined();
  });

  it('tells the line before and after, without its line break', () => {
    const text =
      'kind: KubeletConfiguration\r\napiVersion: kubelet.config.k8s.io/v1beta1\r\nresolvConf: "a" # x\r\n';
    expect(editConfig(text, TARGET, 'f')).toMatchObject({
      line: 3,
      before: 'resolvConf: "a" # x',
      after: `resolvConf: "${TARGET}" # x`,
    });
    expect(editConfig(HEAD, TARGET, 'f')).toMatchObject({
      line: 3,
      before: '',
      after: `resolvConf: ${TARGET}`,
    });
  });

  it.each([
    ['two of the key', `${HEAD}resolvConf: a\nresolvConf: b\n`, 'DuplicateKey'],
    ['no kind', 'resolvConf: a\n', 'ConfigNotParseable'],
    ['another kind', 'kind: Pod\napiVersion: v1\n', 'ConfigNotParseable'],
    ['another API', 'kind: KubeletConfiguration\napiVersion: v1\n', 'ConfigNotParseable'],
    ['two documents', `${HEAD}---\n${HEAD}`, 'ConfigNotParseable'],
    ['nothing', '', 'ConfigNotParseable'],
    ['no mapping', '- a\n', 'ConfigNotParseable'],
    ['broken YAML', `${HEAD}resolvConf: "a\n`, 'ConfigNotParseable'],
    ['an anchor on the value', `${HEAD}resolvConf: &a /x\n`, 'ConfigNotParseable'],
    ['an alias as the value', `${HEAD}x: &a /x\nresolvConf: *a\n`, 'ConfigNotParseable'],
    ['an anchor on the mapping', `&m\n${HEAD}`, 'ConfigNotParseable'],
    ['a merge key', `${HEAD}<<: {resolvConf: /x}\n`, 'ConfigNotParseable'],
    ['a block scalar', `${HEAD}resolvConf: >-\n  /etc/resolv.conf\n`, 'ConfigNotParseable'],
    ['a number', `${HEAD}resolvConf: 7\n`, 'ConfigNotParseable'],
    ['a list', `${HEAD}resolvConf: [a]\n`, 'ConfigNotParseable'],
    ['a local tag', `${HEAD}resolvConf: !x a\n`, 'ConfigNotParseable'],
  ])('refuses %s', (_name, text, reason) => {
    expect(reasonOf(() => editConfig(text, TARGET, 'f'))).toBe(reason);
  });

  it('refuses an alias bomb before it expands', () => {
    const levels = Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}, *l${i}, *l${i}]`);
    const bomb = `${HEAD}l0: &l0 [x]\n${levels.join('\n')}\nresolvConf: a\n`;
    expect(reasonOf(() => editConfig(bomb, TARGET, 'f'))).toBe('ConfigNotParseable');
  });

  const neighbours = fc.dictionary(
    fc
      .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
      .filter((key) => !['resolvConf', 'kind', 'apiVersion', '<<', '__proto__'].includes(key)),
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string()),
      fc.dictionary(
        fc.string({ minLength: 1 }).filter((key) => key !== '<<' && key !== '__proto__'),
        fc.string(),
      ),
    ),
    { maxKeys: 6 },
  );
  const current = fc.option(fc.constantFrom('/etc/resolv.conf', '', '/run/x y.conf', 'a#b', "it's", null), {
    nil: undefined,
  });
  const style = fc.record({
    json: fc.constantFrom(undefined, 0, 2, '\t'),
    crlf: fc.boolean(),
    finalBreak: fc.boolean(),
    indentSeq: fc.boolean(),
    quote: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'),
    position: fc.nat(8),
    comment: fc.boolean(),
  });
  const configuration = fc.tuple(neighbours, current, style).map(([others, value, how]) => {
    const entries: [string, unknown][] = [
      ['kind', 'KubeletConfiguration'],
      ['apiVersion', 'kubelet.config.k8s.io/v1beta1'],
      ...Object.entries(others),
    ];
    if (value !== undefined) entries.splice(how.position % (entries.length + 1), 0, ['resolvConf', value]);
    const object = Object.fromEntries(entries);
    let text =
      how.json === undefined
        ? stringify(object, {
            indentSeq: how.indentSeq,
            defaultStringType: how.quote as 'PLAIN',
            aliasDuplicateObjects: false,
          })
        : JSON.stringify(object, null, how.json);
    if (how.json === undefined && how.comment) text = `# made by a test\n${text}# the end\n`;
    if (!how.finalBreak) text = text.replace(/\n$/, '');
    return { text: how.crlf ? text.replaceAll('\n', '\r\n') : text, value };
  });

  it('changes exactly one value of any configuration, no byte outside of it, and nothing the second time', () => {
    let edited = 0;
    fc.assert(
      fc.property(configuration, ({ text, value }) => {
        const edit = editOrRefusal(text);
        // Block strings, and what the reader does not take: refused, never guessed.
        if (edit instanceof Refused) return /block|YAML/.test(edit.message);
        edited++;
        const before = readKubeletConfig(text, 'f').json;
        const after = readKubeletConfig(edit, 'f').json;
        const removed = onlyIn(text, edit);
        return (
          isDeepStrictEqual({ ...after }, { ...before, resolvConf: TARGET }) &&
          !removed.includes('\n') &&
          removed.length <= (value === undefined ? 0 : JSON.stringify(value).length + 4) &&
          editConfig(edit, TARGET, 'f') === undefined
        );
      }),
      { numRuns: 1000 },
    );
    expect(edited).toBeGreaterThan(800);
    // A busy machine takes longer; the cases are what counts.
  }, 60_000);

  function editOrRefusal(text: string): string | Refused {
    try {
      return editConfig(text, TARGET, 'f')?.text ?? text;
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    }
  }

  /** What `a` has between the longest beginning and end that it shares with `b`. */
  function onlyIn(a: string, b: string): string {
    let head = 0;
    while (head < a.length && a[head] === b[head]) head++;
    let tail = 0;
    while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
    return a.slice(head, a.length - tail);
  }
});

import { describe, expect, it } from 'vitest';
import { Refused } from '../../api/refused.ts';
import { editConfig } from './edit-config.ts';

const TARGET = '/run/systemd/resolve/resolv.conf';
/** A text as it is in a file: without the indentation of this one. */
function text(strings: TemplateStringsArray, ...values: readonly string[]): string {
  const indent = /^\n */.exec(strings[0] ?? '')?.[0] ?? '';
  return strings
    .map((part, i) => part.replaceAll(indent, '\n') + (values[i] ?? ''))
    .join('')
    .replace(/^\n/, '')
    .replace(/\n *$/, '\n');
}
const crlf = (lines: string): string => lines.replaceAll('\n', '\r\n');
const withoutFinalBreak = (lines: string): string => lines.replace(/\r?\n$/, '');

const HEAD = text`
  apiVersion: kubelet.config.k8s.io/v1beta1
  kind: KubeletConfiguration
`.trimEnd();

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
      'keeps double quotes and neighbours, as kubespray writes them',
      text`
        ${HEAD}
        clusterDNS:
        - 169.254.25.10
        resolvConf: "/etc/resolv.conf"
        eventRecordQPS: 50
      `,
      text`
        ${HEAD}
        clusterDNS:
        - 169.254.25.10
        resolvConf: "${TARGET}"
        eventRecordQPS: 50
      `,
    ],
    [
      'keeps single quotes and a comment behind the value',
      text`
        ${HEAD}
        resolvConf: '/etc/resolv.conf'   # the stub
      `,
      text`
        ${HEAD}
        resolvConf: '${TARGET}'   # the stub
      `,
    ],
    [
      'keeps CRLF and a missing final line break',
      withoutFinalBreak(
        crlf(text`
          kind: KubeletConfiguration
          apiVersion: kubelet.config.k8s.io/v1beta1
          resolvConf: /etc/resolv.conf
        `),
      ),
      withoutFinalBreak(
        crlf(text`
          kind: KubeletConfiguration
          apiVersion: kubelet.config.k8s.io/v1beta1
          resolvConf: ${TARGET}
        `),
      ),
    ],
    [
      'replaces the empty string',
      text`
        ${HEAD}
        resolvConf: ""
      `,
      text`
        ${HEAD}
        resolvConf: "${TARGET}"
      `,
    ],
    [
      'replaces null',
      text`
        ${HEAD}
        resolvConf: null
        x: 1
      `,
      text`
        ${HEAD}
        resolvConf: ${TARGET}
        x: 1
      `,
    ],
    [
      'inserts behind a colon with nothing after it',
      text`
        ${HEAD}
        resolvConf:
        x: 1
      `,
      text`
        ${HEAD}
        resolvConf: ${TARGET}
        x: 1
      `,
    ],
    [
      'inserts between a colon and a comment',
      text`
        ${HEAD}
        resolvConf: # todo
        x: 1
      `,
      text`
        ${HEAD}
        resolvConf: ${TARGET} # todo
        x: 1
      `,
    ],
    [
      'keeps a quoted key',
      text`
        ${HEAD}
        "resolvConf" : /etc/resolv.conf
      `,
      text`
        ${HEAD}
        "resolvConf" : ${TARGET}
      `,
    ],
    [
      'adds a missing key behind kind, not into a block scalar at the end',
      withoutFinalBreak(text`
        ${HEAD}
        x: |
          a
          b
      `),
      withoutFinalBreak(text`
        ${HEAD}
        resolvConf: ${TARGET}
        x: |
          a
          b
      `),
    ],
    [
      'adds a missing key behind kind on the last line, without a final line break',
      withoutFinalBreak(
        crlf(text`
          ${HEAD}
        `),
      ),
      withoutFinalBreak(
        crlf(text`
          ${HEAD}
          resolvConf: ${TARGET}
        `),
      ),
    ],
    [
      'adds a missing key between document markers',
      text`
        ---
        ${HEAD}
        ...
      `,
      text`
        ---
        ${HEAD}
        resolvConf: ${TARGET}
        ...
      `,
    ],
    [
      'replaces an escaped value in JSON on one line',
      '{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1","resolvConf":"\\/etc\\/resolv.conf"}',
      `{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1","resolvConf":"${TARGET}"}`,
    ],
    [
      'adds a missing key to JSON with tabs',
      text`
        {
        \t"kind": "KubeletConfiguration",
        \t"apiVersion": "kubelet.config.k8s.io/v1beta1"
        }
      `,
      text`
        {
        \t"resolvConf": "${TARGET}",
        \t"kind": "KubeletConfiguration",
        \t"apiVersion": "kubelet.config.k8s.io/v1beta1"
        }
      `,
    ],
    [
      'replaces null in JSON',
      '{"resolvConf":null,"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1"}',
      `{"resolvConf":"${TARGET}","kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1"}`,
    ],
    [
      'ignores a key in another case',
      text`
        ${HEAD}
        resolvconf: /x
        resolvConf: /etc/resolv.conf
      `,
      text`
        ${HEAD}
        resolvconf: /x
        resolvConf: ${TARGET}
      `,
    ],
    [
      'ignores a nested key of the same name',
      text`
        ${HEAD}
        logging:
          resolvConf: /x
        resolvConf: /etc/resolv.conf
      `,
      text`
        ${HEAD}
        logging:
          resolvConf: /x
        resolvConf: ${TARGET}
      `,
    ],
    [
      'keeps a byte order mark',
      text`
        \uFEFF${HEAD}
        resolvConf: a
      `,
      text`
        \uFEFF${HEAD}
        resolvConf: ${TARGET}
      `,
    ],
  ];
  it.each(cases)('%s', (_name, before, after) => {
    expect(editConfig(before, TARGET, 'f')?.text).toBe(after);
    expect(editConfig(after, TARGET, 'f')).toBeUndefined();
  });

  it('returns the line before and after, without its line break', () => {
    const before = crlf(text`
      kind: KubeletConfiguration
      apiVersion: kubelet.config.k8s.io/v1beta1
      resolvConf: "a" # x
    `);
    expect(editConfig(before, TARGET, 'f')).toMatchObject({
      line: 3,
      before: 'resolvConf: "a" # x',
      after: `resolvConf: "${TARGET}" # x`,
    });
    expect(editConfig(`${HEAD}\n`, TARGET, 'f')).toMatchObject({
      line: 3,
      before: '',
      after: `resolvConf: ${TARGET}`,
    });
  });

  it.each([
    ['a duplicate key', `${HEAD}\nresolvConf: a\nresolvConf: b\n`, 'DuplicateKey'],
    ['a missing kind', 'resolvConf: a\n', 'ConfigNotParseable'],
    ['another kind', 'kind: Pod\napiVersion: v1\n', 'ConfigNotParseable'],
    ['another API', 'kind: KubeletConfiguration\napiVersion: v1\n', 'ConfigNotParseable'],
    ['two documents', `${HEAD}\n---\n${HEAD}\n`, 'ConfigNotParseable'],
    ['an empty file', '', 'ConfigNotParseable'],
    ['a list instead of a mapping', '- a\n', 'ConfigNotParseable'],
    ['invalid YAML', `${HEAD}\nresolvConf: "a\n`, 'ConfigNotParseable'],
    ['an anchor on the value', `${HEAD}\nresolvConf: &a /x\n`, 'ConfigNotParseable'],
    ['an alias as the value', `${HEAD}\nx: &a /x\nresolvConf: *a\n`, 'ConfigNotParseable'],
    ['an anchor on the mapping', `&m\n${HEAD}\n`, 'ConfigNotParseable'],
    ['a merge key', `${HEAD}\n<<: {resolvConf: /x}\n`, 'ConfigNotParseable'],
    ['a block scalar', `${HEAD}\nresolvConf: >-\n  /etc/resolv.conf\n`, 'ConfigNotParseable'],
    ['a number', `${HEAD}\nresolvConf: 7\n`, 'ConfigNotParseable'],
    ['a list as the value', `${HEAD}\nresolvConf: [a]\n`, 'ConfigNotParseable'],
    ['a local tag', `${HEAD}\nresolvConf: !x a\n`, 'ConfigNotParseable'],
  ])('refuses %s', (_name, content, reason) => {
    expect(reasonOf(() => editConfig(content, TARGET, 'f'))).toBe(reason);
  });

  it('refuses an alias bomb before it expands', () => {
    const levels = Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}, *l${i}, *l${i}]`);
    const bomb = `${HEAD}\nl0: &l0 [x]\n${levels.join('\n')}\nresolvConf: a\n`;
    expect(reasonOf(() => editConfig(bomb, TARGET, 'f'))).toBe('ConfigNotParseable');
  });
});

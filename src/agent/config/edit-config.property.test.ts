import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Refused } from '../../api/refused.ts';
import { readKubeletConfig } from '../../diagnosis/kubelet/kubelet-config.ts';
import { editConfig } from './edit-config.ts';

const TARGET = '/run/systemd/resolve/resolv.conf';

describe('editConfig, on generated configurations', () => {
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
    let document =
      how.json === undefined
        ? stringify(object, {
            indentSeq: how.indentSeq,
            defaultStringType: how.quote as 'PLAIN',
            aliasDuplicateObjects: false,
          })
        : JSON.stringify(object, null, how.json);
    if (how.json === undefined && how.comment) document = `# made by a test\n${document}# the end\n`;
    if (!how.finalBreak) document = document.replace(/\n$/, '');
    return { document: how.crlf ? document.replaceAll('\n', '\r\n') : document, value };
  });

  it('changes exactly one value of any configuration, no byte outside it, and nothing the second time', () => {
    let edited = 0;
    fc.assert(
      fc.property(configuration, ({ document, value }) => {
        const edit = editOrRefusal(document);
        // Block scalars, and YAML that the reader does not accept, are refused.
        if (edit instanceof Refused) return /block|YAML/.test(edit.message);
        edited++;
        const before = readKubeletConfig(document, 'f').json;
        const after = readKubeletConfig(edit, 'f').json;
        const removed = onlyIn(document, edit);
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
    // Takes longer on a busy machine.
  });

  function editOrRefusal(document: string): string | Refused {
    try {
      return editConfig(document, TARGET, 'f')?.text ?? document;
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

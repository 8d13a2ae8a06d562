import { expect, it } from 'vitest';
import { isTorn } from './torn.ts';

/** All texts over two letters, up to three long: few enough to try every triple. */
const TEXTS = [
  '',
  ...['a', 'b'].flatMap((a) => [a, ...['a', 'b'].flatMap((b) => [a + b, `${a + b}a`, `${a + b}b`])]),
];

/** Every intermediate content of a write, including the last one before the file is truncated. */
const intermediates = (from: string, to: string): readonly string[] =>
  Array.from({ length: to.length + 1 }, (_, k) => to.slice(0, k) + from.slice(k));

it('recognises exactly what killed writes and killed restores leave', () => {
  let torn = 0;
  for (const old of TEXTS)
    for (const edited of TEXTS) {
      const written = [...intermediates(old, edited), edited];
      const reachable = new Set([...written, ...written.flatMap((content) => intermediates(content, old))]);
      for (const content of TEXTS) {
        if (content === old || content === edited) continue;
        expect([
          old,
          edited,
          content,
          isTorn(Buffer.from(content), Buffer.from(old), Buffer.from(edited)),
        ]).toEqual([old, edited, content, reachable.has(content)]);
        torn += reachable.has(content) ? 1 : 0;
      }
    }
  expect(torn).toBeGreaterThan(100);
});

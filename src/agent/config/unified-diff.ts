/** The difference of two texts as `diff -u` prints it, for a single change. Pure. */

const CONTEXT = 3;

/** Empty if they are equal. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const [old, now] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;

  const from = Math.max(0, head - CONTEXT);
  const until = Math.min(tail, CONTEXT);
  const removed = old.slice(head, old.length - tail);
  const added = now.slice(head, now.length - tail);
  const length = head - from + until;
  const range = (count: number): string => {
    const start = count === 0 ? from : from + 1;
    return count === 1 ? String(start) : `${start},${count}`;
  };
  const lines = [
    ...old.slice(from, head).map((line) => ` ${line}`),
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    ...old.slice(old.length - tail, old.length - tail + until).map((line) => ` ${line}`),
  ];
  const hunk = `@@ -${range(length + removed.length)} +${range(length + added.length)} @@\n`;
  const body = lines.map((line) => (line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`));
  return `--- ${path}\n+++ ${path}\n${hunk}${body.join('')}`;
}

/** Each with its line break, which the last line may lack. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Lines of a text, for people: which one an offset is in, and how it reads. */

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

export function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
}

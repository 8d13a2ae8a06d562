/** The line of a text that an offset is in: its number and its content. */

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

export function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
}

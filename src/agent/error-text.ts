/** The text of an error for use inside a sentence: without the name of its class, and without a final full stop. */
export function errorText(error: unknown): string {
  return String(error)
    .replace(/^(\w*Error|Refused): /, '')
    .replace(/\.$/, '');
}

/** Prints a result in the format that was asked for: objects as they are, everything else as text for people. */
import type { PluginContext } from '../verb.ts';

/** @param text what `table` and `wide` print, with its final newline */
export async function print(
  { out, format }: Pick<PluginContext, 'out' | 'format'>,
  object: unknown,
  text: (isWide: boolean) => string,
): Promise<void> {
  switch (format) {
    case 'json':
      return out.line(JSON.stringify(object, null, 2));
    case 'yaml': {
      const { stringify } = await import('yaml');
      // No anchors: a part that occurs twice is printed twice, as kubectl does.
      return out.write(stringify(object, { aliasDuplicateObjects: false }));
    }
    default:
      return out.write(text(format === 'wide'));
  }
}

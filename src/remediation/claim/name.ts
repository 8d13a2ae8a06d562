/** The name of a record: it begins with that of the node, and the same beginning always gives the same name. */

/** Room for `-`, the digest and a suffix within the 63 characters of a label value. */
const NODE_PART_LENGTH = 40;

/**
 * Derived from the node and what the record is about, so that a second create collides.
 *
 * @param digest a short stable digest of its argument, lower-case hexadecimal
 */
export function remediationName(
  node: { readonly name: string; readonly uid: string },
  incarnation: string,
  digest: (text: string) => string,
): string {
  const readable = node.name.toLowerCase().replaceAll('.', '-').slice(0, NODE_PART_LENGTH).replace(/-+$/, '');
  return `${readable}-${digest(`${node.uid}/${incarnation}`).slice(0, 8)}`;
}

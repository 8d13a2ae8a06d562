/** What an effect finds in its place belongs to somebody else: nothing was written. */
export class NotOursError extends Error {
  override readonly name = 'NotOursError';
}

/** An object that an effect would write belongs to someone else. Nothing was written. */
export class NotOursError extends Error {
  override readonly name = 'NotOursError';
}

/** MicroTime of the API: a Date has only milliseconds, and without six digits it is refused. */
export const microTime = (epochMs: number): string =>
  new Date(epochMs).toISOString().replace(/(\.\d{3})Z$/, '$1000Z');

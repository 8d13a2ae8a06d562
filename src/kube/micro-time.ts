/** The API's MicroTime, which must have six decimal places; a Date has three. */
export const microTime = (epochMs: number): string =>
  new Date(epochMs).toISOString().replace(/(\.\d{3})Z$/, '$1000Z');

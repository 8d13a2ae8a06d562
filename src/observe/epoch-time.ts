/** A time as the API writes it, parsed to epoch milliseconds. */
import * as z from 'zod';

export const epochTime = z.coerce.date().transform((date) => date.getTime());

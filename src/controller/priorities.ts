/** The order of the work of a controller: a node under repair, then a fresh crash, then what waits. */
export const URGENT = 10;
export const FRESH = 5;

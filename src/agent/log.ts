/** One JSON line per step on stdout. Not pino: half of this program's bundle would be a logger. */
export type Log = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

export function jsonLog(base: Readonly<Record<string, unknown>>, write: (line: string) => void): Log {
  return (message, fields = {}) => {
    write(`${JSON.stringify({ time: new Date().toISOString(), ...base, msg: message, ...fields })}\n`);
  };
}

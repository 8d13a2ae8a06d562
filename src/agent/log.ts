/**
 * One JSON line per step on stdout, in the format of the operator's log (level, time, fields, msg). Not pino, which
 * would be half of this program's bundle.
 */
export type Log = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

export function jsonLog(base: Readonly<Record<string, unknown>>, write: (line: string) => void): Log {
  return (message, fields = {}) => {
    const line = { level: 'info', time: new Date().toISOString(), ...base, ...fields, msg: message };
    write(`${JSON.stringify(line)}\n`);
  };
}

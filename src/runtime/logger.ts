/** JSON log lines on stdout, each with the context of the work it belongs to. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type DestinationStream, pino, stdSerializers, stdTimeFunctions } from 'pino';

export type Fields = Readonly<Record<string, unknown>>;
type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Messages are constant; variable data goes into fields. An `error` field is written with its stack and causes. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  fatal(message: string, fields?: Fields): void;
  child(fields: Fields): Logger;
}

interface LoggerOptions {
  readonly level?: LogLevel;
  readonly fields?: Fields;
  readonly destination?: DestinationStream;
}

const context = new AsyncLocalStorage<Fields>();

/** Every line logged inside `work`, at any depth, carries these fields too. Contexts nest. */
export function withLogContext<R>(fields: Fields, work: () => R): R {
  return context.run({ ...context.getStore(), ...fields }, work);
}

export function createLogger(options: LoggerOptions = {}): Logger {
  // Synchronous, no transport: a transport is a worker thread that neither bundles nor survives a crash with its lines.
  const destination = options.destination ?? pino.destination({ dest: 1, sync: true });
  const root = pino(
    {
      level: options.level ?? 'info',
      base: options.fields ?? {},
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.errWithCause },
      mixin: () => ({ ...context.getStore() }),
    },
    destination,
  );
  return wrap(root);
}

function wrap(target: pino.Logger): Logger {
  return {
    debug: (message, fields) => target.debug(fields ?? {}, message),
    info: (message, fields) => target.info(fields ?? {}, message),
    warn: (message, fields) => target.warn(fields ?? {}, message),
    error: (message, fields) => target.error(fields ?? {}, message),
    fatal: (message, fields) => target.fatal(fields ?? {}, message),
    child: (fields) => wrap(target.child(fields)),
  };
}

/** For tests, and for programs that do not log. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
  child: () => silentLogger,
};

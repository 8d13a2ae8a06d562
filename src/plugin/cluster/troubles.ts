/** Reflectors retry for ever: a logger that tells the user what keeps failing. */
import { type Logger, silentLogger } from '../../runtime/logger.ts';
import { explain } from '../errors.ts';

export function troublesTo(say: (line: string) => void, server: string): Logger {
  const logger: Logger = {
    ...silentLogger,
    warn: (_message, fields) =>
      say(`warning: ${explain(fields?.['error'], `the API server at ${server}`)}; trying again`),
    error: (message) => say(`warning: ${message}`),
    child: () => logger,
  };
  return logger;
}

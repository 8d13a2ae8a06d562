/** Cause: CoreDNS was asked to stop. */
import { type CrashRule, startsLike } from './crash-rule.ts';

export const gracefulStop: CrashRule = {
  cause: 'GracefulStop',
  shows: startsLike(/^\[INFO\] (?:SIG(?:TERM|INT): Shutting down|plugin\/health: Going into lameduck mode)/),
  advice: () => 'CoreDNS was asked to stop and did. No action is needed unless this repeats.',
};

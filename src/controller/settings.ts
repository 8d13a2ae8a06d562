/** Settings of the process from its environment, checked once at the start. */
import * as z from 'zod';

/** The same text for a variable that is missing and for one that is empty. */
const required = (why: string) => z.string(why).min(1, why);

const settingsSchema = z.object({
  AGENT_IMAGE: required(
    'the image of the repair Job and of checks is required, for example registry.example.com/dnshealth-operator:0.1.0',
  ),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  NOTIFICATIONS_FILE: z.string().default(''),
});

export interface Settings {
  readonly agentImage: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly healthPort: number;
  /** The file of receivers; null: nobody is notified. */
  readonly notificationsFile: string | null;
}

/** @throws Error that names each variable that is missing or invalid, and why */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = settingsSchema.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`invalid environment: ${problems.join('; ')}`);
  }
  const { AGENT_IMAGE, LOG_LEVEL, HEALTH_PORT, NOTIFICATIONS_FILE } = parsed.data;
  return {
    agentImage: AGENT_IMAGE,
    logLevel: LOG_LEVEL,
    healthPort: HEALTH_PORT,
    notificationsFile: NOTIFICATIONS_FILE || null,
  };
}

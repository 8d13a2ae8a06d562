/** Settings from the environment, validated once at the start. */
import * as z from 'zod';

/** One message for a variable that is missing and for one that is empty. */
const required = (why: string) => z.string(why).min(1, why);

const settingsSchema = z.object({
  AGENT_IMAGE: required('must name the image of the repair Job and the proof pod'),
  /** The address of the kubernetes Service: the operator connects to it, and kubernetes.default.svc must resolve to it. */
  KUBERNETES_SERVICE_HOST: required('is set by the kubelet in every pod; the operator has to run in one'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
});

export interface Settings {
  readonly agentImage: string;
  readonly kubernetesAddress: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly healthPort: number;
}

/** @throws Error that names each missing or invalid variable. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = settingsSchema.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`invalid environment: ${problems.join('; ')}`);
  }
  const { AGENT_IMAGE, KUBERNETES_SERVICE_HOST, LOG_LEVEL, HEALTH_PORT } = parsed.data;
  return {
    agentImage: AGENT_IMAGE,
    kubernetesAddress: KUBERNETES_SERVICE_HOST,
    logLevel: LOG_LEVEL,
    healthPort: HEALTH_PORT,
  };
}

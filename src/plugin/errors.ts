/** Why a command could not do its work, as one sentence; what the API or the command line refused is put into it here. */
import { KubeError } from '../kube/errors.ts';

/** The message is one sentence in lower case without a full stop, and says what to do where that is known. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
}

export const OPERATOR_MISSING =
  'the operator is not installed in this cluster: it has no DNSHealthPolicy and no DNSRemediation (kubectl dnshealth diagnose works without it)';

/** @param server the address, for errors that do not come from it */
export function explain(error: unknown, server = 'the API server'): string {
  if (error instanceof PluginError) return error.message;
  if (error instanceof KubeError) return explainKubeError(error, server);
  return oneLine(error instanceof Error ? error.message : String(error));
}

/** The kinds of the operator do not exist. If only the object does not, the API's sentence has its name in quotes. */
export const isOperatorMissing = (error: unknown): boolean =>
  error instanceof KubeError &&
  error.code === 404 &&
  /\b(?:dnshealthpolicies|dnsremediations)\b/.test(error.what) &&
  !error.detail.includes('"');

function explainKubeError(error: KubeError, server: string): string {
  if (isOperatorMissing(error)) return OPERATOR_MISSING;
  const detail = oneLine(error.detail);
  const request = error.what;
  switch (error.reason) {
    case 'Unauthorized':
      return `${server} refused the credentials of the kubeconfig: they are invalid or have expired`;
    case 'Forbidden':
      return `no permission to ${request}: ${missingPermission(detail)}`;
    case 'Unreachable':
      return `${server} cannot be reached: ${detail}`;
    case 'Timeout':
      return `${server} did not answer in time (${request}: ${detail}); --request-timeout sets how long to wait`;
    case 'TlsFailure':
      return `the certificate of ${server} is not trusted: ${detail}`;
    case 'LoginFailed':
      return detail;
    default:
      return `cannot ${request}: ${detail || error.reason}`;
  }
}

/** The API's sentence without its head, `nodes is forbidden:`, which only repeats the request. */
const missingPermission = (detail: string): string =>
  detail.replace(/^.{0,200}? is forbidden: /, '') || detail;

/** A message of an error as a sentence of its own. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, '; ');

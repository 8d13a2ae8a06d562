/** Logs in to a registry as its challenge asks for: https://distribution.github.io/distribution/spec/auth/token/ */
import { request } from 'undici';
import * as z from 'zod';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const tokenSchema = z
  .object({ token: z.string().optional(), access_token: z.string().optional() })
  .transform(({ token, access_token }, context) => {
    const found = token ?? access_token;
    if (found === undefined) context.addIssue({ code: 'custom', message: 'there is no token in the answer' });
    return found ?? '';
  });

/**
 * @param challenge the header WWW-Authenticate of a 401
 * @returns the header Authorization
 */
export async function logIn(challenge: string, credentials: Credentials | undefined): Promise<string> {
  const basic = credentials
    ? `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
    : undefined;
  if (/^basic\b/i.test(challenge)) {
    if (basic === undefined)
      throw new Error('the registry wants a login: set REGISTRY_USERNAME and REGISTRY_PASSWORD');
    return basic;
  }
  const { realm, ...parameters } = parametersOf(challenge);
  if (!/^bearer\b/i.test(challenge) || realm === undefined)
    throw new Error(`the registry wants a login of a kind that is not supported: ${challenge}`);
  const url = new URL(realm);
  for (const [key, value] of Object.entries(parameters)) url.searchParams.append(key, value);
  const { statusCode, body } = await request(url, { headers: basic ? { authorization: basic } : {} });
  const text = await body.text();
  if (statusCode !== 200)
    throw new Error(
      `${url.origin} gave no token: it answered ${statusCode} ${text.slice(0, 200)}. ` +
        (basic
          ? 'Are REGISTRY_USERNAME and REGISTRY_PASSWORD right?'
          : 'Set REGISTRY_USERNAME and REGISTRY_PASSWORD'),
    );
  return `Bearer ${tokenSchema.parse(JSON.parse(text))}`;
}

const parametersOf = (challenge: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
  );

/** Not from the command line, where every process can read them. */
export function environmentCredentials(): Credentials | undefined {
  const { REGISTRY_USERNAME: username, REGISTRY_PASSWORD: password } = process.env;
  return username && password ? { username, password } : undefined;
}
